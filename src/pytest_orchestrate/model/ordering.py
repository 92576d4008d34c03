"""Which tests wait for which, for the sake of their order alone."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence

from pytest_orchestrate.model.annotations import Order
from pytest_orchestrate.model.need import Need

#: A target and the test that names it -> the tests that it means.
Find = Callable[[str, int], Iterable[int]]


def order_needs(
    tests: Sequence[int], orders: Mapping[int, Order], find: Find
) -> tuple[dict[int, list[Need]], list[tuple[int, str]]]:
    """Return what these tests wait for, and the targets that mean no test, with who names them.

    What a target means beside ``tests`` does not run, and is not waited for. A test that names
    others is not waited for by those of the last numbers, for it may name one of them.
    """
    needs: dict[int, list[Need]] = {}
    lost = _relative(frozenset(tests), orders, find, needs)
    levels: dict[int, list[int]] = {}
    for test, order in orders.items():
        if order.ordinal is not None and not order.is_relative:
            levels.setdefault(order.ordinal, []).append(test)
    _chain([levels[number] for number in sorted(levels) if number >= 0], needs)
    last = [levels[number] for number in sorted(levels) if number < 0]
    if last:
        placed = {test for level in last for test in level}
        placed.update(test for test, order in orders.items() if order.is_relative)
        _chain([[test for test in tests if test not in placed], *last], needs)
    return needs, lost


def _relative(
    running: frozenset[int], orders: Mapping[int, Order], find: Find, needs: dict[int, list[Need]]
) -> list[tuple[int, str]]:
    lost = []
    for test, order in orders.items():
        for target in (*order.after, *order.before):
            everything = tuple(find(target, test))
            found = sorted(running.intersection(everything) - {test})
            if not everything:
                lost.append((test, target))
            elif found and target in order.after:
                needs.setdefault(test, []).append(Need(tuple(found), "ran"))
            else:
                for each in found:
                    needs.setdefault(each, []).append(Need((test,), "ran"))
    return lost


def _chain(levels: Sequence[Sequence[int]], needs: dict[int, list[Need]]) -> None:
    for before, level in itertools.pairwise(levels):
        if before:
            need = Need(tuple(sorted(before)), "ran")
            for test in level:
                needs.setdefault(test, []).append(need)


def in_a_circle(needs: Mapping[int, Iterable[Need]]) -> list[int]:
    """Return the tests that wait for each other in a circle, or for those that do; ascending."""
    waits_for = {
        test: {target for need in each for target in need.targets} for test, each in needs.items()
    }
    waited_by: dict[int, list[int]] = {}
    for test, targets in waits_for.items():
        for target in targets:
            waited_by.setdefault(target, []).append(test)
    left = {test: len(targets) for test, targets in waits_for.items()}
    free = [target for target in waited_by if target not in left]
    while free:
        for test in waited_by.get(free.pop(), ()):
            left[test] -= 1
            if not left[test]:
                del left[test]
                free.append(test)
    return sorted(left)
