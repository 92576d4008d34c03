"""What a process is like before its first test, for files that are collected after it.

Plain pytest has imported every test file before any test runs. A test may put another module into
``sys.modules``, or leave an environment variable or another working directory behind, and a fixture
may do so for as long as it lives: a file that is imported then is not to notice.
"""

from __future__ import annotations

import contextlib
import operator
import os
import sys
from collections.abc import Callable, Iterator, MutableMapping
from pathlib import Path
from typing import Any

_MISSING = object()


class BeforeTests:
    """Remembers modules, environment variables and the working directory, as they are now."""

    def __init__(self) -> None:
        self._modules = dict(sys.modules)
        self._environment = dict(os.environ)
        self._folder = _folder()

    @contextlib.contextmanager
    def again(self) -> Iterator[None]:
        """Within it, all is as it was; what is changed within it stays changed.

        Modules that have been imported since are there all the same: a second import would make
        second ones.
        """
        away = {
            name: sys.modules.get(name, _MISSING)
            for name, module in self._modules.items()
            if sys.modules.get(name, _MISSING) is not module
        }
        variables = self._environment.keys() | os.environ.keys()
        changed = {
            name: os.environ.get(name, _MISSING)
            for name in sorted(variables)
            if os.environ.get(name) != self._environment.get(name)
        }
        folder = _folder()
        with (
            _exchanged(sys.modules, away, self._modules, operator.is_),
            _exchanged(os.environ, changed, self._environment, operator.eq),
            _inside(self._folder, folder),
        ):
            yield


@contextlib.contextmanager
def _exchanged(
    mapping: MutableMapping[str, Any],
    present: dict[str, Any],
    earlier: dict[str, Any],
    is_same: Callable[[object, object], bool],
) -> Iterator[None]:
    """Within it, the mapping has the earlier values of the names for which present ones are given.

    Afterwards it has the present ones again, but for what has been changed meanwhile.
    """
    for name in present:
        _put(mapping, name, earlier.get(name, _MISSING))
    try:
        yield
    finally:
        for name, value in present.items():
            if is_same(mapping.get(name, _MISSING), earlier.get(name, _MISSING)):
                _put(mapping, name, value)


def _put(mapping: MutableMapping[str, Any], name: str, value: object) -> None:
    if value is _MISSING:
        mapping.pop(name, None)
    else:
        mapping[name] = value


@contextlib.contextmanager
def _inside(wanted: str | None, present: str | None) -> Iterator[None]:
    if wanted is None or present == wanted:
        yield
        return
    with contextlib.suppress(OSError):  # a test may have removed it
        os.chdir(wanted)
    try:
        yield
    finally:
        if present is not None and _folder() == wanted:
            os.chdir(present)


def _folder() -> str | None:
    """Return the working directory; None where it has been removed."""
    try:
        return str(Path.cwd())
    except OSError:
        return None
