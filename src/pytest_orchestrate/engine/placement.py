"""Pending units, and which of them a worker takes next.

The order: longest first (estimated work and the cost to enter the file), ties in
collection order; or simply collection order. Before that come the worker's own affinity
and its own file, because what they have set up is standing already; an affinity that
another worker is on comes last.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.units import LOWEST, Unit

#: A unit in a heap: its key, its first test, its serial number. An entry is stale when the
#: unit is no longer pending or has another key by now.
Entry = tuple[float, int, int]

#: Seconds that one more of priority counts: more than any unit takes.
PRIORITY = 1e7

#: Units of one file are ranked anew when the expected duration of its unseen tests changed
#: by this factor; all units, when that of the run did.
DRIFT = 1.25


class Pending:
    """Units that no worker has taken."""

    __slots__ = (
        "_by_file",
        "_drift_checked",
        "_estimates",
        "_file_means",
        "_lanes",
        "_on_lane",
        "_run_mean",
        "_seen",
        "_serial",
        "_top",
        "_units",
        "_unseen",
        "in_order",
        "is_urgent",
        "tests",
    )

    def __init__(self, estimates: Estimates, on_lane: dict[int, int]) -> None:
        self._estimates = estimates
        self._units: dict[int, Unit] = {}
        self._serial = 0
        #: Per affinity the heap of its units; the units without one are on lane -1.
        self._lanes: dict[int, list[Entry]] = {}
        #: The first unit of each lane, among stale entries.
        self._top: list[tuple[float, int, int, int]] = []
        #: Per file the heap of its units in collection order.
        self._by_file: dict[int, list[tuple[int, int]]] = {}
        self._file_means: dict[int, float] = {}
        self._run_mean = 0.0
        self._drift_checked = 1
        #: Units are taken in collection order.
        self.in_order = False
        #: Some units have a priority, or work that waits for them.
        self.is_urgent = False
        #: Per affinity, how many workers are on it.
        self._on_lane = on_lane
        #: How many tests are pending.
        self.tests = 0
        #: Seconds of those that have a history, and how many have none.
        self._seen = 0.0
        self._unseen = 0

    def __bool__(self) -> bool:
        return bool(self._units)

    def add(self, units: list[Unit]) -> None:
        """More units."""
        touched: dict[int, list[Entry]] = {}
        for unit in units:
            serial = self._serial = self._serial + 1
            unit.serial = serial
            unit.key = self._key(unit)
            self._units[serial] = unit
            self.tests += unit.left
            self._seen += unit.seen
            self._unseen += unit.unseen
            first = unit.tests[unit.at]
            if unit.priority or unit.behind:
                self.is_urgent = True
            if self.in_order:
                unit.lane = -1
            else:
                files = self._by_file.setdefault(unit.file, [])
                heappush(files, (first, serial))
            lane = self._lanes.setdefault(unit.lane, [])
            lane.append((unit.key, first, serial))
            touched[unit.lane] = lane
        for number, lane in touched.items():
            heapify(lane)
            self._show(number, lane)

    def remove(self, unit: Unit) -> None:
        """Take a unit out."""
        del self._units[unit.serial]
        self.tests -= unit.left
        self._seen -= unit.seen
        self._unseen -= unit.unseen
        self._show(unit.lane, self._lanes[unit.lane])

    def clear(self) -> list[Unit]:
        """Take all out."""
        units = list(self._units.values())
        self._units.clear()
        self._lanes.clear()
        self._top.clear()
        self._by_file.clear()
        self.tests = self._unseen = 0
        self._seen = 0.0
        return units

    def work(self) -> float:
        """Expected seconds of all of it, roughly, without entering files."""
        return max(0.0, self._seen) + self._unseen * self._estimates.usual()

    def take(self, worker: Worker) -> Unit | None:
        """The unit that this worker should do next, taken out; None when it can do none.

        Tests of the unit that the worker cannot run stay pending as a unit of their own.
        """
        unit = self.choose(worker)
        if unit is not None:
            self.remove(unit)
            if worker.missing:
                self._leave_missing(unit, worker.missing)
        return unit

    def choose(self, worker: Worker) -> Unit | None:
        """The unit that this worker should do next; None when it can do none."""
        if not self._units:
            return None
        unit = self._preferred(worker)
        if unit is not None and worker.missing and not _is_runnable(unit, worker.missing):
            unit = self._best_runnable(worker.missing)
        return unit

    def most_urgent(self) -> Unit | None:
        """The first of all units, where any is urgent."""
        return self._longest(-1) if self.is_urgent and self._units else None

    def has_file(self, file: int) -> bool:
        """Whether there are units of a file."""
        files = self._by_file.get(file)
        while files and files[0][1] not in self._units:
            heappop(files)
        return bool(files)

    @property
    def longest(self) -> float:
        """Seconds of the first of all units, with what waits for it; 0 in collection order."""
        unit = None if self.in_order or not self._units else self._longest(-1)
        return 0.0 if unit is None else -unit.key - unit.priority * PRIORITY

    @property
    def top_priority(self) -> int:
        """The priority of the first of all units."""
        if not self._units:
            return LOWEST
        if self.in_order:
            first = self._head(self._lanes.get(-1, []))
        else:
            first = self.most_urgent()
        return first.priority if first is not None else 0

    def follow_drift(self, file: int) -> None:
        """A test of this file finished: rank anew what that made look different."""
        if self.in_order or not self._units:
            return
        estimates = self._estimates
        if file in self._by_file:
            mean = estimates.unseen(file)
            if _drifted(mean, self._file_means.get(file, 0.0)):
                self._file_means[file] = mean
                self._rank_again([serial for _, serial in self._by_file[file]])
        # Where nothing is known of a file the run's mean counts; looked at ever less often.
        run = estimates.run
        if run.bodies >= 2 * self._drift_checked:
            self._drift_checked = run.bodies
            mean = run.seen_mean()
            if _drifted(mean, self._run_mean):
                self._run_mean = mean
                self._rank_again(list(self._units))

    def _key(self, unit: Unit) -> float:
        if self.in_order:
            return float(-unit.priority)
        length = unit.work(self._estimates) + self._estimates.entry(unit.file) + unit.behind
        return -(length + unit.priority * PRIORITY)

    def _preferred(self, worker: Worker) -> Unit | None:
        """The unit to take if the worker can run any test."""
        if self.in_order:
            return self._head(self._lanes[-1])
        mine = worker.lane
        if self.is_urgent:
            first = self._longest(mine)
            if first is not None and (first.priority > 0 or first.behind):
                return self._near(worker, first)
        standing = self._standing(worker, mine)
        if standing is not None and standing.priority < 0:
            first = self._longest(mine)
            if first is not None and first.priority > standing.priority:
                return first
        return standing or self._longest(mine)

    def _near(self, worker: Worker, first: Unit) -> Unit:
        """The first of all units, or one of the worker's own file if leaving gains too little."""
        if first.file == worker.last_file or not self.has_file(worker.last_file):
            return first
        serials = [serial for _, serial in self._by_file[worker.last_file]]
        here = [self._units[serial] for serial in serials if serial in self._units]
        near = min(here, key=lambda unit: (unit.key, unit.tests[unit.at]))
        is_dear = near.key - first.key <= self._estimates.entry(first.file)
        return near if is_dear and near.priority == first.priority else first

    def _standing(self, worker: Worker, mine: int) -> Unit | None:
        """A unit for which the worker has set up something already."""
        files = self._by_file.get(worker.last_file)
        same_file: Unit | None = None
        if files and self.has_file(worker.last_file):
            same_file = self._units[files[0][1]]
            if same_file.lane == mine:
                return same_file
        if mine >= 0:
            unit = self._head(self._lanes.get(mine, []))
            if unit is not None:
                return unit
        if same_file is not None and not self._on_lane.get(same_file.lane):
            return same_file
        return None

    def _longest(self, mine: int) -> Unit | None:
        """The longest unit, preferably on an affinity that no other worker is on."""
        top = self._top
        crowded: list[tuple[float, int, int, int]] = []
        chosen: Unit | None = None
        while top:
            entry = top[0]
            unit = self._units.get(entry[2])
            if unit is None or unit.key != entry[0]:
                heappop(top)
                continue
            lane = entry[3]
            others = self._on_lane.get(lane, 0) - (lane == mine) if lane >= 0 else 0
            if others <= 0:
                chosen = unit
                break
            crowded.append(heappop(top))
        if chosen is None and crowded:
            chosen = self._units[crowded[0][2]]
        for entry in crowded:
            heappush(top, entry)
        return chosen

    def _best_runnable(self, missing: frozenset[int]) -> Unit | None:
        """The first unit in order that has a test which is not missing."""
        ranked = sorted(self._units.values(), key=lambda unit: (unit.key, unit.tests[unit.at]))
        return next((unit for unit in ranked if _is_runnable(unit, missing)), None)

    def _leave_missing(self, unit: Unit, missing: frozenset[int]) -> None:
        rest = [test for test in unit.tests[unit.at :] if test in missing]
        if rest:
            unit.tests = [test for test in unit.tests[unit.at :] if test not in missing]
            unit.at = 0
            unit.measure(self._estimates)
            other = Unit(rest, self._estimates.file_of[rest[0]], unit.lane, unit.together)
            other.measure(self._estimates)
            self.add([other])

    def _rank_again(self, serials: list[int]) -> None:
        touched: dict[int, list[Entry]] = {}
        for serial in serials:
            unit = self._units.get(serial)
            if unit is None:
                continue
            key = self._key(unit)
            if key != unit.key:
                unit.key = key
                lane = touched[unit.lane] = self._lanes[unit.lane]
                heappush(lane, (key, unit.tests[unit.at], serial))
        for number, lane in touched.items():
            self._show(number, lane)

    def _head(self, lane: list[Entry]) -> Unit | None:
        """The first unit of a lane; stale entries before it are dropped."""
        while lane:
            key, _, serial = lane[0]
            unit = self._units.get(serial)
            if unit is not None and unit.key == key:
                return unit
            heappop(lane)
        return None

    def _show(self, number: int, lane: list[Entry]) -> None:
        """Let the first unit of a lane stand among the first of all lanes."""
        if self._head(lane) is not None:
            heappush(self._top, (*lane[0], number))


def _is_runnable(unit: Unit, missing: frozenset[int]) -> bool:
    return any(test not in missing for test in unit.tests[unit.at :])


def _drifted(new: float, old: float) -> bool:
    return new > old * DRIFT or old > new * DRIFT
