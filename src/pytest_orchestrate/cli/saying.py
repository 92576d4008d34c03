"""How the command says things."""

from __future__ import annotations

import sys

from pytest_orchestrate.model.escaping import visible


def failed(text: str) -> int:
    """Say on standard error why something could not be done; returns the exit status for that."""
    print(visible(f"pytest-orchestrate: error: {text}"), file=sys.stderr)
    return 1


def number_of(count: int, noun: str) -> str:
    """A number of things: ``1 test``, ``2,000 tests``."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
