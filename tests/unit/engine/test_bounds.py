from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import Instance
from pytest_orchestrate.model.annotations import Demand


@pytest.mark.parametrize(
    ("workers", "durations", "files", "entries", "bound"),
    [
        (2, [], [], [], 0.0),
        (2, [5.0, 1.0], [0, 1], [2.0, 0.0], 7.0),  # one test with its entry
        (2, [1.0] * 10, [0] * 10, [4.0], 9.0),  # one file over all workers
        (2, [4.0] * 4, [0, 1, 2, 3], [0.0] * 4, 8.0),  # all work
        (2, [4.0] * 3, [0, 1, 2], [0.0] * 3, 8.0),  # two of three on one worker
        (2, [4.0] * 3, [0, 1, 2], [1.0] * 3, 9.0),
        (2, [2.0] * 5 + [6.0], [0] * 5 + [1], [2.0, 2.0], 11.0),  # the long file is entered twice
        (8, [1.0, 1.0], [0, 1], [1.0, 3.0], 4.0),  # more workers than tests
    ],
)
def test_the_bound_is_the_strongest_of_several(
    workers: int,
    durations: list[float],
    files: list[int],
    entries: list[float],
    bound: float,
) -> None:
    instance = Instance(workers, files=files, durations=durations, entries=entries)
    assert lower_bound(instance) == pytest.approx(bound)


def of(
    workers: int,
    durations: list[float],
    requires: Mapping[int, tuple[int, ...]] | None = None,
    amounts: dict[int, int] | None = None,
    capacity: int = 1,
    **files: Any,
) -> float:
    """The bound for tests of files of their own, with one resource."""
    tests = len(durations)
    instance = Instance(
        workers,
        durations=durations,
        files=files.get("files", list(range(tests))),
        entries=files.get("entries", [0.0] * tests),
        requires=dict(requires or {}),
        demands={test: (Demand("r", amount),) for test, amount in (amounts or {}).items()},
        capacities={"r": capacity},
    )
    return lower_bound(instance)


def test_the_longest_path_counts_with_the_entry_of_its_first_test() -> None:
    requires = {1: (0,), 2: (1,), 3: (0,)}
    assert of(4, [1.0, 2.0, 3.0, 4.0], requires, files=[0, 1, 2, 3], entries=[5.0, 1.0, 0, 0]) == 11


def test_a_test_that_many_require_and_one_that_requires_many_have_the_workers_in_between() -> None:
    requires = {**dict.fromkeys(range(1, 9), (0,)), 9: tuple(range(1, 9))}
    assert of(2, [1.0] * 10, requires) == pytest.approx(1 + 8 / 2 + 1)


def test_what_is_before_a_join_has_to_fit_on_the_workers_again_and_again() -> None:
    """Diamonds in a row, whose branches are chains, beside which nothing else is long."""
    requires: dict[int, tuple[int, ...]] = {}
    first, test = 0, 0
    for _ in range(5):
        last: list[int] = []
        for _ in range(4):
            requires[test + 1], requires[test + 2] = (first,), (test + 1,)
            test += 2
            last.append(test)
        test += 1
        requires[test] = tuple(last)
        first = test
    assert of(2, [1.0] * (test + 1), requires) == pytest.approx(5 * (1 + 4) + 1)


def test_files_that_come_after_one_test_are_entered_ahead_by_as_many_workers_as_there_are() -> None:
    requires = dict.fromkeys(range(1, 7), (0,))
    bound = of(2, [10.0] + [1.0] * 6, requires, files=list(range(7)), entries=[0.0] + [3.0] * 6)
    assert bound == pytest.approx(10 + (6 * 1 + 6 * 3 - 2 * 3) / 2)


@pytest.mark.parametrize(
    ("amounts", "capacity", "bound"),
    [
        ([1, 1, 1, 1], 1, 8),  # one at a time
        ([1, 1, 1, 1], 2, 4),
        ([3, 3, 3, 3], 8, 4),  # two at a time, though 12 of 8 are less than two rounds
        ([5, 5, 4, 4], 8, 6),  # each 5 alone, the two 4 together
        ([8, 1, 8, 1], 8, 6),  # both 8 alone
        ([6, 2, 2, 2], 6, 4),
    ],
)
def test_tests_that_hold_too_much_together_run_one_after_another(
    amounts: list[int], capacity: int, bound: float
) -> None:
    found = of(8, [2.0] * 4, amounts=dict(enumerate(amounts)), capacity=capacity)
    assert found == pytest.approx(bound)


def test_a_resource_waits_for_the_first_head_and_is_followed_by_the_last_tail() -> None:
    requires: dict[int, tuple[int, ...]] = {1: (0,), 2: (0,), 4: (1,), 5: (2,)}
    durations = [3.0, 2.0, 2.0, 1.0, 4.0, 4.0]
    assert of(8, durations, requires, {1: 1, 2: 1, 3: 1}) == pytest.approx(3 + 2 + 2 + 4)
