"""Tests that wait for others, and whether they do so in a circle."""

from __future__ import annotations

from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from pytest_orchestrate.errors import InternalFault


class Graph(NamedTuple):
    """What waits for what."""

    #: The groups of tests, each ascending, that a test waits for.
    waits_for: Callable[[int], Iterable[tuple[int, ...]]]
    #: The test and those that are the same to it: it waits for none of them.
    occurrences: Callable[[int], tuple[int, ...]]

    def targets(self, test: int, spent: dict[int, tuple[int, ...]]) -> Iterator[int]:
        """What the test waits for, without the groups in ``spent``, by identity.

        A group that was gone through is added, unless the test is itself in it: then the one
        that asks next has to hear of this test.
        """
        own = self.occurrences(test)
        for group in self.waits_for(test):
            if id(group) not in spent:
                yield from (target for target in group if target not in own)
                if not has_any(group, own):
                    spent[id(group)] = group

    def entrance(self, starts: Iterable[int]) -> int | None:
        """A test in a cycle that is reached from ``starts``; depth first."""
        done: set[int] = set()
        spent: dict[int, tuple[int, ...]] = {}
        for start in starts:
            # The path to the test that is looked at, each with what is left of its targets.
            path = {start: self.targets(start, spent)} if start not in done else {}
            while path:
                test = next(reversed(path))
                target = next((each for each in path[test] if each not in done), None)
                if target is None:
                    done.add(test)
                    path.popitem()
                elif target in path:
                    return target
                else:
                    path[target] = self.targets(target, spent)
        return None

    def shortest(self, first: int) -> list[int]:
        """The shortest cycle through ``first``, which is in one; breadth first."""
        before = {first: first}
        spent: dict[int, tuple[int, ...]] = {}
        queue = deque([first])
        while queue:
            test = queue.popleft()
            for target in self.targets(test, spent):
                if target == first:
                    cycle = [test]
                    while cycle[-1] != first:
                        cycle.append(before[cycle[-1]])
                    return cycle[::-1]
                if target not in before:
                    before[target] = test
                    queue.append(target)
        raise InternalFault(f"test {first} was found in a cycle, but no way leads back to it")


def has_any(ascending: tuple[int, ...], tests: Iterable[int]) -> bool:
    """Whether any of these tests is among others, which are in ascending order."""
    for test in tests:
        at = bisect_left(ascending, test)
        if at < len(ascending) and ascending[at] == test:
            return True
    return False
