"""Who is where and what can be done: the state on which list scheduling decides.

The same class serves the run itself and the rehearsals, in which a copy of it is played to the
end with the expected durations.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterable
from heapq import heapify, heappop, heappush

from pytest_orchestrate.engine.moves import Move
from pytest_orchestrate.engine.outlook import Outlook
from pytest_orchestrate.engine.stock import OVER, READY, TAKEN, Stock
from pytest_orchestrate.engine.tactics import Tactics, scrambled

NOWHERE = NOTHING = -1
#: Doubtful tests are ranked as if they took so many times longer.
DOUBT = 6.0

#: So much of what a place is worth goes if all of its tests wait for those of other places.
SPOILT = 0.9

#: -priority, -rank in seconds, test
Entry = tuple[int, float, int]


class Roster(Stock):
    """Workers and tests at one time of a run."""

    def __init__(
        self,
        outlook: Outlook,
        seconds: list[float],
        tactics: Tactics,
        doubtful: Iterable[int] = (),
    ) -> None:
        workers = outlook.workers
        super().__init__(outlook, seconds)
        self.tactics = tactics
        #: Tests that may take far longer than expected: they are ranked as if they did.
        self.doubtful = list(doubtful)
        self.place_of_worker = [NOWHERE] * workers
        #: What a worker was given last, while it has not ended.
        self.test_of_worker = [NOTHING] * workers
        #: Whether a worker runs what it has (entering included), or prepares for it.
        self.running = [False] * workers
        #: When a worker will have done, or have prepared.
        self.until = [0.0] * workers
        self.idle = list(range(workers))
        #: Workers that are where their test is, and may not begin with it yet.
        self.standby: list[int] = []
        places = len(outlook.entries)
        #: Place -> workers that are there.
        self.members: list[list[int]] = [[] for _ in range(places)]
        self.entered = [False] * places
        #: Place -> when something urgent will be ready there, for which somebody stays.
        self.stays: dict[int, float] = {}
        self.moves: list[Move] = []
        self._rank_all()

    def copy(self, tactics: Tactics) -> Roster:
        """Another one in the same state, for other tactics."""
        other = Roster.__new__(Roster)
        self.copy_to(other)
        other.doubtful = self.doubtful
        for name in _LISTS:
            setattr(other, name, list(getattr(self, name)))
        other.members = [list(each) for each in self.members]
        other.stays = {}
        other.moves = []
        other.adopt(tactics)
        return other

    def adopt(self, tactics: Tactics) -> None:
        """Go on with other tactics."""
        self.tactics = tactics
        self._rank_all()

    def _rank_all(self) -> None:
        """Rank all tests by what is known now."""
        outlook, tactics, seconds = self.outlook, self.tactics, self.seconds
        if outlook.order:
            self.behind = outlook.measure(seconds, tactics.entering, tactics.grain)
            self.rank = [a + b for a, b in zip(seconds, self.behind, strict=True)]
        else:
            self.behind = [0.0] * len(seconds)
            self.rank = list(seconds)
        for test in self.doubtful:
            self.rank[test] += self.seconds[test] * DOUBT
        self.horizon_until = -1.0
        self.horizon = 0.0
        #: So many workers need not work all the time.
        self.spare = 0
        if tactics.noise:
            seed = tactics.seed * 0x9E3779B1
            scale = 2.0 * tactics.noise / 2**32
            for test in range(len(seconds)):
                chance = scrambled((test + seed) & 0xFFFFFFFF)
                self.rank[test] *= 1.0 - tactics.noise + chance * scale
        self._show_all()

    def _show_all(self) -> None:
        """Put all ready tests and their places where they are looked for."""
        outlook = self.outlook
        state, entries, place_of = self.state, outlook.entries, outlook.place_of
        #: Ready tests by rank, among stale ones: -(rank + entry), test.
        self.urgent = []
        #: Place -> index of needs -> its ready tests by rank, among stale ones.
        self.by_place: list[dict[int, list[Entry]]] = [{} for _ in entries]
        for test, rank in enumerate(self.rank):
            if state[test] == READY:
                place = place_of[test]
                self.urgent.append((-rank - entries[place], test))
                entry = (-outlook.priorities[test], -rank, test)
                self.by_place[place].setdefault(outlook.needs_of[test], []).append(entry)
        heapify(self.urgent)
        for kinds in self.by_place:
            for heap in kinds.values():
                heapify(heap)
        #: Tests that were not given out, by rank, among stale ones.
        self.paths = [(-rank, test) for test, rank in enumerate(self.rank) if state[test] < TAKEN]
        heapify(self.paths)
        #: Places to enter by worth, among stale ones: -priority, -worth, place.
        self.places: list[tuple[int, float, int]] = []
        #: Those of which some tests cannot run yet, by what they would be worth otherwise.
        self.longest: list[tuple[int, float, int]] = []
        for place, count in enumerate(self.ready_in):
            if count:
                self.show_place(place)

    # What happens

    def give(self, worker: int, test: int, now: float) -> None:
        """An idle worker takes a test: it begins at once, or enters the place of the test first."""
        outlook = self.outlook
        place = outlook.place_of[test]
        kind = outlook.needs_of[test]
        seconds = self.seconds[test]
        self.idle.remove(worker)
        self.take_out(test)
        entry = 0.0
        if self.place_of_worker[worker] != place:
            entry = outlook.entries[place]
            self._go(worker, place)
            if self.unmet[test]:  # as long as it waits it can be of no use for others there
                self._leave(worker, place)
        self.test_of_worker[worker] = test
        if self.unmet[test] or (entry and kind):
            self.running[worker] = False
            self.until[worker] = now + entry
            self.announce(test, max(now + entry, self.ready_at.get(test, 0.0)) + seconds)
            self.moves.append(Move(worker, test, entry, True))
        else:
            self.announce(test, self.begin(worker, test, now + entry))
            self.moves.append(Move(worker, test, entry, False))

    def begin(self, worker: int, test: int, now: float) -> float:
        """A worker begins with a test; returns when it will probably end."""
        self.running[worker] = True
        end = self.until[worker] = now + self.seconds[test]
        for resource, amount in self.outlook.needs[self.outlook.needs_of[test]]:
            self.free[resource] -= amount
        return end

    def begin_here(self, worker: int, test: int, now: float) -> None:
        """A worker that stands by begins with its test."""
        self.standby.remove(worker)
        members = self.members[self.place_of_worker[worker]]
        if worker not in members:
            members.append(worker)
        end = self.begin(worker, test, now)
        for follower in self.outlook.followers[test]:
            self.ready_at[follower] = max(self.ready_at[follower], end)
        self.moves.append(Move(worker, test, 0.0, False))

    def exchange(self, worker: int, test: int, now: float) -> None:
        """A worker that stands by gives its test back, for another one of the same place."""
        before = self.test_of_worker[worker]
        self.put_back(before)
        heappush(self.paths, (-self.rank[before], before))
        self.show(before)
        self.take_out(test)
        self.test_of_worker[worker] = test
        self.announce(test, now + self.seconds[test])

    def prepared(self, worker: int) -> None:
        """A worker has entered the place of its test."""
        self.standby.append(worker)

    def finished(self, worker: int, test: int) -> None:
        """A worker has done with its test."""
        self.test_of_worker[worker] = NOTHING
        self.running[worker] = False
        insort(self.idle, worker)
        for resource, amount in self.outlook.needs[self.outlook.needs_of[test]]:
            self.free[resource] += amount
        self.state[test] = OVER
        place_of = self.outlook.place_of
        for follower in self.outlook.followers[test]:
            if place_of[follower] != place_of[test]:
                self.foreign[follower] -= 1
                if not self.foreign[follower]:
                    self._unblock(follower)
            self.unmet[follower] -= 1
            self.under_way[follower] -= 1
            if not self.unmet[follower] and not self.state[follower]:
                self._forget_soon(follower)
                self.make_ready(follower)

    def make_ready(self, test: int) -> None:
        """A test may run as far as its requirements go."""
        self.state[test] = READY
        self._count_ready(test)
        self.show(test)

    def show(self, test: int) -> None:
        """Put a ready test where it is looked for."""
        outlook = self.outlook
        place = outlook.place_of[test]
        rank = self.rank[test]
        heap = self.by_place[place].setdefault(outlook.needs_of[test], [])
        heappush(heap, (-outlook.priorities[test], -rank, test))
        heappush(self.urgent, (-rank - outlook.entries[place], test))
        self.show_place(place)

    def show_place(self, place: int) -> None:
        """Put a place with ready tests where it is looked for."""
        priority, worth, full = self.worth(place)
        heappush(self.places, (-priority, -worth, place))
        if worth < full:
            heappush(self.longest, (-priority, -full, place))

    def expect(self, test: int, seconds: float) -> None:
        """A test that was not given out is expected to take another time than before."""
        more = seconds - self.seconds[test]
        self.seconds[test] = seconds
        self.rank[test] += more * (1.0 + DOUBT) if self.doubtful else more
        self.work += more
        ready = self.state[test] == READY
        place = self.outlook.place_of[test]
        for resource, amount in self.outlook.needs[self.outlook.needs_of[test]]:
            busy = more * amount / self.outlook.capacities[resource]
            self.load[resource] += busy
            if ready:
                self.users_in[resource][place][0] += busy
        heappush(self.paths, (-self.rank[test], test))
        if ready:
            self.work_in[place] += more
            self.show(test)

    def _go(self, worker: int, place: int) -> None:
        before = self.place_of_worker[worker]
        if before != NOWHERE:
            self._leave(worker, before)
        self.members[place].append(worker)
        self.place_of_worker[worker] = place
        if not self.entered[place]:
            self.entered[place] = True
            self.work -= self.outlook.entries[place]

    def _leave(self, worker: int, place: int) -> None:
        self.members[place].remove(worker)
        if not self.members[place] and self.ready_in[place]:
            self.show_place(place)

    # What can be done

    def head(self, heap: list[Entry]) -> Entry | None:
        """The first ready test of a heap; stale entries before it are dropped."""
        state, rank = self.state, self.rank
        while heap:
            entry = heap[0]
            if state[entry[2]] == READY and rank[entry[2]] == -entry[1]:
                return entry
            heappop(heap)
        return None

    def worth(self, place: int) -> tuple[int, float, float]:
        """Of a place: the highest priority, and seconds by which one more worker there counts.

        The last number is what it would be if all tests that are left there could run: who leaves
        before the last one can has to come back.
        """
        entry = self.outlook.entries[place]
        longest = 0.0
        priority = -(2**63)
        for heap in self.by_place[place].values():
            head = self.head(heap)
            if head is not None:
                longest = max(longest, -head[1])
                priority = max(priority, -head[0])
        tactics = self.tactics
        share = min(self.work_in[place] / (len(self.members[place]) + 1), tactics.chunk * entry)
        worth = full = entry + max(share, longest)
        if self.blocked_in[place]:
            part = 1.0 - SPOILT * self.blocked_in[place] / self.left_in[place]
            worth *= tactics.incomplete * part**tactics.complete
        return priority, worth, full


_LISTS = ("place_of_worker", "test_of_worker", "running", "until", "idle", "standby", "entered")
