"""The attempts that the store keeps: those of one run in one file together, by columns.

A row for each would be most of what folding costs: a run of 10,000 tests in 200 files is 200 rows.
"""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
import sys
from array import array
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from operator import attrgetter
from typing import Any

import msgspec

from pytest_orchestrate.history.rows import AttemptRow, chunks, marks
from pytest_orchestrate.history.schema import KEPT_RUNS
from pytest_orchestrate.model.outcome import BAD

#: One attempt: the number of its test's row, and what :class:`AttemptRow` has but for the run.
Entry = tuple[int, str, int, int, str, float, float, float, float, float]

#: Kinds of arrays: whole numbers of four bytes, seconds.
_WHOLE = "i" if array("i").itemsize == 4 else "l"
_SECONDS = "d"
_by_start = attrgetter("started")


class _Words(msgspec.Struct, array_like=True):
    """A column of few different texts: these, and which of them each attempt has."""

    texts: list[str]
    #: Empty where there is only one text.
    which: bytes


class Batch(msgspec.Struct, array_like=True):
    """Attempts of one run in one file. Numbers are little-endian, 4 bytes; seconds are doubles.

    Columns that have nothing but zeros are empty.
    """

    tests: bytes
    workers: _Words
    positions: bytes
    occurrences: bytes
    outcomes: _Words
    setups: bytes
    shared: bytes
    calls: bytes
    teardowns: bytes
    starts: bytes

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Batch:
        """Pack attempts, at least one."""
        columns = tuple(zip(*entries, strict=True))
        tests, workers, positions, occurrences, outcomes, *seconds = columns
        return cls(
            _packed(_WHOLE, tests),
            _words(workers),
            _packed(_WHOLE, positions),
            _packed(_WHOLE, occurrences),
            _words(outcomes),
            *(_packed(_SECONDS, column) for column in seconds),
        )

    def entries(self) -> Iterator[Entry]:
        """All attempts, in the order in which they were packed."""
        numbers = self.numbers()
        return zip(numbers, *self._columns(len(numbers)), strict=True)

    def rows(self, run: int, wanted: Container[int]) -> Iterator[tuple[int, AttemptRow]]:
        """Those of some tests, with the numbers of these."""
        numbers = self.numbers()
        places = [place for place, test in enumerate(numbers) if test in wanted]
        columns = self._columns(len(numbers)) if places else ()
        for place in places:
            yield numbers[place], AttemptRow(run, *[column[place] for column in columns])

    def _columns(self, count: int) -> tuple[Sequence[Any], ...]:
        """What each attempt has beside its test."""
        return (
            _texts(self.workers, count),
            _unpacked(_WHOLE, self.positions, count),
            _unpacked(_WHOLE, self.occurrences, count),
            _texts(self.outcomes, count),
            _unpacked(_SECONDS, self.setups, count),
            _unpacked(_SECONDS, self.shared, count),
            _unpacked(_SECONDS, self.calls, count),
            _unpacked(_SECONDS, self.teardowns, count),
            _unpacked(_SECONDS, self.starts, count),
        )

    def numbers(self) -> array[Any]:
        """Of the tests, one for each attempt."""
        return _unpacked(_WHOLE, self.tests)


def _packed(kind: str, values: Sequence[float]) -> bytes:
    return _in_order(array(kind, values)).tobytes() if any(values) else b""


def _unpacked(kind: str, packed: bytes, count: int = 0) -> array[Any]:
    values = array(kind)
    values.frombytes(packed)
    return _in_order(values) if packed else array(kind, bytes(values.itemsize * count))


def _in_order(values: array[Any]) -> array[Any]:
    if sys.byteorder == "big":
        values.byteswap()
    return values


def _words(texts: Sequence[str]) -> _Words:
    known = {text: number for number, text in enumerate(dict.fromkeys(texts))}
    numbers = b"" if len(known) == 1 else _packed(_WHOLE, [known[text] for text in texts])
    return _Words(list(known), numbers)


def _texts(words: _Words, count: int) -> list[str]:
    if not words.which:
        return words.texts * count
    return [words.texts[int(number)] for number in _unpacked(_WHOLE, words.which)]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Batch).decode


def add(
    connection: sqlite3.Connection,
    run: int,
    found: dict[str, list[Entry]],
    stored: dict[str, Batch],
) -> dict[str, int]:
    """Store a run's attempts by file; return the number that the batch of each file has there.

    The batches of a file are numbered from 0 on. The 101st makes the first one go.

    :param stored: What the store has of the run already.
    """
    numbers: dict[str, int] = {}
    for chunk in chunks(list(found)):
        query = f"SELECT file, max(number) FROM batch WHERE file IN ({marks(chunk)}) GROUP BY file"
        numbers.update(connection.execute(query, chunk))
    numbers = {file: numbers.get(file, -1) + 1 for file in found}
    more = found.keys() & stored.keys()
    if more:
        there = connection.execute("SELECT file, number FROM batch WHERE run = ?", (run,))
        numbers.update((file, number) for file, number in there.fetchall() if file in more)
    connection.executemany(
        "DELETE FROM batch WHERE run = ? AND file = ?", [(run, file) for file in more]
    )
    insert(
        connection,
        (
            (file, number, run, [*stored[file].entries(), *found[file]])
            if file in more
            else (file, number, run, found[file])
            for file, number in numbers.items()
        ),
    )
    connection.executemany(
        "DELETE FROM batch WHERE file = ? AND number <= ?",
        [(file, number - KEPT_RUNS) for file, number in numbers.items() if number >= KEPT_RUNS],
    )
    return numbers


def insert(
    connection: sqlite3.Connection, found: Iterable[tuple[str, int, int, list[Entry]]]
) -> None:
    """Store batches: file, number, run, attempts."""
    connection.executemany(
        "INSERT INTO batch (file, number, run, failed, attempts) VALUES (?, ?, ?, ?, ?)",
        [
            (file, number, run, any(each[4] in BAD for each in entries), _encode(Batch.of(entries)))
            for file, number, run, entries in found
        ],
    )


def of_run(connection: sqlite3.Connection, run: int) -> Iterator[tuple[str, Batch]]:
    """The batches of a run by their files."""
    for file, packed in connection.execute(
        "SELECT file, attempts FROM batch WHERE run = ?", (run,)
    ):
        yield file, _decode(packed)


def of_file(
    connection: sqlite3.Connection, file: str, *, above: int = -1
) -> Iterator[tuple[int, Batch]]:
    """The batches of a file, with the numbers of their runs, in the order in which they came.

    :param above: The number of the last one that is left out.
    """
    query = "SELECT run, attempts FROM batch WHERE file = ? AND number > ? ORDER BY number"
    for run, packed in connection.execute(query, (file, above)):
        yield run, _decode(packed)


def oldest(connection: sqlite3.Connection, files: Iterable[str]) -> dict[str, int]:
    """The number of the oldest batch that is kept of each file."""
    found: dict[str, int] = {}
    for chunk in chunks(list(files)):
        query = f"SELECT file, min(number) FROM batch WHERE file IN ({marks(chunk)}) GROUP BY file"
        found.update(connection.execute(query, chunk))
    return found


def with_failures(connection: sqlite3.Connection) -> Iterator[tuple[str, Batch]]:
    """The batches with an attempt that failed, by their files."""
    for file, packed in connection.execute("SELECT file, attempts FROM batch WHERE failed"):
        yield file, _decode(packed)


def everything(connection: sqlite3.Connection) -> Iterator[tuple[str, int, Batch]]:
    """All batches, with their files and the numbers of their runs."""
    for file, run, packed in connection.execute("SELECT file, run, attempts FROM batch"):
        yield file, run, _decode(packed)


def all_of_file(connection: sqlite3.Connection, file: str) -> dict[int, list[AttemptRow]]:
    """The attempts of all tests of a file that are kept, the oldest first."""
    found: dict[int, list[AttemptRow]] = {}
    for run, batch in of_file(connection, file):
        for each in batch.entries():
            found.setdefault(each[0], []).append(attempt_of(run, each))
    for rows in found.values():
        rows.sort(key=_by_start)
    return found


def of_tests(connection: sqlite3.Connection, tests: dict[int, str]) -> dict[int, list[AttemptRow]]:
    """The attempts of each test that are kept, the oldest first.

    :param tests: The number of each, with its file.
    """
    found: dict[int, list[AttemptRow]] = {test: [] for test in tests}
    by_file: dict[str, set[int]] = defaultdict(set)
    for test, file in tests.items():
        by_file[file].add(test)
    for file, wanted in by_file.items():
        for run, batch in of_file(connection, file):
            for test, row in batch.rows(run, wanted):
                found[test].append(row)
    for rows in found.values():
        rows.sort(key=_by_start)
    return found


def replace(
    connection: sqlite3.Connection, file: str, found: dict[int, list[AttemptRow]]
) -> dict[int, int]:
    """Store these attempts, by test, in place of all that there are of a file.

    The oldest runs go if there are more than 100; the others are numbered anew. Returns the number
    of the first batch that has an attempt of each test; -1 if older ones of it went.
    """
    connection.execute("DELETE FROM batch WHERE file = ?", (file,))
    by_run: dict[int, list[Entry]] = defaultdict(list)
    for test, attempts in found.items():
        for row in attempts:
            by_run[row.run].append(entry(test, row))
    runs = sorted(by_run, key=lambda run: min(each[-1] for each in by_run[run]))
    kept = runs[-KEPT_RUNS:]
    insert(connection, ((file, number, run, by_run[run]) for number, run in enumerate(kept)))
    first: dict[int, int] = {}
    for number, run in enumerate(kept):
        for test, *_ in by_run[run]:
            first.setdefault(test, number)
    gone = {test for run in runs[:-KEPT_RUNS] for test, *_ in by_run[run]}
    return {**first, **dict.fromkeys(gone, -1)}


def attempt_of(run: int, each: Entry) -> AttemptRow:
    """An attempt as others have it."""
    return AttemptRow(run, *each[1:])


def entry(test: int, row: AttemptRow) -> Entry:
    """An attempt as batches have it."""
    return (test, *msgspec.structs.astuple(row)[1:])
