"""Markers of pytest-dependency, pytest-depends and pytest-order, said in words of ours.

They are read where their own plugins are not there. Sources: pytest-dependency 0.6
``pytest_dependency.py``, pytest-depends 1.0 ``pytest_depends``, pytest-order 1.5
``pytest_order/settings.py``.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pytest

from pytest_orchestrate.model.annotations import Order, Provided, Requirement
from pytest_orchestrate.options import FOREIGN_REQUIRES

#: Marker -> what it accepts, in words.
ACCEPTED = {
    "dependency": "name (a string), depends (a list of strings), and scope='class', 'module', "
    "'package' or 'session'",
    "depends": "on (a list of strings) and name (a string, or a list of them)",
    "order": "a whole number or a word such as 'first' or 'second_to_last' (index), and before and "
    "after (strings, or lists of them)",
}
_KNOWN = {
    "dependency": {"name", "depends", "scope"},
    "depends": {"name", "on"},
    "order": {"index", "before", "after"},
}
_NUMBERS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth")
#: Words of pytest-order for numbers.
ORDINALS = {
    **{word: number for number, word in enumerate(_NUMBERS)},
    "last": -1,
    **{f"{word}_to_last": -number for number, word in enumerate(_NUMBERS, 1) if number > 1},
}
_SCOPES = ("class", "module", "package", "session")


class NotAccepted(ValueError):
    """The arguments of a marker are none that its plugin knows."""


def translate(
    mark: pytest.Mark,
    item: pytest.Item,
    where: str,
    requires: list[Requirement],
    provides: list[Provided],
) -> Order | None:
    """Add what a test with this marker requires and provides; return when it is to run.

    :raises NotAccepted: the marker has other arguments than its plugin knows.
    """
    given = _arguments(mark)
    if mark is not item.get_closest_marker(mark.name) and mark.name != "depends":
        return None  # to the other plugins only the nearest one counts
    if mark.name == "order":
        return Order(
            _ordinal(given.get("index")),
            before=_texts(given.get("before")),
            after=_texts(given.get("after")),
            where=where,
        )
    targets = _texts(given.get("depends" if mark.name == "dependency" else "on"))
    if targets:
        requires.append(Requirement(targets, where=where))
    provides += (Provided(name, where) for name in _texts(given.get("name")))
    return None


def _ordinal(value: object) -> int | None:
    if isinstance(value, str):
        value = ORDINALS.get(value)
        if value is None:
            raise NotAccepted
    if value is None or (isinstance(value, int) and not isinstance(value, bool)):
        return value
    raise NotAccepted


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
    if mark.name == "order" and len(mark.args) == 1 and "index" not in given:
        given["index"] = mark.args[0]
    elif mark.args:
        raise NotAccepted
    if not _KNOWN[mark.name].issuperset(given) or given.get("scope", "module") not in _SCOPES:
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
