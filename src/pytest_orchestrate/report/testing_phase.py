"""The part of a run in which tests run: what is needed to tell what bounded it.

Most runs have no constraints, and pay for one figure a test.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from pytest_orchestrate.model.commands import Assign
from pytest_orchestrate.model.events import (
    Constraint,
    TestFinished,
    TestsCollected,
    TestsLacking,
    TestsReturned,
    TestStarted,
    WorkerLeft,
)
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.report.limits import Course, Limits, ResourceUse, limits

if TYPE_CHECKING:
    from pytest_orchestrate.report.occupancy import Needed, Occupancy


class TestingPhase:
    """Takes what happens to tests, and tells what bounded it."""

    __test__ = False

    __slots__ = (
        "_began",
        "_capacities",
        "_exclusive",
        "_groups",
        "_needs",
        "_occupancy",
        "_resources",
        "_seconds",
        "_setups",
        "ended",
    )

    def __init__(self) -> None:
        self._began: float | None = None
        #: When the last test ended, so far.
        self.ended = 0.0
        self._seconds: dict[int, float] = {}
        self._needs: dict[int, tuple[Need, ...]] = {}
        self._exclusive: set[int] = set()
        self._groups: dict[int, str] = {}
        #: Test -> what it holds while it runs.
        self._resources: dict[int, Needed] = {}
        self._capacities: dict[str, int] = {}
        #: None as long as no test needs any.
        self._occupancy: Occupancy | None = None
        #: Fixture (file, name) -> worker -> seconds.
        self._setups: dict[tuple[str | None, str], dict[str, float]] = {}

    @property
    def has_resources(self) -> bool:
        """Whether it matters who is sent what, and who gives what back."""
        return self._occupancy is not None

    def collected(self, event: TestsCollected, first: int) -> None:
        """Tests are known, the first of which has this index."""
        for test, each in enumerate(event.tests, first):
            if each.group is not None:
                self._groups[test] = each.group
        for constraint in event.constraints:
            if constraint.needs:
                self._needs[constraint.test] = constraint.needs
            if constraint.exclusive:
                self._exclusive.add(constraint.test)
            if constraint.demands:
                self._know_demands(constraint, event.resources)

    def _know_demands(self, constraint: Constraint, resources: Mapping[str, int]) -> None:
        from pytest_orchestrate.report.occupancy import Occupancy, needed

        if self._occupancy is None:
            self._occupancy = Occupancy(self._capacities)
        amounts = self._resources[constraint.test] = needed(constraint.demands)
        for name in amounts:
            self._capacities.setdefault(name, resources.get(name, 1))

    def started(self, event: TestStarted) -> None:
        """A test begins; only the first one says anything."""
        if self._began is None:
            self._began = event.now

    def finished(self, event: TestFinished) -> None:
        """A test has ended."""
        test = event.test
        self.ended = event.now
        self._seconds[test] = event.setup + event.call + event.teardown
        if self._occupancy is not None:
            self._occupancy.let_go(event.now, event.worker, test)

    def fixture(self, record: Mapping[str, Any]) -> None:
        """A fixture of higher than function scope was set up."""
        workers = self._setups.setdefault((record["file"], record["name"]), {})
        worker = record["worker"]
        workers[worker] = workers.get(worker, 0.0) + record["setup"]

    def assigned(self, now: float, command: Assign) -> None:
        """A worker was sent tests."""
        for test in command.tests:
            amounts = self._resources.get(test)
            if amounts is not None and self._occupancy is not None:
                self._occupancy.hold(now, command.worker, test, amounts)

    def returned(self, event: TestsReturned | TestsLacking) -> None:
        """A worker has given tests back."""
        if self._occupancy is not None:
            for test in event.tests:
                self._occupancy.let_go(event.now, event.worker, test)

    def left(self, event: WorkerLeft) -> None:
        """A worker is gone."""
        if self._occupancy is not None:
            self._occupancy.leave(event.now, event.worker)

    def _used(self) -> Iterator[ResourceUse]:
        if self._occupancy is not None:
            for name, held in self._occupancy.seconds().items():
                yield ResourceUse(name, self._capacities[name], held)

    def limits(self, workers: int, nodeids: list[str], wall: float) -> Limits | None:
        """What bounded it so far, of a run that took ``wall`` seconds."""
        again = (
            sum(shares.values()) - max(shares.values())
            for shares in self._setups.values()
            if len(shares) > 1
        )
        return limits(
            Course(
                workers=workers,
                began=self._began or 0.0,
                ended=self.ended,
                wall=wall,
                seconds=self._seconds,
                needs=self._needs,
                exclusive=frozenset(self._exclusive),
                groups=self._groups,
                resources=tuple(self._used()),
                repeated_setup=sum(again),
                nodeids=nodeids,
            )
        )
