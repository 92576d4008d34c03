"""Spare the garbage collector what stays until the end of the run anyway.

The controller keeps the reports of all tests. Each full collection looks at all of them again,
and there is one whenever a quarter has been added: together, a tenth of a run of many short
tests. So while the loop runs, what has survived two generations here is not looked at any more.
"""

from __future__ import annotations

import gc
from typing import Any


class LongLived:
    """A context in which the collector is spared, unless the caller of pytest does so itself.

    It can be entered again and again. Outside of it nothing of ours is called by the collector:
    a ``KeyboardInterrupt`` that is raised in such a call is lost, and may break what has led to
    the collection.
    """

    def __init__(self) -> None:
        self._is_allowed = hasattr(gc, "freeze") and not gc.get_freeze_count()

    def __enter__(self) -> None:
        if self._is_allowed and _freeze not in gc.callbacks:
            gc.freeze()
            gc.callbacks.append(_freeze)

    def __exit__(self, *_exc: object) -> None:
        if _freeze in gc.callbacks:
            gc.callbacks.remove(_freeze)

    def end(self) -> None:
        """Undo it. To be called before pytest ends, which looks for cycles that are left."""
        self.__exit__()
        if self._is_allowed:
            gc.unfreeze()


def _freeze(phase: str, info: dict[str, Any]) -> None:
    if phase == "stop" and info["generation"] >= 1:
        gc.freeze()
