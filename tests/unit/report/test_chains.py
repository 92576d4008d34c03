"""The longest chain of requirements."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.model.need import Need
from pytest_orchestrate.report.chains import longest_chain


def chain_of(seconds: list[float], needs: dict[int, tuple[Need, ...]]) -> list[int]:
    return longest_chain(needs, seconds.__getitem__)


def test_without_requirements_there_is_no_chain() -> None:
    assert chain_of([1.0, 2.0], {}) == []


def test_it_is_the_one_with_the_most_seconds_not_with_the_most_tests() -> None:
    needs: dict[int, tuple[Need, ...]] = {1: (Need((0,)),), 2: (Need((1,)),), 4: (Need((3,)),)}
    assert chain_of([1.0, 1.0, 1.0, 5.0, 0.5], needs) == [3, 4]


def test_of_several_requirements_the_longest_counts() -> None:
    assert chain_of([1.0, 4.0, 1.0], {2: (Need((0,)), Need((1,)))}) == [1, 2]


def test_where_one_of_several_is_enough_the_cheapest_counts() -> None:
    assert chain_of([1.0, 4.0, 1.0], {2: (Need((0, 1), any=True),)}) == [0, 2]


def test_what_many_require_alike_is_looked_at_once() -> None:
    count = 3000
    everything = Need(tuple(range(count)))
    needs = {count + each: (everything,) for each in range(count)}
    calls = 0

    def seconds(test: int) -> float:
        nonlocal calls
        calls += 1
        return float(test in (7, count))

    assert longest_chain(needs, seconds) == [7, count]
    assert calls < 10 * count


@given(
    st.lists(st.integers(0, 9), min_size=2, max_size=7),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6), st.booleans()), max_size=12),
)
def test_no_chain_is_longer(seconds: list[int], edges: list[tuple[int, int, bool]]) -> None:
    needs: dict[int, tuple[Need, ...]] = {}
    below: dict[int, set[int]] = {}
    for test, target, _ in edges:
        if target < test < len(seconds):
            needs[test] = (*needs.get(test, ()), Need((target,)))
            below.setdefault(test, set()).add(target)
    chain = chain_of([float(each) for each in seconds], needs)
    assert all(target in below[test] for target, test in itertools.pairwise(chain))
    longest = 0
    for size in range(2, len(seconds) + 1):
        for tests in itertools.combinations(range(len(seconds)), size):
            if all(target in below.get(test, ()) for target, test in itertools.pairwise(tests)):
                longest = max(longest, sum(seconds[test] for test in tests))
    assert sum(seconds[test] for test in chain) == longest
