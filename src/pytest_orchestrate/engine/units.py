"""Units: tests that are worth keeping together on one worker."""

from __future__ import annotations

from collections.abc import Iterable

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.model.collected import CollectedTest

#: Below the priority of any test.
LOWEST = -(2**63)


class Unit:
    """Tests of one file and affinity, or of one group, in collection order."""

    __slots__ = (
        "at",
        "behind",
        "file",
        "key",
        "lane",
        "priority",
        "seen",
        "serial",
        "tests",
        "together",
        "unseen",
    )

    def __init__(self, tests: list[int], file: int, lane: int, together: bool) -> None:
        self.tests = tests
        #: Position of the next test to be sent.
        self.at = 0
        self.file = file
        #: Index of the affinity, or -1.
        self.lane = lane
        #: A group: it is never split on purpose.
        self.together = together
        #: Seconds of its unsent tests that have a history, and how many have none.
        self.seen = 0.0
        self.unseen = 0
        #: Its number among the pending units, and its place there (smallest first).
        self.serial = -1
        self.key = 0.0
        #: Of its tests: the priority, and seconds of the longest path of work behind one of them.
        self.priority = 0
        self.behind = 0.0

    def measure(self, estimates: Estimates) -> None:
        """Sum up what is left of it."""
        history = estimates.history
        self.seen = 0.0
        self.unseen = 0
        for test in self.tests[self.at :] if self.at else self.tests:
            seconds = history[test]
            if seconds >= 0.0:
                self.seen += seconds
            else:
                self.unseen += 1

    def work(self, estimates: Estimates) -> float:
        """Expected seconds of its unsent tests, without entering the file."""
        if self.unseen:
            return self.seen + self.unseen * estimates.unseen(self.file)
        return self.seen

    def pop(self, estimates: Estimates) -> int:
        """The next test; it is taken off."""
        test = self.tests[self.at]
        self.at += 1
        seconds = estimates.history[test]
        if seconds >= 0.0:
            self.seen = self.seen - seconds if self.at < len(self.tests) else 0.0
        else:
            self.unseen -= 1
        return test

    @property
    def left(self) -> int:
        """How many of its tests are unsent."""
        return len(self.tests) - self.at

    @property
    def unsent(self) -> list[int]:
        """Its unsent tests."""
        return self.tests[self.at :]

    def cut(self, count: int, estimates: Estimates) -> Unit:
        """Its last ``count`` tests as a unit of their own."""
        at = len(self.tests) - count
        rest = Unit(self.tests[at:], self.file, self.lane, self.together)
        del self.tests[at:]
        rest.priority, rest.behind = self.priority, self.behind
        rest.measure(estimates)
        self.seen = max(0.0, self.seen - rest.seen)
        self.unseen -= rest.unseen
        return rest


class UnitMaker:
    """Forms units of tests; remembers the affinity and the group of each."""

    __slots__ = (
        "_estimates",
        "_groups",
        "_lanes",
        "group_of",
        "ignores_groups",
        "in_order",
        "lane_of",
        "urgency",
    )

    def __init__(self, estimates: Estimates) -> None:
        self._estimates = estimates
        self._lanes: dict[str, int] = {}
        self._groups: dict[str, int] = {}
        #: Per test: index of its affinity, or -1.
        self.lane_of: list[int] = []
        #: Per test: index of its group, or -1.
        self.group_of: list[int] = []
        #: One worker runs all: groups are together anyhow, and the order stays the collected one.
        self.ignores_groups = False
        #: Collection order counts for more than what waits behind a test.
        self.in_order = False
        #: Test -> its priority, and seconds of the longest path behind it; of those that have any.
        self.urgency: dict[int, tuple[int, float]] = {}

    def add(self, test: CollectedTest) -> None:
        """The next test."""
        lanes, groups = self._lanes, self._groups
        affinity = test.affinity
        group = None if self.ignores_groups else test.group
        self.lane_of.append(-1 if affinity is None else lanes.setdefault(affinity, len(lanes)))
        self.group_of.append(-1 if group is None else groups.setdefault(group, len(groups)))

    @property
    def has_groups(self) -> bool:
        """Whether there are tests that stay together."""
        return bool(self._groups)

    def units(self, tests: Iterable[int]) -> list[Unit]:
        """Units of these tests, in order.

        A unit is a maximal run of consecutive tests of one file and affinity, or all tests
        of one group. Tests that are urgent form units of their own, the most urgent first.
        """
        if self.urgency:
            tests = list(tests)
            urgent = frozenset(filter(self._is_urgent, tests))
            if urgent:
                units = self._units(test for test in tests if test not in urgent)
                return units + self._urgent_units([test for test in tests if test in urgent])
        return self._units(tests)

    def single(self, test: int) -> Unit:
        """One test that stays on the worker that it is given to."""
        unit = Unit([test], self._estimates.file_of[test], self.lane_of[test], True)
        unit.priority, unit.behind = self.urgency.get(test, (0, 0.0))
        unit.measure(self._estimates)
        return unit

    def _is_urgent(self, test: int) -> bool:
        priority, behind = self.urgency.get(test, (0, 0.0))
        return bool(priority or (behind and not self.in_order)) and self.group_of[test] < 0

    def _urgent_units(self, tests: list[int]) -> list[Unit]:
        """Units of tests of one file, affinity and priority, those with the most behind first."""
        alike: dict[tuple[int, int, int], list[int]] = {}
        if not self.in_order:
            tests = sorted(tests, key=lambda test: (-self.urgency[test][1], test))
        for test in tests:
            key = (self._estimates.file_of[test], self.lane_of[test], self.urgency[test][0])
            alike.setdefault(key, []).append(test)
        units = []
        for (file, lane, priority), those in alike.items():
            unit = Unit(those, file, lane, False)
            unit.priority, unit.behind = priority, self.urgency[those[0]][1]
            unit.measure(self._estimates)
            units.append(unit)
        return units

    def _units(self, tests: Iterable[int]) -> list[Unit]:
        file_of, lane_of, group_of = self._estimates.file_of, self.lane_of, self.group_of
        units: list[Unit] = []
        grouped: dict[int, Unit] = {}
        file = lane = -2
        current: list[int] = []
        for test in tests:
            group = group_of[test]
            if group >= 0:
                unit = grouped.get(group)
                if unit is None:
                    unit = grouped[group] = Unit([test], file_of[test], lane_of[test], True)
                    units.append(unit)
                else:
                    unit.tests.append(test)
                file = -2
            elif file == file_of[test] and lane == lane_of[test]:
                current.append(test)
            else:
                file, lane = file_of[test], lane_of[test]
                current = [test]
                units.append(Unit(current, file, lane, False))
        for unit in units:
            unit.measure(self._estimates)
        return units
