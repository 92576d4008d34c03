"""What can be read off a roster."""

from __future__ import annotations

from heapq import heappop

from pytest_orchestrate.engine.roster import NOTHING, Entry, Roster
from pytest_orchestrate.engine.stock import TAKEN

#: The time that is left is looked up again when this share of it has passed.
GLANCE = 0.002


def is_waiting(roster: Roster, worker: int) -> bool:
    """Whether a worker has a test that requires others which have not ended."""
    test = roster.test_of_worker[worker]
    return test != NOTHING and not roster.running[worker] and roster.unmet[test] > 0


def is_awaited(roster: Roster, test: int) -> bool:
    """Whether all that a test requires has ended or was given out."""
    return roster.under_way[test] == roster.unmet[test]


def free_at(roster: Roster, worker: int) -> float:
    """When a worker will have done with its test, if that need not wait for anything."""
    test = roster.test_of_worker[worker]
    if test == NOTHING or roster.running[worker]:
        return roster.until[worker]
    return roster.until[worker] + roster.seconds[test]


def first_in(roster: Roster, place: int, resource: int = -1, *, free: bool = True) -> Entry | None:
    """The first test of a place that can run now: of those that use a resource, if given.

    :param free: What it needs has to be free.
    """
    best: Entry | None = None
    kinds = roster.by_place[place]
    for kind, heap in kinds.items():
        if kind:
            if resource >= 0 and resource not in roster.outlook.names_of[kind]:
                continue
            if free and not roster.fits(kind):
                continue
        elif resource >= 0:
            continue
        entry = roster.head(heap)
        if entry is None:
            continue
        if kind:
            busy = roster.busy(kind)
            if busy > -entry[1]:
                entry = (entry[0], -busy, entry[2])
        if best is None or entry < best:
            best = entry
    return best


def time_left(roster: Roster, now: float) -> float:
    """About how long the run will go on; looked up rarely."""
    if now < roster.horizon_until:
        return roster.horizon - now
    rests = work = 0.0
    for worker, until in enumerate(roster.until):
        rest = until - now
        test = roster.test_of_worker[worker]
        rest = max(rest, 0.0)
        if test >= 0:
            if not roster.running[worker]:
                rest += roster.seconds[test]
            work += rest
            rests = max(rests, rest + roster.behind[test])
    work += roster.work
    workers = roster.outlook.workers
    left = max(work / workers, rests, *roster.load, 0.0)
    while roster.paths:
        rank, test = roster.paths[0]
        if roster.state[test] < TAKEN and -rank == roster.rank[test]:
            left = max(left, -rank)
            break
        heappop(roster.paths)
    if roster.free:
        roster.weigh(roster.tactics.steep)
    roster.spare = int(workers - work / left) if left > 0.0 else 0
    roster.horizon = now + left
    roster.horizon_until = now + left * GLANCE
    return left
