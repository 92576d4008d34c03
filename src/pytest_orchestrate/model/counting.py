"""How numbers of things are written."""

from __future__ import annotations


def count_of(number: int, one: str, many: str | None = None) -> str:
    """A number of things: ``1 test``, ``2 tests``, ``2 crashes``."""
    return f"{number} {one if number == 1 else many or one + 's'}"
