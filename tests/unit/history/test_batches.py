"""Attempts by run and file: what is packed comes back, also from stores of former versions."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.history import rows, schema
from pytest_orchestrate.history.batches import Batch, Entry
from pytest_orchestrate.history.gathered import read_story
from pytest_orchestrate.history.overview import attempts_of, slowest
from pytest_orchestrate.history.store import History
from tests.unit.history import recorded
from tests.unit.history.recorded import Attempt, record_run

A, B, C = "test_a.py::one", "test_a.py::two", "test_c.py::three"

counts = st.integers(0, 2**31 - 1)
entries = st.tuples(
    st.integers(1, 2**31 - 1),
    st.sampled_from(["gw0", "gw1", "ä"]),
    counts,
    counts,
    st.sampled_from(["passed", "failed", "new"]),
    *[st.floats(0, 1e10)] * 5,
)


@given(st.lists(entries, min_size=1, max_size=6))
def test_attempts_come_back_as_they_were_packed(packed: list[Entry]) -> None:
    stored = msgspec.msgpack.encode(Batch.of(packed))
    batch = msgspec.msgpack.decode(stored, type=Batch)
    assert list(batch.entries()) == packed
    wanted = {packed[0][0]}
    found = [(test, msgspec.structs.astuple(row)) for test, row in batch.rows(7, wanted)]
    assert found == [(each[0], (7, *each[1:])) for each in packed if each[0] in wanted]


def calls(history: History, nodeid: str) -> list[tuple[str, float]]:
    return [(found.run, found.attempt.call) for found in attempts_of(history, nodeid)]


def test_a_log_that_has_grown_completes_its_run_though_others_came_between(
    tmp_path: Path,
) -> None:
    history = History.open(tmp_path)
    log = recorded.begin(tmp_path, 1)
    recorded.add_attempts(log, 1, [Attempt(A, 1.0)])
    log.flush()
    assert history.fold(log.path)
    assert history.fold(record_run(tmp_path, 2, [Attempt(A, 2.0), Attempt(C, 2.0)]))
    recorded.add_attempts(log, 1, [Attempt(B, 3.0), Attempt(C, 4.0)], first=1)
    assert history.fold(recorded.end(log))
    assert calls(history, A) == [("run-0001", 1.0), ("run-0002", 2.0)]
    assert calls(history, B) == [("run-0001", 3.0)]
    assert calls(history, C) == [("run-0001", 4.0), ("run-0002", 2.0)]
    assert not history.fold(log.path)
    assert history.warnings == []
    history.close()


def test_what_was_read_at_the_start_counts_no_more_once_another_run_was_added(
    tmp_path: Path,
) -> None:
    one, other = History.open(tmp_path), History.open(tmp_path)
    one.fold(record_run(tmp_path, 1, [Attempt(A, 1.0)]))
    assert one.estimates([A, B, C]) == [1.0, 1.0, None]
    other.fold(record_run(tmp_path, 2, [Attempt(C, 5.0), Attempt(A, 3.0)]))
    story = read_story(record_run(tmp_path, 3, [Attempt(B, 7.0), Attempt(A, 1.0)]))
    assert story is not None
    assert one.add(story)
    assert one.estimates([A, B, C]) == other.estimates([A, B, C]) == [1.0, 7.0, 5.0]
    assert calls(other, A) == [("run-0001", 1.0), ("run-0002", 3.0), ("run-0003", 1.0)]
    assert calls(other, C) == [("run-0002", 5.0)]
    assert one.warnings == other.warnings == []
    one.close()
    other.close()


def test_a_run_that_is_added_while_another_reads_takes_none_of_its_numbers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = History.open(tmp_path), History.open(tmp_path)
    one.fold(record_run(tmp_path, 1, [Attempt(A, 1.0)]))
    read = rows.sketches

    def interrupted(*arguments: Any) -> dict[str, rows.Sketch]:
        found = read(*arguments)
        monkeypatch.setattr(rows, "sketches", read)
        other.fold(record_run(tmp_path, 2, [Attempt(C, 5.0), Attempt(B, 3.0)]))
        return found

    monkeypatch.setattr(rows, "sketches", interrupted)
    one.estimates([A, B, C])
    assert one.fold(record_run(tmp_path, 3, [Attempt(B, 3.0), Attempt(C, 5.0)]))
    assert calls(other, B) == [("run-0002", 3.0), ("run-0003", 3.0)]
    assert calls(other, C) == [("run-0002", 5.0), ("run-0003", 5.0)]
    assert one.warnings == other.warnings == []
    one.close()
    other.close()


def test_a_run_is_added_alike_whether_or_not_its_tests_were_read_before(tmp_path: Path) -> None:
    told = []
    for name in ("read", "unread"):
        history = History.open(tmp_path / name)
        history.fold(record_run(history.directory, 1, [Attempt(A, 1.0)]))
        if name == "read":
            history.estimates([A])
            history.estimates([B, C])
        history.fold(record_run(history.directory, 2, [Attempt(C, 2.0), Attempt(A), Attempt(B)]))
        told.append((slowest(history), [calls(history, each) for each in (A, B, C)]))
        history.close()
    assert told[0] == told[1]


@pytest.mark.parametrize("ever", [2, 300])
def test_rows_of_attempts_in_older_stores_are_packed(tmp_path: Path, ever: int) -> None:
    connection = sqlite3.connect(tmp_path / "history.sqlite3")
    for step in schema.MIGRATIONS[:3]:
        for statement in step:
            assert isinstance(statement, str)
            connection.execute(statement)
    connection.execute("PRAGMA user_version = 3")
    for run in (1, 2):
        connection.execute(
            "INSERT INTO run VALUES (?, ?, ?, '.', 'workers', 2, NULL, 0, 3, 1.5, NULL, NULL, 4.0,"
            " 0, 0, 1, 9, 'main', 0, 0)",
            (run, f"run-{run:04}", recorded.EPOCH + run),
        )
    recent = msgspec.msgpack.encode([(recorded.EPOCH + 2, 0.0, 2.0, 0.0)])
    for number, (nodeid, count) in enumerate([(A, ever), (B, 1), (C, 0)], 1):
        connection.execute(
            "INSERT INTO test VALUES (?, ?, ?, ?, ?, NULL, ?, 2.0)",
            (number, nodeid, nodeid[:9], count, recent, 3.0 if nodeid == C else None),
        )
    for slot, test, run, outcome in ((0, 1, 1, "failed"), (1, 1, 2, "passed"), (0, 2, 2, "passed")):
        connection.execute(
            "INSERT INTO attempt VALUES (?, ?, ?, 'gw0', ?, 0, ?, 0, 0, ?, 0, ?)",
            (slot, test, run, test, outcome, float(run), recorded.EPOCH + run),
        )
    connection.commit()
    connection.close()
    history = History.open(tmp_path)
    assert calls(history, A) == [("run-0001", 1.0), ("run-0002", 2.0)]
    assert [found.attempt.outcome for found in attempts_of(history, A)] == ["failed", "passed"]
    assert calls(history, B) == [("run-0002", 2.0)]
    assert history.estimates([A, B, C]) == [2.0, 2.0, 2.0]
    query = "SELECT first FROM test ORDER BY id"
    first = history.database.read(lambda connection: [*connection.execute(query)], None)
    assert first == [(0 if ever == 2 else -1,), (1,), (None,)]
    assert history.fold(record_run(tmp_path, 3, [Attempt(A, 3.0), Attempt(C, 4.0)]))
    assert calls(history, A)[2:] == [("run-0003", 3.0)]
    assert history.warnings == []
    history.close()
