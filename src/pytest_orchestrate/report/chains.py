"""The longest chain of tests of which each requires the one before it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping

from pytest_orchestrate.model.need import Need

#: Test -> its seconds; 0 for one that did not run.
Seconds = Callable[[int], float]


def longest_chain(needs: Mapping[int, tuple[Need, ...]], seconds: Seconds) -> list[int]:
    """The tests of the chain with the most seconds, first to last; empty without any.

    Where one of several targets is enough, the chain through the cheapest of them counts: the
    others need not be waited for. What many tests need alike is looked at once for all of them.
    """
    chains = _Chains(needs, seconds)
    for test in chains.in_order():
        chains.settle(test)
    return chains.longest()


class _Chains:
    def __init__(self, needs: Mapping[int, tuple[Need, ...]], seconds: Seconds) -> None:
        self._needs = needs
        self._seconds = seconds
        #: Test -> the seconds of the longest chain that ends with it.
        self._until: dict[int, float] = {}
        #: Test -> the one before it in that chain.
        self._before: dict[int, int] = {}
        #: Need -> the target that settles when it is met.
        self._decisive: dict[Need, int] = {}

    def in_order(self) -> Iterator[int]:
        """The tests that require others, each after those that it requires.

        Between two of them, the former is settled. Tests in a cycle do not come.
        """
        waiting_tests: dict[int, int] = {}
        waiting_needs: dict[Need, int] = {}
        users: dict[Need, list[int]] = {}
        behind: dict[int, list[Need]] = {}
        for test, needs in self._needs.items():
            distinct = dict.fromkeys(needs)
            waiting_tests[test] = len(distinct)
            for need in distinct:
                if need not in users:
                    users[need] = []
                    targets = [target for target in need.targets if target in self._needs]
                    waiting_needs[need] = len(targets)
                    for target in targets:
                        behind.setdefault(target, []).append(need)
                users[need].append(test)
        met = deque(need for need, count in waiting_needs.items() if not count)
        while met:
            for test in users[met.popleft()]:
                waiting_tests[test] -= 1
                if waiting_tests[test]:
                    continue
                yield test
                for need in behind.get(test, ()):
                    waiting_needs[need] -= 1
                    if not waiting_needs[need]:
                        met.append(need)

    def settle(self, test: int) -> None:
        """Find the longest chain that ends with a test; those of its targets are known."""
        decisive = [self._of(need) for need in dict.fromkeys(self._needs[test])]
        last = max(decisive, key=self._length, default=None)
        seconds = self._seconds(test)
        if last is not None:
            self._before[test] = last
            seconds += self._length(last)
        self._until[test] = seconds

    def longest(self) -> list[int]:
        """The longest chain of all."""
        test = max(self._until, key=self._length, default=None)
        chain = []
        while test is not None:
            chain.append(test)
            test = self._before.get(test)
        return chain[::-1]

    def _of(self, need: Need) -> int:
        found = self._decisive.get(need)
        if found is None:
            choose = min if need.any else max
            found = self._decisive[need] = choose(need.targets, key=self._length)
        return found

    def _length(self, test: int) -> float:
        until = self._until.get(test)
        return self._seconds(test) if until is None else until
