"""From what was gathered of one run to rows of the store."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections import defaultdict
from collections.abc import Iterable
from operator import attrgetter
from typing import Any

from pytest_orchestrate.history import batches, rows
from pytest_orchestrate.history.batches import Entry
from pytest_orchestrate.history.estimate import WINDOW, Cost, median
from pytest_orchestrate.history.gathered import Story, seconds
from pytest_orchestrate.history.records import AttemptRecord
from pytest_orchestrate.model.outcome import BAD, GOOD


def store(
    connection: sqlite3.Connection, story: Story, sketches: dict[str, rows.Sketch] | None = None
) -> bool:
    """Add the run, inside a transaction; False if the store has all of it already.

    A run that was stored cut off is completed when its log has grown since.

    :param sketches: What is known of tests, by node id, if that was read already.
    """
    row = connection.execute(
        "SELECT id, finished, bytes FROM run WHERE run = ?", (story.run.run,)
    ).fetchone()
    if row is not None:
        number, finished, size = row
        if finished or size >= story.bytes:
            return False
    else:
        (number,) = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM run").fetchone()
    _store_run(connection, number, story)
    files = _store_tests(connection, number, story, sketches, is_known=row is not None)
    _store_costs(connection, story, files)
    return True


def _store_run(connection: sqlite3.Connection, number: int, story: Story) -> None:
    run, end = story.run, story.end
    revision, dirty = run.facts.get("revision"), run.facts.get("dirty")
    if dirty is None and run.facts.get("ci"):
        dirty = False  # a CI job runs what it has checked out
    branch = run.facts.get("branch")
    tests, failed, flaky = _counted(story.attempts)
    attempts: list[Any] = story.attempts  # of which no duration is None
    starts = [seconds(w.start) for w in story.workers.values() if w.start is not None]
    collects = [seconds(w.collect) for w in story.workers.values() if w.collect is not None]
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
        "work": sum([each.setup + each.call + each.teardown for each in attempts]),
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
    if len(attempts) == len(last):
        return len(last), failed, 0
    bad = {(each.nodeid, each.occurrence) for each in attempts if each.outcome in BAD}
    good = {(each.nodeid, each.occurrence) for each in attempts if each.outcome in GOOD}
    return len(last), failed, len(bad & good)


def _store_tests(
    connection: sqlite3.Connection,
    number: int,
    story: Story,
    sketches: dict[str, rows.Sketch] | None,
    *,
    is_known: bool,
) -> set[str]:
    """Store the attempts, and what is new in them about their tests; return the files of these.

    :param sketches: What is known of all of these tests, if it was read already.
    :param is_known: An earlier part of the run is stored already.
    """
    stored = dict(batches.of_run(connection, number)) if is_known else {}
    there = {(each[1], each[2]) for batch in stored.values() for each in batch.entries()}
    attempts: list[Any] = story.attempts  # of which no duration is None
    nodeids = {attempt.nodeid: None for attempt in attempts}
    if sketches is None or not sketches.keys() >= nodeids.keys():
        sketches = rows.sketches(connection, nodeids)
        rows.add_sketches(connection, sketches, nodeids)
    by_file: dict[str, list[Entry]] = defaultdict(list)
    telling: set[str] = set()
    for each, shared in zip(attempts, story.shared, strict=True):  # there are many: keep it short
        if there and (each.worker, each.order) in there:
            continue
        nodeid, outcome, setup, call, teardown = (
            each.nodeid,
            each.outcome,
            each.setup,
            each.call,
            each.teardown,
        )
        _, test, file, first, measured, unmeasured, _ = sketches[nodeid]
        by_file[file].append(
            (
                test,
                each.worker,
                each.order,
                each.occurrence,
                outcome,
                setup,
                shared,
                call,
                teardown,
                each.started,
            )
        )
        own = setup - shared + call + teardown
        if first is None or not rows.is_nothing_new(outcome, own, call, measured, unmeasured):
            telling.add(nodeid)
    numbers = batches.add(connection, number, by_file, stored)
    if telling:
        news = {nodeid: sketches[nodeid] for nodeid in nodeids if nodeid in telling}
        _store_news(connection, number, by_file, news, numbers)
    return {sketches[nodeid][2] for nodeid in nodeids}


def _store_news(
    connection: sqlite3.Connection,
    run: int,
    by_file: dict[str, list[Entry]],
    news: dict[str, rows.Sketch],
    numbers: dict[str, int],
) -> None:
    """Store what the attempts of a run have taught.

    :param news: What was known of the tests about which they tell something new.
    :param numbers: File -> that of the batch with these attempts.
    """
    tests = {test.number: test for test in rows.known_tests(connection, news)}
    files: dict[str, set[int]] = defaultdict(set)
    for _, number, file, *_ in news.values():
        files[file].add(number)
    for file, wanted in files.items():
        now: dict[int, list[rows.AttemptRow]] = {number: [] for number in wanted}
        for entry in by_file[file]:
            if entry[0] in wanted:
                now[entry[0]].append(batches.attempt_of(run, entry))
        earlier: dict[int, list[rows.AttemptRow]] = {number: [] for number in wanted}
        if any(tests[number].first is not None for number in wanted):
            for other, batch in batches.of_file(connection, file, above=numbers[file] - WINDOW):
                for number, row in batch.rows(other, wanted) if other != run else ():
                    earlier[number].append(row)
        for number, attempts in now.items():
            test = tests[number]
            test.learn(sorted(attempts, key=_by_start), earlier[number])
            if test.first is None:
                test.first = numbers[file]
    rows.write_tests(connection, tests.values())


_by_start = attrgetter("started")


def _store_costs(connection: sqlite3.Connection, story: Story, files: Iterable[str]) -> None:
    started = story.run.started
    setups = {key: Cost(started, median(costs)) for key, costs in story.fixtures.items()}
    # A file whose tests ran without such a fixture costs none: that is knowledge, too.
    sums = dict.fromkeys(files, 0.0)
    for (file, _, scope), cost in setups.items():
        if file and scope == "module":
            sums[file] = sums.get(file, 0.0) + cost.seconds
    rows.merge_files(
        connection,
        {file: [Cost(started, median(costs))] for file, costs in story.collects.items()},
        {file: [Cost(started, seconds)] for file, seconds in sums.items()},
    )
    rows.merge_fixtures(connection, {key: [cost] for key, cost in setups.items()})
