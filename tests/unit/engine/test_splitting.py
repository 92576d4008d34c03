"""How much moves, and what is split beforehand."""

from __future__ import annotations

import pytest

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.planning import split
from pytest_orchestrate.engine.stealing import at_class_boundary, tail_to_move
from pytest_orchestrate.engine.units import Unit

NEVER = float("inf")


@pytest.mark.parametrize(
    ("costs", "rest", "entry", "moved"),
    [
        ([1.0] * 9, 10.0, 0.0, 5),
        ([1.0] * 9, 10.0, 4.0, 3),
        ([1.0] * 9, 10.0, 9.5, 0),
        ([9.0], 10.0, 0.0, 1),
        ([10.0], 10.0, 0.0, 0),
        ([8.0, 1.0], 10.0, 0.0, 1),
        ([], 10.0, 0.0, 0),
    ],
)
def test_so_much_moves_that_both_end_at_the_same_time(
    costs: list[float], rest: float, entry: float, moved: int
) -> None:
    assert tail_to_move(costs, rest, entry, NEVER) == moved


def test_no_more_than_a_fair_share_moves() -> None:
    assert tail_to_move([1.0] * 90, 90.0, 0.0, 30.0) == 30


def test_less_than_the_messages_cost_does_not_move() -> None:
    assert tail_to_move([0.0004] * 2, 0.0012, 0.0, NEVER) == 0


def test_a_class_near_the_cut_is_not_split() -> None:
    names = [f"a.py::A::test_{n}" for n in range(10)] + [f"a.py::B::test_{n}" for n in range(22)]
    tests = list(range(32))
    assert at_class_boundary(names, tests, 20) == 22
    assert at_class_boundary(names, tests, 24) == 22
    assert at_class_boundary(names, tests, 8) == 8


def suite(*files: tuple[float, list[float | None]]) -> tuple[list[Unit], Estimates]:
    """Units of files, each its cost to enter (-1: unknown) and the seconds of its tests."""
    estimates = Estimates()
    units = []
    for number, (entry, seconds) in enumerate(files):
        file = estimates.file(f"{number}.py")
        estimates.files[file].entry = entry
        first = len(estimates.history)
        for each in seconds:
            estimates.add(file, each)
        unit = Unit(list(range(first, first + len(seconds))), file, -1, together=False)
        unit.measure(estimates)
        units.append(unit)
    return units, estimates


def pieces(*files: tuple[float, list[float | None]], workers: int = 2) -> list[list[int]]:
    units, estimates = suite(*files)
    return [unit.tests for unit in split(units, estimates, workers)]


def test_a_file_that_takes_all_of_the_run_is_shared_out() -> None:
    assert pieces((1.0, [1.0] * 8)) == [[0, 1, 2, 3], [4, 5, 6, 7]]


def test_a_file_whose_entry_is_too_dear_stays_whole() -> None:
    assert pieces((99.0, [1.0] * 4)) == [[0, 1, 2, 3]]


def test_files_that_fit_stay_whole() -> None:
    assert pieces((1.0, [1.0] * 2), (1.0, [2.0])) == [[0, 1], [2]]


def test_a_long_test_behind_many_short_ones_is_set_free() -> None:
    short: tuple[float, list[float | None]] = (0.0, [1.0] * 10)
    long: tuple[float, list[float | None]] = (0.0, [*[1.0] * 10, 50.0])
    assert pieces(long, *[short] * 4)[:2] == [list(range(10)), [10]]


def test_nothing_is_split_without_history() -> None:
    assert pieces((-1.0, [1.0] * 8)) == [list(range(8))]


def test_a_group_is_not_split() -> None:
    units, estimates = suite((0.0, [1.0] * 8))
    units[0].together = True
    assert split(units, estimates, 4) == units


def test_cutting_a_unit_keeps_the_sums_right() -> None:
    (unit,), estimates = suite((0.0, [1.0, None, 2.0, None, 4.0]))
    unit.pop(estimates)
    tail = unit.cut(2, estimates)
    assert (unit.tests[unit.at :], unit.seen, unit.unseen) == ([1, 2], 2.0, 1)
    assert (tail.tests, tail.seen, tail.unseen) == ([3, 4], 4.0, 1)
