"""What does not change about the tests that a roster is for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

#: Resource and amount, by index of the resource.
Needs = tuple[tuple[int, int], ...]


@dataclass(slots=True)
class Outlook:
    """Tests by index; places by number. Seconds throughout.

    A *place* is a file that costs something to enter. All files that cost nothing are one place,
    number 0: where there is nothing to pay there is nothing to stay for.
    """

    workers: int
    #: Test -> its place.
    place_of: list[int]
    #: Place -> seconds to enter it.
    entries: list[float]
    #: Test -> tests that require it.
    followers: list[list[int]]
    #: Test -> how many tests it requires.
    required: list[int]
    #: Test -> index of what it needs; 0 is nothing.
    needs_of: list[int]
    needs: list[Needs]
    #: Resource -> how much of it there is.
    capacities: list[int]
    priorities: list[int]
    #: Resources that stand for large amounts of another one, and which that is.
    crowds: list[tuple[int, int]]
    #: The tests that others require or that require others, each after what it requires.
    order: list[int] = field(default_factory=list)
    #: Test -> how many tests of other places it requires.
    foreign: list[int] = field(default_factory=list)
    #: Index of needs -> resources that they are of.
    names_of: list[frozenset[int]] = field(default_factory=list)
    #: Resource -> whether tests need different amounts of it.
    varied: list[bool] = field(default_factory=list)
    #: Seconds to enter the place that takes longest.
    dearest: float = 0.0

    def __post_init__(self) -> None:
        self.names_of = [frozenset(each[0] for each in needs) for needs in self.needs]
        amounts: list[set[int]] = [set() for _ in self.capacities]
        for needs in self.needs:
            for resource, amount in needs:
                amounts[resource].add(amount)
        self.varied = [len(each) > 1 for each in amounts]
        self.dearest = max(self.entries)
        self.foreign = [0] * len(self.required)
        for test, followers in enumerate(self.followers):
            for follower in followers:
                self.foreign[follower] += self.place_of[follower] != self.place_of[test]
        left = list(self.required)
        self.order = [test for test, count in enumerate(left) if not count and self.followers[test]]
        for test in self.order:  # it grows meanwhile
            for follower in self.followers[test]:
                left[follower] -= 1
                if not left[follower]:
                    self.order.append(follower)
        # What an urgent test requires is as urgent.
        priorities = self.priorities
        for test in reversed(self.order):
            for follower in self.followers[test]:
                priorities[test] = max(priorities[test], priorities[follower])

    def measure(self, seconds: Sequence[float], entering: float, grain: float) -> list[float]:
        """Per test: how long what waits for it takes at least, about.

        The longest path; and where one test is required by many, what of them fits on the fleet.

        :param entering: The share of the entries on the way that is counted, too.
        :param grain: In one place, what takes no longer than so many entries is one worker's.
        """
        behind = [0.0] * len(seconds)
        place_of, entries, workers = self.place_of, self.entries, self.workers
        for test in reversed(self.order):
            followers = self.followers[test]
            place = place_of[test]
            longest = work = 0.0
            #: Place -> seconds of the followers there.
            work_in = {place: 0.0}
            if len(followers) > 1:
                followers = sorted(followers, key=lambda each: (-behind[each], each))
            for follower in followers:
                path = seconds[follower]
                to = place_of[follower]
                there = work_in.get(to, 0.0) + path
                if len(followers) > 1 and grain:
                    path = max(path, min(there, max(grain * entries[to], there / workers)))
                if to != place:
                    path += entering * entries[to]
                    if to not in work_in:
                        work += entering * entries[to]
                work_in[to] = there
                work += seconds[follower]
                longest = max(longest, path + behind[follower], work / workers + behind[follower])
            behind[test] = longest
        return behind


def outlook(
    workers: int,
    files: Sequence[int],
    entries: Mapping[int, float],
    required: Mapping[int, Sequence[int]],
    demands: Mapping[int, Sequence[tuple[str, int]]],
    capacities: Mapping[str, int],
    priorities: Mapping[int, int],
) -> Outlook:
    """The outlook for tests of these files (index -> seconds to enter it)."""
    places: dict[int, int] = {}
    place_of: list[int] = []
    costs = [0.0]
    for file in files:
        seconds = entries.get(file, 0.0)
        if seconds <= 0.0:
            place_of.append(0)
            continue
        if file not in places:
            places[file] = len(costs)
            costs.append(seconds)
        place_of.append(places[file])
    followers: list[list[int]] = [[] for _ in files]
    counts = [0] * len(files)
    for test, targets in required.items():
        counts[test] = len(targets)
        for target in targets:
            followers[target].append(test)
    names = sorted(capacities)
    numbers = {name: number for number, name in enumerate(names)}
    limits = [capacities[name] for name in names]
    crowds = _crowds(demands, numbers, limits)
    kinds: dict[Needs, int] = {(): 0}
    needs_of = [0] * len(files)
    for test, demanded in demands.items():
        needs = sorted((numbers[name], amount) for name, amount in demanded)
        for (resource, least), number in crowds.items():
            needs += [(number, 1) for each, amount in needs if each == resource and amount >= least]
        needs_of[test] = kinds.setdefault(tuple(needs), len(kinds))
    return Outlook(
        workers=workers,
        place_of=place_of,
        entries=costs,
        followers=followers,
        required=counts,
        needs_of=needs_of,
        needs=list(kinds),
        capacities=limits,
        crowds=[(number, resource) for (resource, _), number in crowds.items()],
        priorities=[priorities.get(test, 0) for test in range(len(files))],
    )


def _crowds(
    demands: Mapping[int, Sequence[tuple[str, int]]],
    numbers: Mapping[str, int],
    limits: list[int],
) -> dict[tuple[int, int], int]:
    """Resources that nobody has named: of large amounts only one or two fit at a time.

    Without them it would not be seen how long those keep a resource busy. Resource and least
    amount -> number of the new resource, of which ``limits`` gets the capacity.
    """
    amounts: dict[int, set[int]] = {}
    for demanded in demands.values():
        for name, amount in demanded:
            amounts.setdefault(numbers[name], set()).add(amount)
    crowds: dict[tuple[int, int], int] = {}
    for resource in sorted(amounts):
        capacity = limits[resource]
        for at_a_time in (1, 2):
            least = capacity // (at_a_time + 1) + 1
            if min(amounts[resource]) < least <= max(amounts[resource]) or (
                least == min(amounts[resource]) and capacity % least
            ):
                crowds[resource, least] = len(limits)
                limits.append(at_a_time)
    return crowds
