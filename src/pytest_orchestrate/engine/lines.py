"""Lines: ready tests that need the same resources, and in which order lines are looked at.

There may be as many lines as tests, if each needs something of its own. So nothing here walks all
of them for a test that comes or goes: what is asked for often is kept in heaps and indexes.
"""

from __future__ import annotations

from bisect import insort
from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from pytest_orchestrate.engine.leases import Leases, Signature
from pytest_orchestrate.engine.units import LOWEST

#: Tests that may pass a more urgent line at one of its resources before it is served first.
PATIENCE = 8
#: What has more than so many entries for each that is valid is made anew.
STALE = 4

#: -priority, -rank in seconds, test
Entry = tuple[int, float, int]
#: That of no test.
NO_ENTRY: Entry = (-LOWEST, 1.0, -1)


class Line:
    """Ready tests that need the same."""

    __slots__ = (
        "by_class",
        "by_file",
        "entries",
        "heap",
        "names",
        "needs",
        "order",
        "passed",
        "waiting",
    )

    def __init__(self, needs: Signature) -> None:
        self.needs = needs
        #: The resources.
        self.names = tuple(need[0] for need in needs)
        self.heap: list[Entry] = []
        self.by_file: dict[int, list[Entry]] = {}
        #: By the class (or module) for which they need something, of those that do.
        self.by_class: dict[str, list[Entry]] = {}
        #: Test -> its seconds, and its entry: others in the heaps are stale.
        self.waiting: dict[int, float] = {}
        self.entries: dict[int, Entry] = {}
        #: How many others have passed it.
        self.passed = 0
        #: How urgent it was when that was looked up last, the smallest first.
        self.order: Entry = (0, 0.0, 0)

    def head(self, file: int = -1) -> Entry | None:
        """The first test, or the first of a file."""
        return self._first(self.heap if file < 0 else self.by_file.get(file, []))

    def near(self, file: int, scope: str) -> Entry | None:
        """The first test of a file; one of the class that is not less urgent goes before it."""
        of_file = self.head(file) if file >= 0 else None
        of_class = self._first(self.by_class.get(scope, [])) if scope else None
        if of_file is not None and of_class is not None and of_class[0] == of_file[0]:
            return of_class
        return of_file

    def _first(self, heap: list[Entry]) -> Entry | None:
        while heap and self.entries.get(heap[0][2]) != heap[0]:
            heappop(heap)
        return heap[0] if heap else None


class Lines:
    """All lines, by what they need and by urgency."""

    __slots__ = (
        "_by_name",
        "_by_needs",
        "_entries",
        "_leases",
        "_load",
        "_loads",
        "_order_until",
        "_ordered",
        "_overdue",
        "_priorities",
        "_ranks",
    )

    def __init__(self, leases: Leases) -> None:
        self._leases = leases
        self._by_needs: dict[Signature, Line] = {}
        #: Resource -> lines of tests that need it.
        self._by_name: dict[str, dict[Signature, Line]] = {}
        #: Lines by urgency, as it was not long ago, and how often they may be used still. Entries
        #: of an order that is not the line's any more are stale.
        self._ordered: list[tuple[Entry, Line]] = []
        self._order_until = 0
        #: Those that too many others have passed.
        self._overdue: dict[Signature, Line] = {}
        #: Resource -> seconds of work that waits for one unit of it.
        self._load: dict[str, float] = {}
        #: The same by size, among stale ones: -seconds by capacity, resource.
        self._loads: list[tuple[float, str]] = []
        #: Test -> its entry, of those that wait.
        self._entries: dict[int, Entry] = {}
        #: The same by priority and by rank, among stale ones: what is largest, negated; test.
        self._priorities: list[tuple[int, int]] = []
        self._ranks: list[tuple[float, int]] = []

    def __iter__(self) -> Iterator[Line]:
        return iter(self._by_needs.values())

    def get(self, needs: Signature) -> Line | None:
        """The line of tests that need this."""
        return self._by_needs.get(needs)

    def add(self, entry: Entry, needs: Signature, seconds: float) -> Line:
        """A test joins the line for what it needs."""
        line = self._by_needs.get(needs)
        if line is None:
            line = self._by_needs[needs] = Line(needs)
            for name in line.names:
                self._by_name.setdefault(name, {})[needs] = line
        head = line.head()
        is_first = head is None or entry < head
        line.waiting[entry[2]] = seconds
        line.entries[entry[2]] = entry
        heappush(line.heap, entry)
        self._entries[entry[2]] = entry
        heappush(self._priorities, (entry[0], entry[2]))
        heappush(self._ranks, (entry[1], entry[2]))
        self._weigh(line, seconds)
        if is_first:
            self._place(line)
        return line

    def remove(self, line: Line, test: int) -> None:
        """A test leaves its line."""
        self._weigh(line, -line.waiting.pop(test))
        del self._entries[test], line.entries[test]
        if line.waiting:
            self._place(line)
            return
        del self._by_needs[line.needs]
        self._overdue.pop(line.needs, None)
        for name in line.names:
            del self._by_name[name][line.needs]

    def clear(self) -> list[int]:
        """Take all tests out."""
        tests = [test for line in self for test in line.waiting]
        for line in tuple(self):
            for test in tuple(line.waiting):
                self.remove(line, test)
        return tests

    def by_urgency(self) -> Iterator[Line]:
        """Lines by urgency. Sorted rarely, as their order changes slowly."""
        self._order_until -= 1
        if self._order_until < 0 or len(self._ordered) > STALE * len(self._by_needs) + STALE:
            for line in self:
                line.order = self._order(line)
            self._ordered = sorted(((line.order, line) for line in self), key=_order_of)
            self._order_until = len(self._ordered) // 4
        return (line for order, line in self._ordered if line.waiting and order is line.order)

    def more_urgent(self, line: Line) -> list[Line]:
        """Lines that share a resource with this one and are more urgent."""
        found = {
            other.needs: other
            for name in line.names
            for other in self._by_name[name].values()
            if other.order < line.order
        }
        return list(found.values())

    def pass_by(self, passed: list[Line], line: Line) -> None:
        """A test of a line goes before those of others that are more urgent."""
        for other in passed:
            if not set(line.names).isdisjoint(other.names):
                other.passed += 1
                if other.passed == PATIENCE:
                    self._overdue[other.needs] = other
        line.passed = 0
        self._overdue.pop(line.needs, None)

    def is_reserved(self, line: Line) -> bool:
        """Whether another line has waited too long for something that this one needs."""
        return any(
            not set(line.names).isdisjoint(self._leases.short(other.needs))
            for other in self._overdue.values()
            if other is not line
        )

    def top_priority(self) -> int:
        """The highest priority of all tests."""
        heap = self._priorities
        while heap and self._entries.get(heap[0][1], NO_ENTRY)[0] != heap[0][0]:
            heappop(heap)
        return -heap[0][0] if heap else LOWEST

    def rank(self) -> float:
        """Seconds that the most urgent of it will take at least."""
        ranks, loads = self._ranks, self._loads
        while ranks and self._entries.get(ranks[0][1], NO_ENTRY)[1] != ranks[0][0]:
            heappop(ranks)
        if not ranks:
            return 0.0
        while loads[0][0] != -self._seconds(loads[0][1]):
            heappop(loads)
        return max(-ranks[0][0], -loads[0][0])

    def _place(self, line: Line) -> None:
        """Put a line where it belongs among the others."""
        line.order = self._order(line)
        insort(self._ordered, (line.order, line), key=_order_of)

    def _order(self, line: Line) -> Entry:
        priority, _, test = line.head() or (0, 0.0, 0)
        return (priority, -self.length(line), test)

    def length(self, line: Line) -> float:
        """The longer one, in seconds: the path behind its first test, the work of a resource."""
        head = line.head()
        return max(-head[1] if head is not None else 0.0, *map(self._seconds, line.names))

    def _seconds(self, name: str) -> float:
        return self._load[name] / self._leases.capacity(name)

    def _weigh(self, line: Line, seconds: float) -> None:
        load, loads = self._load, self._loads
        for name, amount, _ in line.needs:
            load[name] = load.get(name, 0.0) + seconds * amount
            heappush(loads, (-self._seconds(name), name))
        if len(loads) > STALE * len(load) + STALE:
            self._loads = [(-self._seconds(name), name) for name in load]
            heapify(self._loads)


def _order_of(entry: tuple[Entry, Line]) -> Entry:
    return entry[0]
