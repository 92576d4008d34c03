"""What is left of the tests, where, and how much of the resources is free."""

from __future__ import annotations

from pytest_orchestrate.engine.outlook import Outlook

WAITING, READY, TAKEN, OVER = range(4)


class Stock:
    """Tests and resources at one time of a run."""

    def __init__(self, outlook: Outlook, seconds: list[float]) -> None:
        tests = len(seconds)
        self.outlook = outlook
        #: Test -> expected seconds.
        self.seconds = seconds
        self.state = bytearray(tests)
        #: Test -> how many of the tests that it requires have not ended, ...
        self.unmet = list(outlook.required)
        #: ... and how many of these are under way.
        self.under_way = [0] * tests
        #: Place -> waiting tests all of whose requirements are under way.
        self.soon: dict[int, dict[int, None]] = {}
        #: Of those, when they will be ready.
        self.ready_at: dict[int, float] = {}
        self.free = list(outlook.capacities)
        #: Resource -> how much of it is kept for large amounts: crowd, amount; or nothing.
        self.kept: dict[int, tuple[int, int]] = {}
        #: Resource -> seconds for which tests that were not given out keep all of it busy.
        self.load = [0.0] * len(self.free)
        #: Resource -> place -> such seconds of its ready tests, and how many these are.
        self.users_in: list[dict[int, list[float]]] = [{} for _ in self.free]
        #: Resource -> seconds by which a unit of it counts, as looked up last.
        self.weights = [0.0] * len(self.free)
        #: The resource that is needed for longest, as looked up last.
        self.scarcest = 0
        #: Seconds of the tests that were not given out, with the first entry to each place.
        self.work = sum(seconds) + sum(outlook.entries)
        self.unsent = tests
        places = len(outlook.entries)
        #: Place -> seconds and number of its ready tests.
        self.work_in = [0.0] * places
        self.ready_in = [0] * places
        #: Place -> how many of its tests were not given out.
        self.left_in = [0] * places
        for place in outlook.place_of:
            self.left_in[place] += 1
        #: Test -> how many tests of other places it still waits for.
        self.foreign = list(outlook.foreign)
        #: Tests that do so, unless all that they require is under way; and how many in each place.
        self.blocked = bytearray(map(bool, self.foreign))
        self.blocked_in = [0] * places
        for test, is_blocked in enumerate(self.blocked):
            if is_blocked:
                self.blocked_in[outlook.place_of[test]] += 1
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

    def copy_to(self, other: Stock) -> None:
        """Bring another one into the same state."""
        other.outlook, other.seconds, other.wanted = self.outlook, self.seconds, self.wanted
        other.weights, other.scarcest = self.weights, self.scarcest
        other.state, other.blocked = self.state[:], self.blocked[:]
        other.work, other.unsent = self.work, self.unsent
        for name in _LISTS:
            setattr(other, name, list(getattr(self, name)))
        other.soon = {place: dict(tests) for place, tests in self.soon.items()}
        other.ready_at = dict(self.ready_at)
        other.users_in = [{p: list(e) for p, e in each.items()} for each in self.users_in]
        other.kept = {}

    # What happens

    def take_out(self, test: int) -> None:
        """A test is given out."""
        outlook = self.outlook
        seconds = self.seconds[test]
        self.work -= seconds
        self.unsent -= 1
        self.left_in[outlook.place_of[test]] -= 1
        if self.state[test] == READY:
            self._uncount_ready(test)
        else:
            self._forget_soon(test)
        self._unblock(test)
        self.state[test] = TAKEN
        for resource, amount in outlook.needs[outlook.needs_of[test]]:
            self.load[resource] -= seconds * amount / outlook.capacities[resource]

    def put_back(self, test: int) -> None:
        """A test that was given out and has not begun can be given to anybody again."""
        outlook = self.outlook
        seconds = self.seconds[test]
        self.work += seconds
        self.unsent += 1
        self.left_in[outlook.place_of[test]] += 1
        for resource, amount in outlook.needs[outlook.needs_of[test]]:
            self.load[resource] += seconds * amount / outlook.capacities[resource]
        for follower in outlook.followers[test]:
            self.under_way[follower] -= 1
            if not self.state[follower]:
                self._forget_soon(follower)
        self.state[test] = READY
        self._count_ready(test)

    def announce(self, test: int, end: float) -> None:
        """A test was given out, and will probably end at this time: others may prepare for that."""
        for follower in self.outlook.followers[test]:
            self.under_way[follower] += 1
            self.ready_at[follower] = max(self.ready_at.get(follower, 0.0), end)
            if self.under_way[follower] == self.unmet[follower] and not self.state[follower]:
                place = self.outlook.place_of[follower]
                self.soon.setdefault(place, {})[follower] = None
                self._unblock(follower)

    def _unblock(self, test: int) -> None:
        if self.blocked[test]:
            self.blocked[test] = 0
            self.blocked_in[self.outlook.place_of[test]] -= 1

    def _forget_soon(self, test: int) -> None:
        place = self.outlook.place_of[test]
        tests = self.soon.get(place)
        if tests is not None:
            tests.pop(test, None)
            if not tests:
                del self.soon[place]

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
        needs = self.outlook.needs[kind]
        for resource, amount in needs:
            if free[resource] < amount:
                return False
        if self.kept:
            for resource, amount in needs:
                if resource in self.kept:
                    crowd, room = self.kept[resource]
                    if free[resource] - room < amount and crowd not in self.outlook.names_of[kind]:
                        return False
        return True

    def weigh(self, steep: float) -> None:
        """Look up how much a unit of each resource counts now: by this power of its load."""
        top = max(self.load, default=0.0)
        if top > 0.0:
            self.scarcest = self.load.index(top)
            self.weights = [
                top * (load / top) ** steep / capacity if load > 0.0 else 0.0
                for load, capacity in zip(self.load, self.outlook.capacities, strict=True)
            ]

    def busy(self, kind: int) -> float:
        """Seconds by which needs count: what takes much of the scarcest resources is largest.

        What is large goes first, like the longest test: later there is less to fill up with what
        it leaves free.
        """
        weights = self.weights
        seconds = 0.0
        for resource, amount in self.outlook.needs[kind]:
            seconds += weights[resource] * amount
        return seconds


_LISTS = (
    "unmet",
    "under_way",
    "free",
    "load",
    "work_in",
    "ready_in",
    "left_in",
    "foreign",
    "blocked_in",
)
