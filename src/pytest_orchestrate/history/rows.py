"""Rows of the store that both folding and merging write."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from pytest_orchestrate.history.estimate import (
    Cost,
    Timing,
    expected_seconds,
    is_measured,
    newest,
    usual_cost,
)
from pytest_orchestrate.history.schema import ATTEMPTS

_encode = msgspec.msgpack.Encoder().encode
decode_timings = msgspec.msgpack.Decoder(list[Timing]).decode
decode_costs = msgspec.msgpack.Decoder(list[Cost]).decode


class AttemptRow(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One execution of a test. Seconds; ``run`` is the number of the run's row."""

    run: int
    worker: str
    position: int
    occurrence: int
    outcome: str
    setup: float
    #: The part of ``setup`` that went into fixtures of module, package or session scope. Those
    #: of class scope stay with the test: a class is entered with its first test, and a test
    #: outside of any class sets them up for itself.
    shared: float
    call: float
    teardown: float
    started: float

    @property
    def identity(self) -> tuple[int, str, int]:
        """Equal for two copies of one attempt."""
        return self.run, self.worker, self.position


ATTEMPT_COLUMNS = ", ".join(AttemptRow.__struct_fields__)
_SLOTS = ", ".join(map(str, range(ATTEMPTS)))


class KnownTest(msgspec.Struct):
    """What the store has on one test."""

    number: int
    nodeid: str
    attempts: int = 0
    recent: list[Timing] = msgspec.field(default_factory=list)
    unmeasured: float | None = None
    imported: float | None = None
    is_new: bool = False

    def learn(self, attempts: Sequence[AttemptRow]) -> None:
        """Take in attempts that the store did not know."""
        measured: list[Timing] = []
        for attempt in attempts:
            setup = attempt.setup - attempt.shared
            if is_measured(attempt.outcome, attempt.call):
                measured.append(Timing(attempt.started, setup, attempt.call, attempt.teardown))
            elif attempt.outcome in ("skipped", "error"):
                self.unmeasured = setup + attempt.call + attempt.teardown
        if measured:
            self.recent = newest(self.recent, measured)

    @property
    def estimate(self) -> float | None:
        """Expected seconds: measured, else what it took to skip it, else what was imported."""
        if self.recent:
            return expected_seconds(self.recent)
        return self.imported if self.unmeasured is None else self.unmeasured


def chunks(items: Sequence[str], size: int = 500) -> Iterator[Sequence[str]]:
    """Slices that fit into one SQL statement."""
    for start in range(0, len(items), size):
        yield items[start : start + size]


def marks(items: Sequence[object]) -> str:
    """As many question marks, for an SQL list."""
    return ",".join("?" * len(items))


def storable(text: str) -> str:
    r"""The text without lone surrogates, written as in the logs (``\udc80``)."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode("utf-8")


def file_of(nodeid: str) -> str:
    """The part of the node id that names the file."""
    return nodeid.partition("::")[0]


def known_tests(connection: sqlite3.Connection, nodeids: Iterable[str]) -> dict[str, KnownTest]:
    """A row for each node id, in their order; new ones with numbers not yet taken."""
    wanted = list(dict.fromkeys(nodeids))
    found: dict[str, KnownTest] = {}
    for chunk in chunks(wanted):
        for number, nodeid, attempts, recent, unmeasured, imported in connection.execute(
            "SELECT id, nodeid, attempts, recent, unmeasured, imported FROM test"
            f" WHERE nodeid IN ({marks(chunk)})",
            chunk,
        ):
            found[nodeid] = KnownTest(
                number, nodeid, attempts, decode_timings(recent), unmeasured, imported
            )
    (highest,) = connection.execute("SELECT coalesce(max(id), 0) FROM test").fetchone()
    for nodeid in wanted:
        if nodeid not in found:
            highest += 1
            found[nodeid] = KnownTest(highest, nodeid, is_new=True)
    return found


def attempts_of(connection: sqlite3.Connection, test: int) -> dict[int, AttemptRow]:
    """The stored attempts of a test by their slots, the oldest first."""
    found = connection.execute(
        f"SELECT slot, {ATTEMPT_COLUMNS} FROM attempt WHERE test = ? AND slot IN ({_SLOTS})"
        " ORDER BY started",
        (test,),
    )
    return {slot: AttemptRow(*values) for slot, *values in found}


def write_tests(connection: sqlite3.Connection, tests: Iterable[KnownTest]) -> None:
    """Store the rows with their estimates."""
    new: list[tuple[object, ...]] = []
    changed: list[tuple[object, ...]] = []
    for test in tests:
        values = (
            test.attempts,
            _encode(test.recent),
            test.unmeasured,
            test.imported,
            test.estimate,
        )
        if test.is_new:
            new.append((*values, test.number, test.nodeid, file_of(test.nodeid)))
        else:
            changed.append((*values, test.number))
    connection.executemany(
        "INSERT INTO test (attempts, recent, unmeasured, imported, estimate, id, nodeid, file)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        new,
    )
    connection.executemany(
        "UPDATE test SET attempts = ?, recent = ?, unmeasured = ?, imported = ?, estimate = ?"
        " WHERE id = ?",
        changed,
    )


def add_attempts(
    connection: sqlite3.Connection, attempts: Iterable[tuple[KnownTest, AttemptRow]]
) -> None:
    """Store attempts; of each test the one that was stored first makes way for the 101st."""
    rows: list[tuple[object, ...]] = []
    for test, attempt in attempts:
        rows.append((test.attempts % ATTEMPTS, test.number, *msgspec.structs.astuple(attempt)))
        test.attempts += 1
    connection.executemany(
        f"INSERT OR REPLACE INTO attempt VALUES (?, ?, {marks(AttemptRow.__struct_fields__)})", rows
    )


def merge_files(
    connection: sqlite3.Connection,
    collects: dict[str, list[Cost]],
    fixtures: dict[str, list[Cost]],
) -> None:
    """Add to the files' collection costs and to their sums of module fixtures."""
    files = sorted(collects.keys() | fixtures.keys())
    known: dict[str, tuple[list[Cost], list[Cost]]] = {}
    for chunk in chunks(files):
        for file, known_collects, known_fixtures in connection.execute(
            f"SELECT file, collects, fixtures FROM file WHERE file IN ({marks(chunk)})", chunk
        ):
            known[file] = decode_costs(known_collects), decode_costs(known_fixtures)
    rows = []
    for file in files:
        old_collects, old_fixtures = known.get(file, ([], []))
        new_collects = newest(old_collects, collects.get(file, ()))
        new_fixtures = newest(old_fixtures, fixtures.get(file, ()))
        collect = usual_cost(new_collects)
        setup = (collect or 0.0) + (usual_cost(new_fixtures) or 0.0)
        rows.append((file, _encode(new_collects), _encode(new_fixtures), collect, setup))
    connection.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?)", rows)


#: File ('' for none), name, scope.
FixtureKey = tuple[str, str, str]


def merge_fixtures(connection: sqlite3.Connection, setups: dict[FixtureKey, list[Cost]]) -> None:
    """Add to the set-up costs of fixtures of higher than function scope."""
    rows = []
    for key, costs in sorted(setups.items()):
        row = connection.execute(
            "SELECT setups FROM fixture WHERE file = ? AND name = ? AND scope = ?", key
        ).fetchone()
        merged = newest(decode_costs(row[0]) if row else (), costs)
        rows.append((*key, _encode(merged), usual_cost(merged)))
    connection.executemany("INSERT OR REPLACE INTO fixture VALUES (?, ?, ?, ?, ?)", rows)
