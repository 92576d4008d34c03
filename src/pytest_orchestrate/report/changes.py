"""What is different from an earlier run, and since when what fails has failed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec.structs import replace

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Changes, FailureGroup
from pytest_orchestrate.report.past import WELL, Past, PastAttempt, ends


def changes(report: Report, past: Past) -> Changes | None:
    """The differences from the last run on this branch; None if there is none on record."""
    if past.last is None:
        return None
    last = past.runs[past.last]
    newly: list[int] = []
    still: list[int] = []
    fixed: list[int] = []
    added: list[int] = []
    for position, test in enumerate(report.tests):
        attempts = past.of(test)
        then = _last_known(attempts, past, past.last)
        # of what did not run nothing is ever on record
        if test.attempts and not attempts and not test.is_collection:
            added.append(position)
        if test.outcome in BAD:
            (still if then in BAD else newly).append(position)
        elif then in BAD and (test.outcome in WELL or test.outcome == "flaky"):
            fixed.append(position)
    there = {(test.nodeid, test.occurrence) for test in report.tests}
    # of what could not be collected nobody knows which tests it has
    is_whole = not any(test.is_collection for test in report.tests) and bool(report.tests)
    return Changes(
        run=last.run,
        revision=last.revision,
        wall=report.summary.wall - last.wall,
        newly_failing=tuple(newly),
        still_failing=tuple(still),
        fixed=tuple(fixed),
        added=tuple(added),
        removed=tuple(
            name[0]
            for name, attempts in past.attempts.items()
            if is_whole and name not in there and _outcome(attempts, past.last)
        ),
    )


def dated(
    groups: Iterable[FailureGroup], tests: Sequence[TestReport], past: Past, branch: str | None
) -> list[FailureGroup]:
    """The groups, with what is known of their tests from runs on this branch.

    If there were none on this branch, all runs count.
    """
    runs = range(len(past.runs))
    counting = [run for run in runs if past.last is None or past.runs[run].branch == branch]
    wanted = frozenset(counting)
    return [_dated(group, tests, past, wanted) for group in groups]


def _dated(
    group: FailureGroup, tests: Sequence[TestReport], past: Past, runs: frozenset[int]
) -> FailureGroup:
    if group.kind == "blocked":
        return group
    is_known = False
    first: int | None = None
    for position in group.tests:
        series = [(run, bad) for run, bad in ends(past.of(tests[position])).items() if run in runs]
        is_known = is_known or bool(series)
        for run, bad in reversed(series):
            if not bad:
                break
            first = run if first is None else min(first, run)
    if first is not None:
        since = past.runs[first]
        return replace(group, status="still", since=since.run, since_revision=since.revision)
    return replace(group, status="new") if is_known else group


def _last_known(attempts: Sequence[PastAttempt], past: Past, last: int) -> str:
    """How a test ended when it ran last on the branch of a run; empty if it never did there.

    A run that ended early has left some out, of which it says nothing.
    """
    branch = past.runs[last].branch
    for each in reversed(attempts):
        if each.run <= last and past.runs[each.run].branch == branch:
            return each.outcome
    return ""


def _outcome(attempts: Sequence[PastAttempt], run: int) -> str:
    """How a test ended in a run; empty if it did not run there."""
    for each in reversed(attempts):
        if each.run <= run:
            return each.outcome if each.run == run else ""
    return ""
