"""What the history knows of the runs before one, for its report."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from operator import attrgetter

from pytest_orchestrate.history import rows
from pytest_orchestrate.history.store import History
from pytest_orchestrate.report.document import RunFacts
from pytest_orchestrate.report.past import RUNS, Past, PastAttempt, PastRun, TestName

_COLUMNS = "run, started, tests, work, duration, revision, branch, dirty, failed, flaky"


def past(history: History, run: RunFacts) -> Past:
    """The finished runs before this one that had the same selection.

    The run itself need not be stored yet. A run that was not in a work tree, or with a detached
    head, has no branch; the last run on its branch is the last one without any.
    """
    return history.database.read(lambda connection: _query(connection, run), Past())


def _query(connection: sqlite3.Connection, run: RunFacts) -> Past:
    before = (
        f"SELECT id, {_COLUMNS} FROM run"
        " WHERE selection = ? AND finished AND duration IS NOT NULL AND run != ? AND started <= ?"
    )
    latest = " ORDER BY started DESC LIMIT"
    stored = connection.execute("SELECT selection FROM run WHERE run = ?", (run.run,)).fetchone()
    # a report does not have it word for word if it looks as if it held a secret
    selection = rows.storable(run.selection) if stored is None else stored[0]
    question = (selection, run.run, run.started)
    found = connection.execute(f"{before} {latest} {RUNS}", question).fetchall()
    last = connection.execute(f"{before} AND branch IS ? {latest} 1", (*question, run.branch))
    on_branch = last.fetchone()
    if on_branch is not None and on_branch not in found:
        found[RUNS - 1 :] = [on_branch]
    found.reverse()
    positions = {number: position for position, (number, *_) in enumerate(found)}
    return Past(
        runs=tuple(_run(*values) for _, *values in found),
        last=None if on_branch is None else positions[on_branch[0]],
        attempts=_attempts(connection, positions) if found else {},
    )


def _run(
    run: str,
    started: float,
    tests: int,
    work: float,
    duration: float,
    revision: str | None,
    branch: str | None,
    dirty: int | None,
    failed: int | None,
    flaky: int | None,
) -> PastRun:
    return PastRun(
        run=run,
        started=started,
        tests=tests,
        serial=work,
        wall=duration,
        revision=revision,
        branch=branch,
        dirty=None if dirty is None else bool(dirty),
        failed=failed,
        flaky=flaky,
    )


def _attempts(
    connection: sqlite3.Connection, positions: dict[int, int]
) -> dict[TestName, tuple[PastAttempt, ...]]:
    """What was attempted in these runs, by test."""
    names: dict[int, str] = dict(connection.execute("SELECT id, nodeid FROM test"))
    by_test: dict[int, list[PastAttempt]] = {test: [] for test in names}
    # Once an attempt, and there may be hundreds of thousands: as few columns as can be.
    for test, run, outcome, seconds, call in connection.execute(
        f"SELECT test, run, outcome, setup + call + teardown, call FROM attempt{_in(positions)}",
        list(positions),
    ):
        by_test[test].append(PastAttempt(positions[run], outcome, seconds, call))
    again = f"SELECT test FROM attempt{_in(positions)} AND occurrence > 0"
    twins = {test for (test,) in connection.execute(again, list(positions))}
    found: dict[TestName, tuple[PastAttempt, ...]] = {}
    for test, attempts in by_test.items():
        runs = [attempt.run for attempt in attempts]
        if test in twins or len(set(runs)) < len(runs):
            found.update(_several(connection, names[test], test, positions))
        elif runs:
            attempts.sort(key=_run_of)
            found[names[test], 0] = tuple(attempts)
    return found


_run_of = attrgetter("run")


def _in(positions: dict[int, int]) -> str:
    return f" WHERE run IN ({rows.marks(list(positions))})"


def _several(
    connection: sqlite3.Connection, nodeid: str, test: int, positions: dict[int, int]
) -> dict[TestName, tuple[PastAttempt, ...]]:
    """The same of one test that was attempted more than once in a run, or is there twice."""
    found: dict[TestName, list[PastAttempt]] = {}
    for row in rows.attempts_of(connection, test).values():
        if row.run in positions:
            seconds = row.setup + row.call + row.teardown
            attempt = PastAttempt(positions[row.run], row.outcome, seconds, row.call)
            found.setdefault((nodeid, row.occurrence), []).append(attempt)
    return {name: tuple(sorted(attempts, key=_run_of)) for name, attempts in found.items()}
