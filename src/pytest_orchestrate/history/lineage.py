"""Which recorded runs one run goes on from: those on its branch, and where that came from."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from pytest_orchestrate.report.past import Basis, PastRun


class Forebears(NamedTuple):
    """Where the branch of a run may have come from."""

    #: The run's revision and those that it is based on.
    revisions: frozenset[str] = frozenset()
    #: Names that the default branch may have, the likeliest first.
    branches: tuple[str, ...] = ("main", "master")


class RecordedRun(NamedTuple):
    """A row of the table of runs."""

    number: int
    selection: str
    is_finished: bool
    run: PastRun


class Line(NamedTuple):
    """Recorded runs in order of time."""

    #: On the branch.
    own: list[RecordedRun]
    #: From before the first of them.
    before: list[RecordedRun]
    #: What those are.
    origin: Basis

    @property
    def runs(self) -> list[RecordedRun]:
        """All of them."""
        return [*self.before, *self.own]


def line_of(
    recorded: Sequence[RecordedRun],
    branch: str | None,
    selection: str,
    forebears: Callable[[], Forebears],
) -> Line:
    """The runs that a run on this branch goes on from.

    :param recorded: All before it, in order of time.
    :param forebears: Called if there is anything to choose from.
    """
    own = [each for each in recorded if each.run.branch == branch]
    began = own[0].run.started if own else math.inf
    earlier = [each for each in recorded if each.run.branch != branch and each.run.started < began]
    if not earlier:
        return Line(own, [], "ancestor")
    found = forebears()
    ancestors = [each for each in earlier if each.run.revision in found.revisions]
    if last_complete(ancestors, selection) is None:
        for name in found.branches:
            default = [each for each in earlier if each.run.branch == name]
            if last_complete(default, selection) is not None:
                return Line(own, default, "default")
    return Line(own, ancestors, "ancestor")


def to_compare_with(line: Line, selection: str) -> tuple[RecordedRun, Basis] | None:
    """The last complete run of a selection: on the branch or, if it has none, before it."""
    found = last_complete(line.own, selection)
    if found is not None:
        return found, "branch"
    found = last_complete(line.before, selection)
    return None if found is None else (found, line.origin)


def last_complete(runs: Sequence[RecordedRun], selection: str) -> RecordedRun | None:
    """The last of these runs that had this selection and ran all of it."""
    for each in reversed(runs):
        if each.selection == selection and each.is_finished and each.run.is_complete:
            return each
    return None
