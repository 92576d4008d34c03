from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import Instance, parsed
from pytest_orchestrate.engine.windows import measures, on_one_machine
from tests.properties.problems import SECONDS, instances
from tests.support.schedule_checker import TOLERANCE


@given(instances(most=5))
def test_no_schedule_at_all_is_below_the_bound(instance: dict[str, Any]) -> None:
    problem = parsed({**instance, "workers": min(instance["workers"], 3)})
    best = min(
        makespan(problem, order, places)
        for order in linear_extensions(problem)
        for places in placements(len(order), problem.workers)
    )
    assert lower_bound(problem) <= best + TOLERANCE


def linear_extensions(problem: Instance) -> Iterator[tuple[int, ...]]:
    for order in itertools.permutations(range(len(problem.ids))):
        places = {test: place for place, test in enumerate(order)}
        if all(
            places[target] < places[test]
            for test, targets in problem.requires.items()
            for target in targets
        ):
            yield order


def placements(tests: int, workers: int) -> Iterator[tuple[int, ...]]:
    """Workers for tests; they are alike, so a fresh one is always the lowest."""
    for places in itertools.product(range(workers), repeat=tests):
        if all(place <= max(places[:at], default=-1) + 1 for at, place in enumerate(places)):
            yield places


def makespan(problem: Instance, order: Sequence[int], places: Sequence[int]) -> float:
    """Each test begins as early as it can, in this order on these workers.

    Some order and placement are those of an optimal schedule: sorted by begin, no test begins
    later here than there.
    """
    free = [0.0] * problem.workers
    files = [-1] * problem.workers
    begins: dict[int, float] = {}

    def end(test: int) -> float:
        return begins[test] + problem.durations[test]

    def is_held(name: str, amount: int, begin: float, until: float) -> bool:
        """Whether too much of a resource is held at any time in between."""
        points = [begin, *(each for each in begins.values() if begin < each < until)]
        return any(
            sum(
                demand.amount
                for other, other_begin in begins.items()
                if other_begin <= point < end(other)
                for demand in problem.demands.get(other, ())
                if demand.name == name
            )
            + amount
            > problem.capacities[name]
            for point in points
        )

    for test, worker in zip(order, places, strict=True):
        file = problem.files[test]
        entry = problem.entries[file] if file != files[worker] else 0.0
        targets = problem.requires.get(test, ())
        earliest = max(free[worker] + entry, *(end(target) for target in targets), 0.0)
        seconds = problem.durations[test]
        begins[test] = next(
            begin
            for begin in sorted({earliest, *(end(o) for o in begins if end(o) > earliest)})
            if not seconds
            or not any(
                is_held(demand.name, demand.amount, begin, begin + seconds)
                for demand in problem.demands.get(test, ())
            )
        )
        free[worker], files[worker] = end(test), file
    return max(map(end, begins), default=0.0)


@given(st.lists(st.tuples(SECONDS, SECONDS, SECONDS), max_size=8), SECONDS)
def test_one_machine_takes_what_its_worst_set_of_jobs_takes(
    jobs: list[tuple[float, float, float]], bound: float
) -> None:
    expected = max(
        (
            min(head for head, _, _ in some)
            + sum(seconds for _, seconds, _ in some)
            + min(tail for _, _, tail in some)
            for size in range(1, len(jobs) + 1)
            for some in itertools.combinations(jobs, size)
        ),
        default=0.0,
    )
    assert on_one_machine(jobs, bound) == pytest.approx(max(expected, bound))


@given(
    capacity=st.integers(1, 12),
    workers=st.integers(1, 6),
    amounts=st.sets(st.integers(1, 12), min_size=1),
)
def test_what_fits_together_never_counts_for_more_than_the_whole(
    capacity: int, workers: int, amounts: set[int]
) -> None:
    ascending = sorted(min(amount, capacity) for amount in amounts)
    together = [
        some
        for size in range(1, workers + 1)
        for some in itertools.combinations_with_replacement(ascending, size)
        if sum(some) <= capacity
    ]
    for shares in measures(sorted(set(ascending)), capacity, workers):
        assert all(sum(shares[amount] for amount in some) <= 1.0 + 1e-9 for some in together)
