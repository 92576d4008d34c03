"""Trials: the rest of a run is played with the expected durations, to find good tactics."""

from __future__ import annotations

from heapq import heappop, heappush
from itertools import chain, islice
from math import inf

from pytest_orchestrate.engine.matching import decide
from pytest_orchestrate.engine.roster import NOTHING, Roster
from pytest_orchestrate.engine.tactics import FIRST, Tactics, variants


def played(roster: Roster, now: float, limit: float) -> float:
    """When the run would end; or the limit, if it would not end before. The roster is used up."""
    #: When what, a worker and its test: 0 it has prepared for it, 1 it has done with it.
    ends: list[tuple[float, int, int, int]] = []
    for worker, test in enumerate(roster.test_of_worker):
        if test != NOTHING and worker not in roster.standby:
            ends.append((max(now, roster.until[worker]), roster.running[worker], worker, test))
    ends.sort()
    until = roster.until
    while True:
        for worker, test, _, prepares in decide(roster, now):
            heappush(ends, (until[worker], not prepares, worker, test))
        if not ends:
            return now
        now = ends[0][0]
        if now >= limit:
            return limit
        while ends and ends[0][0] <= now:
            _, is_done, worker, test = heappop(ends)
            if is_done:
                roster.finished(worker, test)
            else:
                roster.prepared(worker)


def best_tactics(roster: Roster, now: float, rehearsals: int, start: int) -> Tactics:
    """The best of the present tactics and some others.

    :param rehearsals: How many others are tried.
    :param start: Those from here on, after the usual ones.
    """
    best = roster.tactics
    shortest = played(roster.copy(best), now, inf)
    others = chain(FIRST, variants(start)) if not start else variants(start)
    for tactics in islice(others, rehearsals):
        end = played(roster.copy(tactics), now, shortest)
        if end < shortest * (1.0 - 1e-9):
            best, shortest = tactics, end
    return best
