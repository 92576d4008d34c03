"""The tables of the history store and the steps from each version of them to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from itertools import groupby

from pytest_orchestrate.errors import HistoryError

#: Of each file, the runs of which attempts are kept.
KEPT_RUNS = 100


def _pack(connection: sqlite3.Connection) -> None:
    """Put a row for each attempt into batches; a test's first one is -1 if older ones are gone."""
    from pytest_orchestrate.history import batches

    found = connection.execute(
        "SELECT test.file, attempt.run, test, worker, position, occurrence, outcome, setup, shared,"
        " call, teardown, attempt.started FROM attempt JOIN test ON test.id = test"
        " LEFT JOIN run ON run.id = attempt.run"
        " ORDER BY test.file, coalesce(run.started, attempt.started), attempt.run, attempt.started"
    )
    first: dict[int, int] = {}
    count: dict[int, int] = {}
    for file, of_file in groupby(found, lambda row: row[0]):
        for number, (run, of_run) in enumerate(groupby(of_file, lambda row: row[1])):
            entries = [row[2:] for row in of_run]
            batches.insert(connection, [(file, number, run, entries)])
            for test, *_ in entries:
                first.setdefault(test, number)
                count[test] = count.get(test, 0) + 1
    connection.executemany(
        "UPDATE test SET first = CASE WHEN attempts > ? THEN -1 ELSE ? END WHERE id = ?",
        [(count[test], number, test) for test, number in first.items()],
    )


#: Step ``i`` leads from version ``i`` to ``i + 1``. Never change a step that was released.
MIGRATIONS: tuple[tuple[str | Callable[[sqlite3.Connection], None], ...], ...] = (
    (
        """
        CREATE TABLE run (
            id INTEGER PRIMARY KEY,
            run TEXT NOT NULL UNIQUE,        -- run id
            started REAL NOT NULL,           -- seconds since the epoch
            selection TEXT NOT NULL,
            mode TEXT NOT NULL,              -- 'workers' or 'in-process'
            workers INTEGER NOT NULL,
            revision TEXT,
            dirty INTEGER,                   -- tracked files differed from the revision
            tests INTEGER NOT NULL,          -- tests with an attempt
            work REAL NOT NULL,              -- sum of all attempts' seconds
            start REAL,                      -- median over its workers, seconds
            collect REAL,                    -- median over its workers, seconds
            duration REAL,                   -- NULL when it was cut off
            exitstatus INTEGER,              -- NULL when it was cut off
            not_run INTEGER NOT NULL,
            finished INTEGER NOT NULL,       -- 0 when it was cut off
            bytes INTEGER NOT NULL           -- of its log when it was folded
        )
        """,
        "CREATE INDEX run_by_start ON run (started)",
        """
        CREATE TABLE worker (
            run INTEGER NOT NULL REFERENCES run (id),
            name TEXT NOT NULL,
            start REAL,
            collect REAL,
            collected INTEGER,
            PRIMARY KEY (run, name)
        ) WITHOUT ROWID
        """,
        # recent: msgpack, the last five measured attempts as [started, setup, call, teardown].
        # unmeasured: seconds of the last attempt that was skipped or failed in its set-up.
        # imported: seconds from elsewhere, used while nothing was measured here.
        # estimate: what these three amount to; NULL when nothing is known.
        """
        CREATE TABLE test (
            id INTEGER PRIMARY KEY,
            nodeid TEXT NOT NULL UNIQUE,
            file TEXT NOT NULL,
            attempts INTEGER NOT NULL,       -- ever stored
            recent BLOB NOT NULL,
            unmeasured REAL,
            imported REAL,
            estimate REAL
        )
        """,
        "CREATE INDEX test_by_file ON test (file)",
        # A ring: a test's attempt number n lies in slot n modulo 100, where it replaces the
        # oldest one. With the slot first, the attempts of one run lie side by side, so that
        # a fold touches few pages however much is stored.
        """
        CREATE TABLE attempt (
            slot INTEGER NOT NULL,
            test INTEGER NOT NULL REFERENCES test (id),
            run INTEGER NOT NULL REFERENCES run (id),
            worker TEXT NOT NULL,
            position INTEGER NOT NULL,       -- counted on that worker
            occurrence INTEGER NOT NULL,
            outcome TEXT NOT NULL,
            setup REAL NOT NULL,
            shared REAL NOT NULL,            -- part of setup: fixtures of the file and wider
            call REAL NOT NULL,
            teardown REAL NOT NULL,
            started REAL NOT NULL,
            PRIMARY KEY (slot, test)
        ) WITHOUT ROWID
        """,
        # Of both, msgpack: the last five runs' costs as [run's start, seconds].
        """
        CREATE TABLE file (
            file TEXT PRIMARY KEY,
            collects BLOB NOT NULL,
            fixtures BLOB NOT NULL,          -- sums over the fixtures of module scope
            collect REAL,                    -- median of collects
            setup REAL                       -- that, and the median of fixtures
        ) WITHOUT ROWID
        """,
        """
        CREATE TABLE fixture (
            file TEXT NOT NULL,              -- '' when it belongs to no file
            name TEXT NOT NULL,
            scope TEXT NOT NULL,
            setups BLOB NOT NULL,
            setup REAL,                      -- median of setups
            PRIMARY KEY (file, name, scope)
        ) WITHOUT ROWID
        """,
    ),
    # Which tests have failed lately shows without a look at all that passed.
    (
        """
        CREATE INDEX attempt_failed ON attempt (test)
            WHERE outcome IN ('failed', 'error', 'crashed')
        """,
    ),
    # What reports tell of earlier runs. NULL in rows that are older than that.
    (
        "ALTER TABLE run ADD COLUMN branch TEXT",
        # tests that ended failed, with an error, or crashed
        "ALTER TABLE run ADD COLUMN failed INTEGER",
        # tests with both a good and a bad attempt
        "ALTER TABLE run ADD COLUMN flaky INTEGER",
    ),
    # A row for each attempt was most of what it cost to add a run.
    (
        # attempts: msgpack, see history/batches.py; the batches of a file are numbered from 0 on
        """
        CREATE TABLE batch (
            id INTEGER PRIMARY KEY,
            file TEXT NOT NULL,
            number INTEGER NOT NULL,
            run INTEGER NOT NULL REFERENCES run (id),
            failed INTEGER NOT NULL,         -- whether any of them did
            attempts BLOB NOT NULL,
            UNIQUE (file, number)
        )
        """,
        "CREATE INDEX batch_by_run ON batch (run)",
        "CREATE INDEX batch_failed ON batch (file) WHERE failed",
        "ALTER TABLE test ADD COLUMN first INTEGER",
        "UPDATE test SET first = -1 WHERE attempts > 0",
        _pack,
        # first: number of the batch with its first attempt; -1 when older ones are gone, NULL when
        # it never ran. The rest is as before.
        """
        CREATE TABLE test_of_now (
            id INTEGER PRIMARY KEY,
            nodeid TEXT NOT NULL UNIQUE,
            file TEXT NOT NULL,
            first INTEGER,
            recent BLOB NOT NULL,
            unmeasured REAL,
            imported REAL,
            estimate REAL
        )
        """,
        """
        INSERT INTO test_of_now
            SELECT id, nodeid, file, first, recent, unmeasured, imported, estimate FROM test
        """,
        "DROP TABLE attempt",
        "DROP TABLE test",
        "ALTER TABLE test_of_now RENAME TO test",
        "CREATE INDEX test_by_file ON test (file)",
    ),
)

SCHEMA_VERSION = len(MIGRATIONS)
_TABLES = {"run", "worker", "test", "batch", "file", "fixture"}


def version_of(connection: sqlite3.Connection) -> int:
    """The version of the tables in this file; 0 when there are none."""
    row = connection.execute("PRAGMA user_version").fetchone()
    return int(row[0])


def migrate(connection: sqlite3.Connection) -> None:
    """Bring the tables to :data:`SCHEMA_VERSION`, in one transaction; safe to race."""
    if version_of(connection) == SCHEMA_VERSION:
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        for number, step in enumerate(MIGRATIONS, 1):
            if number > version_of(connection):
                for statement in step:
                    if isinstance(statement, str):
                        connection.execute(statement)
                    else:
                        statement(connection)
                connection.execute(f"PRAGMA user_version = {number}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def check(connection: sqlite3.Connection) -> None:
    """Raise HistoryError unless every table is there."""
    query = "SELECT name FROM sqlite_master WHERE type = 'table'"
    found = {name for (name,) in connection.execute(query)}
    if missing := sorted(_TABLES - found):
        raise HistoryError(f"its table {missing[0]!r} is missing")
