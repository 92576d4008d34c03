"""Which place is most worth entering."""

from __future__ import annotations

from heapq import heappop, heappush

from pytest_orchestrate.engine.prospects import first_in
from pytest_orchestrate.engine.roster import NOTHING, NOWHERE, Roster

#: Places in which nothing can run now that are passed over in one search.
PASSED_OVER = 8
#: Seconds that are nothing.
TINY = 1e-9


def spared(roster: Roster, place: int, among: list[int] | None = None) -> int:
    """The idle worker that loses least when it goes to this place."""
    among = roster.idle if among is None else among
    if len(among) == 1:
        return among[0]
    best = NOTHING
    least = (3, 0.0)
    for worker in among:
        at = roster.place_of_worker[worker]
        if at in (NOWHERE, place):
            loss = (0, 0.0)
        elif at == 0:
            loss = (int(roster.ready_in[0] > 0), 0.0)
        else:
            kind = 2 if roster.ready_in[at] else 1 if roster.soon.get(at) else 0
            loss = (kind, roster.outlook.entries[at] / len(roster.members[at]) if kind else 0.0)
        if loss < least:
            best, least = worker, loss
    return best


def best_place(roster: Roster, now: float, left: float) -> int:
    """The place that an idle worker should enter, or nowhere."""
    long, worth = _long_place(roster, left * roster.tactics.long)
    if long != NOWHERE:
        return _best_shared(roster, now, left, long, worth)
    found, priority, worth = NOWHERE, -(2**63), -1.0
    places = roster.places
    blocked: list[tuple[int, float, int]] = []
    while places and len(blocked) < PASSED_OVER:
        first = places[0]
        place = first[2]
        if not roster.ready_in[place] or (place and roster.members[place]):
            heappop(places)
            continue
        priority, worth, _ = roster.worth(place)
        if (-priority, -worth) > (first[0], first[1] + 1e-12):
            heappop(places)
            heappush(places, (-priority, -worth, place))
            continue
        if first_in(roster, place) is None:
            blocked.append(heappop(places))
            continue
        found = place
        break
    for entry in blocked:
        heappush(places, entry)
    if found == 0:
        return found
    if found == NOWHERE:
        worth = -1.0
    return _best_shared(roster, now, left, found, worth)


def _long_place(roster: Roster, least: float) -> tuple[int, float]:
    """A place that cannot be put off, though not all of its tests can run; and what it is worth."""
    longest = roster.longest
    while longest and -longest[0][1] >= least:
        key = longest[0]
        place = key[2]
        if roster.ready_in[place] and not (place and roster.members[place]):
            priority, worth, full = roster.worth(place)
            if (-priority, -full) > (key[0], key[1] + 1e-12):
                heappop(longest)
                heappush(longest, (-priority, -full, place))
                continue
            if worth < full and first_in(roster, place) is not None:
                return place, full
        heappop(longest)
    return NOWHERE, -1.0


def _best_shared(roster: Roster, now: float, left: float, found: int, worth: float) -> int:
    """A place at which others work already, if to enter it is worth more than what was found."""
    is_last = found == NOWHERE
    for place in dict.fromkeys(roster.place_of_worker):
        if place > 0 and roster.ready_in[place] and roster.members[place]:
            gained = _shared(roster, now, left, place, is_last=is_last)
            if gained > worth and first_in(roster, place) is not None:
                found, worth = place, gained
    return found


def _shared(roster: Roster, now: float, left: float, place: int, *, is_last: bool) -> float:
    """What it is worth to enter a place at which others work, in seconds; or -1.

    :param is_last: There is nothing else to enter.
    """
    tactics, members = roster.tactics, roster.members[place]
    count = len(members)
    entry = roster.outlook.entries[place]
    work = after = roster.work_in[place]
    for worker in members:
        rest = max(0.0, roster.until[worker] - now)
        work += rest
        after -= max(0.0, entry - rest)
    seconds = work / count
    least = _with_resources(roster, place)
    if after <= TINY or seconds <= least:
        return -1.0
    if is_last:  # the place that will be done last is relieved
        return seconds
    if seconds < tactics.overload * left:
        return -1.0
    if min(after / (count * (count + 1)), seconds - least) < tactics.gain * entry:
        return -1.0
    return entry + after / (count + 1)


def _with_resources(roster: Roster, place: int) -> float:
    """Seconds that the ready tests of a place take for their resources, however many workers."""
    seconds = 0.0
    if roster.free:
        for kind in roster.by_place[place]:
            for resource, _ in roster.outlook.needs[kind]:
                if place in roster.users_in[resource]:
                    seconds = max(seconds, roster.users_in[resource][place][0])
    return seconds
