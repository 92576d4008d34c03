"""Leaving behind what is too old to say anything about the suite of today."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from pytest_orchestrate.history import batches, rows
from pytest_orchestrate.history.rows import AttemptRow
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
    files = [file for (file,) in connection.execute("SELECT DISTINCT file FROM batch")]
    attempts = 0
    #: What is left, by test, and the first batch of tests in files where something went.
    left: dict[int, list[AttemptRow]] = {}
    first: dict[int, int] = {}
    renumbered: set[str] = set()
    for file in files:
        there = batches.all_of_file(connection, file)
        kept = {
            test: [row for row in found if row.started >= before] for test, found in there.items()
        }
        left |= kept
        lost = {test for test, found in there.items() if len(kept[test]) < len(found)}
        if lost:
            renumbered.add(file)
            attempts += sum(len(there[test]) - len(kept[test]) for test in lost)
            first |= batches.replace(connection, file, kept) | dict.fromkeys(lost, -1)
    changed: list[rows.KnownTest] = []
    gone: list[tuple[int]] = []
    for test in rows.tests_that_ran(connection):
        number = test.number
        still = left.get(number, ())
        # of a test that has not run for long, the attempts may have made way, and this is left
        recent = [timing for timing in test.recent if timing.started >= before]
        if not still and not recent and test.imported is None:
            gone.append((number,))
        elif number in first or len(recent) < len(test.recent):
            test.first = first.get(number, -1) if test.first != -1 else -1
            test.learn_anew(still, () if still else recent)
            changed.append(test)
        elif not still and rows.file_of(test.nodeid) in renumbered:
            test.first = -1
            changed.append(test)
    rows.write_tests(connection, changed)
    connection.executemany("DELETE FROM test WHERE id = ?", gone)
    connection.execute(
        "DELETE FROM run WHERE started < ? AND id NOT IN (SELECT run FROM batch)", (before,)
    )
    connection.execute("DELETE FROM worker WHERE run NOT IN (SELECT id FROM run)")
    for table in ("file", "fixture"):
        connection.execute(
            f"DELETE FROM {table} WHERE file <> '' AND file NOT IN (SELECT file FROM test)"
        )
    return Forgotten(attempts=attempts, tests=len(gone))
