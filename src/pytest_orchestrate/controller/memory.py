"""Spare the garbage collector what stays until the end of the run anyway.

The controller keeps the reports of all tests. Each full collection looks at all of them again,
and there is one whenever a quarter has been added: together, a tenth of a run of many short
tests. So while the run lasts, what has survived two generations here is not looked at any more.
"""

from __future__ import annotations

import gc
from typing import Any


def spare_long_lived() -> None:
    """Begin with it, unless the program that called pytest does such things itself."""
    if hasattr(gc, "freeze") and not gc.get_freeze_count():
        gc.freeze()
        gc.callbacks.append(_freeze)


def end_sparing() -> None:
    """End it; pytest looks for cycles that are left before it ends."""
    if _freeze in gc.callbacks:
        gc.callbacks.remove(_freeze)
        gc.unfreeze()


def _freeze(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] >= 1:
        gc.freeze()
