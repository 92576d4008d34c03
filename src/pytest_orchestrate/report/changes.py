"""What is different from an earlier run, and since when what fails has failed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from msgspec.structs import replace

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Changes, FailureGroup
from pytest_orchestrate.report.past import (
    WELL,
    Past,
    PastAttempt,
    PastRun,
    is_empty,
    unlike,
    was_cut_short,
)

#: Of a run whose times say nothing about the time that all its tests take.
ENDED_EARLY = "ended early"
WITHOUT_TESTS = "no tests"


def changes(report: Report, past: Past) -> Changes | None:
    """The differences from the run to compare with; None if there is none on record."""
    if past.compared is None:
        return None
    then = past.runs[past.compared]
    newly: list[int] = []
    still: list[int] = []
    fixed: list[int] = []
    added: list[int] = []
    for position, test in enumerate(report.tests):
        attempts = past.of(test)
        outcome = _last_known(attempts, past, past.compared)
        if (test.nodeid, test.occurrence) in past.failed_at_once:
            outcome = "error"
        if not attempts and not test.is_collection and _is_new(test, past):
            added.append(position)
        if test.outcome in BAD:
            (still if outcome in BAD else newly).append(position)
        elif outcome in BAD and (test.outcome in WELL or test.outcome == "flaky"):
            fixed.append(position)
    there = {(test.nodeid, test.occurrence) for test in report.tests}
    # of what could not be collected nobody knows which tests it has
    is_whole = bool(report.tests) and not any(
        test.is_collection and test.outcome in BAD for test in report.tests
    )
    skipped = tuple(skipped_whole(report))
    other = differs(report, past, then)
    why = f"{other} then" if other else ""
    if ended_early(report):
        why = "this run ended early"
    elif is_empty(report.summary.exitstatus):
        why = "this run had no tests"
    return Changes(
        run=then.run,
        revision=then.revision,
        branch=then.branch,
        basis=past.basis,
        wall=None if why else report.summary.wall - then.wall,
        unlike=why,
        newly_failing=tuple(newly),
        still_failing=tuple(still),
        fixed=tuple(fixed),
        added=tuple(added),
        removed=tuple(
            name[0]
            for name in dict.fromkeys((*past.attempts, *sorted(past.collected)))
            if is_whole
            and name not in there
            and not is_below(name[0], skipped)
            and (name in past.collected or _outcome(past.attempts[name], past.compared))
        ),
    )


def skipped_whole(report: Report) -> Iterator[str]:
    """Node ids of files and folders that skipped themselves: their tests are still there."""
    return (t.nodeid for t in report.tests if t.is_collection and t.outcome == "skipped")


def is_below(nodeid: str, collectors: Sequence[str]) -> bool:
    """Whether a test is in one of these files, folders or classes."""
    return any(nodeid.startswith((f"{each}::", f"{each}/")) or each == "." for each in collectors)


def ended_early(report: Report) -> bool:
    """Whether not all that was selected had its turn."""
    summary = report.summary
    not_run = sum(part.count for part in summary.not_run) + len(summary.interrupted)
    return was_cut_short(summary.exitstatus, not_run)


def own_fault(report: Report) -> str:
    """Why the times of the run itself say nothing; empty if they do."""
    if ended_early(report):
        return ENDED_EARLY
    return WITHOUT_TESTS if is_empty(report.summary.exitstatus) else ""


def differs(report: Report, past: Past, run: PastRun) -> str:
    """Why the times of a run cannot be compared with those of the report: ``4 workers``."""
    if run.is_empty:
        return WITHOUT_TESTS
    if not run.is_complete:
        return ENDED_EARLY
    return unlike((run.mode, run.workers), (report.run.mode, past.workers))


def dated(
    groups: Iterable[FailureGroup], tests: Sequence[TestReport], past: Past, branch: str | None
) -> list[FailureGroup]:
    """The groups, with since when their tests fail.

    ``branch``: of the run.
    """
    return [_dated(group, tests, past, branch) for group in groups]


def _dated(
    group: FailureGroup, tests: Sequence[TestReport], past: Past, branch: str | None
) -> FailureGroup:
    if group.kind == "blocked" or not past.standing:
        return group
    names = [(tests[position].nodeid, tests[position].occurrence) for position in group.tests]
    known = [past.standing[name] for name in names if name in past.standing]
    bad = [since for since in known if since is not None]
    if not bad:  # they were good, or are new themselves
        return replace(group, status="new")
    # where it is not known how long before, that is the earlier one
    first = min(bad, key=lambda since: (since.run.started, not since.at_least))
    run = first.run
    return replace(
        group,
        status="still",
        since=run.run,
        since_revision=run.revision,
        since_branch=run.branch if run.branch != branch else None,
        since_at_least=any(since.at_least for since in bad),
    )


def _last_known(attempts: Sequence[PastAttempt], past: Past, last: int) -> str:
    """How a test ended in a run or, if that left it out, in the one before; empty if in none.

    A complete run leaves out what was blocked, of which it says nothing.
    """
    branch = past.runs[last].branch
    for each in reversed(attempts):
        if each.run <= last and past.runs[each.run].branch == branch:
            return each.outcome
    return ""


def _is_new(test: TestReport, past: Past) -> bool:
    """Whether a test of which no attempt is on record was not there, either."""
    if past.collected:
        return (test.nodeid, test.occurrence) not in past.collected
    return bool(test.attempts)  # of what does not run nothing is ever on record


def _outcome(attempts: Sequence[PastAttempt], run: int) -> str:
    """How a test ended in a run; empty if it did not run there."""
    for each in reversed(attempts):
        if each.run <= run:
            return each.outcome if each.run == run else ""
    return ""
