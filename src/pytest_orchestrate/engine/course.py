"""Running tests where, and in the order in which, another run has started them.

A recorded course is a list of steps: a worker and a test, in the order of their starts. Each worker
runs its own steps in their order, and none is moved to another worker. Between workers the order
counts where one can see it: of tests that need the same resource, and around a test that runs
alone. Everything else is as ever: what a test requires has to end well first, leases are granted
all at once or not at all.

The first step that has not been started can always be started as soon as what runs has ended, for
everything that it waits for stands before it: so nobody waits for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from pytest_orchestrate.engine.constrained import NOBODY, Constrained
from pytest_orchestrate.engine.fleet import Fleet, Worker
from pytest_orchestrate.engine.lifecycle import TestLives


class Course:
    """The steps that have not been started. Without any it is false, and changes nothing."""

    __slots__ = (
        "_alone",
        "_constrained",
        "_fleet",
        "_holders",
        "_lane_of",
        "_lanes",
        "_lives",
        "_place",
        "_present",
        "_steps",
        "_users",
    )

    def __init__(self, lives: TestLives, fleet: Fleet, constrained: Constrained) -> None:
        self._lives = lives
        self._fleet = fleet
        self._constrained = constrained
        #: The tests, in the order of their starts.
        self._steps: list[int] = []
        #: Test -> its place in that order.
        self._place: dict[int, int] = {}
        #: Test -> the worker of the course that ran it.
        self._lane_of: dict[int, int] = {}
        #: Worker of the course -> places of what it has to start, the next one first.
        self._lanes: dict[int, list[int]] = {}
        #: Worker of the course -> the worker that stands for it now.
        self._holders: dict[int, int] = {}
        #: Tests that are in their lane.
        self._present: set[int] = set()
        #: Resource -> places of those that need it and have not been started.
        self._users: dict[str, list[int]] = {}
        #: Places of those that want to be alone and have not been started.
        self._alone: list[int] = []

    def __bool__(self) -> bool:
        """Whether there is a course to follow."""
        return bool(self._place)

    def know(self, steps: Iterable[tuple[int, int]]) -> None:
        """These steps are to be followed: worker and test, in the order of their starts."""
        for lane, test in steps:
            self._place[test] = len(self._steps)
            self._lane_of[test] = lane
            self._steps.append(test)
            self._holders.setdefault(lane, lane)
        self._constrained.led = self._place

    def add(self, tests: Iterable[int]) -> list[int]:
        """Tests are pending, those of the course in their lanes; returns the others.

        What the worker of its lane cannot run is no part of the course any more.
        """
        others = []
        for test in tests:
            if test in self._place and self._is_lacking(test):
                del self._place[test]
            place = self._place.get(test)
            if place is None:
                others.append(test)
            elif test not in self._present:
                self._present.add(test)
                heappush(self._lanes.setdefault(self._lane_of[test], []), place)
                for name, _, _ in self._constrained.needs_of(test):
                    heappush(self._users.setdefault(name, []), place)
                if self._constrained.is_exclusive(test):
                    heappush(self._alone, place)
        return others

    def let_go(self, worker: Worker) -> list[int]:
        """Take out what stands in the lanes of a worker that cannot run it; returns it."""
        lanes = [lane for lane, holder in self._holders.items() if holder == worker.number]
        tests = [
            self._steps[place]
            for lane in lanes
            for place in sorted(self._lanes.get(lane, ()))
            if self._steps[place] in worker.missing
        ]
        self._remove(tests)
        return [test for test in tests if self._is_pending(test)]

    def hand_on(self, worker: int, successor: int) -> None:
        """A worker is gone, and another one takes its place."""
        for lane, holder in self._holders.items():
            if holder == worker:
                self._holders[lane] = successor

    def take(self, worker: Worker) -> int | None:
        """The next test of a worker, with what it needs granted; None if there is none now."""
        for lane in self._lanes_of(worker):
            test = self._steps[self._lanes[lane][0]]
            if not self._may_begin(worker, test):
                continue
            if self._constrained.is_exclusive(test):
                self._constrained.begin_alone(test, worker)
            elif self._constrained.needs_of(test):
                self._constrained.grant(worker, test)
            heappop(self._lanes[lane])
            self._present.discard(test)
            return test
        return None

    def waiting_for_leases(self, worker: Worker) -> list[int]:
        """Tests that the worker would begin if only it could have what they need."""
        heads = [self._steps[self._lanes[lane][0]] for lane in self._lanes_of(worker)]
        return [test for test in heads if self._may_begin(worker, test, with_leases=False)]

    def has_turn(self, worker: Worker) -> bool:
        """Whether the worker has anything to do yet, now or later."""
        return bool(self._lanes_of(worker))

    @property
    def left(self) -> bool:
        """Whether anything has not been started."""
        return any(self._first(lane) >= 0 for lane in self._lanes)

    def take_out(self) -> list[int]:
        """Take out what waits for no other test; returns it."""
        tests = [
            test
            for place in sorted(place for lane in self._lanes.values() for place in lane)
            if self._is_pending(test := self._steps[place])
            and not self._constrained.readiness.is_waiting(test)
        ]
        self._remove(tests)
        return tests

    def why_held(self, worker: Worker) -> str:
        """Why a worker that has something to do does not do it."""
        test = self._steps[self._first(self._lanes_of(worker)[0])]
        return f"{self._lives.names[test]} is next here, as in the recorded run; its turn comes"

    def _lanes_of(self, worker: Worker) -> list[int]:
        """The lanes that a worker goes along and that have not come to their end."""
        return [
            lane
            for lane in self._lanes
            if self._first(lane) >= 0
            and (self._holders[lane] == worker.number or self._is_orphaned(lane))
        ]

    def _is_orphaned(self, lane: int) -> bool:
        """Whether nobody is there, or will be, who stands for a worker of the course."""
        holder = self._holders[lane]
        return holder not in self._fleet or self._fleet[holder].state in ("closing", "left")

    def _is_lacking(self, test: int) -> bool:
        """Whether the worker that stands for the one of the course cannot run a test."""
        holder = self._holders[self._lane_of[test]]
        return holder in self._fleet and test in self._fleet[holder].missing

    def _first(self, lane: int) -> int:
        """The next place of a lane, or -1."""
        places = self._lanes[lane]
        while places and not self._is_pending(self._steps[places[0]]):
            self._present.discard(self._steps[heappop(places)])
        return places[0] if places else -1

    def _remove(self, tests: list[int]) -> None:
        self._present.difference_update(tests)
        for lane, places in self._lanes.items():
            self._lanes[lane] = sorted(p for p in places if self._steps[p] in self._present)

    def _is_pending(self, test: int) -> bool:
        return self._lives.states[test] == "pending"

    def _is_next(self, places: list[int], place: int) -> bool:
        """Whether none of these places that is still to be started comes before this one."""
        while places and not self._is_pending(self._steps[places[0]]):
            heappop(places)
        return not places or places[0] >= place

    def _may_begin(self, worker: Worker, test: int, *, with_leases: bool = True) -> bool:
        constrained = self._constrained
        place = self._place[test]
        if test in worker.missing or constrained.readiness.is_waiting(test):
            return False
        if constrained.alone_on != NOBODY or not self._is_next(self._alone, place):
            return False
        needs = constrained.needs_of(test)
        if with_leases and not constrained.leases.fits(needs, worker.number):
            return False
        if constrained.is_exclusive(test):
            earlier = any(0 <= self._first(lane) < place for lane in self._lanes)
            return not earlier and all(each.is_empty for each in self._fleet.ready)
        if not needs:
            return True
        return worker.is_empty and all(
            self._is_next(self._users[name], place) for name, _, _ in needs
        )
