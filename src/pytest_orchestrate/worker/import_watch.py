"""What a forked worker spends on importing what its server could have imported once for all."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from time import perf_counter
from typing import Any

#: Seconds below which nothing is said of a module.
WORTH_SAYING = 0.02

_INSTALLED = ("site-packages", "dist-packages")
#: The folder of the standard library; sysconfig would tell, and read all that it knows for it.
_LIBRARY = str(Path(os.__file__).parent)


class _Span:
    __slots__ = ("began", "ended", "name", "parent")

    def __init__(self, name: str, now: float, parent: _Span | None) -> None:
        self.name = name
        self.began = self.ended = now
        self.parent = parent


class ImportWatch:
    """A finder that finds nothing, but looks at the clock whenever a module is looked for.

    A module counts as being imported until the last module is looked for while it is being
    initialised. What it does after that is not seen, so figures are a little too low.
    """

    def __init__(self) -> None:
        #: What the server had imported: to name it again would not help.
        self._before: set[str] = set()
        self._path: tuple[str, ...] = ()
        self._spans: list[_Span] = []
        self._open: list[_Span] = []

    def begin(self) -> None:
        """Watch from now on."""
        self._before = set(sys.modules)
        self._path = tuple(entry for entry in sys.path if entry and isinstance(entry, str))
        sys.meta_path.insert(0, self)

    def end(self) -> dict[str, float]:
        """Watch no longer; return the seconds of each installed module, by top-level name.

        Those that another one of them has imported are part of that one.
        """
        if self in sys.meta_path:
            sys.meta_path.remove(self)
        names = {_top(span.name) for span in self._spans} - self._before
        installed = {name for name in names if self._is_installed(name)}
        spent: dict[str, float] = {}
        for span in self._spans:
            if _top(span.name) in installed and not _is_within(span, installed):
                name = _top(span.name)
                spent[name] = spent.get(name, 0.0) + span.ended - span.began
        return {name: seconds for name, seconds in spent.items() if seconds >= WORTH_SAYING}

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Note the time (called by the import system)."""
        del path, target
        now = perf_counter()
        while self._open and not _is_being_imported(self._open[-1].name):
            self._open.pop()
        for span in self._open:
            span.ended = now
        span = _Span(fullname, now, self._open[-1] if self._open else None)
        self._open.append(span)
        self._spans.append(span)

    def _is_installed(self, name: str) -> bool:
        """Whether a module is where the server can find it, and not the project's own."""
        module = sys.modules.get(name)
        file = plainly(module, "__file__")
        if file is None:
            file = next(iter(plainly(module, "__path__") or ()), "")
        file = str(file)
        return file.startswith(self._path) and (
            any(part in file for part in _INSTALLED) or file.startswith(_LIBRARY)
        )


def plainly(module: object, name: str) -> Any:
    """Return an attribute of a module without running code of its own; None if it has none.

    To ask a lazy module for anything would load it.
    """
    try:
        return object.__getattribute__(module, "__dict__").get(name)
    except AttributeError:
        return None


def _is_being_imported(name: str) -> bool:
    spec = plainly(sys.modules.get(name), "__spec__")
    return plainly(spec, "_initializing") is True


def _is_within(span: _Span, names: set[str]) -> bool:
    outer = span.parent
    while outer is not None:
        if _top(outer.name) in names:
            return True
        outer = outer.parent
    return False


def _top(name: str) -> str:
    return name.partition(".")[0]
