"""Spare the garbage collector, and Python at its exit, what stays until the end anyway.

What was imported before the first conftest stays. Each full collection would look at all of it
again, pytest has five of them at the end of every run, and at its exit Python takes it apart,
object by object: of a plain run of one test, that is a sixth of the time. So it is set aside.

The controller keeps the reports of all tests, too. There is a full collection whenever a quarter
has been added: together, a tenth of a run of many short tests. So while the loop runs, what has
survived a full collection is set aside.
"""

from __future__ import annotations

import gc
import io
from typing import Any

import pytest

from pytest_orchestrate.transport.own_program import is_own_program, stays_after_pytest

#: Whether imports are set aside.
_imports_key = pytest.StashKey[bool]()

#: What has a finalizer that nobody misses: nothing outside of the process is in its hands.
_IN_MEMORY = (io.BytesIO, io.StringIO)


def set_imports_aside(config: pytest.Config) -> None:
    """Spare the collector what exists by now; to be called before conftests are loaded.

    Only in a process that ends with pytest: in another program, what exists is not pytest's.
    """
    if not hasattr(gc, "freeze") or gc.get_freeze_count():
        return
    if not is_own_program() or stays_after_pytest():
        return
    gc.freeze()
    config.stash[_imports_key] = True
    # what is added first is called last: pytest itself has looked for cycles by then
    config.add_cleanup(_leave)


def are_imports_aside(config: pytest.Config) -> bool:
    """Whether they have been set aside in this run."""
    return config.stash.get(_imports_key, False)


def _leave() -> None:
    """Let Python take everything apart if anything that came later wants to know of its end.

    It may be held by what was set aside, such as a file that a conftest keeps on ``config`` and
    does not close: what is in its buffer is written when it is freed, or never.
    """
    # by identity: classes need not be hashable, and comparing them may run code of theirs
    kinds = {id(kind): kind for kind in map(type, gc.get_objects())}
    for kind in _IN_MEMORY:
        kinds.pop(id(kind), None)
    if any("__del__" in base.__dict__ for kind in kinds.values() for base in kind.__mro__):
        gc.unfreeze()


class LongLived:
    """A context in which the collector is spared, unless the caller of pytest does so itself.

    It can be entered again and again. Outside of it nothing of ours is called by the collector:
    a ``KeyboardInterrupt`` that is raised in such a call is lost, and may break what has led to
    the collection.

    :param beside_imports: What is set aside already are imports, and by us.
    """

    def __init__(self, *, beside_imports: bool = False) -> None:
        self._is_allowed = hasattr(gc, "freeze") and (beside_imports or not gc.get_freeze_count())
        self._is_needed = False

    def __enter__(self) -> None:
        if self._is_allowed and self._freeze not in gc.callbacks:
            gc.callbacks.append(self._freeze)

    def __exit__(self, *_exc: object) -> None:
        if self._freeze in gc.callbacks:
            gc.callbacks.remove(self._freeze)

    def end(self) -> None:
        """Undo it. To be called before pytest ends, which looks for cycles that are left."""
        self.__exit__()
        if self._is_needed:
            self._is_needed = False
            gc.unfreeze()

    def _freeze(self, phase: str, info: dict[str, Any]) -> None:
        if phase == "stop" and info["generation"] == 2:
            self._is_needed = True
            gc.freeze()
