"""List scheduling: which idle worker takes which test.

In this order: tests that would make the run longer if they waited; what keeps a scarce resource
busy; what needs no entering; the place that is most worth entering; and at last what can be
prepared for tests that may not run yet.
"""

from __future__ import annotations

from heapq import heappop, heappush

from pytest_orchestrate.engine.moves import Move
from pytest_orchestrate.engine.places import best_place, spared
from pytest_orchestrate.engine.preparing import VARIED, keep_busy, prepare
from pytest_orchestrate.engine.prospects import first_in, free_at, time_left
from pytest_orchestrate.engine.roster import NOTHING, NOWHERE, Roster
from pytest_orchestrate.engine.standby import begin_prepared, keep_room
from pytest_orchestrate.engine.stock import READY

#: Urgent tests that cannot run now, and are passed over in one search for one that can.
PASSED_OVER = 8


def decide(roster: Roster, now: float) -> list[Move]:
    """What idle workers and those that stand by do now."""
    moves = roster.moves = []
    if roster.outlook.crowds:
        keep_room(roster, now)
    if roster.standby:
        begin_prepared(roster, now)
    if not roster.idle or not roster.unsent:
        return moves
    left = time_left(roster, now)
    limit = left * (1.0 - roster.tactics.alarm)
    _take_urgent(roster, now, limit)
    roster.stays.clear()
    prepare(roster, now, limit)
    if roster.free:
        scarce = limit - roster.tactics.scarcity * left
        for resource, seconds in enumerate(roster.load):
            if seconds >= scarce:
                keep_busy(roster, now, resource)
    waiting = _waiting(roster, limit) if roster.spare > 0 and roster.free else []
    _stay(roster, now, waiting)
    _enter(roster, now, left, waiting)
    prepare(roster, now, 0.0)
    return moves


def _waiting(roster: Roster, limit: float) -> list[int]:
    """Idle workers that wait where amounts of the scarcest resource are needed that differ.

    There is nothing for them to do with it now. As many wait as need not work all the time.
    """
    resource = roster.scarcest
    if roster.load[resource] < limit or not roster.outlook.varied[resource]:
        return []
    room = min(roster.spare, int(roster.wanted[resource] * VARIED)) - len(roster.standby)
    users = roster.users_in[resource]
    there = [each for each in roster.idle if roster.place_of_worker[each] in users]
    there.sort(key=lambda each: -users[roster.place_of_worker[each]][0])
    return there[: max(0, room)]


def _stay(roster: Roster, now: float, waiting: list[int]) -> None:
    """Give out what needs no entering, but to those that wait."""
    for worker in tuple(roster.idle):
        if worker in waiting:
            continue
        place = roster.place_of_worker[worker]
        if place != NOWHERE and roster.ready_in[place]:
            entry = first_in(roster, place)
            if entry is not None:
                roster.give(worker, entry[2], now)


def _enter(roster: Roster, now: float, left: float, waiting: list[int]) -> None:
    """Let workers enter the places that are most worth it."""
    free = [w for w in roster.idle if w not in waiting and not _waits_here(roster, w, now)]
    while free:
        place = best_place(roster, now, left)
        entry = first_in(roster, place) if place != NOWHERE else None
        if entry is None:
            return
        worker = spared(roster, place, free)
        free.remove(worker)
        roster.give(worker, entry[2], now)


def _waits_here(roster: Roster, worker: int, now: float) -> bool:
    """Whether a worker stays where it is, for what will be ready there soon."""
    place = roster.place_of_worker[worker]
    if place <= 0 or not any(roster.running):
        return False
    if place in roster.stays:
        entry = roster.outlook.entries[place]
        ready_at = roster.stays[place]
    elif place in roster.soon:
        entry = roster.outlook.entries[place] * roster.tactics.patience
        ready_at = min(roster.ready_at[test] for test in roster.soon[place])
    else:
        return False
    if not -entry <= ready_at - now <= entry:
        return False
    return not any(
        each != worker
        and (roster.test_of_worker[each] != NOTHING or each < worker)
        and free_at(roster, each) <= ready_at + entry
        for each in roster.members[place]
    )


def _take_urgent(roster: Roster, now: float, limit: float) -> None:
    """Give out what cannot wait, though a worker has to leave its place for it."""
    outlook, urgent, state = roster.outlook, roster.urgent, roster.state
    entries, rank = outlook.entries, roster.rank
    passed_over: list[tuple[float, int]] = []
    while roster.idle and urgent and -urgent[0][0] >= limit and len(passed_over) < PASSED_OVER:
        entry = heappop(urgent)
        test = entry[1]
        place = outlook.place_of[test]
        if state[test] != READY or entry[0] != -rank[test] - entries[place]:
            continue
        if not roster.fits(outlook.needs_of[test]):
            passed_over.append(entry)
            continue
        worker = next((w for w in roster.idle if roster.place_of_worker[w] == place), NOTHING)
        if worker == NOTHING:
            # Whoever is there goes on with it, if that is not much later than somebody else can.
            until = now + entries[place] * (1.0 + roster.tactics.gain)
            if place and any(free_at(roster, each) <= until for each in roster.members[place]):
                continue
            if _is_crowded(roster, place):
                continue
            worker = spared(roster, place)
            if _is_bound(roster, worker, -entry[0] - limit) or _is_nearly_done(roster, worker):
                passed_over.append(entry)
                continue
        first = first_in(roster, place)
        if first is not None and -first[0] > outlook.priorities[test]:
            heappush(urgent, entry)
            test = first[2]
        roster.give(worker, test, now)
    for entry in passed_over:
        heappush(urgent, entry)


def _is_crowded(roster: Roster, place: int) -> bool:
    """Whether there is too little to do in a place for one more worker."""
    count = len(roster.members[place])
    least = roster.tactics.crowd * roster.outlook.entries[place] * (count + 1)
    return count > 0 and roster.work_in[place] < least


def _is_bound(roster: Roster, worker: int, more: float) -> bool:
    """Whether a worker had better go on where it is, for something that is so much too urgent."""
    place = roster.place_of_worker[worker]
    return (
        place > 0
        and (roster.ready_in[place] > 0 or place in roster.soon)
        and len(roster.members[place]) == 1
        and more < roster.tactics.leave * roster.outlook.entries[place]
    )


def _is_nearly_done(roster: Roster, worker: int) -> bool:
    """Whether it takes no longer to do all that is left where a worker is than to come back."""
    place = roster.place_of_worker[worker]
    if place <= 0 or not roster.ready_in[place]:
        return False
    entry = roster.outlook.entries[place]
    return roster.work_in[place] <= entry * len(roster.members[place])
