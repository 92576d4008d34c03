"""Questions that a person asks the history."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_orchestrate.history import rows
from pytest_orchestrate.history.schema import ATTEMPTS
from pytest_orchestrate.history.store import RUN_COLUMNS, History, RunFacts


@dataclass(frozen=True, slots=True)
class Overview:
    """How much there is."""

    runs: int
    tests: int
    files: int
    #: Run that began last, also when it was cut off.
    last: RunFacts | None


@dataclass(frozen=True, slots=True)
class TestFacts:
    """What is known of one test."""

    __test__ = False

    nodeid: str
    #: Expected seconds; None when it never ran.
    estimate: float | None
    #: Attempts that were ever stored; at most 100 still are.
    attempts: int
    #: Outcome of the last one; None when there is none.
    outcome: str | None


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """One stored attempt of a test, and the run that it belongs to."""

    run: str
    revision: str | None
    attempt: rows.AttemptRow


def overview(history: History) -> Overview | None:
    """How much the history knows; None when there is none."""

    def query(connection: sqlite3.Connection) -> Overview | None:
        count = "SELECT (SELECT count(*) FROM run), (SELECT count(*) FROM test)"
        runs, tests = connection.execute(count).fetchone()
        (files,) = connection.execute("SELECT count(DISTINCT file) FROM test").fetchone()
        row = connection.execute(
            f"SELECT {RUN_COLUMNS} FROM run ORDER BY started DESC LIMIT 1"
        ).fetchone()
        return Overview(runs, tests, files, None if row is None else RunFacts(*row))

    return history.database.read(query, None)


def slowest(history: History, pattern: str | None = None) -> list[TestFacts]:
    """The tests that the pattern names (all without one), the longest expected first.

    A pattern is a node id, or one with ``*`` and ``?`` for any characters and any one;
    brackets are as in node ids.
    """

    def query(connection: sqlite3.Connection) -> list[TestFacts]:
        found = connection.execute(
            "SELECT nodeid, estimate, attempts, (SELECT outcome FROM attempt"
            f" WHERE slot = (test.attempts + {ATTEMPTS - 1}) % {ATTEMPTS} AND test = test.id)"
            " FROM test ORDER BY estimate DESC, nodeid"
        )
        glob = None if pattern is None else rows.storable(pattern).replace("[", "[[]")
        return [
            TestFacts(*row)
            for row in found
            if glob is None or row[0] == pattern or fnmatchcase(row[0], glob)
        ]

    return history.database.read(query, [])


def session_fixtures(history: History) -> dict[str, float]:
    """Fixtures that each worker sets up once: name -> usual seconds, the longest first."""

    def query(connection: sqlite3.Connection) -> dict[str, float]:
        found = connection.execute(
            "SELECT name, setup FROM fixture WHERE file = '' AND scope = 'session'"
            " AND setup IS NOT NULL ORDER BY setup DESC, name"
        )
        return dict(found)

    return history.database.read(query, {})


def attempts_of(history: History, nodeid: str) -> list[AttemptFacts]:
    """The stored attempts of a test, the oldest first."""

    def query(connection: sqlite3.Connection) -> list[AttemptFacts]:
        test = rows.known_tests(connection, [nodeid])[nodeid]
        runs = {
            number: (run, revision)
            for number, run, revision in connection.execute("SELECT id, run, revision FROM run")
        }
        return [
            AttemptFacts(*runs.get(attempt.run, ("", None)), attempt)
            for attempt in rows.attempts_of(connection, test.number).values()
        ]

    return history.database.read(query, [])
