"""Ready tests that need resources, and which of them a worker takes next.

Tests that need the same stand in one line. Lines are looked at in order of urgency: first the
priority of the test at the head, then what takes longest: the path of work behind it, or the
work that the scarcest of its resources still has to do. A line that had to let others pass too
often keeps them from taking what it waits for.
"""

from __future__ import annotations

from heapq import heappop, heappush

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.leases import Leases, Signature

#: Tests that may pass a more urgent line at one of its resources before it is served first.
PATIENCE = 8

#: -priority, -rank in seconds, test
_Entry = tuple[int, float, int]


class _Line:
    __slots__ = ("by_file", "heap", "needs", "passed", "waiting")

    def __init__(self, needs: Signature) -> None:
        self.needs = needs
        self.heap: list[_Entry] = []
        self.by_file: dict[int, list[_Entry]] = {}
        self.waiting: dict[int, float] = {}
        #: How many others have passed it.
        self.passed = 0

    def head(self, file: int = -1) -> _Entry | None:
        """The first test, or the first of a file."""
        heap = self.heap if file < 0 else self.by_file.get(file, [])
        while heap and heap[0][2] not in self.waiting:
            heappop(heap)
        return heap[0] if heap else None


class Scarce:
    """Holds ready tests until their worker and their lease can be had together."""

    __slots__ = ("_estimates", "_leases", "_lines", "_load", "count", "work")

    def __init__(self, estimates: Estimates, leases: Leases) -> None:
        self._estimates = estimates
        self._leases = leases
        self._lines: dict[Signature, _Line] = {}
        #: Resource -> seconds of work that waits for one unit of it.
        self._load: dict[str, float] = {}
        self.count = 0
        #: Seconds of all of it.
        self.work = 0.0

    def __bool__(self) -> bool:
        return self.count > 0

    def add(self, test: int, needs: Signature, priority: int, behind: float) -> None:
        """A test that may run as soon as it can have what it needs."""
        line = self._lines.get(needs)
        if line is None:
            line = self._lines[needs] = _Line(needs)
        seconds = self._estimates.of(test)
        entry = (-priority, -(seconds + behind), test)
        heappush(line.heap, entry)
        heappush(line.by_file.setdefault(self._estimates.file_of[test], []), entry)
        line.waiting[test] = seconds
        self.work += seconds
        self.count += 1
        self._weigh(needs, seconds)

    def take(self, worker: Worker, *, inherit: bool, alone: bool) -> int | None:
        """The test that this worker should run next, taken out; None if there is none.

        :param inherit: Only what needs the very lease that the worker has.
        :param alone: No other worker has nothing to do, or is about to come.
        """
        reserved: set[str] = set()
        denied: list[_Line] = []
        for line in self._urgent():
            names = [need[0] for need in line.needs]
            has = self._leases.has(worker.number, line.needs)
            if inherit and not (has and (alone or not self._leases.fits(line.needs))):
                denied.append(line)
            elif not has and (not reserved.isdisjoint(names) or not self._leases.fits(line.needs)):
                denied.append(line)
                if line.passed >= PATIENCE:
                    reserved.update(names)
            elif has and inherit and not reserved.isdisjoint(names):
                denied.append(line)
            else:
                test = self._choose(line, worker)
                if test is not None:
                    for other in denied:
                        if any(need[0] in names for need in other.needs):
                            other.passed += 1
                    line.passed = 0
                    self._remove(line, test)
                    return test
            if inherit and line.passed >= PATIENCE:
                reserved.update(names)
        return None

    def rank(self) -> float:
        """Seconds that the most urgent of it will take at least."""
        return max((self._length(line) for line in self._lines.values()), default=0.0)

    @property
    def top_priority(self) -> int:
        """The highest priority of all."""
        heads = [line.head() for line in self._lines.values()]
        return max((-head[0] for head in heads if head is not None), default=0)

    def clear(self) -> list[int]:
        """Take all out."""
        tests = [test for line in self._lines.values() for test in line.waiting]
        self._lines.clear()
        self._load.clear()
        self.count, self.work = 0, 0.0
        return tests

    def why_not(self, names: list[str]) -> str:
        """Why nothing of it can be run now. ``names``: of the tests, by index."""
        for line in self._urgent():
            resource, holders = self._leases.lacking(line.needs)
            if resource and holders:
                return f"{resource} is held by {names[holders[0]]}"
        return "what waits for resources is for other workers"

    def _urgent(self) -> list[_Line]:
        lines = list(self._lines.values())
        if len(lines) > 1:
            lines.sort(key=self._order)
        return lines

    def _order(self, line: _Line) -> tuple[int, float, int]:
        priority, _, test = line.head() or (0, 0.0, 0)
        return (priority, -self._length(line), test)

    def _length(self, line: _Line) -> float:
        head = line.head()
        length = -head[1] if head is not None else 0.0
        for name, _, _ in line.needs:
            length = max(length, self._load[name] / self._leases.capacity(name))
        return length

    def _choose(self, line: _Line, worker: Worker) -> int | None:
        """A test of the line: of the file that the worker is in, or that it has collected."""
        first = line.head()
        if first is None:
            return None
        same = line.head(worker.last_file) if worker.last_file >= 0 else None
        if same is None and worker.collected is not None:
            heads = [line.head(file) for file in line.by_file if file in worker.collected]
            same = min((head for head in heads if head is not None), default=None)
        chosen = same if same is not None and same[0] == first[0] else first
        if chosen[2] not in worker.missing:
            return chosen[2]
        able = (test for _, _, test in sorted(line.heap) if test in line.waiting)
        return next((test for test in able if test not in worker.missing), None)

    def _remove(self, line: _Line, test: int) -> None:
        seconds = line.waiting.pop(test)
        self.work -= seconds
        self.count -= 1
        self._weigh(line.needs, -seconds)
        if not line.waiting:
            del self._lines[line.needs]

    def _weigh(self, needs: Signature, seconds: float) -> None:
        for name, amount, _ in needs:
            self._load[name] = self._load.get(name, 0.0) + seconds * amount
