"""Pending units where each worker has collected a share of the files only.

The units of a file lie on the shelf of the worker that has collected it, the others (and, when
every worker has collected everything, all of them) on a common shelf. A worker takes from its
own shelf, then from the common one; what it takes from another's shelf it has to collect first,
so that is weighed by :mod:`~pytest_orchestrate.engine.dispatch`.
"""

from __future__ import annotations

from collections.abc import Iterable

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.placement import Pending
from pytest_orchestrate.engine.units import Unit


class Shelves:
    """All units that no worker has taken."""

    __slots__ = ("_estimates", "_on_lane", "_owned", "_owner_of", "common")

    def __init__(self, estimates: Estimates) -> None:
        self._estimates = estimates
        self._on_lane: dict[int, int] = {}
        self.common = Pending(estimates, self._on_lane)
        self._owned: dict[int, Pending] = {}
        self._owner_of: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self.common) or any(self._owned.values())

    @property
    def in_order(self) -> bool:
        """Units are taken in collection order, whoever has collected them."""
        return self.common.in_order

    @in_order.setter
    def in_order(self, value: bool) -> None:
        self.common.in_order = value

    def own(self, file: int, worker: int) -> None:
        """This worker has collected this file; said before units of the file are added."""
        if not self.in_order:
            self._owner_of[file] = worker
            if worker not in self._owned:
                self._owned[worker] = Pending(self._estimates, self._on_lane)

    def disown(self, worker: int) -> None:
        """The worker is gone; what is on its shelf is anybody's."""
        shelf = self._owned.pop(worker, None)
        if shelf is None:
            return
        self._owner_of = {f: owner for f, owner in self._owner_of.items() if owner != worker}
        self.common.add(shelf.clear())

    def of(self, worker: int) -> Pending | None:
        """The shelf of a worker, if it has one and anything lies there."""
        return self._owned.get(worker) or None

    def add(self, units: Iterable[Unit]) -> None:
        """More units."""
        by_shelf: dict[int, list[Unit]] = {}
        for unit in units:
            by_shelf.setdefault(self._owner_of.get(unit.file, -1), []).append(unit)
        for owner, those in by_shelf.items():
            (self.common if owner < 0 else self._owned[owner]).add(those)

    def take(self, worker: Worker) -> Unit | None:
        """The unit that this worker should do next without collecting another's file, taken out.

        Tests of the unit that the worker cannot run stay pending as a unit of their own.
        """
        own = self._owned.get(worker.number)
        shelves = (own, self.common) if own else (self.common,)
        if own and own.top_priority < self.common.top_priority:
            shelves = (self.common, own)
        unit = next((u for shelf in shelves if (u := shelf.take(worker)) is not None), None)
        if unit is not None:
            self.move_lane(worker, unit.lane)
        return unit

    def take_urgent(self, worker: Worker, than: int) -> Unit | None:
        """A unit from another worker's shelf, taken out, if its priority is above this one."""
        shelf = None
        for number, each in self._owned.items():
            if number != worker.number and each.top_priority > than:
                shelf, than = each, each.top_priority
        unit = shelf.take(worker) if shelf is not None else None
        if unit is not None and unit.priority < than:  # the worker lacks what is urgent there
            self.add([unit])
            return None
        if unit is not None:
            self.move_lane(worker, unit.lane)
        return unit

    def top_priority(self, worker: int) -> int:
        """The highest priority of what this worker could take without collecting more."""
        return max(self.common.top_priority, self._owned.get(worker, self.common).top_priority)

    def continues(self, worker: Worker) -> bool:
        """Whether there are units of the file that a worker is in."""
        own = self._owned.get(worker.number, self.common)
        return own.has_file(worker.last_file) or self.common.has_file(worker.last_file)

    def longest(self, worker: int) -> float:
        """Seconds of the longest that this worker could take, with what waits for it."""
        return max(self.common.longest, self._owned.get(worker, self.common).longest)

    def clear(self) -> list[int]:
        """Take all out; returns their tests."""
        shelves = (self.common, *self._owned.values())
        return [test for each in shelves for unit in each.clear() for test in unit.unsent]

    def follow_drift(self, file: int) -> None:
        """A test of this file finished: rank anew what that made look different."""
        owner = self._owner_of.get(file, -1)
        self.common.follow_drift(file)
        if owner >= 0:
            self._owned[owner].follow_drift(file)

    def move_lane(self, worker: Worker, lane: int) -> None:
        """The worker is on another affinity now (-1: on none)."""
        if lane != worker.lane:
            on_lane = self._on_lane
            if worker.lane >= 0:
                on_lane[worker.lane] -= 1
                worker.left_lanes.add(worker.lane)
            if lane >= 0:
                on_lane[lane] = on_lane.get(lane, 0) + 1
            worker.lane = lane

    def stay_on_lane(self, worker: Worker, lane: int) -> None:
        """The worker has given back what it would have left its affinity for."""
        if lane != worker.lane:
            left = set(worker.left_lanes)
            self.move_lane(worker, lane)
            worker.left_lanes = left - {lane}
