"""What the history says of how tests ended the last times."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_orchestrate.history import schema
from pytest_orchestrate.history.outcomes import never_run, recent_failures
from pytest_orchestrate.history.store import History
from tests.unit.history.recorded import Attempt, record_run

A, B, C = (f"test_{name}.py::test" for name in "abc")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History.open(tmp_path)
    yield history
    assert history.warnings == []
    history.close()


def fold(history: History, *runs: dict[str, str]) -> None:
    """Runs one after another: node id -> outcome, or several, separated by blanks."""
    for number, run in enumerate(runs):
        attempts = [
            Attempt(nodeid, outcome=outcome)
            for nodeid, outcomes in run.items()
            for outcome in outcomes.split()
        ]
        assert history.fold(record_run(history.directory, number, attempts))


def test_nothing_is_known_without_a_history(history: History) -> None:
    assert recent_failures(history) == {}
    assert never_run(history, [A]) == set()


def test_of_tests_that_never_failed_nothing_is_said(history: History) -> None:
    fold(history, {A: "passed", B: "passed"}, {A: "xfailed", B: "xpassed"})
    assert recent_failures(history) == {}


def test_the_last_run_comes_first(history: History) -> None:
    fold(history, {A: "failed"}, {A: "passed"}, {A: "passed", B: "error"}, {B: "crashed"})
    assert recent_failures(history) == {A: [False, False, True], B: [True, True]}


def test_runs_in_which_it_was_skipped_do_not_count(history: History) -> None:
    fold(history, {A: "failed"}, {A: "skipped"}, {A: "interrupted"})
    assert recent_failures(history) == {A: [True]}


def test_a_failure_that_a_retry_mends_is_none(history: History) -> None:
    fold(history, {A: "failed"}, {A: "failed passed", B: "passed failed"})
    assert recent_failures(history) == {A: [False, True], B: [True]}


def test_failures_are_forgotten_in_time(history: History) -> None:
    fold(history, {A: "failed"}, *[{A: "passed"}] * 25)
    assert recent_failures(history) == {}


def test_the_ring_of_attempts_may_have_gone_round(history: History) -> None:
    fold(history, *[{A: "passed"}] * (schema.KEPT_RUNS + 2), {A: "failed"}, {A: "passed"})
    assert recent_failures(history)[A][:3] == [False, True, False]


def test_tests_that_never_ran_are_new(history: History) -> None:
    fold(history, {A: "passed"})
    assert never_run(history, [A, B, C]) == {B, C}


def test_where_none_ever_ran_none_is_new(history: History) -> None:
    fold(history, {A: "passed"})
    assert never_run(history, [B, C]) == set()


def test_a_store_of_the_first_version_is_brought_up_to_date(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "history.sqlite3")
    for statement in schema.MIGRATIONS[0]:
        assert isinstance(statement, str)
        connection.execute(statement)
    connection.execute("PRAGMA user_version = 1")
    connection.commit()
    connection.close()
    history = History.open(tmp_path)
    fold(history, {A: "failed"})
    assert recent_failures(history) == {A: [True]}
    assert history.warnings == []
    history.close()


def test_runs_in_which_nothing_failed_are_not_looked_at(history: History) -> None:
    fold(history, {A: "failed"})
    connection = sqlite3.connect(history.database.path)
    plan = connection.execute(
        "EXPLAIN QUERY PLAN SELECT file, attempts FROM batch WHERE failed"
    ).fetchall()
    connection.close()
    assert "batch_failed" in plan[0][3]
