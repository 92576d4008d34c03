"""Which running tests are slow."""

from __future__ import annotations

import pytest

from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.report.overdue import Overdue, slow_after

TESTS = [CollectedTest(f"test_a.py::test_{name}") for name in ("known", "quick", "new")]


@pytest.fixture
def overdue() -> Overdue:
    return Overdue(TESTS, [10.0, 0.01, None], {"test_a.py": 2.0})


def test_slow_is_far_beyond_what_was_expected() -> None:
    assert slow_after(0.01) > 5
    assert slow_after(10) == 35
    assert slow_after(10, entry=2) == 41


def test_a_slow_test_is_found_once(overdue: Overdue) -> None:
    assert [overdue.is_new(0, seconds) for seconds in (10.0, 41.0, 41.1, 60.0)] == [
        False,
        False,
        True,
        False,
    ]
    assert overdue.slow == {0}


def test_of_what_nothing_is_expected_nothing_is_slow(overdue: Overdue) -> None:
    assert not overdue.is_new(2, 1e6)


def test_the_notice_says_how_slow(overdue: Overdue) -> None:
    assert overdue.notice(0, 75.3, "gw1") == (
        "SLOW test_a.py::test_known has been running for 1 min 15 s on gw1, where 10 s was expected"
    )
    assert overdue.notice(1, 12, "gw1").endswith("where less than 1 s was expected")
