"""From the log of one run to rows of the store."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections import defaultdict
from pathlib import Path

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import rows
from pytest_orchestrate.history.estimate import Cost, median
from pytest_orchestrate.history.records import (
    AmendRecord,
    AttemptRecord,
    EndRecord,
    FilesRecord,
    FixtureRecord,
    InterruptedRecord,
    Record,
    RunRecord,
    WorkerRecord,
    records,
)
from pytest_orchestrate.model.attempt import shared_part
from pytest_orchestrate.model.outcome import BAD, GOOD


class Story(msgspec.Struct):
    """What one log says, gathered."""

    run: RunRecord
    #: Size of the log when it was read.
    bytes: int
    end: EndRecord | None = None
    workers: dict[str, WorkerRecord] = msgspec.field(default_factory=dict)
    attempts: list[AttemptRecord] = msgspec.field(default_factory=list)
    #: For each attempt, the part of its set-up that was for its file or for more than that.
    shared: list[float] = msgspec.field(default_factory=list)
    #: File -> seconds on each worker that collected it.
    collects: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    #: Fixture -> seconds of each of its set-ups.
    fixtures: dict[rows.FixtureKey, list[float]] = msgspec.field(
        default_factory=lambda: defaultdict(list)
    )
    #: Tests that were cut off.
    interrupted: int = 0
    #: Where reading had to stop, with the reason.
    damage: str | None = None


def read_story(path: Path) -> Story | None:
    """Gather a log; None while it has no first line. A damaged log is read up to the damage.

    Raises OSError when it cannot be read.
    """
    size = path.stat().st_size
    story: Story | None = None
    pending: dict[str, float] = defaultdict(float)
    try:
        for record in records(path):
            if isinstance(record, RunRecord):
                story = story or Story(run=record, bytes=size)
            elif story is not None:
                _take(story, record, pending)
    except HistoryError as error:
        if story is None:
            raise
        story.damage = str(error)
    return story


def _take(story: Story, record: Record, pending: dict[str, float]) -> None:
    match record:
        case AttemptRecord():
            story.attempts.append(record)
            story.shared.append(
                shared_part(pending.pop(record.worker, 0.0), _seconds(record.setup))
            )
        case FixtureRecord():
            _set_up(story, record, pending)
        case FilesRecord():
            for file, cost in record.costs.items():
                story.collects[file].append(_seconds(cost))
        case WorkerRecord():
            story.workers[record.worker] = record
        case InterruptedRecord():
            story.interrupted += 1
        case AmendRecord():
            _amend(story, record)
        case EndRecord():
            story.end = record
        case RunRecord():
            pass


def _set_up(story: Story, record: FixtureRecord, pending: dict[str, float]) -> None:
    seconds = _seconds(record.setup)
    if record.scope != "class":
        pending[record.worker] += seconds
    story.fixtures[record.file or "", record.name, record.scope].append(seconds)


def _amend(story: Story, record: AmendRecord) -> None:
    for attempt in reversed(story.attempts):
        if attempt.nodeid == record.nodeid and attempt.worker == record.worker:
            if attempt.outcome not in BAD:
                attempt.outcome = record.outcome
            break


def store(connection: sqlite3.Connection, story: Story) -> bool:
    """Add the run, inside a transaction; False if the store has all of it already.

    A run that was stored cut off is completed when its log has grown since.
    """
    row = connection.execute(
        "SELECT id, finished, bytes FROM run WHERE run = ?", (story.run.run,)
    ).fetchone()
    seen: set[tuple[int, str, int]] = set()
    if row is not None:
        number, finished, size = row
        if finished or size >= story.bytes:
            return False
        seen.update(
            connection.execute("SELECT run, worker, position FROM attempt WHERE run = ?", (number,))
        )
    else:
        (number,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM run").fetchone()
    _store_run(connection, number, story)
    _store_tests(connection, number, story, seen)
    _store_costs(connection, story)
    return True


def _store_run(connection: sqlite3.Connection, number: int, story: Story) -> None:
    run, end = story.run, story.end
    revision, dirty = run.facts.get("revision"), run.facts.get("dirty")
    if dirty is None and run.facts.get("ci"):
        dirty = False  # a CI job runs what it has checked out
    branch = run.facts.get("branch")
    tests, failed, flaky = _counted(story.attempts)
    starts = [_seconds(w.start) for w in story.workers.values() if w.start is not None]
    collects = [_seconds(w.collect) for w in story.workers.values() if w.collect is not None]
    values = {
        "id": number,
        "run": run.run,
        "started": run.started,
        "selection": run.selection,
        "mode": run.mode,
        "workers": run.workers,
        "revision": revision if isinstance(revision, str) else None,
        "dirty": dirty if isinstance(dirty, bool) else None,
        "tests": tests,
        "work": sum(
            _seconds(attempt.setup) + _seconds(attempt.call) + _seconds(attempt.teardown)
            for attempt in story.attempts
        ),
        "start": median(starts) if starts else None,
        "collect": median(collects) if collects else None,
        "duration": end and end.duration,
        "exitstatus": end and end.exitstatus,
        "not_run": story.interrupted + (end.not_run if end else 0),
        "finished": end is not None,
        "bytes": story.bytes,
        "branch": branch if isinstance(branch, str) else None,
        "failed": failed,
        "flaky": flaky,
    }
    connection.execute(
        f"INSERT OR REPLACE INTO run ({','.join(values)}) VALUES ({rows.marks(list(values))})",
        tuple(values.values()),
    )
    connection.executemany(
        "INSERT OR REPLACE INTO worker VALUES (?, ?, ?, ?, ?)",
        [
            (number, worker.worker, worker.start, worker.collect, worker.collected)
            for worker in story.workers.values()
        ],
    )


def _counted(attempts: list[AttemptRecord]) -> tuple[int, int, int]:
    """How many tests there are, ended badly, and had both a good and a bad attempt."""
    last = {(attempt.nodeid, attempt.occurrence): attempt.outcome for attempt in attempts}
    failed = sum(map(BAD.__contains__, last.values()))
    bad = {(each.nodeid, each.occurrence) for each in attempts if each.outcome in BAD}
    both = {
        test
        for each in (attempts if len(attempts) > len(last) else ())
        if (test := (each.nodeid, each.occurrence)) in bad and each.outcome in GOOD
    }
    return len(last), failed, len(both)


def _store_tests(
    connection: sqlite3.Connection, number: int, story: Story, seen: set[tuple[int, str, int]]
) -> None:
    by_test: dict[str, list[rows.AttemptRow]] = defaultdict(list)
    for record, shared in zip(story.attempts, story.shared, strict=True):
        attempt = rows.AttemptRow(
            number,
            record.worker,
            record.order,
            record.occurrence,
            record.outcome,
            _seconds(record.setup),
            shared,
            _seconds(record.call),
            _seconds(record.teardown),
            record.started if record.started is not None else story.run.started,
        )
        if attempt.identity not in seen:
            by_test[record.nodeid].append(attempt)
    tests = rows.known_tests(connection, by_test)
    for nodeid, attempts in by_test.items():
        if len(attempts) > 1:
            attempts.sort(key=lambda attempt: attempt.started)
        tests[nodeid].learn(attempts)
    rows.add_attempts(
        connection,
        ((tests[nodeid], attempt) for nodeid, found in by_test.items() for attempt in found),
    )
    rows.write_tests(connection, tests.values())


def _store_costs(connection: sqlite3.Connection, story: Story) -> None:
    started = story.run.started
    setups = {key: Cost(started, median(costs)) for key, costs in story.fixtures.items()}
    # A file whose tests ran without such a fixture costs none: that is knowledge, too.
    sums = {rows.file_of(attempt.nodeid): 0.0 for attempt in story.attempts}
    for (file, _, scope), cost in setups.items():
        if file and scope == "module":
            sums[file] = sums.get(file, 0.0) + cost.seconds
    rows.merge_files(
        connection,
        {file: [Cost(started, median(costs))] for file, costs in story.collects.items()},
        {file: [Cost(started, seconds)] for file, seconds in sums.items()},
    )
    rows.merge_fixtures(connection, {key: [cost] for key, cost in setups.items()})


def _seconds(duration: float | None) -> float:
    """A clock that was set back must not make anything take less than no time."""
    return duration if duration is not None and duration > 0 else 0.0
