"""Spare the garbage collector, and Python at its exit, what stays until the end anyway.

What was imported before the first conftest stays. Each full collection would look at all of it
again, pytest has five of them at the end of every run, and at its exit Python takes it apart,
object by object: of a plain run of one test, that is a sixth of the time. So it is set aside.

The controller keeps the reports of all tests, too. There is a full collection whenever a quarter
has been added: together, a tenth of a run of many short tests. So while the loop runs, what has
survived a full collection is set aside. When pytest is done with everything, all that is left is:
taking the reports of 10,000 tests apart takes as long as 1,000 empty tests.
"""

from __future__ import annotations

import contextlib
import gc
import sys
import types
from collections.abc import Iterator
from typing import Any

import pytest

from pytest_orchestrate.transport.frozen import freeze, objects_not_frozen
from pytest_orchestrate.transport.own_program import is_own_program, stays_after_pytest

#: Whether imports are set aside.
_imports_key = pytest.StashKey[bool]()

#: Static types of the standard library that write to a file when they are freed, and only then.
_WRITERS = {"_dbm", "_gdbm"}

#: What runs on, to its ``finally``, when it is freed before its end -> where its frame is.
_SUSPENDED = (
    (types.GeneratorType, "gi_frame"),
    (types.CoroutineType, "cr_frame"),
    (types.AsyncGeneratorType, "ag_frame"),
)

#: What is called of a stream that is freed.
_ENDS = {"__del__", "close", "flush"}

#: Libraries of ours, and of pytest, that are not written in Python.
_KNOWN = {"msgspec"}

#: Of ``type.__flags__``: the type was not there when the process began (``Py_TPFLAGS_HEAPTYPE``).
_HEAP_TYPE = 1 << 9


def set_imports_aside(config: pytest.Config) -> None:
    """Spare the collector what exists by now; to be called before conftests are loaded.

    Only in a process that ends with pytest: in another program, what exists is not pytest's.
    """
    if not hasattr(gc, "freeze") or gc.get_freeze_count():
        return
    if not is_own_program() or stays_after_pytest():
        return
    freeze()
    config.stash[_imports_key] = True
    # what is added first is called last: pytest itself has looked for cycles by then
    config.add_cleanup(_leave)


def are_imports_aside(config: pytest.Config) -> bool:
    """Whether they have been set aside in this run."""
    return config.stash.get(_imports_key, False)


def _leave() -> None:
    """Set aside all that is left, or nothing if any of it wants to know of its end.

    That may be held by what was set aside already, such as an object that a conftest keeps on
    ``config``. What is in the buffer of an open file is written when it is freed, or never: here
    it is written at once.
    """
    left = objects_not_frozen()
    # by identity: classes need not be hashable, and comparing them may run code of theirs
    kinds = {id(kind): kind for kind in map(type, left)}
    files = {number for number, kind in kinds.items() if _is_file(kind)}
    others = [kind for number, kind in kinds.items() if number not in files]
    if (
        sys.warnoptions
        or sys.flags.dev_mode
        or any(map(_has_finalizer, others))
        or _is_any_suspended(left, kinds)
    ):
        gc.unfreeze()
        return
    for each in left:
        if id(type(each)) in files:
            with contextlib.suppress(Exception):
                each.flush()
    if all(map(_is_transparent, kinds.values())):
        freeze()


def _is_file(kind: type) -> bool:
    """Whether it is one of Python's own streams, or what is derived from one and ends as they do.

    Doctests leave some of both: the text that a test has written, and what pytest captures with.
    """
    for base in kind.__mro__:
        if _module_of(base) == "_io":
            return True
        if not _ENDS.isdisjoint(base.__dict__):
            return False
    return False


def _has_finalizer(kind: type) -> bool:
    """Whether all of its objects are told of their end.

    A socket is closed with its process anyway.
    """
    if any(kind is suspended for suspended, _ in _SUSPENDED):
        return False
    is_socket = kind.__qualname__ == "socket" and _module_of(kind) == "socket"
    return not is_socket and any("__del__" in base.__dict__ for base in kind.__mro__)


def _is_any_suspended(left: list[Any], kinds: dict[int, type]) -> bool:
    """Whether a generator or the like has not come to its end.

    Exceptions that are kept, such as those of tests that were skipped, hold many that have.
    """
    return any(
        getattr(each, frame) is not None
        for suspended, frame in _SUSPENDED
        if id(suspended) in kinds
        for each in left
        if type(each) is suspended
    )


def _is_transparent(kind: type) -> bool:
    """Whether it is known that nothing else happens at the end of its objects.

    That of types of extension modules may do anything, such as write a file.
    """
    for base in kind.__mro__:
        module = _module_of(base)
        library = module.partition(".")[0]
        if library in sys.stdlib_module_names:
            if library in _WRITERS:
                return False
        elif library not in _KNOWN:
            file = getattr(sys.modules.get(module), "__file__", None)
            if not base.__flags__ & _HEAP_TYPE or not str(file).endswith(".py"):
                return False
    return True


def _module_of(kind: type) -> str:
    """Where it was made, asked without running code of a metaclass."""
    return str(type.__dict__["__module__"].__get__(kind))


@contextlib.contextmanager
def uncollected() -> Iterator[None]:
    """Within it the collector does not run by itself.

    For work that makes many objects, leaves no cycles, and would have all tests and reports looked
    through each time that so many are new.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


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
            freeze()
