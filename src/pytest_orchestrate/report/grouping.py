"""Tests that did not end well, grouped by what seems to be one cause.

Two failures have one cause if the same exception was raised at the same place, or if the messages
have the same shape wherever that was. The latter counts only for a shape that has a word of its own
(:func:`~pytest_orchestrate.report.shape.says_something`), and only where all failures of a place
have it: a place with several messages is one cause of its own. Each failure is looked at once.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

import msgspec

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Failure, Place, TestReport
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.shape import common, says_something, shape

#: Characters of a title.
WIDTH = 160

#: How a process ended: another status is another cause.
_STATUS = re.compile(r"(?:with code|by signal) \S+")
#: Workers of different names, before what happened to them.
_WORKERS = re.compile(r"\S*<\w+> (?=crashed )")
#: What failures have in common; equal for failures of one group.
_Key = tuple[str | int | None, ...]


class _Told(msgspec.Struct):
    """A failure as grouping sees it."""

    test: int
    failure: Failure
    shape: str
    #: Exception and place; None if the place is not known.
    place: _Key | None


def groups(tests: Sequence[TestReport]) -> list[FailureGroup]:
    """The groups, the largest first; each bad or blocked test is in exactly one of them.

    A test that was blocked by one that is in a group is among the blocked ones of that group.
    """
    told = [_told(position, test) for position, test in enumerate(tests) if test.outcome in BAD]
    found: dict[_Key, list[_Told]] = {}
    crashed = [each for each in told if tests[each.test].outcome == "crashed"]
    raised = [each for each in told if tests[each.test].outcome != "crashed"]
    for each in crashed:
        status = _STATUS.search(each.failure.message)
        key = ("crash", each.shape, status[0] if status is not None else None)
        found.setdefault(key, []).append(each)
    keys = _keys(raised)
    for each in raised:
        found.setdefault(keys[each.test], []).append(each)
    group_of = {each.test: key for key, members in found.items() for each in members}
    behind: dict[_Key, list[int]] = {}
    for position, test in enumerate(tests):
        if test.outcome == "blocked":
            root = _root(tests, position)
            began = tests[root].reason if tests[root].outcome == "blocked" else root
            behind.setdefault(group_of.get(root, ("blocked", began)), []).append(position)
    made = [_group(key, members, behind.pop(key, [])) for key, members in found.items()]
    made += [_blocked(tests, positions) for positions in behind.values()]
    made.sort(
        key=lambda group: (
            -len(group.tests) - len(group.blocked),
            -len(group.tests),
            group.tests[0],
        )
    )
    return made


def failure_of(test: TestReport) -> Failure:
    """Why a bad test ended as it did: the failure of its last attempt that has one."""
    for attempt in reversed(test.attempts):
        if attempt.failure is not None:
            return attempt.failure
    return Failure("", test.reason or f"ended with outcome {test.outcome}", None, "")


def titled(text: str, width: int = WIDTH) -> str:
    """One line, cut where it is too long for a title."""
    line = " ".join(text.split())
    return line if len(line) <= width else f"{line[: max(0, width - 3)]}..."


def written(place: Place | None) -> str:
    """A place as ``path:line``."""
    if place is None:
        return "?"
    return place.path if place.line is None else f"{place.path}:{place.line}"


def _told(position: int, test: TestReport) -> _Told:
    failure = failure_of(test)
    place = failure.place
    key = (failure.exception, place.path, place.line) if place is not None else None
    return _Told(position, failure, shape(failure.message), key)


def _keys(told: list[_Told]) -> dict[int, _Key]:
    """Test -> what it has in common with the others of its group."""
    #: Place -> the common word of all its failures; None if they have several, or none.
    common: dict[_Key, _Key | None] = {}
    own: dict[int, _Key | None] = {}
    for each in told:
        own[each.test] = word = _word(each)
        if each.place is not None and common.setdefault(each.place, word) != word:
            common[each.place] = None
    keys: dict[int, _Key] = {}
    for each in told:
        if each.place is not None:
            keys[each.test] = common[each.place] or ("place", *each.place)
        else:
            keys[each.test] = own[each.test] or ("message", each.failure.exception, each.shape)
    return keys


def _word(told: _Told) -> _Key | None:
    """What tells the cause wherever it was raised; None if the message does not."""
    failure = told.failure
    for text in (told.shape, " ".join(failure.message.split())):
        if says_something(text, failure.exception):
            return ("message", failure.exception, text)
    return None


def _root(tests: Sequence[TestReport], position: int) -> int:
    """The test that began it; itself a blocked one if no test did."""
    seen = {position}
    while tests[position].outcome == "blocked":
        cause = tests[position].cause
        if cause is None or cause in seen:
            break
        seen.add(cause)
        position = cause
    return position


def _group(key: _Key, members: list[_Told], blocked: list[int]) -> FailureGroup:
    first = members[0]
    kind: Literal["place", "message", "crash"] = "message"
    if key[0] == "crash":
        kind = "crash"
    elif first.place is not None and all(each.place == first.place for each in members):
        kind = "place"
    return FailureGroup(
        kind=kind,
        title=_title(kind, members),
        failure=first.failure,
        tests=tuple(each.test for each in members),
        blocked=tuple(blocked),
    )


def _title(kind: str, members: list[_Told]) -> str:
    """What was raised, and where; where messages differ, what they have in common."""
    first = members[0]
    text = first.failure.message
    if any(each.failure.message != text for each in members):
        shapes = {each.shape for each in members}
        text = common([each.failure.message for each in members]) if len(shapes) == 1 else ""
    exception = first.failure.exception
    if exception and not text.startswith(exception):
        text = f"{exception}: {text}" if text else exception
    place = f" in {written(first.failure.place)}" if kind == "place" else ""
    if kind == "crash":
        text = _WORKERS.sub("", text, count=1) or "the worker died"
    elif not (text or exception or any(each.failure.text for each in members)):
        return "what they failed of was not recorded"
    return titled(text or "failed", WIDTH - len(place)) + place


def _blocked(tests: Sequence[TestReport], positions: list[int]) -> FailureGroup:
    root = tests[_root(tests, positions[0])]
    if root.outcome == "blocked":
        title = f"blocked: {root.reason or 'something that they require did not end well'}"
    else:
        title = f"blocked by {root.nodeid}, which ended {root.outcome}"
    return FailureGroup("blocked", titled(title), None, tuple(positions))
