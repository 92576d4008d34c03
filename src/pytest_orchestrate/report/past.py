"""What is known of runs before the one that a report tells of.

``history/past.py`` fills it. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Attempt, TestReport
from pytest_orchestrate.report.document import RunFacts

#: Outcomes that nobody has to look at; skipped and interrupted tests say nothing.
WELL = frozenset({"passed", "xpassed", "xfailed"})

#: So many runs are looked back at.
RUNS = 20

#: Node id and occurrence.
TestName = tuple[str, int]


class PastRun(msgspec.Struct, frozen=True):
    """One earlier run with the same selection, which came to its end."""

    run: str
    #: Since the epoch.
    started: float
    #: Tests with an attempt.
    tests: int
    #: All attempts added up.
    serial: float
    wall: float
    revision: str | None = None
    branch: str | None = None
    #: Whether tracked files differed from the revision; None if that is not known. A CI job runs
    #: what it has checked out.
    dirty: bool | None = None
    #: Tests that ended failed, with an error, or crashed; None where that was not counted.
    failed: int | None = None
    #: Tests with both a good and a bad attempt in this run; None where that was not counted.
    flaky: int | None = None


class PastAttempt(msgspec.Struct, frozen=True, gc=False):
    """One execution of a test in an earlier run."""

    #: Position in :attr:`Past.runs`.
    run: int
    outcome: str
    #: Set-up, call and tear-down.
    seconds: float
    call: float


class Past(msgspec.Struct, frozen=True):
    """The last runs with the same selection, at most :data:`RUNS`, and what tests did in them."""

    #: The oldest first. Where the last one on this branch is older than the others, it comes first.
    runs: tuple[PastRun, ...] = ()
    #: Position of the last run on this branch; None if there was none.
    last: int | None = None
    #: Those with any, in order of time.
    attempts: Mapping[TestName, tuple[PastAttempt, ...]] = {}

    def of(self, test: TestReport) -> tuple[PastAttempt, ...]:
        """What a test did before, in order of time."""
        return self.attempts.get((test.nodeid, test.occurrence), ())

    def code(self, run: int) -> Code:
        """What the code was in a run: equal for runs of one revision, unless files were changed."""
        there = self.runs[run]
        return _code(there.run, there.revision, dirty=there.dirty)


#: Equal where the same code ran: kind, and revision or run.
Code = tuple[str, str]


def code_of(run: RunFacts) -> Code:
    """What the code is in this run. A CI job runs what it has checked out."""
    dirty = False if run.dirty is None and run.ci is not None else run.dirty
    return _code(run.run, run.revision, dirty=dirty)


def _code(run: str, revision: str | None, *, dirty: bool | None) -> Code:
    """Equal for runs in which the code was the same for sure.

    Where it is not known whether files differed from the revision, only for one run and itself.
    """
    if revision is None or dirty is not False:
        return "run", run
    return "revision", revision


def ends(attempts: Iterable[PastAttempt]) -> dict[int, bool]:
    """Run -> whether the test ended badly there; without runs that say neither."""
    return {
        each.run: each.outcome in BAD
        for each in attempts
        if each.outcome in BAD or each.outcome in WELL
    }


def has_bad(attempts: Iterable[Attempt | PastAttempt]) -> bool:
    """Whether one of them was bad."""
    return not BAD.isdisjoint([each.outcome for each in attempts])
