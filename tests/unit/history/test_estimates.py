from __future__ import annotations

from statistics import median
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.history import estimate
from pytest_orchestrate.history.estimate import Cost, Timing, expected_seconds, is_measured, newest

seconds = st.floats(0, 1e4)
timings = st.lists(st.builds(Timing, seconds, seconds, seconds, seconds), min_size=1, max_size=5)
costs = st.lists(st.builds(Cost, st.floats(0, 100), seconds), max_size=12)


@given(timings)
def test_half_the_median_and_half_the_last_call_with_median_set_up_and_tear_down(
    found: list[Timing],
) -> None:
    expected = (
        median(t.call for t in found) / 2
        + found[-1].call / 2
        + median(t.setup for t in found)
        + median(t.teardown for t in found)
    )
    assert expected_seconds(found) == pytest.approx(expected)


@given(timings)
def test_an_estimate_lies_between_the_shortest_and_the_longest(found: list[Timing]) -> None:
    phases = [(t.setup, t.call, t.teardown) for t in found]
    low, high = (sum(pick(phase) for phase in zip(*phases, strict=True)) for pick in (min, max))
    assert low - 1e-6 <= expected_seconds(found) <= high + 1e-6


@given(st.floats(0, 100), st.lists(st.just(0.01), min_size=4, max_size=4), st.integers(0, 4))
def test_one_set_up_that_stands_out_does_not_count(
    odd: float, usual: list[float], place: int
) -> None:
    setups = [*usual[:place], odd, *usual[place:]]
    found = [Timing(float(i), setup, 1.0, 0.0) for i, setup in enumerate(setups)]
    assert expected_seconds(found) == pytest.approx(1.01)


@given(st.lists(seconds, min_size=1))
def test_the_median_is_that_of_the_standard_library(values: list[float]) -> None:
    assert estimate.median(values) == pytest.approx(median(values))


@given(costs, costs)
def test_the_newest_five_are_kept_in_order_and_none_twice(
    known: list[Cost], more: list[Cost]
) -> None:
    merged = newest(newest([], known), more)
    starts = sorted({cost.started for cost in newest([], known)} | {c.started for c in more})
    assert [cost.started for cost in merged] == starts[-5:]


@given(costs)
def test_merging_the_same_again_changes_nothing(known: list[Cost]) -> None:
    merged = newest([], known)
    assert newest(merged, merged) == merged


@pytest.mark.parametrize(
    ("outcome", "call", "counts"),
    [
        ("passed", 0.0, True),
        ("failed", 1.0, True),
        ("xfailed", 1.0, True),
        ("xpassed", 1.0, True),
        ("error", 1.0, True),
        ("error", 0.0, False),
        ("skipped", 1.0, False),
        ("crashed", 1.0, False),
        ("interrupted", 1.0, False),
        ("an outcome of a later version", 1.0, False),
    ],
)
def test_only_attempts_that_ran_to_their_own_end_are_measured(
    outcome: str, call: float, counts: Any
) -> None:
    assert is_measured(outcome, call) is counts
