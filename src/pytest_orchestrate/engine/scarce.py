"""Ready tests that need resources, and which of them a worker takes next.

Tests that need the same stand in one line. Lines are looked at in order of urgency: first the
priority of the test at the head, then what takes longest: the path of work behind it, or the
work that the scarcest of its resources still has to do. A line that had to let others pass too
often keeps them from taking what it waits for.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappush

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.leases import Leases, Signature
from pytest_orchestrate.engine.lines import PATIENCE, Entry, Line, Lines


class Scarce:
    """Holds ready tests until their worker and their lease can be had together."""

    __slots__ = (
        "_estimates",
        "_in_file",
        "_leases",
        "_lines",
        "_none_fits",
        "_work_in",
        "count",
        "last_class",
        "work",
    )

    def __init__(self, estimates: Estimates, leases: Leases) -> None:
        self._estimates = estimates
        self._leases = leases
        self._lines = Lines(leases)
        #: File -> lines with tests of it.
        self._in_file: dict[int, dict[Signature, Line]] = {}
        #: File -> seconds of all of its tests that wait here.
        self._work_in: dict[int, float] = {}
        #: The state of the leases in which nothing of it could be had.
        self._none_fits = -1
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
        seconds = self._estimates.of(test)
        file = self._estimates.file_of[test]
        entry = (-priority, -(seconds + behind), test)
        line = self._lines.add(entry, needs, seconds)
        heappush(line.by_file.setdefault(file, []), entry)
        if scope:
            heappush(line.by_class.setdefault(scope, []), entry)
        self._in_file.setdefault(file, {})[needs] = line
        self._work_in[file] = self._work_in.get(file, 0.0) + seconds
        self._none_fits = -1
        self.work += seconds
        self.count += 1

    def take_here(self, worker: Worker, least: int) -> int | None:
        """A test of the file that the worker is in, taken out, if it can have what that needs.

        :param least: Priority of what the worker could do instead.
        """
        lines = self._in_file.get(worker.last_file)
        if not lines:
            return None
        best: tuple[tuple[int, float, int], Line] | None = None
        for line in lines.values():
            head = line.near(worker.last_file, self.last_class.get(worker.number, ""))
            if head is None or head[2] in worker.missing:
                continue
            if not self._leases.fits(line.needs, worker.number):
                continue
            order = (head[0], -self._lines.length(line), head[2])
            if best is None or order < best[0]:
                best = order, line
        if best is None or -best[0][0] < max(least, self.top_priority):
            return None
        if self._lines.is_reserved(best[1]):
            return None
        self._remove(best[1], best[0][2])
        return best[0][2]

    def take(self, worker: Worker, *, inherit: bool, alone: bool) -> int | None:
        """The test that this worker should run next, taken out; None if there is none.

        :param inherit: Only what needs the very lease that the worker has.
        :param alone: No other worker has nothing to do, or is about to come.
        """
        if inherit:
            return self._inherited(worker, alone=alone)
        leases = self._leases
        kept = leases.kept_by(worker.number)
        if not kept and self._none_fits == leases.version:
            return None
        reserved: set[str] = set()
        denied: list[Line] = []
        found = False
        for line in self._lines.by_urgency():
            fits = leases.fits(line.needs)
            found = found or fits
            if leases.fits(line.needs, worker.number) if kept else fits:
                wanted = [name for name in line.names if name not in kept] if kept else line.names
                test = self._choose(line, worker) if reserved.isdisjoint(wanted) else None
                if test is not None:
                    self._lines.pass_by(denied, line)
                    self._remove(line, test)
                    return test
            denied.append(line)
            if line.passed >= PATIENCE:
                reserved.update(leases.short(line.needs))
        if not found:
            self._none_fits = leases.version
        return None

    def _inherited(self, worker: Worker, *, alone: bool) -> int | None:
        """A test that needs the very lease that the worker has, if others could not run it."""
        leases = self._leases
        line = self._lines.get(leases.held_by(worker.number))
        if line is None or not (alone or not leases.fits(line.needs)):
            return None
        kept = leases.kept_by(worker.number)
        denied = self._lines.more_urgent(line)
        for other in denied:
            if other.passed >= PATIENCE:
                short = leases.short(other.needs)
                if any(name in short for name in line.names if name not in kept):
                    return None
        test = self._choose(line, worker)
        if test is not None:
            self._lines.pass_by(denied, line)
            self._remove(line, test)
        return test

    def wishes(self, worker: Worker) -> list[Signature]:
        """What the worker would take before all that it can have, if the machine granted it."""
        reserved: set[str] = set()
        wishes = []
        for line in self._lines.by_urgency():
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

    def has_file(self, file: int) -> bool:
        """Whether there are tests of a file."""
        return bool(self._in_file.get(file))

    def rank(self) -> float:
        """Seconds that the most urgent of it will take at least."""
        return self._lines.rank()

    @property
    def top_priority(self) -> int:
        """The highest priority of all."""
        return self._lines.top_priority()

    def clear(self) -> list[int]:
        """Take all out."""
        tests = self._lines.clear()
        self._in_file.clear()
        self._work_in.clear()
        self.count, self.work = 0, 0.0
        return tests

    def why_not(self, names: list[str]) -> str:
        """Why nothing of it can be run now. ``names``: of the tests, by index."""
        for line in self._lines.by_urgency():
            resource, holders = self._leases.lacking(line.needs)
            if resource and holders:
                return f"{resource} is held by {names[holders[0]]}"
            if self._leases.is_hosted(resource):
                return f"{resource} has to be granted by the machine, which other runs share"
        return "what waits for resources is for other workers"

    def _choose(self, line: Line, worker: Worker) -> int | None:
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

    def _of_fullest_file(self, line: Line, worker: Worker) -> Entry | None:
        """The first test of the file that a worker gains most by entering."""
        files: Iterable[int] = line.by_file
        if worker.collected is not None and not worker.collected.isdisjoint(line.by_file):
            files = [file for file in line.by_file if file in worker.collected]
        return line.head(max(files, key=self._work_in.__getitem__))

    def _remove(self, line: Line, test: int) -> None:
        seconds = line.waiting[test]
        self._lines.remove(line, test)
        self.work -= seconds
        self.count -= 1
        file = self._estimates.file_of[test]
        self._work_in[file] -= seconds
        if line.head(file) is None:
            del self._in_file[file][line.needs]
            line.by_file.pop(file, None)
