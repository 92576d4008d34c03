"""What has to fit between heads and tails.

A test's *head* is the earliest time at which it can begin, its *tail* the time that must pass from
its end to the end of the run; both follow from what it requires and what requires it. A *machine*
is something that is wholly busy at most: a resource, or the workers together.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from heapq import heapify, heappop, heappush, heapreplace

from pytest_orchestrate.engine.instance import Instance, in_topological_order

#: Ways of counting a resource's amounts that are tried, of each kind.
MEASURES = 6
#: Tests before a join that are looked at together, and how many in all the joins of a graph.
JOINED = 128
JOINED_IN_ALL = 40_000

#: A test on one machine: its head, the seconds that it keeps the machine busy, its tail.
Job = tuple[float, float, float]


def on_one_machine(jobs: list[Job], bound: float) -> float:
    """The largest of the bound and, over sets of jobs, least head + seconds + least tail.

    By Jackson's preemptive schedule: at any time the job with the longest tail; its makespan
    is that maximum (Carlier, "The one-machine sequencing problem", 1982).
    """
    if not jobs:
        return bound
    seconds = sum(job[1] for job in jobs)
    if max(job[0] for job in jobs) + seconds + max(job[2] for job in jobs) <= bound:
        return bound
    jobs.sort()
    open_jobs: list[tuple[float, float]] = []
    now = 0.0
    position = 0
    while position < len(jobs) or open_jobs:
        if not open_jobs:
            now = max(now, jobs[position][0])
        while position < len(jobs) and jobs[position][0] <= now:
            heappush(open_jobs, (-jobs[position][2], jobs[position][1]))
            position += 1
        tail, left = open_jobs[0]
        until = jobs[position][0] if position < len(jobs) else math.inf
        if now + left <= until:
            heappop(open_jobs)
            now += left
            bound = max(bound, now - tail)
        else:
            heapreplace(open_jobs, (tail, left - (until - now)))
            now = until
    return bound


def heads_and_tails(
    instance: Instance, machines: list[dict[int, float]]
) -> tuple[list[float], list[float]]:
    """Per test: the earliest time at which it can begin, and what must come after its end."""
    heads = [instance.entries[file] for file in instance.files]
    tails = [0.0] * len(heads)
    order = in_topological_order(instance.requires)
    followers: dict[int, list[int]] = {}
    for test, targets in instance.requires.items():
        for target in targets:
            followers.setdefault(target, []).append(test)
    loads: dict[int, list[tuple[int, float]]] = {
        test: [(-1, instance.durations[test] / instance.workers)] for test in order
    }
    for number, machine in enumerate(machines):
        for test, seconds in machine.items():
            if test in loads:
                loads[test].append((number, seconds))
    _propagate(heads, order, instance.requires, instance.durations, loads)
    order.reverse()
    _propagate(tails, order, followers, instance.durations, loads)
    return heads, tails


def _propagate(
    heads: list[float],
    order: Sequence[int],
    before: Mapping[int, Sequence[int]],
    durations: Sequence[float],
    loads: Mapping[int, list[tuple[int, float]]],
) -> None:
    """Raise the heads to what the tests before them allow; in mirrored time, the tails.

    Where several tests join, they and what is before them also have to fit on the machines.
    """
    places = {test: place for place, test in enumerate(order)}
    joins = sum(len(before.get(test, ())) > 1 for test in order)
    room = min(JOINED, JOINED_IN_ALL // (joins or 1))
    for test in order:
        targets = before.get(test, ())
        head = heads[test]
        for target in targets:
            head = max(head, heads[target] + durations[target])
        if len(targets) > 1:
            jobs: dict[int, list[Job]] = {}
            for other, tail in _last_before(targets, before, durations, places, room):
                for machine, seconds in loads[other]:
                    jobs.setdefault(machine, []).append((heads[other], seconds, tail))
            for each in jobs.values():
                if len(each) > 1:
                    head = on_one_machine(each, head)
        heads[test] = head


def _last_before(
    targets: Sequence[int],
    before: Mapping[int, Sequence[int]],
    durations: Sequence[float],
    places: Mapping[int, int],
    room: int,
) -> Iterable[tuple[int, float]]:
    """The targets and some tests before them, each with the time from its end to the join."""
    tails = dict.fromkeys(targets, 0.0)
    waiting = [(-places[target], target) for target in targets]
    heapify(waiting)
    for _ in range(room + len(targets)):
        if not waiting:
            return
        # The last one in topological order: nothing that is to come lies behind it.
        _, test = heappop(waiting)
        tail = tails[test]
        yield test, tail
        for target in before.get(test, ()):
            if target not in tails:
                heappush(waiting, (-places[target], target))
            tails[target] = max(tails.get(target, 0.0), tail + durations[test])


def machines_of(instance: Instance) -> list[dict[int, float]]:
    """The ways to look at each resource: test -> seconds of the whole resource that it takes.

    At any time the tests that run take no more than the whole of it.
    """
    durations = instance.durations
    by_resource: dict[str, list[tuple[int, int]]] = {}
    for test, demands in instance.demands.items():
        if durations[test]:
            for demand in demands:
                by_resource.setdefault(demand.name, []).append((test, demand.amount))
    machines: list[dict[int, float]] = []
    for name, users in by_resource.items():
        capacity = instance.capacities[name]
        ascending = sorted({amount for _, amount in users})
        machines += [
            {test: durations[test] * shares[amount] for test, amount in users}
            for shares in measures(ascending, capacity, instance.workers)
        ]
        for least in _leasts(ascending, capacity):
            # Those that exclude each other, and the longest of those that they all exclude.
            alone = {test: durations[test] for test, amount in users if amount > capacity - least}
            others = [t for t, amount in users if least <= amount <= capacity - least]
            if others:
                longest = max(others, key=durations.__getitem__)
                machines.append({**alone, longest: durations[longest]})
    return machines


def _leasts(ascending: Sequence[int], capacity: int) -> list[int]:
    """For large amounts, the smallest amount that does not fit beside them."""
    return sorted({capacity - amount + 1 for amount in ascending if 2 * amount > capacity})[
        :MEASURES
    ]


def measures(ascending: Sequence[int], capacity: int, workers: int) -> list[dict[int, float]]:
    """Per measure: amount -> the share of the capacity that it counts for.

    Amounts that fit together never count for more than the whole: beside the plain quotients
    these are the dual feasible functions of Fekete and Schepers, "New classes of fast lower
    bounds for bin packing problems" (2001). So of a capacity of 8, a test that needs 3 counts
    for a half, because no third one fits. That no more run than there are workers counts too.
    """
    found = [{amount: amount / capacity for amount in ascending}]
    found += (
        {amount: _in_steps(amount, capacity, times) for amount in ascending}
        for times in sorted({capacity // amount for amount in ascending})[:MEASURES]
    )
    for least in _leasts(ascending, capacity):
        even = 1.0 / min(workers, capacity // least)
        for middle in (None, even):
            found.append({a: _all_or_nothing(a, capacity, least, middle) for a in ascending})
    kept: list[dict[int, float]] = []
    for each in found:
        if not any(all(other[a] >= each[a] for a in ascending) for other in kept):
            kept = [other for other in kept if any(other[a] > each[a] for a in ascending)]
            kept.append(each)
    return kept


def _in_steps(amount: int, capacity: int, times: int) -> float:
    """Their u(k): an amount of which ``times`` fit, but no further one, counts for 1/times."""
    exact = (times + 1) * amount
    return exact // capacity / times if exact % capacity else amount / capacity


def _all_or_nothing(amount: int, capacity: int, least: int, middle: float | None) -> float:
    """Their U(epsilon): what leaves less than ``least`` takes all, and less than that nothing.

    ``middle``: what others count for, if not for their quotient.
    """
    if amount > capacity - least:
        return 1.0
    if amount < least:
        return 0.0
    return amount / capacity if middle is None else middle
