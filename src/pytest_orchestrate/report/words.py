"""How durations, counts and shares are written."""

from __future__ import annotations

import math

from pytest_orchestrate.model.counting import count_of

__all__ = [
    "about",
    "count_of",
    "exact_percent",
    "is_nothing",
    "lasting",
    "most_percent",
    "percent",
    "seconds",
]


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


def lasting(value: float) -> str:
    """A duration that grows, in whole seconds, then minutes: ``7 s``, ``2 min 05 s``."""
    whole = int(value)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def about(value: float) -> str:
    """What is left, no finer than it is known: ``about 7 s``, ``about 40 s``, ``about 3 min``."""
    if value < 10:
        return f"about {max(1, math.ceil(value))} s"
    if value <= 55:
        return f"about {math.ceil(value / 5) * 5} s"
    minutes = math.ceil(value / 60 - 0.25)
    if minutes < 60:
        return f"about {max(1, minutes)} min"
    return f"about {minutes // 60} h {minutes % 60:02d} min"


def is_nothing(value: float) -> bool:
    """Whether a duration, or a difference of two, would be read as ``0.00 s``."""
    return abs(value) < 0.005


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
