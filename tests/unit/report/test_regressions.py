"""Which tests are told to take longer than before."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pytest

from pytest_orchestrate.report.findings import Regression
from pytest_orchestrate.report.regressions import chance, regressions, threshold
from tests.support.pasts import past_of
from tests.support.reports import attempt_of, reported
from tests.unit.report.test_changes import on_main

#: Calls in seconds, some ten per cent apart.
USUAL = [0.21, 0.2, 0.19, 0.22, 0.2, 0.18, 0.21, 0.2, 0.19, 0.2, 0.22, 0.21, 0.2, 0.19, 0.2]


def found(*calls: Sequence[float]) -> list[Regression]:
    """Of each test the calls in all runs, the last of which is this run."""
    runs = [
        {f"test_{number}": [seconds[run]] for number, seconds in enumerate(calls)}
        for run in range(len(calls[0]) - 1)
    ]
    tests = [
        reported(f"test_{number}", attempts=[attempt_of(call=seconds[-1])])
        for number, seconds in enumerate(calls)
    ]
    return regressions(on_main(*tests), past_of(*runs))


def test_twice_as_long_for_two_runs_is_a_regression() -> None:
    (slower,) = found([*USUAL, 0.41, 0.4])
    assert slower.test == 0
    assert slower.before == pytest.approx(0.2)
    assert slower.now == pytest.approx(0.405, abs=0.01)
    assert slower.p == pytest.approx(1 / math.comb(17, 2))


def test_one_long_run_is_none() -> None:
    assert found([*USUAL, 0.6]) == []


def test_an_outlier_long_ago_does_not_hide_it() -> None:
    (slower,) = found([0.5, *USUAL, 0.41, 0.4, 0.42])
    assert slower.p == pytest.approx(chance(19, 4, 3))


def test_what_became_faster_is_none() -> None:
    assert found([0.4, 0.4, 0.4, *USUAL]) == []


def test_long_calls_now_and_then_are_noise() -> None:
    assert found([0.2, 0.6, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6, 0.2, 0.2, 0.2, 0.6]) == []


def test_a_few_milliseconds_are_not_worth_a_word() -> None:
    assert found([seconds / 100 for seconds in [*USUAL, 0.41, 0.4, 0.4]]) == []


def test_with_few_runs_nothing_is_told() -> None:
    assert found([0.2, 0.2, 0.2, 0.6, 0.6]) == []


def test_runs_that_were_slow_as_a_whole_are_not_the_tests_fault() -> None:
    usual = [[*USUAL, 0.41, 0.4, 0.4] for _ in range(30)]
    assert found(*usual) == []
    slower = [*USUAL, 0.82, 0.8, 0.8]
    (regression,) = found(*usual, slower)
    assert regression.test == 30
    assert (regression.before, regression.now) == pytest.approx((0.4, 0.8), rel=0.03)


def test_failed_calls_and_calls_before_a_retry_do_not_count() -> None:
    runs = [{"a": [seconds]} for seconds in USUAL]
    test = reported("a", attempts=[attempt_of("failed", call=0.8), attempt_of(at=1.0, call=0.2)])
    assert regressions(on_main(test), past_of(*runs, {"a": [0.8, 0.2]})) == []


def test_those_that_cost_most_come_first() -> None:
    one = [*USUAL, 0.41, 0.4, 0.4]
    assert [each.test for each in found(one, [10 * each for each in one])] == [1, 0]


def test_the_chance_is_counted() -> None:
    assert chance(10, 2, 2) == pytest.approx(1 / 45)
    assert chance(10, 2, 1) == pytest.approx(1 - math.comb(8, 2) / 45)
    assert chance(10, 2, 0) == pytest.approx(1.0)


def test_the_threshold_is_between_two_kinds() -> None:
    assert threshold([1.0, 1.1, 1.2, 3.0, 3.1]) == 3
    assert threshold([1.0, 5.0, 5.1, 5.2]) == 1
    assert threshold([2.0, 2.0, 2.0]) == 3
