"""The tests of a run that took longest."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_orchestrate.report.summary import SLOWEST, SlowTest


class Slowest:
    """Takes tests as their attempts end, and keeps the slowest; of one name, the slower."""

    __slots__ = ("_found", "floor")

    def __init__(self) -> None:
        self._found: list[SlowTest] = []
        #: Seconds; what did not take more makes no difference.
        self.floor = 0.0

    def add(self, test: SlowTest) -> None:
        """Take one that took more than the floor."""
        found = [other for other in self._found if other.nodeid != test.nodeid]
        if len(found) < len(self._found):
            known = next(other for other in self._found if other.nodeid == test.nodeid)
            test = max(known, test, key=lambda either: either.seconds)
        found.append(test)
        found.sort(key=lambda other: -other.seconds)
        del found[SLOWEST:]
        self._found = found
        if len(found) == SLOWEST:
            self.floor = found[-1].seconds

    def beside(self, others: Iterable[SlowTest]) -> tuple[SlowTest, ...]:
        """The longest first, of these and of others that may go on."""
        found = Slowest()
        for test in (*self._found, *others):
            if test.seconds > found.floor:
                found.add(test)
        return tuple(found._found)
