"""The records of a run, folded into what happened to each test and on each worker.

It takes the same records as :class:`~pytest_orchestrate.report.builder.SummaryBuilder`, and keeps
all of them that speak of single tests: it is for the reader of a log, not for a run.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import AnyCommand, Assign, EndTest, Hold
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    RunBegan,
    StopRequested,
    TestAmended,
    TestFinished,
    TestsCollected,
    TestsLacking,
    TestsReturned,
    TestStarted,
    TornDown,
    WorkerCollected,
    WorkerLeft,
)
from pytest_orchestrate.report.occupancy import Needed, needed

#: ``returned``: given back, to run elsewhere; ``lacked``: the worker did not find it; ``lost``: the
#: worker is gone.
MoveKind = Literal["sent", "started", "finished", "returned", "lacked", "lost", "ended", "amended"]


class Move(msgspec.Struct):
    """Something that happened to a test. Times are seconds since the run began."""

    #: When it happened, as far as that is known (``report/clocks.py``).
    now: float
    kind: MoveKind
    #: When the engine learnt of it, or decided it.
    heard: float
    #: None where no worker was concerned.
    worker: int | None = None
    #: If it is over: how it ended.
    outcome: str = ""
    #: If the engine ended it: why.
    reason: str = ""
    #: If it is blocked: the test that began it.
    cause: int | None = None
    #: If it was sent: the slots that it has, by resource.
    slots: Mapping[str, list[int]] = {}
    #: If it was sent: the tests that the worker had not finished then, in their order.
    behind: tuple[int, ...] = ()
    #: Seconds by which ``now`` may be wrong, where it was told by the clock of another machine.
    within: float = 0.0


class TestStory(msgspec.Struct):
    """One test. Times are seconds since the run began."""

    __test__ = False

    test: CollectedTest
    collected: float
    #: Expected seconds, or None if nothing was known of it.
    estimate: float | None
    #: The worker that has collected its file, where each has collected a share.
    owner: int | None
    constraint: Constraint | None = None
    #: It went before others of its priority, because it is likely to fail.
    is_likely: bool = False
    moves: list[Move] = []

    @property
    def end(self) -> Move | None:
        """How it ended; None if it has not."""
        return next((move for move in self.moves if move.kind in ("finished", "ended")), None)

    @property
    def outcome(self) -> str:
        """How it ended, as far as the log goes; what was found later counts."""
        ends = [m for m in self.moves if m.kind in ("finished", "ended", "amended")]
        return ends[-1].outcome if ends else "not ended"

    @property
    def start(self) -> Move | None:
        """When and where it began."""
        return next((move for move in self.moves if move.kind == "started"), None)


class Lease(msgspec.Struct):
    """What a worker held, from the first test that it was sent for it to the end of the last.

    Without tests: what it kept for fixtures of a class or module, while no test needed it.
    """

    worker: int
    amounts: Needed
    start: float
    #: None: until the end of the log.
    end: float | None = None
    #: All tests for which it was held.
    tests: list[int] = []
    #: Of these, the ones that its worker has not finished.
    unfinished: set[int] = set()
    #: Without tests: resource -> node id of that class or module.
    kept_for: Mapping[str, str] = {}


class WorkerStory(msgspec.Struct):
    """One worker. Times are seconds since the run began."""

    collected: float | None = None
    left: float | None = None
    #: Tests that it did not have when it had collected.
    missing: frozenset[int] = frozenset()
    #: In the order in which they began.
    started: list[int] = []
    #: What it was sent and has not finished.
    queue: list[int] = []
    #: When it was left waiting, and why.
    holds: list[tuple[float, str]] = []
    lease: Lease | None = None
    #: What it keeps for fixtures of a class or module: resource -> that, how much, whether shared.
    kept: dict[str, tuple[str, tuple[int, bool]]] = {}
    #: That part of it which none of its tests needs.
    rest: Lease | None = None


class Story:
    """All that a log tells of tests and workers.

    :param is_live: Somebody still writes the log.
    """

    def __init__(self, *, is_live: bool = False) -> None:
        self._is_live = is_live
        self.run: Mapping[str, Any] = {}
        #: The last line; None if there is none yet, or if the run was cut off.
        self.end: Mapping[str, Any] | None = None
        #: When the last event was.
        self.now = 0.0
        self.began: RunBegan | None = None
        self.stop: StopRequested | None = None
        self.tests: list[TestStory] = []
        self.workers: dict[int, WorkerStory] = {}
        self.leases: list[Lease] = []
        self.capacities: dict[str, int] = {}
        #: Test -> its attempts, as recorded.
        self.attempts: dict[int, list[Mapping[str, Any]]] = {}
        #: Test -> the record of the attempt that was cut off.
        self.cut_off: dict[int, list[Mapping[str, Any]]] = {}

    @property
    def goes_on(self) -> bool:
        """The log has no end yet; without one, a run that does not go on was cut off."""
        return self._is_live and self.end is None

    @property
    def is_serial(self) -> bool:
        """Tests run one at a time, so nothing is ever taken."""
        return self.began is not None and self.began.workers == 1

    def name(self, worker: int) -> str:
        """What a worker is called."""
        return "main" if self.run.get("mode") == "in-process" else f"gw{worker}"

    def add(self, record: Mapping[str, Any]) -> None:
        """Take the next record; kinds that say nothing of tests are passed over."""
        match record["record"]:
            case "run":
                self.run = record
            case "end":
                self.end = record
            case "attempt":
                self.attempts.setdefault(record["test"], []).append(record)
            case "interrupted":
                self.cut_off[record["test"]] = [record]
            case "event":
                event = record["event"]
                is_plain = type(event) is dict
                self._add_event(
                    msgspec.convert(event, AnyEvent, str_keys=True) if is_plain else event
                )
            case "command":
                command = record["command"]
                is_plain = type(command) is dict
                self._add_command(
                    msgspec.convert(command, AnyCommand, str_keys=True) if is_plain else command
                )

    def _add_event(self, event: AnyEvent) -> None:
        self.now = event.now
        match event:
            case RunBegan():
                self.began = event
            case StopRequested():
                self.stop = self.stop or event
            case TestsCollected():
                self._collected(event)
            case WorkerCollected(worker=number, missing=missing):
                worker = self._worker(number)
                worker.collected = event.now
                worker.missing = frozenset(missing)
            case WorkerLeft(worker=number):
                worker = self._worker(number)
                worker.left = event.now
                waiting = [test for test in worker.queue if not self._has_begun(test)]
                self._given_back(number, waiting, "lost")
                for test in list(worker.queue):
                    self._gone(number, test)
                self._keep_only(number, "")
            case TornDown(worker=number):
                self._keep_only(number, "")
            case _:
                self._add_test_event(event)

    def _add_test_event(self, event: AnyEvent) -> None:
        match event:
            case TestStarted(worker=number, test=test):
                self._move(test, "started", number)
                self._keep(number, test)
                self._worker(number).started.append(test)
            case TestFinished(worker=number, test=test, outcome=outcome):
                self._move(test, "finished", number).outcome = outcome
                self._gone(number, test)
            case TestAmended(worker=number, test=test, outcome=outcome):
                self._move(test, "amended", number).outcome = outcome
            case TestsReturned(worker=number, tests=tests):
                self._given_back(number, tests, "returned")
            case TestsLacking(worker=number, tests=tests):
                self._given_back(number, tests, "lacked")
            case _:
                pass

    def _has_begun(self, test: int) -> bool:
        return self.tests[test].moves[-1].kind == "started"

    def _collected(self, event: TestsCollected) -> None:
        self.capacities = {**event.resources, **self.capacities}
        for test, estimate in zip(event.tests, event.estimates, strict=True):
            owner = event.owners.get(test.file)
            self.tests.append(TestStory(test, event.now, estimate, owner))
        for index in event.likely:
            self.tests[index].is_likely = True
        for constraint in event.constraints:
            self.tests[constraint.test].constraint = constraint

    def _add_command(self, command: AnyCommand) -> None:
        match command:
            case Assign(worker=number):
                for test in command.tests:
                    self._sent(number, test, command.slots.get(test, {}))
            case Hold(worker=number, reason=reason):
                self._worker(number).holds.append((self.now, reason))
            case EndTest(test=test, worker=number):
                move = self._move(test, "ended", number)
                move.outcome, move.reason, move.cause = (
                    command.outcome,
                    command.reason,
                    command.cause,
                )
            case _:
                pass

    def _sent(self, number: int, test: int, slots: Mapping[str, list[int]]) -> None:
        worker = self._worker(number)
        move = self._move(test, "sent", number)
        move.slots, move.behind = slots, tuple(worker.queue)
        worker.queue.append(test)
        constraint = self.tests[test].constraint
        if constraint is None or not constraint.demands or self.is_serial:
            return
        if worker.lease is None:
            worker.lease = Lease(number, needed(constraint.demands), self.now)
            self.leases.append(worker.lease)
        worker.lease.tests.append(test)
        worker.lease.unfinished.add(test)
        self._let_rest(worker, number)

    def _keep(self, number: int, test: int) -> None:
        """A worker begins a test, of whose class and module fixtures may be up from now on."""
        self._keep_only(number, self.tests[test].test.nodeid)
        constraint = self.tests[test].constraint
        demands = () if constraint is None or self.is_serial else constraint.demands
        amounts = needed(demands)
        kept = self._worker(number).kept
        for demand in sorted(demands, key=lambda each: len(each.scope)):
            if demand.scope:
                kept.setdefault(demand.name, (demand.scope, amounts[demand.name]))

    def _keep_only(self, number: int, nodeid: str) -> None:
        """No fixtures are up but those of the class and module of this test."""
        worker = self._worker(number)
        for name, (scope, _) in list(worker.kept.items()):
            if not nodeid.startswith(f"{scope}::"):
                del worker.kept[name]
        self._let_rest(worker, number)

    def _let_rest(self, worker: WorkerStory, number: int) -> None:
        used = worker.lease.amounts if worker.lease is not None else {}
        kept = {name: each for name, each in worker.kept.items() if name not in used}
        amounts = {name: amount for name, (_, amount) in kept.items()}
        scopes = {name: scope for name, (scope, _) in kept.items()}
        rest = worker.rest
        if rest is not None and (rest.amounts, rest.kept_for) != (amounts, scopes):
            rest.end = self.now
            worker.rest = None
        if worker.rest is None and amounts:
            worker.rest = Lease(number, amounts, self.now, kept_for=scopes)
            self.leases.append(worker.rest)

    def _given_back(
        self, number: int, tests: list[int], kind: Literal["returned", "lacked", "lost"]
    ) -> None:
        for test in tests:
            self._move(test, kind, number)
            self._gone(number, test)

    def _gone(self, number: int, test: int) -> None:
        """A test is with its worker no more."""
        worker = self._worker(number)
        if test in worker.queue:
            worker.queue.remove(test)
        lease = worker.lease
        if lease is not None and test in lease.unfinished:
            lease.unfinished.remove(test)
            if lease.unfinished:
                return
            lease.end = self.now
            worker.lease = None
            self._let_rest(worker, number)

    def _move(self, test: int, kind: MoveKind, worker: int | None) -> Move:
        move = Move(self.now, kind, self.now, worker)
        self.tests[test].moves.append(move)
        return move

    def _worker(self, number: int) -> WorkerStory:
        worker = self.workers.get(number)
        if worker is None:
            worker = self.workers[number] = WorkerStory()
        return worker
