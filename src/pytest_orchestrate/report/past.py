"""What is known of runs before the one that a report tells of.

``history/past.py`` fills it. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec
from msgspec.structs import replace

from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Attempt, TestReport
from pytest_orchestrate.report.document import RunFacts

#: Outcomes that nobody has to look at; skipped and interrupted tests say nothing.
WELL = frozenset({"passed", "xpassed", "xfailed"})

#: So many runs are looked back at.
RUNS = 20

#: Node id and occurrence.
TestName = tuple[str, int]


#: What the run to compare with is: the last complete one on this branch; where the branch has
#: none, one of a revision that this one is based on; else the last one on the default branch.
Basis = Literal["branch", "ancestor", "default"]

#: Exit codes of runs that did not come to their end: interrupted, internal error, wrong usage.
_CUT_SHORT = (2, 3, 4)
#: Exit code of those that had no tests.
_WITHOUT_TESTS = 5


class PastRun(msgspec.Struct, frozen=True):
    """One earlier run."""

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
    #: Whether code differed from the revision; None if that is not known. A CI job runs
    #: what it has checked out.
    dirty: bool | None = None
    #: Tests that ended failed, with an error, or crashed; None where that was not counted.
    failed: int | None = None
    #: Tests with both a good and a bad attempt in this run; None where that was not counted.
    flaky: int | None = None
    #: ``workers`` or ``in-process``.
    mode: str = "workers"
    #: That it was to have.
    workers: int | None = None
    #: Whether all that it had selected had its turn.
    is_complete: bool = True
    #: It had no tests; then it is not complete, either.
    is_empty: bool = False


class PastAttempt(msgspec.Struct, frozen=True, gc=False):
    """One execution of a test in an earlier run."""

    #: Position in :attr:`Past.runs`.
    run: int
    outcome: str
    #: Set-up, call and tear-down.
    seconds: float
    call: float


class Since(msgspec.Struct, frozen=True):
    """From when on a test has not been good."""

    run: PastRun
    #: Whether it may have begun earlier: attempts before that run are not kept any more.
    at_least: bool = False


class Past(msgspec.Struct, frozen=True):
    """The last finished runs with the same selection, and what tests did in them.

    The *line* of a run are those on its branch and, from before the first of them, those of
    revisions that it is based on; if there are none, those on the default branch
    (``history/lineage.py`` chooses them).
    """

    #: The oldest first: at most :data:`RUNS` of the line, and as many others of the same code.
    runs: tuple[PastRun, ...] = ()
    #: Position of the run to compare with; None if there is none.
    compared: int | None = None
    basis: Basis = "branch"
    #: Positions of runs that are not of the line.
    elsewhere: frozenset[int] = frozenset()
    #: Those with any, in order of time.
    attempts: Mapping[TestName, tuple[PastAttempt, ...]] = {}
    #: Tests that are bad now and have a good or a bad end on record, in any run of the line with
    #: whatever selection: since when they are; None for those that were good the last time.
    standing: Mapping[TestName, Since | None] = {}
    #: Tests that the run to compare with had collected, whether or not they ran there; empty if
    #: that is not on record any more.
    collected: frozenset[TestName] = frozenset()
    #: What could not be collected in the run to compare with, and tests that could not run there:
    #: these ended with an error, and no attempt is on record.
    failed_at_once: frozenset[TestName] = frozenset()
    #: That the run itself was to have; None if that is not known.
    workers: int | None = None

    def of(self, test: TestReport) -> tuple[PastAttempt, ...]:
        """What a test did before, in order of time."""
        return self.attempts.get((test.nodeid, test.occurrence), ())

    def on_line(self) -> Past:
        """The same without runs elsewhere."""
        if not self.elsewhere:
            return self
        kept = [run for run in range(len(self.runs)) if run not in self.elsewhere]
        now = {run: position for position, run in enumerate(kept)}
        attempts = {
            name: tuple([replace(each, run=now[each.run]) for each in told if each.run in now])
            for name, told in self.attempts.items()
        }
        return replace(
            self,
            runs=tuple([self.runs[run] for run in kept]),
            compared=None if self.compared is None else now[self.compared],
            elsewhere=frozenset(),
            attempts={name: told for name, told in attempts.items() if told},
        )

    def code(self, run: int) -> Code:
        """What the code was in a run: equal for runs of one revision, unless files were changed."""
        there = self.runs[run]
        return _code(there.run, there.revision, dirty=there.dirty)


def is_complete(exitstatus: int | None, not_run: int) -> bool:
    """Whether all that a run had selected, if anything, had its turn; blocked tests had theirs."""
    return not (was_cut_short(exitstatus, not_run) or is_empty(exitstatus))


def was_cut_short(exitstatus: int | None, not_run: int) -> bool:
    """Whether not all that a run had selected had its turn."""
    return exitstatus is None or exitstatus in _CUT_SHORT or bool(not_run)


def is_empty(exitstatus: int | None) -> bool:
    """Whether a run had no tests: nothing was stopped, but nothing can be compared with it."""
    return exitstatus == _WITHOUT_TESTS


def unlike(one: tuple[str, int | None], other: tuple[str, int | None]) -> str:
    """What makes durations of runs differ whatever their tests do: ``4 workers``; or nothing.

    Both are mode and number of workers; what is told is that of the first.
    """
    mode, workers = one
    if mode != other[0]:
        return "in-process" if mode == "in-process" else "on workers"
    if mode == "in-process" or workers is None or other[1] is None or workers == other[1]:
        return ""
    return count_of(workers, "worker")


def standing(ended: Sequence[tuple[PastRun, bool]], *, is_whole: bool = True) -> Since | None:
    """Since when a test has been bad that is bad now; None if it was good the last time.

    :param ended: The runs in which it came to a good or bad end, the oldest first, and whether
        that was a bad one.
    :param is_whole: Nothing from before these was forgotten.
    """
    first = None
    for run, is_bad in reversed(ended):
        if not is_bad:
            return None if first is None else Since(first)
        first = run
    return None if first is None else Since(first, at_least=not is_whole)


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
