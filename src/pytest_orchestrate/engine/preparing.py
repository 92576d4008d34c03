"""Entering places ahead, for tests that may not run yet.

What is chained together is run without a break only if somebody has entered the place of the next
link when the one before it ends; and a scarce resource is busy all the time only if who is to use
it next is there already.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from pytest_orchestrate.engine.places import TINY, spared
from pytest_orchestrate.engine.prospects import first_in, free_at, is_awaited, is_waiting
from pytest_orchestrate.engine.roster import NOTHING, NOWHERE, Entry, Roster

#: Tests of a place that are looked at when it is prepared for those that will be ready soon.
SEEN_OF_PLACE = 8
#: A worker prepares so many entries before a test will be ready, ...
AHEAD = 1.25
#: ... so many if one of this number of workers is idle, ...
FAR_AHEAD = 4.0
MANY = 4
#: ... and this share of the time so far, for it is not looked all the time.
GLANCE = 0.02
#: So many links of a chain are looked at, ...
STEPS = 32
#: ... as far as they will be ready in so many times the dearest entry, ...
LONGEST = 2.0
#: ... and where there are more workers than this.
FEW = 3
#: So many times as many workers as can use a resource wait for it where amounts differ.
VARIED = 8.0


def keep_busy(roster: Roster, now: float, resource: int) -> None:
    """Give out tests that use a scarce resource, and see to it that the next ones are prepared."""
    while roster.idle:
        if not _take_user(roster, now, resource) and not _prepare_user(roster, now, resource):
            return


class _Use(NamedTuple):
    """How a resource is used by tests that were given out."""

    #: Seconds for which they keep all of it busy.
    seconds: float
    #: How many of them have not begun.
    coming: int
    #: When more of it will be free.
    free_at: float


def _use(roster: Roster, now: float, resource: int) -> _Use:
    outlook = roster.outlook
    seconds, coming = 0.0, 0
    freed_at = math.inf if roster.free[resource] <= 0 else now
    for worker, test in enumerate(roster.test_of_worker):
        if test == NOTHING or resource not in outlook.names_of[outlook.needs_of[test]]:
            continue
        if roster.running[worker]:
            freed_at = min(freed_at, roster.until[worker])
            rest = max(0.0, roster.until[worker] - now)
        else:
            coming += 1
            rest = roster.seconds[test]
        amount = dict(outlook.needs[outlook.needs_of[test]])[resource]
        seconds += rest * amount / outlook.capacities[resource]
    return _Use(seconds, coming, freed_at)


def _prepare_user(roster: Roster, now: float, resource: int) -> bool:
    """Let a worker enter a place for the resource, unless those that are there suffice."""
    users, members = roster.users_in[resource], roster.members
    use = _use(roster, now, resource)
    pool = _pool(roster, resource)
    if not users or use.coming >= pool:
        return False
    there = [place for place in users if place and members[place]]
    elsewhere = [place for place in users if not place or not members[place]]
    place = max(elsewhere or there, key=lambda each: (users[each][0], -each))
    entry = roster.outlook.entries[place]
    waiting = sum(roster.place_of_worker[worker] in users for worker in roster.idle)
    is_short = (
        roster.tactics.reserve > 0.0
        and roster.outlook.varied[resource]
        and use.coming + waiting < min(pool, roster.spare)
    )
    if not is_short and _suffices(roster, now, resource, use, there, entry if elsewhere else 0.0):
        return False
    first = first_in(roster, place, resource, free=not entry)
    away = [each for each in roster.idle if not entry or _is_free_for(roster, each, place, users)]
    if first is None or not away:
        return False
    roster.give(spared(roster, place, away), first[2], now)
    return True


def _pool(roster: Roster, resource: int) -> float:
    """How many workers are to wait for a resource, at most.

    Where amounts differ, some are spared: the more of them wait, the better do their tests fill
    what is free.
    """
    pool = roster.wanted[resource] * roster.tactics.pool
    if roster.outlook.varied[resource]:
        pool = max(pool, min(roster.spare, roster.wanted[resource] * roster.tactics.reserve))
    return pool


def _suffices(
    roster: Roster, now: float, resource: int, use: _Use, there: list[int], entry: float
) -> bool:
    """Whether the workers that are where a resource is used keep it busy for long enough.

    :param entry: Seconds to enter another place for it; 0 if there is none.
    """
    workers = [worker for place in there for worker in roster.members[place]]
    seconds = use.seconds + sum(roster.users_in[resource][place][0] for place in there)
    tactics = roster.tactics
    if len(workers) + use.coming < roster.wanted[resource] * roster.tactics.pool:
        return seconds > entry * tactics.early and roster.free[resource] <= 0
    if now + entry * tactics.early < use.free_at:
        return True
    due = max(now, use.free_at) + entry * (1.0 + tactics.gain)
    return seconds > entry and (
        use.coming > 0 or any(roster.until[worker] <= due for worker in workers)
    )


def _is_free_for(roster: Roster, worker: int, place: int, users: dict[int, list[float]]) -> bool:
    """Whether a worker may enter a place for a resource that it could not use where it is."""
    at = roster.place_of_worker[worker]
    return at not in users or (at != place and len(roster.members[at]) > 1)


def _take_user(roster: Roster, now: float, resource: int) -> bool:
    """Let a worker that is where a test uses the resource take that test: the largest one."""
    users = roster.users_in[resource]
    best: tuple[Entry, int] | None = None
    for worker in roster.idle:
        place = roster.place_of_worker[worker]
        if place in users:
            first = first_in(roster, place, resource)
            if first is not None and (best is None or first < best[0]):
                best = first, worker
    if best is None:
        return False
    roster.give(best[1], best[0][2], now)
    return True


def prepare(roster: Roster, now: float, limit: float) -> None:
    """Idle workers enter places of tests that will be ready soon, and are so urgent."""
    while roster.idle and roster.soon and _prepare_some(roster, now, limit):
        pass


def _prepare_some(roster: Roster, now: float, limit: float) -> bool:
    """Do so for those that wait for what was given out; whether there were any."""
    wanted = _awaited(roster, now, limit)
    if not wanted:
        return False
    workers = roster.outlook.workers
    # If it is not given out yet what one of these tests waits for, somebody has to be left for it.
    waiting = [each for each in range(workers) if is_waiting(roster, each)]
    room = workers // 2 - len(waiting)
    is_deep = not all(is_awaited(roster, roster.test_of_worker[each]) for each in waiting)
    idle: dict[int, int] = {}
    for worker in roster.idle:
        place = roster.place_of_worker[worker]
        idle[place] = idle.get(place, 0) + 1
    #: Place -> how many of those that are there have something to go on with.
    taken: dict[int, int] = {}
    prepares = False
    for _, test, place, ready_at in wanted:
        if roster.state[test] or (room <= 0 and (is_deep or not is_awaited(roster, test))):
            continue
        if idle.get(place, 0) > 0:
            idle[place] -= 1
            _stay_for(roster, place, ready_at)
            continue
        # Who is there is as good as others, if it has done before they could be there; but for
        # one test only.
        due = max(ready_at, now + roster.outlook.entries[place])
        there = sum(free_at(roster, each) <= due for each in roster.members[place])
        if taken.get(place, 0) < there:
            taken[place] = taken.get(place, 0) + 1
            _stay_for(roster, place, ready_at)
            continue
        if any(_goes_on(roster, each, test, ready_at) for each in range(workers)):
            continue
        free = [each for each in roster.idle if idle.get(roster.place_of_worker[each], 0) > 0]
        if not free:
            break
        worker = spared(roster, place, free)
        idle[roster.place_of_worker[worker]] -= 1
        is_deep = is_deep or not is_awaited(roster, test)
        room -= 1
        roster.ready_at[test] = ready_at
        roster.give(worker, test, now)
        prepares = True
    return prepares


def _stay_for(roster: Roster, place: int, ready_at: float) -> None:
    """Let somebody who is there stay for what will be ready at this time."""
    roster.stays[place] = min(ready_at, roster.stays.get(place, ready_at))


def _goes_on(roster: Roster, worker: int, test: int, ready_at: float) -> bool:
    """Whether a worker has prepared for the link of a chain before, and comes to this one then."""
    before = roster.test_of_worker[worker]
    return (
        before != NOTHING
        and not roster.running[worker]
        and roster.place_of_worker[worker] == roster.outlook.place_of[test]
        and roster.outlook.followers[before] == [test]
        and roster.unmet[test] == 1
        and max(free_at(roster, worker), roster.ready_at.get(before, 0.0) + roster.seconds[before])
        <= ready_at + TINY
    )


def _awaited(roster: Roster, now: float, limit: float) -> list[tuple[float, int, int, float]]:
    """Tests for which it is time to prepare: -rank, test, place, and when they will be ready."""
    outlook, rank, state = roster.outlook, roster.rank, roster.state
    ahead = AHEAD if len(roster.idle) * MANY < outlook.workers else FAR_AHEAD
    deep = roster.tactics.links if outlook.workers > FEW else 0
    farthest = now + LONGEST * outlook.dearest
    wanted: list[tuple[float, int, int, float]] = []
    for place, tests in roster.soon.items():
        for test, _ in zip(tests, range(SEEN_OF_PLACE), strict=False):
            ready_at = roster.ready_at[test]
            before = NOWHERE
            at = place
            link = 0
            #: How many of what a test waits for lies on the way.
            on_the_way: dict[int, int] = {}
            for _ in range(STEPS):
                entry = outlook.entries[at]
                if rank[test] + entry < limit or ready_at > farthest:
                    break
                if (
                    entry
                    and at != before
                    and ready_at <= now + entry * (ahead + link) + now * GLANCE
                    and not state[test]
                ):
                    wanted.append((-rank[test], test, at, ready_at))
                # What only waits for this one comes next.
                followers = outlook.followers[test]
                if not followers or len(followers) > SEEN_OF_PLACE:
                    break
                ready_at += roster.seconds[test]
                for each in followers:
                    on_the_way[each] = on_the_way.get(each, 0) + 1
                before = at
                test = max(followers, key=lambda each: (rank[each], -each))  # noqa: PLW2901
                awaited = roster.unmet[test] - roster.under_way[test]
                if state[test] or awaited > on_the_way[test]:
                    break
                ready_at = max(ready_at, roster.ready_at.get(test, 0.0))
                at = outlook.place_of[test]
                link += at != before
                if link > deep:
                    break
    wanted.sort()
    return wanted
