"""How tests ended the last times, for those that failed at all."""

# ruff: noqa: S608 - only names and numbers of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence

from pytest_orchestrate.history import batches, rows
from pytest_orchestrate.history.rows import AttemptRow
from pytest_orchestrate.history.store import History
from pytest_orchestrate.model.outcome import BAD

#: Attempts of a test that are looked at; a run may have several of one test.
_LATEST = 20


def recent_failures(history: History) -> dict[str, list[bool]]:
    """Whether each of the last runs of a test failed, the newest first.

    Only of tests that failed in one of them. Runs in which a test was skipped or interrupted say
    nothing and do not count; a test that failed and then passed in one run did not fail there.
    """

    def query(connection: sqlite3.Connection) -> dict[str, list[bool]]:
        failed = _failed(connection)
        runs: dict[str, list[bool]] = {}
        for chunk in rows.chunks(list(failed)):
            names = f"SELECT id, nodeid FROM test WHERE id IN ({rows.marks(chunk)})"
            for test, nodeid in connection.execute(names, chunk).fetchall():
                attempts = [
                    (each.started, each.run, each.occurrence, each.outcome in BAD)
                    for each in failed[test][-_LATEST:]
                    if each.outcome not in ("skipped", "interrupted")
                ]
                runs[nodeid] = _by_run(attempts)
        return {nodeid: failures for nodeid, failures in runs.items() if any(failures)}

    return history.database.read(query, {})


def _failed(connection: sqlite3.Connection) -> dict[int, list[AttemptRow]]:
    """The kept attempts of those tests of which one has failed, the oldest first."""
    tests: dict[int, str] = {}
    for file, batch in batches.with_failures(connection):
        entries = batch.entries()
        tests.update((test, file) for test, _, _, _, outcome, *_ in entries if outcome in BAD)
    return batches.of_tests(connection, tests)


def _by_run(attempts: list[tuple[float, int, int, bool]]) -> list[bool]:
    last: dict[tuple[int, int], bool] = {}
    newest: dict[int, float] = {}
    for started, run, occurrence, failed in sorted(attempts):
        last[run, occurrence] = failed
        newest[run] = started
    failed_runs = {run for (run, _), failed in last.items() if failed}
    return [run in failed_runs for run in sorted(newest, key=newest.__getitem__, reverse=True)]


def never_run(history: History, nodeids: Sequence[str]) -> set[str]:
    """Those of the tests of which no attempt was ever stored; none if none of them ever ran."""
    names = {rows.storable(nodeid): nodeid for nodeid in nodeids}

    def query(connection: sqlite3.Connection) -> set[str]:
        ran: set[str] = set()
        for chunk in rows.chunks(list(names)):
            ran.update(_ran(connection, chunk))
        return {nodeid for name, nodeid in names.items() if name not in ran} if ran else set()

    nothing: set[str] = set()
    return history.database.read(query, nothing)


def _ran(connection: sqlite3.Connection, chunk: Sequence[str]) -> Iterable[str]:
    for (nodeid,) in connection.execute(
        f"SELECT nodeid FROM test WHERE first IS NOT NULL AND nodeid IN ({rows.marks(chunk)})",
        chunk,
    ):
        yield nodeid
