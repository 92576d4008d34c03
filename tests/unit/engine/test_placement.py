from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.shelves import Shelves
from pytest_orchestrate.engine.units import UnitMaker
from pytest_orchestrate.model.collected import CollectedTest


class Desk:
    """Pending units of tests written as (file, affinity, seconds)."""

    def __init__(
        self,
        tests: Sequence[tuple[str, str | None, float | None]],
        in_order: bool = False,
        priorities: Mapping[int, int] | None = None,
    ) -> None:
        self.estimates = Estimates()
        self.maker = UnitMaker(self.estimates)
        self.pending = Shelves(self.estimates)
        self.pending.in_order = in_order
        for number, (file, affinity, seconds) in enumerate(tests):
            self.estimates.add(self.estimates.file(file), seconds)
            self.maker.add(CollectedTest(nodeid=f"{file}::test_{number}", affinity=affinity))
        self.maker.urgency = {test: (n, 0.0) for test, n in (priorities or {}).items()}
        self.pending.add(self.maker.units(range(len(tests))))
        self.workers = [Worker(number) for number in range(3)]

    def take(self, number: int) -> list[int] | None:
        worker = self.workers[number]
        unit = self.pending.take(worker)
        if unit is None:
            return None
        worker.last_file = self.estimates.file_of[unit.tests[-1]]
        return unit.tests


def test_a_unit_is_a_run_of_tests_of_one_file_and_affinity() -> None:
    desk = Desk(
        [("a", None, 1), ("a", None, 1), ("a", "p", 1), ("b", "p", 1), ("a", None, 1)],
        in_order=True,
    )
    assert [desk.take(0) for _ in range(5)] == [[0, 1], [2], [3], [4], None]


def test_the_longest_unit_goes_first_and_the_earlier_of_equals() -> None:
    desk = Desk([("a", None, 1), ("b", None, 2), ("b", None, 2), ("c", None, 1), ("d", None, 4)])
    assert [desk.take(n) for n in (0, 1, 2, 0)] == [[1, 2], [4], [0], [3]]


def test_of_the_workers_own_file_what_has_a_low_priority_comes_after_other_files() -> None:
    tests = [("a", None, 1.0), ("a", None, 1.0), ("b", None, 1.0), ("c", None, 1.0)]
    desk = Desk(tests, priorities={0: -1, 1: 1, 3: -1})
    assert [desk.take(0) for _ in range(4)] == [[1], [2], [0], [3]]


def test_the_cost_of_entering_a_file_counts_for_its_length() -> None:
    desk = Desk([])
    desk.estimates.files[desk.estimates.file("b")].entry = 5.0
    for number, (file, seconds) in enumerate([("a", 3.0), ("b", 1.0)]):
        desk.estimates.add(desk.estimates.file(file), seconds)
        desk.maker.add(CollectedTest(nodeid=f"{file}::test_{number}"))
    desk.pending.add(desk.maker.units(range(2)))
    assert desk.take(0) == [1]


def test_a_worker_stays_with_its_affinity_and_others_keep_away_from_it() -> None:
    desk = Desk([("a", "p", 9), ("b", "p", 8), ("c", "q", 7), ("d", None, 6), ("e", "q", 5)])
    assert desk.take(0) == [0]
    assert desk.take(1) == [2]
    assert desk.take(2) == [3]
    assert desk.take(2) == [1]  # no other choice: both affinities are taken
    assert desk.take(1) == [4]


def test_an_affinity_that_was_left_is_free_again() -> None:
    desk = Desk([("a", "p", 9), ("b", "p", 8), ("c", None, 7)])
    desk.take(0)
    desk.pending.move_lane(desk.workers[0], -1)
    assert desk.take(1) == [1]


def test_a_worker_prefers_what_is_left_of_its_file() -> None:
    desk = Desk([("a", None, 9), ("b", None, 8), ("a", None, 1)])
    assert desk.take(0) == [0]
    assert desk.take(0) == [2]
    assert desk.take(0) == [1]


def test_units_are_ranked_anew_when_unseen_tests_turn_out_to_be_long() -> None:
    desk = Desk([("a", None, None), ("b", None, 3), ("a", None, None), ("c", None, 2)])
    assert desk.take(0) == [1]
    desk.estimates.learn(0, 0.0, 100.0, enters=False, first_of_worker=False)
    desk.pending.follow_drift(0)
    assert desk.take(1) == [0]


def test_a_worker_takes_what_it_has_of_a_unit_and_the_rest_stays() -> None:
    desk = Desk([("a", None, 1), ("a", None, 1), ("a", None, 1), ("b", None, 1)])
    desk.workers[0].missing = frozenset({0, 2, 3})
    assert desk.take(0) == [1]
    assert desk.take(0) is None
    assert desk.pending.common.tests == 3
    assert desk.take(1) == [0, 2]


def test_a_worker_without_the_longest_unit_takes_another() -> None:
    desk = Desk([("a", None, 9), ("b", None, 1), ("c", None, 2)])
    desk.workers[0].missing = frozenset({0})
    assert desk.take(0) == [2]
    assert desk.take(0) == [1]


def test_clearing_hands_out_all_tests() -> None:
    desk = Desk([("a", None, 1), ("b", None, 2)])
    assert sorted(desk.pending.clear()) == [0, 1]
    assert not desk.pending
    assert desk.take(0) is None
