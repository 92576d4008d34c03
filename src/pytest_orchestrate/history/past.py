"""What the history knows of the runs before one, for its report."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from operator import itemgetter
from typing import Any

from pytest_orchestrate.history import batches, rows
from pytest_orchestrate.history.kept_logs import Logs
from pytest_orchestrate.history.lineage import (
    Forebears,
    Line,
    RecordedRun,
    line_of,
    to_compare_with,
)
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
    known: dict[str, tuple[int, str, int | None]] = {}
    for chunk in rows.chunks(list({rows.storable(nodeid): None for nodeid, _ in bad})):
        query = f"SELECT nodeid, id, file, first FROM test WHERE nodeid IN ({rows.marks(chunk)})"
        for nodeid, test, file, first in connection.execute(query, chunk):
            known[nodeid] = test, file, first
    attempts = batches.of_tests(connection, {test: file for test, file, _ in known.values()})
    oldest = batches.oldest(connection, {file for _, file, _ in known.values()})
    found: dict[TestName, Since | None] = {}
    for name in bad:
        nodeid, occurrence = name
        if rows.storable(nodeid) not in known:
            continue
        test, file, first = known[rows.storable(nodeid)]
        # the last one in a run is how the test ended there
        ends = {
            each.run: each.outcome in BAD
            for each in attempts[test]
            if each.occurrence == occurrence
            and each.run in runs
            and (each.outcome in BAD or each.outcome in WELL)
        }
        if ends:
            told = sorted((*runs[number], is_bad) for number, is_bad in ends.items())
            ended = [(run, is_bad) for _, run, is_bad in told]
            is_whole = first is not None and first >= oldest[file]
            found[name] = standing(ended, is_whole=is_whole)
    return found


def _attempts(
    connection: sqlite3.Connection, positions: dict[int, int]
) -> dict[TestName, tuple[PastAttempt, ...]]:
    """What was attempted in these runs, by test."""
    names: dict[int, str] = dict(connection.execute("SELECT id, nodeid FROM test"))
    by_test: dict[tuple[int, int], list[tuple[float, PastAttempt]]] = {}
    # Once an attempt, and there may be hundreds of thousands.
    for run, position in sorted(positions.items(), key=itemgetter(1)):
        for _, batch in batches.of_run(connection, run):
            for entry in batch.entries():
                test, _, _, occurrence, outcome, setup, _, call, teardown, started = entry
                attempt = PastAttempt(position, outcome, setup + call + teardown, call)
                by_test.setdefault((test, occurrence), []).append((started, attempt))
    found: dict[TestName, tuple[PastAttempt, ...]] = {}
    for (test, occurrence), attempts in by_test.items():
        if test in names:
            attempts.sort(key=_by_run_and_start)
            found[names[test], occurrence] = tuple(attempt for _, attempt in attempts)
    return found


def _by_run_and_start(attempt: tuple[float, PastAttempt]) -> tuple[int, float]:
    started, told = attempt
    return told.run, started
