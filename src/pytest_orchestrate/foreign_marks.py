"""Markers of pytest-dependency and pytest-depends, said as requirements and provided names.

They are read where their own plugins are not there. Sources: pytest-dependency 0.6
``pytest_dependency.py``, pytest-depends 1.0 ``pytest_depends``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest

from pytest_orchestrate.model.annotations import Provided, Requirement
from pytest_orchestrate.options import FOREIGN_REQUIRES

#: Marker -> what it accepts, in words.
ACCEPTED = {
    "dependency": "name (a string), depends (a list of strings), and scope='class', 'module', "
    "'package' or 'session'",
    "depends": "on (a list of strings) and name (a string, or a list of them)",
}
_SCOPES = ("class", "module", "package", "session")


class NotAccepted(ValueError):
    """The arguments of a marker are none that its plugin knows."""


def translated(
    mark: pytest.Mark, item: pytest.Item, where: str
) -> tuple[list[Requirement], list[Provided]]:
    """What a test with this marker requires, and by which names others may require it.

    :raises NotAccepted: the marker has other arguments than its plugin knows.
    """
    given = _arguments(mark)
    if mark.name == "dependency" and mark is not item.get_closest_marker("dependency"):
        return [], []  # only the nearest one counts to pytest-dependency
    targets = _texts(given.get("depends" if mark.name == "dependency" else "on"))
    requires = [Requirement(targets, where=where)] if targets else []
    return requires, [Provided(name, where) for name in _texts(given.get("name"))]


def provided_names(wanted: Collection[str], marks: Iterable[pytest.Mark]) -> list[str]:
    """The names that those of these markers provide that are wanted; nothing is refused."""
    named: list[Any] = []
    for mark in marks:
        if mark.name not in wanted:
            continue
        if mark.name not in FOREIGN_REQUIRES:
            named += mark.args
            continue
        with contextlib.suppress(NotAccepted):
            named += _texts(_arguments(mark).get("name"))
    return [name for name in named if isinstance(name, str)]


def _arguments(mark: pytest.Mark) -> Mapping[str, object]:
    given = dict(mark.kwargs)
    known = {"name", "depends", "scope"} if mark.name == "dependency" else {"name", "on"}
    if mark.args or not known.issuperset(given) or given.get("scope", "module") not in _SCOPES:
        raise NotAccepted
    # a text would be taken letter by letter; "all" means what has run so far, which is by chance
    if isinstance(given.get("depends"), str):
        raise NotAccepted
    return given


def _texts(value: object) -> tuple[str, ...]:
    if value is None:
        return ()
    texts = (value,) if isinstance(value, str) else value
    if isinstance(texts, (list, tuple)) and all(isinstance(text, str) for text in texts):
        return tuple(texts)
    raise NotAccepted
