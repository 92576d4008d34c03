"""How durations, counts and shares are written."""

from __future__ import annotations

from pytest_orchestrate.model.counting import count_of

__all__ = ["count_of", "exact_percent", "most_percent", "percent", "seconds"]


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


def most_percent(share: float) -> str:
    """``96 %``; never 100 where something is missing, never 0 where something is there."""
    whole = round(share * 100)
    if share < 1:
        whole = min(whole, 99)
    return f"{max(whole, 1) if share > 0 else whole} %"


def exact_percent(share: float) -> str:
    """``99.9 %``; what is not all, or not nothing, is never written as that."""
    if share in (0.0, 1.0):
        return percent(share)
    return f"{min(99.9, max(0.1, share * 100)):.1f} %"
