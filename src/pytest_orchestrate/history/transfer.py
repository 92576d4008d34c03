"""Carrying history between machines: one JSON file, merged without counting anything twice."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import os
import sqlite3
from collections import defaultdict
from dataclasses import dataclass
from operator import attrgetter
from pathlib import Path

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import batches, rows
from pytest_orchestrate.history.estimate import Cost
from pytest_orchestrate.history.store import History

FORMAT = "pytest-orchestrate history"
VERSION = 1


class ExportedRun(msgspec.Struct, array_like=True):
    """The row of a run; attempts name it by its place in :attr:`Export.runs`."""

    run: str
    started: float
    selection: str
    mode: str
    workers: int
    revision: str | None
    dirty: int | None
    tests: int
    work: float
    start: float | None
    collect: float | None
    duration: float | None
    exitstatus: int | None
    not_run: int
    finished: int
    bytes: int
    #: Not in exports of earlier versions.
    branch: str | None = None
    failed: int | None = None
    flaky: int | None = None


class ExportedTest(msgspec.Struct, omit_defaults=True):
    """What is known of one test."""

    attempts: list[rows.AttemptRow] = []
    #: Seconds, when all that is known was itself imported.
    imported: float | None = None


class ExportedFile(msgspec.Struct, omit_defaults=True):
    """Costs of one file."""

    collects: list[Cost] = []
    fixtures: list[Cost] = []


class ExportedFixture(msgspec.Struct):
    """Set-up costs of one fixture of higher than function scope."""

    file: str
    name: str
    scope: str
    setups: list[Cost]


class Export(msgspec.Struct):
    """The whole file."""

    format: str
    version: int
    runs: list[ExportedRun]
    tests: dict[str, ExportedTest]
    files: dict[str, ExportedFile]
    fixtures: list[ExportedFixture]


@dataclass(frozen=True, slots=True)
class Merged:
    """What an import brought."""

    runs: int = 0
    attempts: int = 0
    #: Tests that got a first estimate from a file of durations.
    #: None unless it was such a file.
    durations: int | None = None


def export_to(history: History, target: Path) -> int:
    """Write all of the history to this file; returns the number of tests in it.

    Raises HistoryError when there is nothing to write, OSError when it cannot be written.
    """
    text, tests = exported(history)
    unfinished = target.with_name(f"{target.name}.{os.getpid()}.tmp")
    try:
        unfinished.write_bytes(text)
        unfinished.replace(target)
    finally:
        unfinished.unlink(missing_ok=True)
    return tests


def exported(history: History) -> tuple[bytes, int]:
    """Return all of the history as JSON, and the number of tests in it.

    Raises HistoryError when there is none.
    """
    export = history.database.read(_export, None)
    if export is None:
        raise HistoryError(_reason(history) or f"there is no history in {history.directory}")
    return msgspec.json.encode(export), len(export.tests)


def import_from(history: History, source: Path) -> Merged:
    """Merge a file that :func:`export_to` wrote, or pytest-split's ``.test_durations``.

    An attempt is known by its run's id, its worker and its order there: what the history has
    already is not counted again. Durations of pytest-split (a JSON object, node id to
    seconds) serve as estimates of tests that were never measured, and of no others.

    Raises OSError when the file cannot be read, HistoryError when it is neither kind or
    the history cannot be written.
    """
    content = source.read_bytes()
    try:
        found = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise HistoryError(f"{source} is not JSON: {error}") from error
    try:
        if isinstance(found, dict) and found.get("format") == FORMAT:
            if found.get("version") != VERSION:
                raise HistoryError(
                    f"{source} has export version {found.get('version')}, this version reads "
                    f"{VERSION}: install the pytest-orchestrate that wrote it"
                )
            export = msgspec.convert(found, Export)
            _check(export, source)
            merged = history.database.write(lambda connection: _merge(connection, export), None)
        else:
            # Early versions of pytest-split wrote pairs.
            durations = dict(msgspec.convert(found, dict[str, float] | list[tuple[str, float]]))
            merged = history.database.write(
                lambda connection: _import_durations(connection, durations), None
            )
    except msgspec.ValidationError as error:
        raise HistoryError(
            f"{source} is neither an export of pytest-orchestrate nor durations of pytest-split "
            f"({error})"
        ) from error
    if merged is None:
        raise HistoryError(_reason(history) or f"the history in {history.directory} is not usable")
    return merged


def _check(export: Export, source: Path) -> None:
    runs = range(len(export.runs))
    for nodeid, test in export.tests.items():
        for attempt in test.attempts:
            if attempt.run not in runs:
                raise HistoryError(f"{source}: an attempt of {nodeid} names no run of the file")


def _reason(history: History) -> str:
    return " ".join(history.warnings)


_by_start = attrgetter("started")
_RUN_COLUMNS = ", ".join(ExportedRun.__struct_fields__)


def _export(connection: sqlite3.Connection) -> Export:
    places: dict[int, int] = {}
    runs: list[ExportedRun] = []
    for number, *values in connection.execute(f"SELECT id, {_RUN_COLUMNS} FROM run ORDER BY id"):
        places[number] = len(runs)
        runs.append(ExportedRun(*values))
    tests: dict[str, ExportedTest] = {}
    by_number: dict[int, ExportedTest] = {}
    for number, nodeid, imported in connection.execute(
        "SELECT id, nodeid, imported FROM test ORDER BY nodeid"
    ):
        tests[nodeid] = by_number[number] = ExportedTest(attempts=[], imported=imported)
    for _, run, batch in batches.everything(connection):
        for number, row in batch.rows(run, by_number):
            if run in places:
                attempt = msgspec.structs.replace(row, run=places[run])
                by_number[number].attempts.append(attempt)
    for exported in tests.values():
        exported.attempts.sort(key=_by_start)
    return Export(
        format=FORMAT,
        version=VERSION,
        runs=runs,
        tests=tests,
        files={
            file: ExportedFile(rows.decode_costs(collects), rows.decode_costs(fixtures))
            for file, collects, fixtures in connection.execute(
                "SELECT file, collects, fixtures FROM file ORDER BY file"
            )
        },
        fixtures=[
            ExportedFixture(file, name, scope, rows.decode_costs(setups))
            for file, name, scope, setups in connection.execute(
                "SELECT file, name, scope, setups FROM fixture ORDER BY file, name, scope"
            )
        ],
    )


def _merge(connection: sqlite3.Connection, export: Export) -> Merged:
    numbers, new_runs = _merge_runs(connection, export.runs)
    tests = rows.tests_of(connection, export.tests)
    by_file: dict[str, dict[int, list[rows.AttemptRow]]] = defaultdict(dict)
    for nodeid, exported in export.tests.items():
        test = tests[nodeid]
        if test.imported is None:
            test.imported = exported.imported
        by_file[rows.file_of(nodeid)][test.number] = [
            msgspec.structs.replace(attempt, run=numbers[attempt.run])
            for attempt in exported.attempts
        ]
    rows.write_tests(connection, tests.values())
    added = sum(_merge_attempts(connection, file, attempts) for file, attempts in by_file.items())
    rows.merge_files(
        connection,
        {file: costs.collects for file, costs in export.files.items()},
        {file: costs.fixtures for file, costs in export.files.items()},
    )
    rows.merge_fixtures(
        connection,
        {
            (fixture.file, fixture.name, fixture.scope): fixture.setups
            for fixture in export.fixtures
        },
    )
    return Merged(runs=new_runs, attempts=added)


def _merge_attempts(
    connection: sqlite3.Connection, file: str, more: dict[int, list[rows.AttemptRow]]
) -> int:
    """Add attempts of a file's tests; return how many of them were new and are kept."""
    there = batches.all_of_file(connection, file)
    known = {row.identity for found in there.values() for row in found}
    fresh = {
        test: [row for row in attempts if row.identity not in known]
        for test, attempts in more.items()
    }
    if not any(fresh.values()):
        return 0
    together = {
        test: sorted([*there.get(test, ()), *fresh.get(test, ())], key=_by_start)
        for test in there.keys() | fresh.keys()
    }
    oldest = batches.oldest(connection, [file]).get(file, 0)
    # in order of time, so that it is the oldest that make way
    first = batches.replace(connection, file, together)
    kept = batches.all_of_file(connection, file)
    changed: list[rows.KnownTest] = []
    for test in rows.tests_of_file(connection, file):
        if test.number in first:
            is_whole = test.first is None or test.first >= oldest
            test.first = first[test.number] if is_whole else -1
            if fresh.get(test.number):
                # what makes way at once has taught something, as what made way before
                recent = () if test.number in there else test.recent
                test.learn_anew(kept.get(test.number) or together[test.number], recent)
            changed.append(test)
        elif test.first is not None:  # its attempts made way before: it has no number among the new
            test.first = -1
            changed.append(test)
    rows.write_tests(connection, changed)
    return sum(row.identity not in known for found in kept.values() for row in found)


def _merge_runs(connection: sqlite3.Connection, runs: list[ExportedRun]) -> tuple[list[int], int]:
    """The number of each exported run in this store, and how many of them are new to it."""
    known = {
        run: (number, finished)
        for run, number, finished in connection.execute("SELECT run, id, finished FROM run")
    }
    numbers: list[int] = []
    written: list[tuple[object, ...]] = []
    highest = max((number for number, _ in known.values()), default=0)
    new = 0
    for run in runs:
        if run.run not in known:
            new += 1
            highest += 1
        number, finished = known.get(run.run, (highest, 0))
        if run.run not in known or (run.finished and not finished):
            known[run.run] = number, run.finished
            written.append((number, *msgspec.structs.astuple(run)))
        numbers.append(number)
    marks = rows.marks(["id", *ExportedRun.__struct_fields__])
    connection.executemany(
        f"INSERT OR REPLACE INTO run (id, {_RUN_COLUMNS}) VALUES ({marks})", written
    )
    return numbers, new


def _import_durations(connection: sqlite3.Connection, durations: dict[str, float]) -> Merged:
    tests = rows.tests_of(connection, durations)
    changed: list[rows.KnownTest] = []
    for nodeid, seconds in durations.items():
        test = tests[nodeid]
        test.imported = max(0.0, seconds)
        changed.append(test)
    rows.write_tests(connection, changed)
    return Merged(durations=sum(test.estimate == test.imported for test in changed))
