"""The part of a run in which tests run: what is needed to tell what bounded it.

Most runs have no constraints, and pay for one figure a test.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_orchestrate.model.commands import Assign, EndTest
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
from pytest_orchestrate.report.clocks import possible
from pytest_orchestrate.report.limits import Course, Limits, ResourceUse, limits

if TYPE_CHECKING:
    from pytest_orchestrate.report.occupancy import Needed, Occupancy


#: Seconds after which the controller has heard of a test at the latest; messages are gathered for
#: a tenth of it. A clock that says more has been set meanwhile.
HEARD = 1.0


class CutOff(msgspec.Struct, frozen=True):
    """A test that began, and of which no end is known. Times are seconds since the run began."""

    test: int
    worker: int
    at: float
    until: float

    @property
    def seconds(self) -> float:
        """From its start until its worker was gone, or the log ends."""
        return max(0.0, self.until - self.at)


class TestingPhase:
    """Takes what happens to tests, and tells what bounded it."""

    __test__ = False

    __slots__ = (
        "_attempted",
        "_began",
        "_capacities",
        "_cut_off",
        "_exclusive",
        "_first",
        "_groups",
        "_known",
        "_last",
        "_needs",
        "_occupancy",
        "_resources",
        "_running",
        "_seconds",
        "_setups",
        "ended",
        "run_began",
    )

    def __init__(self) -> None:
        #: Seconds since the epoch.
        self.run_began = 0.0
        #: When tests were known.
        self._known = 0.0
        #: When was heard that the first test had begun, and that the last one, so far, had ended.
        self._began: float | None = None
        self.ended = 0.0
        #: When they did by their workers' clocks, in seconds since the epoch.
        self._first, self._last = float("inf"), 0.0
        #: Worker -> the test that it began last.
        self._running: dict[int, TestStarted] = {}
        self._cut_off: dict[int, CutOff] = {}
        #: Of tests that have finished, all attempts of each; and of attempts so far.
        self._seconds: dict[int, float] = {}
        self._attempted: dict[int, float] = {}
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
        if not first:
            self._known = event.now
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
        """A test begins."""
        if self._began is None:
            self._began = event.now
        self._running[event.worker] = event

    def attempt(self, test: int, started: float, seconds: float) -> float:
        """An attempt is over; return the seconds of all attempts so far.

        Once a test: keep it short.
        """
        in_all = self._attempted[test] = self._attempted.get(test, 0.0) + seconds
        self._first = min(self._first, started)
        self._last = max(self._last, started + seconds)
        return in_all

    def spent(self, cut_off: CutOff) -> float:
        """Seconds of a test that was cut off, and of its attempts before that."""
        return self._attempted.get(cut_off.test, 0.0) + cut_off.seconds

    def finished(self, event: TestFinished) -> None:
        """A test has ended."""
        self.ended = event.now
        self._seconds[event.test] = event.setup + event.call + event.teardown
        self._running.pop(event.worker, None)
        if self._occupancy is not None:
            self._occupancy.let_go(event.now, event.worker, event.test)

    def ended_with(self, now: float, worker: int, command: EndTest) -> None:
        """A test has ended with its worker."""
        self.ended = now
        began = self._running.pop(worker, None)
        if command.outcome == "interrupted" and began is not None and began.test == command.test:
            self._cut_off[command.test] = CutOff(command.test, worker, began.now, now)

    def cut_off_began(self, record: Mapping[str, Any]) -> None:
        """Its worker has said when a test that was cut off had begun."""
        found = self._cut_off.get(record["test"])
        if found is not None:
            at = possible(record["started"] - self.run_began, self._known, found.until)
            if at is not None:
                self._cut_off[found.test] = msgspec.structs.replace(found, at=at)

    def cut_off(self, now: float, ended: Container[int]) -> list[CutOff]:
        """The tests that began, and of which nothing was heard any more.

        :param ended: Tests that have ended in whatever way.
        """
        running = sorted(self._running.items())
        return [
            *self._cut_off.values(),
            *(CutOff(e.test, w, e.now, now) for w, e in running if e.test not in ended),
        ]

    def _times(self, cut_off: Iterable[CutOff]) -> tuple[float, float]:
        """When the first test began and the last one ended, of those that are known of."""
        began, ended = self._began or 0.0, self.ended
        first = last = None
        if self._attempted:  # in a plan nobody has looked at a clock
            first = possible(self._first - self.run_began, max(self._known, began - HEARD), began)
            last = possible(self._last - self.run_began, max(first or began, ended - HEARD), ended)
        last = ended if last is None else last
        return (began if first is None else first), max([last, *(each.until for each in cut_off)])

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

    def limits(
        self, workers: int, nodeids: list[str], wall: float, cut_off: Sequence[CutOff] = ()
    ) -> Limits | None:
        """What bounded it so far, of a run that took ``wall`` seconds."""
        began, ended = self._times(cut_off)
        seconds = self._attempted | self._seconds
        for each in cut_off:
            seconds[each.test] = self.spent(each)
        again = (
            sum(shares.values()) - max(shares.values())
            for shares in self._setups.values()
            if len(shares) > 1
        )
        return limits(
            Course(
                workers=workers,
                began=began,
                ended=ended,
                wall=wall,
                seconds=seconds,
                needs=self._needs,
                exclusive=frozenset(self._exclusive),
                groups=self._groups,
                resources=tuple(self._used()),
                repeated_setup=sum(again),
                nodeids=nodeids,
            )
        )
