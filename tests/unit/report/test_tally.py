"""Which tests have ended, by folder, and how long the rest may take."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.tally import Tally, by_folder


def test_folders_are_told_apart_as_deep_as_they_are_few() -> None:
    files = ["tests/api/v1/test_a.py", "tests/api/v2/test_a.py", "tests/db/test_b.py"]
    assert by_folder(files)[1] == ["tests/api/v1", "tests/api/v2", "tests/db"]
    assert by_folder(files, most=2)[1] == ["tests/api", "tests/db"]
    assert by_folder(files, most=1)[1] == ["tests/api", "tests/db"]
    assert by_folder(["test_a.py", "more/test_b.py"]) == ([0, 1], [".", "more"])


def test_one_folder_says_nothing_that_the_bar_does_not() -> None:
    tally = Tally(["tests/a.py", "tests/b.py"], [None, None], 2)
    assert tally.folders() == []


def test_a_test_ends_once() -> None:
    tally = Tally(["a/a.py", "b/b.py"], [1.0, 2.0], 2)
    tally.end([1, 1])
    tally.end([1])
    assert tally.ended == 1
    assert [(name, ended, total) for name, ended, total in tally.folders()] == [
        ("a", 0, 1),
        ("b", 1, 1),
    ]


def test_where_nothing_is_known_nothing_is_foretold() -> None:
    tally = Tally(["a.py"] * 10, [None] * 10, 2)
    assert tally.left(30.0, {0: 30.0}) is None
    tally.end(range(4))
    assert tally.left(30.0, {}) is None
    tally.end([4])  # half of them are known now, by how long they took
    assert tally.left(30.0, {}) == pytest.approx(30.0)


def test_the_first_guess_is_what_so_many_workers_should_need() -> None:
    tally = Tally(["a.py"] * 10, [4.0] * 10, 4)
    assert tally.left(0.0, {}) == pytest.approx(10.0)


def test_a_run_that_is_slower_than_expected_is_believed() -> None:
    tally = Tally(["a.py"] * 100, [1.0] * 100, 2)
    tally.end(range(50))
    assert tally.left(100.0, {}) == pytest.approx(100.0, rel=0.1)  # instead of 25


def test_the_rest_takes_no_less_than_what_runs() -> None:
    tally = Tally(["a.py"] * 3, [60.0, 1.0, 1.0], 2)
    tally.end([1, 2])
    assert tally.left(2.0, {0: 2.0}) == 58.0


def test_what_overruns_ends_nobody_knows_when() -> None:
    tally = Tally(["a.py"] * 2, [1.0, 1.0], 2)
    tally.end([0])
    assert tally.left(9.0, {1: 9.0}) is None
    tally.end([1])
    assert tally.left(9.0, {}) is None
