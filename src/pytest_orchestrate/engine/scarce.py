"""Ready tests that need resources, and which of them a worker takes next.

Tests that need the same stand in one line. Lines are looked at in order of urgency: first the
priority of the test at the head, then what takes longest: the path of work behind it, or the
work that the scarcest of its resources still has to do. A line that had to let others pass too
often keeps them from taking what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.leases import Leases, Signature
from pytest_orchestrate.engine.units import LOWEST

#: Tests that may pass a more urgent line at one of its resources before it is served first.
PATIENCE = 8

#: -priority, -rank in seconds, test
_Entry = tuple[int, float, int]


class _Line:
    __slots__ = ("by_class", "by_file", "heap", "needs", "passed", "waiting")

    def __init__(self, needs: Signature) -> None:
        self.needs = needs
        self.heap: list[_Entry] = []
        self.by_file: dict[int, list[_Entry]] = {}
        #: By the class (or module) for which they need something, of those that do.
        self.by_class: dict[str, list[_Entry]] = {}
        self.waiting: dict[int, float] = {}
        #: How many others have passed it.
        self.passed = 0

    def head(self, file: int = -1) -> _Entry | None:
        """The first test, or the first of a file."""
        return self._first(self.heap if file < 0 else self.by_file.get(file, []))

    def near(self, file: int, scope: str) -> _Entry | None:
        """The first test of a file; one of the class that is not less urgent goes before it."""
        of_file = self.head(file) if file >= 0 else None
        of_class = self._first(self.by_class.get(scope, [])) if scope else None
        if of_file is not None and of_class is not None and of_class[0] == of_file[0]:
            return of_class
        return of_file

    def _first(self, heap: list[_Entry]) -> _Entry | None:
        while heap and heap[0][2] not in self.waiting:
            heappop(heap)
        return heap[0] if heap else None


class Scarce:
    """Holds ready tests until their worker and their lease can be had together."""

    __slots__ = (
        "_estimates",
        "_in_file",
        "_leases",
        "_lines",
        "_load",
        "_none_fits",
        "_order_until",
        "_ordered",
        "_work_in",
        "count",
        "last_class",
        "work",
    )

    def __init__(self, estimates: Estimates, leases: Leases) -> None:
        self._estimates = estimates
        self._leases = leases
        self._lines: dict[Signature, _Line] = {}
        #: File -> lines with tests of it.
        self._in_file: dict[int, dict[Signature, _Line]] = {}
        #: File -> seconds of all of its tests that wait here.
        self._work_in: dict[int, float] = {}
        #: Lines by urgency, as it was not long ago, and how often they may be used still.
        self._ordered: list[_Line] = []
        self._order_until = 0
        #: The state of the leases in which nothing of it could be had.
        self._none_fits = -1
        #: Resource -> seconds of work that waits for one unit of it.
        self._load: dict[str, float] = {}
        self.count = 0
        #: Worker -> the class for which the test needed something that was sent there last.
        self.last_class: dict[int, str] = {}
        #: Seconds of all of it.
        self.work = 0.0

    def __bool__(self) -> bool:
        return self.count > 0

    def add(
        self, test: int, needs: Signature, priority: int, behind: float, scope: str = ""
    ) -> None:
        """A test that may run as soon as it can have what it needs.

        :param scope: The class or module for which it needs some of it.
        """
        line = self._lines.get(needs)
        if line is None:
            line = self._lines[needs] = _Line(needs)
            self._order_until = 0
        seconds = self._estimates.of(test)
        file = self._estimates.file_of[test]
        entry = (-priority, -(seconds + behind), test)
        if not line.heap or entry < line.heap[0]:
            self._order_until = 0
        heappush(line.heap, entry)
        heappush(line.by_file.setdefault(file, []), entry)
        if scope:
            heappush(line.by_class.setdefault(scope, []), entry)
        self._in_file.setdefault(file, {})[needs] = line
        self._work_in[file] = self._work_in.get(file, 0.0) + seconds
        self._none_fits = -1
        line.waiting[test] = seconds
        self.work += seconds
        self.count += 1
        self._weigh(needs, seconds)

    def take_here(self, worker: Worker, least: int) -> int | None:
        """A test of the file that the worker is in, taken out, if it can have what that needs.

        :param least: Priority of what the worker could do instead.
        """
        lines = self._in_file.get(worker.last_file)
        if not lines:
            return None
        best: tuple[tuple[int, float, int], _Line] | None = None
        for line in lines.values():
            head = line.near(worker.last_file, self.last_class.get(worker.number, ""))
            if head is None or head[2] in worker.missing:
                continue
            if not self._leases.fits(line.needs, worker.number):
                continue
            order = (head[0], -self._length(line), head[2])
            if best is None or order < best[0]:
                best = order, line
        if best is None or -best[0][0] < max(least, self.top_priority):
            return None
        if self._is_reserved(best[1]):
            return None
        self._remove(best[1], best[0][2])
        return best[0][2]

    def take(self, worker: Worker, *, inherit: bool, alone: bool) -> int | None:
        """The test that this worker should run next, taken out; None if there is none.

        :param inherit: Only what needs the very lease that the worker has.
        :param alone: No other worker has nothing to do, or is about to come.
        """
        leases = self._leases
        kept = leases.kept_by(worker.number)
        if not inherit and not kept and self._none_fits == leases.version:
            return None
        reserved: set[str] = set()
        denied: list[_Line] = []
        found = False
        for line in self._urgent():
            names = [need[0] for need in line.needs]
            wanted = [name for name in names if name not in kept] if kept else names
            fits = leases.fits(line.needs)
            found = found or fits
            if inherit:
                usable = leases.has(worker.number, line.needs) and (alone or not fits)
            else:
                usable = leases.fits(line.needs, worker.number) if kept else fits
            if usable and reserved.isdisjoint(wanted):
                test = self._choose(line, worker)
                if test is not None:
                    for other in denied:
                        if any(need[0] in names for need in other.needs):
                            other.passed += 1
                    line.passed = 0
                    self._remove(line, test)
                    return test
            denied.append(line)
            if line.passed >= PATIENCE:
                reserved.update(leases.short(line.needs))
        if not inherit and not found:
            self._none_fits = leases.version
        return None

    def wishes(self, worker: Worker) -> list[Signature]:
        """What the worker would take before all that it can have, if the machine granted it."""
        reserved: set[str] = set()
        wishes = []
        for line in self._urgent():
            if (
                reserved.isdisjoint(need[0] for need in line.needs)
                and self._choose(line, worker) is not None
            ):
                if self._leases.fits(line.needs, worker.number):
                    break
                if self._leases.could_fit(line.needs, worker.number):
                    wishes.append(line.needs)
            if line.passed >= PATIENCE:
                reserved.update(self._leases.short(line.needs))
        return wishes

    def _is_reserved(self, line: _Line) -> bool:
        """Whether a more urgent line has waited too long for something that this one needs."""
        names = {need[0] for need in line.needs}
        return any(
            other.passed >= PATIENCE and not names.isdisjoint(self._leases.short(other.needs))
            for other in self._lines.values()
            if other is not line
        )

    def has_file(self, file: int) -> bool:
        """Whether there are tests of a file."""
        return bool(self._in_file.get(file))

    def rank(self) -> float:
        """Seconds that the most urgent of it will take at least."""
        return max((self._length(line) for line in self._lines.values()), default=0.0)

    @property
    def top_priority(self) -> int:
        """The highest priority of all."""
        heads = [line.head() for line in self._lines.values()]
        return max((-head[0] for head in heads if head is not None), default=LOWEST)

    def clear(self) -> list[int]:
        """Take all out."""
        tests = [test for line in self._lines.values() for test in line.waiting]
        self._lines.clear()
        self._in_file.clear()
        self._work_in.clear()
        self._ordered, self._order_until = [], 0
        self._load.clear()
        self.count, self.work = 0, 0.0
        return tests

    def why_not(self, names: list[str]) -> str:
        """Why nothing of it can be run now. ``names``: of the tests, by index."""
        for line in self._urgent():
            resource, holders = self._leases.lacking(line.needs)
            if resource and holders:
                return f"{resource} is held by {names[holders[0]]}"
            if self._leases.is_hosted(resource):
                return f"{resource} has to be granted by the machine, which other runs share"
        return "what waits for resources is for other workers"

    def _urgent(self) -> list[_Line]:
        """Lines by urgency. Sorted rarely, as their order changes slowly."""
        self._order_until -= 1
        if self._order_until < 0:
            self._ordered = sorted(self._lines.values(), key=self._order)
            self._order_until = len(self._ordered) // 4
        return self._ordered

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
        same = line.near(worker.last_file, self.last_class.get(worker.number, ""))
        if same is None and first[1] >= -self._estimates.of(first[2]):  # nothing waits for it
            same = self._of_fullest_file(line, worker)
        chosen = same if same is not None and same[0] == first[0] else first
        if chosen[2] not in worker.missing:
            return chosen[2]
        able = (test for _, _, test in sorted(line.heap) if test in line.waiting)
        return next((test for test in able if test not in worker.missing), None)

    def _of_fullest_file(self, line: _Line, worker: Worker) -> _Entry | None:
        """The first test of the file that a worker gains most by entering."""
        files: Iterable[int] = line.by_file
        if worker.collected is not None and not worker.collected.isdisjoint(line.by_file):
            files = [file for file in line.by_file if file in worker.collected]
        return line.head(max(files, key=self._work_in.__getitem__))

    def _remove(self, line: _Line, test: int) -> None:
        seconds = line.waiting.pop(test)
        self.work -= seconds
        self.count -= 1
        self._weigh(line.needs, -seconds)
        file = self._estimates.file_of[test]
        self._work_in[file] -= seconds
        if line.head(file) is None:
            del self._in_file[file][line.needs]
            line.by_file.pop(file, None)
        if not line.waiting:
            del self._lines[line.needs]
            self._ordered = [each for each in self._ordered if each is not line]

    def _weigh(self, needs: Signature, seconds: float) -> None:
        for name, amount, _ in needs:
            self._load[name] = self._load.get(name, 0.0) + seconds * amount
