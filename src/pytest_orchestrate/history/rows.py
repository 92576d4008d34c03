"""Rows of the store that both folding and merging write."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import TypeVar

import msgspec

from pytest_orchestrate.history.estimate import (
    Cost,
    Timing,
    expected_seconds,
    is_as_expected,
    is_measured,
    newest,
    usual_cost,
)

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

    @property
    def own(self) -> float:
        """Seconds without what it shared with others."""
        return self.setup - self.shared + self.call + self.teardown


class KnownTest(msgspec.Struct):
    """What the store has on one test."""

    number: int
    nodeid: str
    #: Number of the batch with its first attempt; -1: older ones are gone; None: it never ran.
    first: int | None = None
    recent: list[Timing] = msgspec.field(default_factory=list)
    unmeasured: float | None = None
    imported: float | None = None
    is_new: bool = False

    def learn(self, attempts: Sequence[AttemptRow], earlier: Iterable[AttemptRow] = ()) -> None:
        """Take in attempts of one run that the store did not know, in order of time.

        If they all took as long as expected, there is nothing to learn from them.

        :param earlier: Those of the runs before, of which some may have taught nothing. What is
            usual now is what these took, too.
        """
        measured = expected_seconds(self.recent) if self.recent else None
        if all(
            is_nothing_new(each.outcome, each.own, each.call, measured, self.unmeasured)
            for each in attempts
        ):
            return
        for each in attempts:
            if each.outcome in _UNMEASURED and not is_measured(each.outcome, each.call):
                self.unmeasured = each.own
        if any(is_measured(each.outcome, each.call) for each in attempts):
            self.recent = newest(newest(self.recent, _timings(earlier)), _timings(attempts))

    def learn_anew(self, attempts: Iterable[AttemptRow], recent: Iterable[Timing] = ()) -> None:
        """Know nothing but these attempts, in order of time, and what was imported.

        :param recent: What else was measured, in attempts that are not kept any more.
        """
        self.recent, self.unmeasured = list(recent), None
        before: list[AttemptRow] = []
        for _, run in groupby(attempts, attrgetter("run")):
            now = list(run)
            self.learn(now, before)
            before += now

    @property
    def estimate(self) -> float | None:
        """Expected seconds: measured, else what it took to skip it, else what was imported."""
        if self.recent:
            return expected_seconds(self.recent)
        return self.imported if self.unmeasured is None else self.unmeasured


_UNMEASURED = ("skipped", "error")


def _timings(attempts: Iterable[AttemptRow]) -> list[Timing]:
    return [
        Timing(each.started, each.setup - each.shared, each.call, each.teardown)
        for each in attempts
        if is_measured(each.outcome, each.call)
    ]


def is_nothing_new(
    outcome: str, seconds: float, call: float, measured: float | None, unmeasured: float | None
) -> bool:
    """Whether an attempt leaves what is known of its test as it is.

    :param seconds: What it took, without what it shared with others; and its call.
    :param measured: What measured attempts of it are expected to take, if there were any.
    :param unmeasured: What the last one took that was skipped or failed in its set-up.
    """
    if outcome == "passed" or is_measured(outcome, call):
        return measured is not None and is_as_expected(seconds, measured)
    if outcome in _UNMEASURED:
        return unmeasured is not None and is_as_expected(seconds, unmeasured)
    return True


T = TypeVar("T")


def chunks(items: Sequence[T], size: int = 500) -> Iterator[Sequence[T]]:
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


#: Node id, number, file, number of its first batch (None: it never ran), the seconds that measured
#: attempts are expected to take, those that the last one took that was skipped, and the estimate.
Sketch = tuple[str, int, str, int | None, float | None, float | None, float | None]
_SKETCH = (
    "SELECT nodeid, id, file, first, CASE WHEN recent <> x'90' THEN estimate END, unmeasured,"
    " estimate FROM test"
)


def sketches(connection: sqlite3.Connection, nodeids: Iterable[str]) -> dict[str, Sketch]:
    """What is known of each test in short, as far as it is known."""
    wanted = dict.fromkeys(nodeids)
    (highest,) = connection.execute("SELECT coalesce(max(id), 0) FROM test").fetchone()
    if 2 * len(wanted) > highest:  # then it takes less to look at them all
        return {row[0]: row for row in connection.execute(_SKETCH) if row[0] in wanted}
    found: dict[str, Sketch] = {}
    for chunk in chunks(list(wanted)):
        some = connection.execute(f"{_SKETCH} WHERE nodeid IN ({marks(chunk)})", chunk)
        found.update((row[0], row) for row in some)
    return found


def add_sketches(
    connection: sqlite3.Connection, known: dict[str, Sketch], nodeids: Iterable[str]
) -> None:
    """Give numbers that are not yet taken to those tests of which nothing is known."""
    new = [nodeid for nodeid in dict.fromkeys(nodeids) if nodeid not in known]
    if not new:
        return
    (highest,) = connection.execute("SELECT coalesce(max(id), 0) FROM test").fetchone()
    highest = max([highest, *(sketch[1] for sketch in known.values())])
    for number, nodeid in enumerate(new, highest + 1):
        known[nodeid] = (nodeid, number, file_of(nodeid), None, None, None, None)


_KNOWN = "SELECT id, nodeid, first, recent, unmeasured, imported FROM test"


def known_tests(connection: sqlite3.Connection, known: Mapping[str, Sketch]) -> list[KnownTest]:
    """A row for each of these tests, new or not."""
    found: list[KnownTest] = []
    for chunk in chunks([number for _, number, *_ in known.values()]):
        query = f"{_KNOWN} WHERE id IN ({marks(chunk)})"
        found += _known(connection.execute(query, chunk))
    there = {test.number for test in found}
    for nodeid, number, *_ in known.values():
        if number not in there:
            found.append(KnownTest(number, nodeid, is_new=True))
    return found


def tests_of(connection: sqlite3.Connection, nodeids: Iterable[str]) -> dict[str, KnownTest]:
    """A row for each of these tests, new or not, by node id."""
    names = list(dict.fromkeys(nodeids))
    known = sketches(connection, names)
    add_sketches(connection, known, names)
    return {test.nodeid: test for test in known_tests(connection, known)}


def tests_of_file(connection: sqlite3.Connection, file: str) -> list[KnownTest]:
    """The rows of the tests of a file."""
    return list(_known(connection.execute(f"{_KNOWN} WHERE file = ?", (file,))))


def tests_that_ran(connection: sqlite3.Connection) -> list[KnownTest]:
    """The rows of all tests of which an attempt was ever stored."""
    return list(_known(connection.execute(f"{_KNOWN} WHERE first IS NOT NULL")))


def _known(cursor: sqlite3.Cursor) -> Iterator[KnownTest]:
    for number, nodeid, first, recent, unmeasured, imported in cursor:
        timings = decode_timings(recent)
        yield KnownTest(number, nodeid, first, timings, unmeasured, imported)


def write_tests(connection: sqlite3.Connection, tests: Iterable[KnownTest]) -> None:
    """Store the rows with their estimates."""
    new: list[tuple[object, ...]] = []
    changed: list[tuple[object, ...]] = []
    for test in tests:
        values = (
            test.first,
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
        "INSERT INTO test (first, recent, unmeasured, imported, estimate, id, nodeid, file)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        new,
    )
    connection.executemany(
        "UPDATE test SET first = ?, recent = ?, unmeasured = ?, imported = ?, estimate = ?"
        " WHERE id = ?",
        changed,
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
