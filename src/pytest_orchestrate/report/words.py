"""How durations, counts and shares are written."""

from __future__ import annotations

from pytest_orchestrate.model.counting import count_of

__all__ = ["count_of", "exact_percent", "percent", "seconds"]


def seconds(value: float) -> str:
    """A duration to read: ``0.42 s``, ``7.6 s``, ``2 min 05 s``, ``1 h 02 min``."""
    if value < 0.995:
        return f"{value:.2f} s"
    if value < 59.95:
        return f"{value:.1f} s"
    whole = round(value)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02d} min"


def percent(share: float) -> str:
    """A share to read: ``38 %``."""
    return f"{share * 100:.0f} %"


def exact_percent(share: float) -> str:
    """``99.9 %``; what is not all, or not nothing, is never written as that."""
    if share in (0.0, 1.0):
        return percent(share)
    return f"{min(99.9, max(0.1, share * 100)):.1f} %"
