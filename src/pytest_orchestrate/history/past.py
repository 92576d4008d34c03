"""What the history knows of the runs before one, for its report."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from pytest_orchestrate.history import rows
from pytest_orchestrate.history.kept_logs import Logs
from pytest_orchestrate.history.lineage import (
    Forebears,
    Line,
    RecordedRun,
    line_of,
    to_compare_with,
)
from pytest_orchestrate.history.schema import ATTEMPTS
from pytest_orchestrate.history.store import History
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.document import RunFacts
from pytest_orchestrate.report.past import (
    RUNS,
    WELL,
    Past,
    PastAttempt,
    PastRun,
    Since,
    TestName,
    is_complete,
    is_empty,
    standing,
)

_COLUMNS = (
    "run, started, tests, work AS serial, coalesce(duration, 0.0) AS wall, revision, branch, dirty,"
    " failed, flaky, mode, workers"
)
_SLOTS = ", ".join(map(str, range(ATTEMPTS)))


def past(
    history: History,
    run: RunFacts,
    *,
    bad: Iterable[TestName] = (),
    forebears: Callable[[], Forebears] = Forebears,
) -> Past:
    """What is on record from before this run, which itself need not be stored yet.

    A run that was not in a work tree, or with a detached head, has no branch; its line are those
    without any, and those of revisions that it is based on.

    :param bad: The tests of which is told since when they are.
    :param forebears: Finds out where the branch may have come from; called where that counts.
    """
    tests = list(bad)
    return history.database.read(
        lambda connection: _query(connection, run, tests, forebears, Logs(history.directory)),
        Past(),
    )


def _query(
    connection: sqlite3.Connection,
    run: RunFacts,
    bad: list[TestName],
    forebears: Callable[[], Forebears],
    kept: Logs,
) -> Past:
    stored = connection.execute(
        "SELECT selection, workers FROM run WHERE run = ?", (run.run,)
    ).fetchone()
    # a report does not have it word for word if it looks as if it held a secret
    selection, workers = stored or (rows.storable(run.selection), None)
    recorded = _recorded(connection, run)
    line = line_of(recorded, run.branch, selection, forebears)
    found = to_compare_with(line, selection)
    shown, elsewhere = _shown(recorded, line, found and found[0], selection, run.revision)
    positions = {each.number: position for position, each in enumerate(shown)}
    compared = kept.found_in(found[0].run.run) if found is not None else None
    since_when = _standing(connection, line, bad) if line.runs else {}
    for name, since in kept.failing(line, selection, bad).items():
        since_when[name] = since_when.get(name) or since
    return Past(
        runs=tuple(each.run for each in shown),
        compared=None if found is None else positions[found[0].number],
        basis="branch" if found is None else found[1],
        elsewhere=frozenset(positions[number] for number in elsewhere),
        attempts=_attempts(connection, positions) if shown else {},
        standing=since_when,
        collected=compared.names if compared is not None else frozenset(),
        failed_at_once=frozenset(compared.failed) if compared is not None else frozenset(),
        workers=workers,
    )


def _recorded(connection: sqlite3.Connection, run: RunFacts) -> list[RecordedRun]:
    """All runs before this one, in order of time."""
    cursor = connection.execute(
        f"SELECT id, selection, finished AND duration IS NOT NULL, exitstatus, not_run, {_COLUMNS}"
        " FROM run WHERE run != ? AND started <= ? ORDER BY started, id",
        (run.run, run.started),
    )
    names = [name for name, *_ in cursor.description][5:]
    return [
        RecordedRun(
            number,
            selection,
            bool(finished),
            _run(dict(zip(names, values, strict=True)), exitstatus, not_run),
        )
        for number, selection, finished, exitstatus, not_run, *values in cursor
    ]


def _run(values: dict[str, Any], exitstatus: int | None, not_run: int) -> PastRun:
    dirty = values.pop("dirty")
    return PastRun(
        **values,
        dirty=None if dirty is None else bool(dirty),
        is_complete=is_complete(exitstatus, not_run),
        is_empty=is_empty(exitstatus) and not not_run,
    )


def _shown(
    recorded: list[RecordedRun],
    line: Line,
    compared: RecordedRun | None,
    selection: str,
    revision: str | None,
) -> tuple[list[RecordedRun], set[int]]:
    """The runs that are told of, in order of time, and the numbers of those off the line."""
    alike = [each for each in recorded if each.is_finished and each.selection == selection]
    there = {each.number for each in line.runs}
    shown = [each for each in alike if each.number in there][-RUNS:]
    if compared is not None and compared not in shown:
        shown[0] = compared
    # what shows on the same code is flaky, whichever branch that was on
    codes = {revision, *(each.run.revision for each in shown)} - {None}
    others = [
        each
        for each in alike
        if each.number not in there and each.run.dirty is False and each.run.revision in codes
    ][-RUNS:]
    elsewhere = {each.number for each in others}
    chosen = elsewhere.union(each.number for each in shown)
    return [each for each in alike if each.number in chosen], elsewhere


def _standing(
    connection: sqlite3.Connection, line: Line, bad: list[TestName]
) -> dict[TestName, Since | None]:
    """Since when these tests are bad, by all attempts of them that are kept."""
    runs = {each.number: (position, each.run) for position, each in enumerate(line.runs)}
    known: dict[str, tuple[int, int]] = {}
    for chunk in rows.chunks(list({rows.storable(nodeid): None for nodeid, _ in bad})):
        query = f"SELECT nodeid, id, attempts FROM test WHERE nodeid IN ({rows.marks(chunk)})"
        for nodeid, test, attempts in connection.execute(query, chunk):
            known[nodeid] = test, attempts
    found: dict[TestName, Since | None] = {}
    for name in bad:
        nodeid, occurrence = name
        test, ever = known.get(rows.storable(nodeid), (0, 0))
        kept = connection.execute(
            "SELECT run, occurrence, outcome FROM attempt"
            f" WHERE slot IN ({_SLOTS}) AND test = ? ORDER BY started",
            (test,),
        ).fetchall()
        # the last one in a run is how the test ended there
        ends = {
            number: outcome in BAD
            for number, which, outcome in kept
            if which == occurrence and number in runs and (outcome in BAD or outcome in WELL)
        }
        if ends:
            told = sorted((*runs[number], is_bad) for number, is_bad in ends.items())
            ended = [(run, is_bad) for _, run, is_bad in told]
            found[name] = standing(ended, is_whole=ever <= len(kept))
    return found


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
