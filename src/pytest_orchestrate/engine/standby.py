"""Workers that are where their test is, and may not begin with it yet."""

from __future__ import annotations

from pytest_orchestrate.engine.roster import NOTHING, Entry, Roster

#: What large amounts of a resource need is kept free for them if they would have to be used for
#: this share of the time left.
NEEDED = 0.8


def begin_prepared(roster: Roster, now: float) -> None:
    """Workers that stand by begin with their tests, or do others meanwhile, if that is possible."""
    if len(roster.standby) > 1:
        roster.standby.sort(key=lambda worker: _urgency(roster, worker))
    for worker in tuple(roster.standby):
        test = roster.test_of_worker[worker]
        if roster.unmet[test]:
            continue
        if not roster.fits(roster.outlook.needs_of[test]):
            other = _meanwhile(roster, worker, test, now)
            if other == NOTHING:
                continue
            roster.exchange(worker, other, now)
            test = other
        roster.begin_here(worker, test, now)


def _urgency(roster: Roster, worker: int) -> tuple[float, int]:
    test = roster.test_of_worker[worker]
    return -max(roster.rank[test], roster.busy(roster.outlook.needs_of[test])), worker


def _meanwhile(roster: Roster, worker: int, test: int, now: float) -> int:
    """What a worker can do where it is while its test lacks a resource; or nothing.

    If the resource is scarce, this has to end about when more of it will be free.
    """
    place = roster.place_of_worker[worker]
    if not roster.ready_in[place]:
        return NOTHING
    outlook, tactics = roster.outlook, roster.tactics
    contended = (roster.horizon - now) * tactics.contended
    scarce = [
        resource
        for resource, amount in outlook.needs[outlook.needs_of[test]]
        if roster.free[resource] < amount and roster.load[resource] > contended
    ]
    longest = max((_free_in(roster, now, each) for each in scarce), default=-1.0) * tactics.filling
    best: Entry | None = None
    for kind, heap in roster.by_place[place].items():
        if outlook.names_of[kind].isdisjoint(scarce) and roster.fits(kind):
            entry = roster.head(heap)
            if (
                entry is not None
                and (best is None or entry < best)
                and (not scarce or roster.seconds[entry[2]] <= longest)
            ):
                best = entry
    return NOTHING if best is None else best[2]


def _free_in(roster: Roster, now: float, resource: int) -> float:
    """In how many seconds more of a resource will be free."""
    outlook = roster.outlook
    times = [
        until - now
        for until, test, runs in zip(
            roster.until, roster.test_of_worker, roster.running, strict=True
        )
        if runs and resource in outlook.names_of[outlook.needs_of[test]]
    ]
    return max(0.0, min(times, default=0.0))


def keep_room(roster: Roster, now: float) -> None:
    """Keep what large amounts need that nobody has now, if they have to be used all the time.

    Otherwise small amounts would be taken as soon as they are free, and never would there be
    enough for a large one.
    """
    roster.kept.clear()
    if not any(roster.running):  # what is kept might be lacking for each other
        return
    least = (roster.horizon - now) * NEEDED
    for crowd, resource in roster.outlook.crowds:
        if roster.free[crowd] > 0 and roster.load[crowd] >= least:
            amount = _smallest(roster, crowd, resource)
            if amount > roster.kept.get(resource, (0, 0))[1]:
                roster.kept[resource] = crowd, amount


def _smallest(roster: Roster, crowd: int, resource: int) -> int:
    """The least amount that one of a crowd needs who could begin at once; 0 if there is none."""
    outlook = roster.outlook
    kinds: list[int] = []
    for worker in roster.standby:
        test = roster.test_of_worker[worker]
        if not roster.unmet[test]:
            kinds.append(outlook.needs_of[test])
    for place in dict.fromkeys(roster.place_of_worker[worker] for worker in roster.idle):
        if place > 0 and place in roster.users_in[crowd]:
            heaps = roster.by_place[place]
            kinds += [kind for kind, heap in heaps.items() if roster.head(heap) is not None]
    amounts = [
        amount
        for kind in dict.fromkeys(kinds)
        if crowd in outlook.names_of[kind]
        for each, amount in outlook.needs[kind]
        if each == resource
    ]
    return min(amounts, default=0)
