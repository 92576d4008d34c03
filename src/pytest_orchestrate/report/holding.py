"""When too much of a resource was held for a test to have its share, and by whom."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from pytest_orchestrate.report.attempts import Kept
from pytest_orchestrate.report.story import Lease, Story

#: How much a test needs, and whether it shares it with others that share it.
Amount = tuple[int, bool]
#: Tests that had a resource, for how many seconds each did, and who had it without one.
Holders = tuple[tuple[int, ...], tuple[float, ...], tuple[Kept, ...]]


class Taking(NamedTuple):
    """From when to when a resource was taken, and by whom."""

    start: float
    end: float
    holders: Holders


class Turn(NamedTuple):
    """A test's part of a lease: from its beginning, or the end of the test before, to its end."""

    test: int
    start: float
    end: float
    #: When the test itself began.
    began: float


def turns(story: Story, lease: Lease) -> list[Turn]:
    """The parts of a lease, in order; tests that never began have none."""
    known = []
    for test in dict.fromkeys(lease.tests):
        start, end = story.tests[test].start, story.tests[test].end
        if start is not None and start.worker == lease.worker:
            known.append((start.now, float("inf") if end is None else end.heard, test))
    known.sort()
    found, since = [], lease.start
    for began, ended, test in known:
        found.append(Turn(test, since, max(since, ended), began))
        since = max(since, ended)
    return found


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
        #: Lease -> when its tests began, and the turn of each.
        self._turns: dict[int, tuple[list[float], list[Turn]]] = {}
        #: Test -> leases for it.
        self._of_test: dict[int, list[Lease]] = {}
        for lease in story.leases:
            for test in dict.fromkeys(lease.tests):
                self._of_test.setdefault(test, []).append(lease)

    def used_before(self, test: int, worker: int, since: float, until: float) -> float:
        """When the last test had ended that its worker ran before it with the same lease.

        ``since`` if there was none between these moments.
        """
        last = since
        for lease in self._of_test.get(test, ()):
            if lease.worker == worker and (lease.end is None or lease.end > since):
                starts, found = self._turns_of(lease)
                position = bisect_left(starts, until) - 1
                while position >= 0 and found[position].test == test:
                    position -= 1
                if position >= 0:
                    last = max(last, min(found[position].end, until))
        return last

    def while_taken(self, name: str, amount: Amount, since: float, until: float) -> Taking | None:
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
        return Taking(start, end, self._held_by(name, taken.holders[first:stop], start, end))

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

    def _held_by(
        self, name: str, holders: Sequence[tuple[Lease, ...]], since: float, until: float
    ) -> Holders:
        ran: dict[int, tuple[float, float]] = {}
        kept: dict[tuple[str, str], float] = {}
        seen = set()
        for together in reversed(holders):
            for lease in together:
                if id(lease) not in seen:
                    seen.add(id(lease))
                    for turn in self._ran(lease, since, until):
                        held = min(turn.end, until) - max(turn.start, since)
                        ran[turn.test] = (turn.end, held)
                    if lease.kept_for:
                        whose = (lease.kept_for[name], self._story.name(lease.worker))
                        end = until if lease.end is None else min(lease.end, until)
                        seconds = max(0.0, end - max(lease.start, since))
                        kept[whose] = kept.pop(whose, 0.0) + seconds
            if self._most is not None and len(ran) + len(kept) >= self._most:
                break
        found = sorted((ended, test, held) for test, (ended, held) in ran.items())
        if self._most is not None:
            found = found[-self._most :]
        keepers = tuple(Kept(*whose, held) for whose, held in reversed(kept.items()) if held > 0)
        return tuple(t for _, t, _ in found), tuple(held for _, _, held in found), keepers

    def _ran(self, lease: Lease, since: float, until: float) -> Iterator[Turn]:
        """The turns of tests of a lease that ran within this time, the last one first."""
        starts, found = self._turns_of(lease)
        after = bisect_left(starts, until)
        least = 0 if self._most is None else max(0, after - self._most)
        for turn in reversed(found[least:after]):
            if turn.end <= since:  # so have those before it
                return
            yield turn

    def _turns_of(self, lease: Lease) -> tuple[list[float], list[Turn]]:
        known = self._turns.get(id(lease))
        if known is None:
            found = turns(self._story, lease)
            known = self._turns[id(lease)] = ([turn.began for turn in found], found)
        return known


def fits(leases: Sequence[Lease], name: str, amount: Amount, capacity: int) -> bool:
    """Whether there is so much left of a resource beside what is held."""
    wanted, shared = amount
    readers = [lease for lease in leases if lease.amounts[name][1]]
    if shared and readers:
        return True
    used = sum(lease.amounts[name][0] for lease in leases if not lease.amounts[name][1])
    used += max((lease.amounts[name][0] for lease in readers), default=0)
    return used + wanted <= capacity


def added_up(kept: Iterable[Kept]) -> tuple[Kept, ...]:
    """The same with the seconds of each holder together."""
    found: dict[tuple[str, str], float] = {}
    for each in kept:
        whose = (each.scope, each.worker)
        found[whose] = found.get(whose, 0.0) + each.seconds
    return tuple(Kept(*whose, seconds) for whose, seconds in found.items())


def kept_by(kept: Kept) -> str:
    """Who it is, in words: ``gw1 between tests of test_a.py::TestShop``."""
    return f"{kept.worker} between tests of {kept.scope}"
