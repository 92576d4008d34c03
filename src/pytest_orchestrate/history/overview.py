"""Questions that a person asks the history."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from fnmatch import fnmatchcase

from pytest_orchestrate.history import batches, rows
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
    #: Attempts that are kept; None where nobody looked.
    attempts: int | None = None
    #: Outcome of the last one; None when there is none, or nobody looked.
    outcome: str | None = None


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


def slowest(
    history: History, pattern: str | None = None, *, looks_at: int | None = None
) -> list[TestFacts]:
    """The tests that the pattern names (all without one), the longest expected first.

    A pattern is a node id, or one with ``*`` and ``?`` for any characters and any one;
    brackets are as in node ids.

    :param looks_at: Of so many of them the attempts are looked at; None: of all.
    """

    def query(connection: sqlite3.Connection) -> list[TestFacts]:
        glob = None if pattern is None else rows.storable(pattern).replace("[", "[[]")
        found = [
            row
            for row in connection.execute(
                "SELECT nodeid, estimate, id, file FROM test ORDER BY estimate DESC, nodeid"
            )
            if glob is None or row[0] == pattern or fnmatchcase(row[0], glob)
        ]
        looked = {number: file for _, _, number, file in found[:looks_at]}
        attempts = batches.of_tests(connection, looked)
        return [
            TestFacts(nodeid, estimate)
            if (kept := attempts.get(number)) is None
            else TestFacts(nodeid, estimate, len(kept), kept[-1].outcome if kept else None)
            for nodeid, estimate, number, _ in found
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
    """The attempts of a test that are kept, the oldest first."""

    def query(connection: sqlite3.Connection) -> list[AttemptFacts]:
        sketch = rows.sketches(connection, [nodeid]).get(nodeid)
        if sketch is None:
            return []
        _, number, file, *_ = sketch
        runs = {
            each: (run, revision)
            for each, run, revision in connection.execute("SELECT id, run, revision FROM run")
        }
        return [
            AttemptFacts(*runs.get(attempt.run, ("", None)), attempt)
            for attempt in batches.of_tests(connection, {number: file})[number]
        ]

    return history.database.read(query, [])
