"""When too much of a resource was held for a test to have its share, and by whom."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

from pytest_orchestrate.report.story import Lease, Story

#: How much a test needs, and whether it shares it with others that share it.
Amount = tuple[int, bool]


class Taken:
    """The times at which a resource was taken too much for an amount, in order."""

    def __init__(self) -> None:
        #: No two overlap; where one begins as another ends, the holders are different ones.
        self.starts: list[float] = []
        self.ends: list[float] = []
        self.holders: list[tuple[Lease, ...]] = []


class Holding:
    """Answers from the leases of a story.

    :param most: So many tests are named, those that ended last. None: all of them.
    """

    def __init__(self, story: Story, most: int | None) -> None:
        self._story = story
        self._most = most
        self._leases: dict[str, list[Lease]] = {}
        for lease in story.leases:
            for name in lease.amounts:
                self._leases.setdefault(name, []).append(lease)
        self._taken: dict[tuple[str, Amount], Taken] = {}
        #: Lease -> beginning, end and number of its tests, as they began.
        self._runs: dict[int, tuple[list[float], list[tuple[float, int]]]] = {}

    def while_taken(
        self, name: str, amount: Amount, since: float, until: float
    ) -> tuple[float, float, tuple[int, ...]] | None:
        """From the first to the last moment at which there was too little, and who ran meanwhile.

        Those are the tests of the holders of these moments; who ended last comes last.
        """
        taken = self._taken.get((name, amount))
        if taken is None:
            taken = self._taken[name, amount] = self._find_taken(name, amount)
        first, stop = bisect_right(taken.ends, since), bisect_left(taken.starts, until)
        if first >= stop:
            return None
        start, end = max(taken.starts[first], since), min(taken.ends[stop - 1], until)
        return start, end, self._run_by(taken.holders[first:stop], start, end)

    def _find_taken(self, name: str, amount: Amount) -> Taken:
        leases = self._leases.get(name, [])
        capacity = self._story.capacities.get(name, 1)
        changes: list[tuple[float, int, int]] = []
        for number, lease in enumerate(leases):
            if lease.end is None or lease.end > lease.start:
                changes.append((lease.start, 1, number))
                if lease.end is not None:
                    changes.append((lease.end, 0, number))
        changes.sort()
        found = Taken()
        there: set[int] = set()
        for position, (at, begins, number) in enumerate(changes):
            (there.add if begins else there.discard)(number)
            following = changes[position + 1][0] if position + 1 < len(changes) else float("inf")
            holders = [leases[each] for each in sorted(there)]
            if following > at and not fits(holders, name, amount, capacity):
                found.starts.append(at)
                found.ends.append(following)
                found.holders.append(tuple(holders))
        return found

    def _run_by(
        self, holders: Sequence[tuple[Lease, ...]], since: float, until: float
    ) -> tuple[int, ...]:
        ran: dict[int, float] = {}
        seen = set()
        for together in reversed(holders):
            for lease in together:
                if id(lease) not in seen:
                    seen.add(id(lease))
                    ran.update(self._ran(lease, since, until))
            if self._most is not None and len(ran) >= self._most:
                break
        tests = [test for _, test in sorted((ended, test) for test, ended in ran.items())]
        return tuple(tests if self._most is None else tests[-self._most :])

    def _ran(self, lease: Lease, since: float, until: float) -> Iterator[tuple[int, float]]:
        """The tests of a lease that ran within this time, and when they ended."""
        runs = self._runs.get(id(lease))
        if runs is None:
            known = []
            for test in dict.fromkeys(lease.tests):
                start, end = self._story.tests[test].start, self._story.tests[test].end
                if start is not None:
                    ended = float("inf") if end is None else end.now
                    known.append((start.now, ended, test))
            known.sort()
            starts = [start for start, _, _ in known]
            runs = self._runs[id(lease)] = (starts, [(ended, test) for _, ended, test in known])
        starts, ends = runs
        found = 0
        for position in range(bisect_left(starts, until) - 1, -1, -1):
            ended, test = ends[position]
            if ended > since:
                yield test, ended
                found += 1
            if found == self._most:
                return


def fits(leases: Sequence[Lease], name: str, amount: Amount, capacity: int) -> bool:
    """Whether there is so much left of a resource beside what is held."""
    wanted, shared = amount
    readers = [lease for lease in leases if lease.amounts[name][1]]
    if shared and readers:
        return True
    used = sum(lease.amounts[name][0] for lease in leases if not lease.amounts[name][1])
    used += max((lease.amounts[name][0] for lease in readers), default=0)
    return used + wanted <= capacity
