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
from pytest_orchestrate.engine.tactics import Tactics, scrambled

WAITING, READY, TAKEN, OVER = range(4)
NOWHERE = NOTHING = -1
#: Doubtful tests are ranked as if they took so many times longer.
DOUBT = 2.0

#: -priority, -rank in seconds, test
Entry = tuple[int, float, int]


class Roster:
    """Workers and tests at one time of a run."""

    def __init__(
        self,
        outlook: Outlook,
        seconds: list[float],
        tactics: Tactics,
        doubtful: Iterable[int] = (),
    ) -> None:
        tests, workers = len(seconds), outlook.workers
        self.outlook = outlook
        self.tactics = tactics
        #: Test -> expected seconds.
        self.seconds = seconds
        #: Tests that may take far longer than expected: they are ranked as if they did.
        self.doubtful = list(doubtful)
        self.state = bytearray(tests)
        #: Test -> how many of the tests that it requires have not ended, ...
        self.unmet = list(outlook.required)
        #: ... and how many of these are under way.
        self.under_way = [0] * tests
        #: Place -> waiting tests all of whose requirements are under way.
        self.soon: dict[int, dict[int, None]] = {}
        #: Of those, when they will be ready.
        self.ready_at: dict[int, float] = {}
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
        self.free = list(outlook.capacities)
        #: Resource -> seconds for which tests that were not given out keep all of it busy.
        self.load = [0.0] * len(self.free)
        #: Resource -> place -> such seconds of its ready tests, and how many these are.
        self.users_in: list[dict[int, list[float]]] = [{} for _ in self.free]
        #: Seconds of the tests that were not given out, with the first entry to each place.
        self.work = sum(seconds) + sum(outlook.entries)
        self.unsent = tests
        places = len(outlook.entries)
        #: Place -> seconds and number of its ready tests; workers that are there.
        self.work_in = [0.0] * places
        self.ready_in = [0] * places
        #: Place -> how many of its tests were not given out.
        self.left_in = [0] * places
        for place in outlook.place_of:
            self.left_in[place] += 1
        self.members: list[list[int]] = [[] for _ in range(places)]
        self.entered = [False] * places
        needed = [0.0] * len(self.free)
        for test, kind in enumerate(outlook.needs_of):
            for resource, amount in outlook.needs[kind]:
                self.load[resource] += seconds[test] * amount / outlook.capacities[resource]
                needed[resource] += seconds[test]
        #: Resource -> workers that are needed for it to be busy all the time.
        self.wanted = [
            max(1, int(total / load + 1e-9)) if load else 1
            for total, load in zip(needed, self.load, strict=True)
        ]
        for test, count in enumerate(self.unmet):
            if not count:
                self.state[test] = READY
                self._count_ready(test)
        self.moves: list[Move] = []
        self._rank_all()

    def copy(self, tactics: Tactics) -> Roster:
        """Another one in the same state, for other tactics."""
        other = Roster.__new__(Roster)
        other.outlook = self.outlook
        other.seconds, other.wanted, other.doubtful = self.seconds, self.wanted, self.doubtful
        other.state, other.work, other.unsent = self.state[:], self.work, self.unsent
        for name in _LISTS:
            setattr(other, name, list(getattr(self, name)))
        other.soon = {place: dict(tests) for place, tests in self.soon.items()}
        other.ready_at = dict(self.ready_at)
        other.users_in = [{p: list(e) for p, e in each.items()} for each in self.users_in]
        other.members = [list(each) for each in self.members]
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
            self.behind = outlook.measure(seconds, tactics.entering)
            self.rank = [a + b for a, b in zip(seconds, self.behind, strict=True)]
        else:
            self.behind = [0.0] * len(seconds)
            self.rank = list(seconds)
        for test in self.doubtful:
            self.rank[test] += self.seconds[test] * DOUBT
        self.horizon_until = -1.0
        self.horizon = 0.0
        if tactics.noise:
            seed = tactics.seed * 0x9E3779B1
            scale = 2.0 * tactics.noise / 2**32
            for test in range(len(seconds)):
                chance = scrambled((test + seed) & 0xFFFFFFFF)
                self.rank[test] *= 1.0 - tactics.noise + chance * scale
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
        self.places = [
            (-priority, -worth, place)
            for place, count in enumerate(self.ready_in)
            if count
            for priority, worth in (self.worth(place),)
        ]
        heapify(self.places)

    # What happens

    def give(self, worker: int, test: int, now: float) -> None:
        """An idle worker takes a test: it begins at once, or enters the place of the test first."""
        outlook = self.outlook
        place = outlook.place_of[test]
        kind = outlook.needs_of[test]
        seconds = self.seconds[test]
        self.idle.remove(worker)
        self.work -= seconds
        self.unsent -= 1
        self.left_in[place] -= 1
        if self.state[test] == READY:
            self._uncount_ready(test)
        else:
            self._forget_soon(test)
        self.state[test] = TAKEN
        for resource, amount in outlook.needs[kind]:
            self.load[resource] -= seconds * amount / outlook.capacities[resource]
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
            self._announce(test, max(now + entry, self.ready_at.get(test, 0.0)) + seconds)
            self.moves.append(Move(worker, test, entry, True))
        else:
            self._announce(test, self._begin(worker, test, now + entry))
            self.moves.append(Move(worker, test, entry, False))

    def _begin(self, worker: int, test: int, now: float) -> float:
        self.running[worker] = True
        end = self.until[worker] = now + self.seconds[test]
        for resource, amount in self.outlook.needs[self.outlook.needs_of[test]]:
            self.free[resource] -= amount
        return end

    def _announce(self, test: int, end: float) -> None:
        """A test was given out, and will probably end at this time: others may prepare for that."""
        for follower in self.outlook.followers[test]:
            self.under_way[follower] += 1
            self.ready_at[follower] = max(self.ready_at.get(follower, 0.0), end)
            if self.under_way[follower] == self.unmet[follower] and not self.state[follower]:
                place = self.outlook.place_of[follower]
                self.soon.setdefault(place, {})[follower] = None

    def begin_prepared(self, now: float) -> None:
        """Workers that stand by begin with their tests, where that is possible now."""
        if len(self.standby) > 1:
            self.standby.sort(key=self._order_of_standby)
        for worker in tuple(self.standby):
            test = self.test_of_worker[worker]
            if not self.unmet[test] and self.fits(self.outlook.needs_of[test]):
                self.standby.remove(worker)
                members = self.members[self.place_of_worker[worker]]
                if worker not in members:
                    members.append(worker)
                end = self._begin(worker, test, now)
                for follower in self.outlook.followers[test]:
                    self.ready_at[follower] = max(self.ready_at[follower], end)
                self.moves.append(Move(worker, test, 0.0, False))

    def _order_of_standby(self, worker: int) -> tuple[float, int]:
        test = self.test_of_worker[worker]
        return -max(self.rank[test], self.busy(self.outlook.needs_of[test])), worker

    def busy(self, kind: int) -> float:
        """How long all that is needed will be in demand; the harder to get, the longer."""
        load = self.load
        seconds = 0.0
        for each in self.outlook.needs[kind]:
            seconds += load[each[0]]
        return seconds

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
        for follower in self.outlook.followers[test]:
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
        priority, worth = self.worth(place)
        heappush(self.places, (-priority, -worth, place))

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

    def _forget_soon(self, test: int) -> None:
        place = self.outlook.place_of[test]
        tests = self.soon.get(place)
        if tests is not None:
            tests.pop(test, None)
            if not tests:
                del self.soon[place]

    def _leave(self, worker: int, place: int) -> None:
        self.members[place].remove(worker)
        if not self.members[place] and self.ready_in[place]:
            self.show_place(place)

    def _count_ready(self, test: int) -> None:
        outlook = self.outlook
        place = outlook.place_of[test]
        self.work_in[place] += self.seconds[test]
        self.ready_in[place] += 1
        for resource, amount in outlook.needs[outlook.needs_of[test]]:
            users = self.users_in[resource].setdefault(place, [0.0, 0])
            users[0] += self.seconds[test] * amount / outlook.capacities[resource]
            users[1] += 1

    def _uncount_ready(self, test: int) -> None:
        outlook = self.outlook
        place = outlook.place_of[test]
        self.work_in[place] -= self.seconds[test]
        self.ready_in[place] -= 1
        for resource, amount in outlook.needs[outlook.needs_of[test]]:
            users = self.users_in[resource][place]
            users[0] -= self.seconds[test] * amount / outlook.capacities[resource]
            users[1] -= 1
            if not users[1]:
                del self.users_in[resource][place]

    # What can be done

    def fits(self, kind: int) -> bool:
        """Whether what is needed is free."""
        free = self.free
        for resource, amount in self.outlook.needs[kind]:  # noqa: SIM110  # all() takes three times as long
            if free[resource] < amount:
                return False
        return True

    def head(self, heap: list[Entry]) -> Entry | None:
        """The first ready test of a heap; stale entries before it are dropped."""
        state, rank = self.state, self.rank
        while heap:
            entry = heap[0]
            if state[entry[2]] == READY and rank[entry[2]] == -entry[1]:
                return entry
            heappop(heap)
        return None

    def worth(self, place: int) -> tuple[int, float]:
        """Of a place: the highest priority, and seconds by which one more worker there counts."""
        entry = self.outlook.entries[place]
        longest = 0.0
        priority = -(2**63)
        for heap in self.by_place[place].values():
            head = self.head(heap)
            if head is not None:
                longest = max(longest, -head[1])
                priority = max(priority, -head[0])
        share = min(
            self.work_in[place] / (len(self.members[place]) + 1), self.tactics.chunk * entry
        )
        worth = entry + max(share, longest)
        if self.tactics.complete and self.ready_in[place] < self.left_in[place]:
            worth *= (self.ready_in[place] / self.left_in[place]) ** self.tactics.complete
        return priority, worth


_LISTS = (
    "unmet",
    "under_way",
    "place_of_worker",
    "test_of_worker",
    "running",
    "until",
    "idle",
    "standby",
    "free",
    "load",
    "work_in",
    "ready_in",
    "left_in",
    "entered",
)
