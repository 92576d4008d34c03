"""Leaving behind what is too old to say anything about the suite of today."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pytest_orchestrate.history import rows
from pytest_orchestrate.history.store import History


@dataclass(frozen=True, slots=True)
class Forgotten:
    """How much went."""

    attempts: int = 0
    #: Tests of which nothing was left, most of them renamed or removed.
    tests: int = 0


def forget(history: History, before: float) -> Forgotten:
    """Delete what was measured before that time (seconds since the epoch).

    Estimates are then based on the newer attempts alone. Imported durations stay.
    """
    if not history.database.read(lambda _: True, False):
        return Forgotten()
    return history.database.write(lambda connection: _forget(connection, before), Forgotten())


def _forget(connection: sqlite3.Connection, before: float) -> Forgotten:
    attempts = connection.execute("DELETE FROM attempt WHERE started < ?", (before,)).rowcount
    left = {number for (number,) in connection.execute("SELECT DISTINCT test FROM attempt")}
    changed: list[rows.KnownTest] = []
    gone: list[tuple[int]] = []
    for number, nodeid, count, recent, unmeasured, imported in connection.execute(
        "SELECT id, nodeid, attempts, recent, unmeasured, imported FROM test WHERE attempts > 0"
    ):
        timings = rows.decode_timings(recent)
        kept = [timing for timing in timings if timing.started >= before]
        if number not in left and imported is None:
            gone.append((number,))
        elif len(kept) < len(timings) or number not in left:
            still = unmeasured if number in left else None
            changed.append(rows.KnownTest(number, nodeid, count, kept, still, imported))
    rows.write_tests(connection, changed)
    connection.executemany("DELETE FROM test WHERE id = ?", gone)
    connection.execute(
        "DELETE FROM run WHERE started < ? AND id NOT IN (SELECT run FROM attempt)", (before,)
    )
    connection.execute("DELETE FROM worker WHERE run NOT IN (SELECT id FROM run)")
    for table in ("file", "fixture"):
        connection.execute(
            f"DELETE FROM {table} WHERE file <> '' AND file NOT IN (SELECT file FROM test)"
        )
    return Forgotten(attempts=attempts, tests=len(gone))
