"""Workers and their messages as the engine may meet them, without processes.

Messages to and from each worker are in flight until they are delivered or heard, in any
interleaving over workers; so a recall meets tests that have started meanwhile. Everything
that the engine commands is held to its promises at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import (
    AnyCommand,
    Assign,
    Close,
    EndRun,
    EndTest,
    Hold,
    Recall,
    ReturnSlots,
    StartWorker,
    TearDown,
    WantSlots,
)
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    RunBegan,
    SlotsGranted,
    StopRequested,
    TestFinished,
    TestsCollected,
    TestsLacking,
    TestsReturned,
    TestStarted,
    TimePassed,
    TornDown,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
)
from tests.properties.machine import HOSTED, Machine
from tests.properties.rules import Rules


@dataclass
class Process:
    """One worker: what it is really doing, and what the engine was told of it."""

    number: int
    missing: frozenset[int] = frozenset()
    # The truth.
    inbox: deque[AnyCommand] = field(default_factory=deque)
    outbox: deque[tuple[type, dict[str, Any]]] = field(default_factory=deque)
    queue: deque[int] = field(default_factory=deque)
    running: int | None = None
    collected: bool = False
    closing: bool = False
    gone: bool = False
    tears_down: bool = False
    #: What fixtures of classes and modules use: resource -> demand and slots.
    up: dict[str, tuple[Demand, list[int]]] = field(default_factory=dict)
    # What was said.
    told_collected: bool = False
    told_left: bool = False
    close_sent: bool = False
    recalls_open: int = 0
    tear_down_open: bool = False
    #: Assigned, and neither finished nor returned as far as the engine knows.
    has: dict[int, None] = field(default_factory=dict)
    held: bool = False

    @property
    def available(self) -> bool:
        return self.told_collected and not self.close_sent and not self.told_left


class World:
    def __init__(
        self, workers: int, resources: Mapping[str, int] | None = None, **options: Any
    ) -> None:
        self.run = Run()
        self.now = 0.0
        self.workers: dict[int, Process] = {}
        self.tests: list[CollectedTest] = []
        #: Sizes of what was collected, in order.
        self.collections: list[int] = []
        self.missing_of: dict[int, frozenset[int]] = {}
        #: File -> worker that has collected it; None: each worker has collected all.
        self.owners: dict[str, int] | None = None
        #: What a worker will not find when it collects the file of another one.
        self.lacking_of: dict[int, frozenset[int]] = {}
        self.started: dict[int, int] = {}
        #: Test -> the slots that it was sent with.
        self.slots: dict[int, dict[str, list[int]]] = {}
        self.ended: dict[int, str] = {}
        self.group_places: dict[str, set[int]] = {}
        self.stopped = False
        self.crashes = 0
        self.end: EndRun | None = None
        self.events: list[AnyEvent] = []
        self.answers: list[list[AnyCommand]] = []
        #: Asked for by the engine, not joined.
        self.to_start: deque[int] = deque()
        self.machine = Machine()
        self.rules = Rules(resources or {}, serial=workers == 1)
        self.tell(RunBegan(now=0.0, workers=workers, **options))
        for number in range(workers):
            self.join(number)

    # What the engine is told

    def tell(self, event: AnyEvent) -> None:
        self.events.append(event)
        commands = self.run.handle(event)
        self.answers.append(commands)
        for command in commands:
            assert self.end is None, f"{command} after {self.end}"
            self.obey(command)
        for worker in self.workers.values():
            assert not worker.available or worker.has or worker.held, (
                f"gw{worker.number} waits without a reason"
            )
        assert self.run.unfinished == len(self.tests) - len(self.ended)
        demands = {test: each.demands for test, each in self.rules.of.items()}
        self.machine.check((worker.has for worker in self.workers.values()), demands)
        if self.machine.owes_answer:
            self.tell(self.machine.answer(self.now))

    def later(self, seconds: float = 0.01) -> float:
        self.now += seconds
        return self.now

    def join(self, number: int) -> None:
        self.workers[number] = Process(number)
        self.tell(WorkerJoined(now=self.now, worker=number))

    def collect(
        self,
        tests: Sequence[CollectedTest],
        estimates: Sequence[float | None],
        setup_costs: dict[str, float],
        owners: dict[str, int] | None = None,
        constraints: Sequence[Constraint] = (),
        course: Sequence[tuple[int, int]] = (),
        likely: dict[int, int] | None = None,
    ) -> None:
        self.rules.know(list(constraints))
        self.tests.extend(tests)
        self.collections.append(len(tests))
        if owners is not None:
            self.owners = owners
        self.tell(
            TestsCollected(
                now=self.now,
                tests=list(tests),
                estimates=list(estimates),
                setup_costs=setup_costs,
                owners=self.owners or {},
                collect_costs=dict.fromkeys(self.owners or {}, 0.02),
                constraints=list(constraints),
                resources={**self.rules.resources, **HOSTED},
                course=list(course),
                likely=likely or {},
                hosted=sorted(HOSTED),
            )
        )

    def stop(self) -> None:
        self.stopped = True
        self.tell(StopRequested(now=self.later(), reason="enough"))

    def tick(self, seconds: float) -> None:
        self.tell(TimePassed(now=self.later(seconds)))

    def let_in(self) -> bool:
        """The machine grants what it can of what is wanted; whether that was anything."""
        answer = self.machine.answer(self.later())
        if isinstance(answer, SlotsGranted):
            self.tell(answer)
        return isinstance(answer, SlotsGranted)

    # What the engine wants

    def obey(self, command: AnyCommand) -> None:
        if isinstance(command, WantSlots | ReturnSlots):
            self.machine.obey(command)
        elif isinstance(command, EndRun):
            self.end = command
            self.check_end(command)
        elif isinstance(command, EndTest):
            self.check_end_test(command)
            self.finish(command.test, command.outcome)
        elif isinstance(command, StartWorker):
            assert command.worker not in self.workers
            assert self.workers[command.replaces].told_left
            self.to_start.append(command.worker)
        else:
            worker = self.workers[command.worker]
            assert not worker.told_left
            assert not worker.close_sent, f"{command} after Close"
            self.note(worker, command)
            if not worker.gone and not isinstance(command, Hold):
                worker.inbox.append(command)

    def note(self, worker: Process, command: AnyCommand) -> None:
        """Take note of a command to a worker."""
        if isinstance(command, Assign):
            self.check_assign(worker, command)
        elif isinstance(command, Recall):
            assert command.tests
            assert all(test in worker.has for test in command.tests)
            worker.recalls_open += 1
        elif isinstance(command, Hold):
            assert worker.available
            assert not worker.has
            assert command.reason
            worker.held = True
        elif isinstance(command, TearDown):
            assert worker.available
            assert not worker.has
            assert not worker.tear_down_open
            worker.tear_down_open = True
        elif isinstance(command, Close):
            worker.close_sent = True

    def check_assign(self, worker: Process, command: Assign) -> None:
        assert worker.available
        assert not self.stopped
        for test, slots in command.slots.items():
            demands = self.rules.of[test].demands
            assert sorted(slots) == sorted({demand.name for demand in demands})
        for test in command.tests:
            self.machine.sent(test, command.slots.get(test, {}))
            assert test not in self.ended
            assert test not in self.started
            assert test not in worker.missing, "sent to a worker that lacks it"
            assert not any(test in other.has for other in self.workers.values())
            worker.has[test] = None
            self.slots[test] = command.slots.get(test, {})
            has = {other.number: list(other.has) for other in self.workers.values()}
            up = {other.number: other.up for other in self.workers.values()}
            self.rules.check_assigned(test, worker.number, self.ended, has, self.started, up)
            self.rules.check_slots(has, self.slots, up)
            group = self.tests[test].group
            if group is not None:
                self.group_places.setdefault(group, set()).add(worker.number)
        worker.held = False

    def check_end_test(self, command: EndTest) -> None:
        assert command.reason
        started = command.test in self.started
        assert started is (command.outcome not in ("not run", "blocked"))
        if command.outcome == "blocked":
            needs = self.rules.of[command.test].needs
            assert any(self.rules.is_hopeless(need, self.ended) or need.colocate for need in needs)
        if started:
            assert command.worker == self.started[command.test]

    def finish(self, test: int, outcome: str) -> None:
        assert test not in self.ended, f"test {test} ends twice"
        self.ended[test] = outcome
        for worker in self.workers.values():
            worker.has.pop(test, None)

    def check_end(self, command: EndRun) -> None:
        assert len(self.ended) == len(self.tests), "tests were lost"
        assert all(worker.told_left for worker in self.workers.values())
        assert not self.to_start
        assert command.not_run == list(self.ended.values()).count("not run")

    # What happens

    def start_replacement(self, fails: bool = False) -> None:
        number = self.to_start.popleft()
        self.later()
        if fails:
            self.crashes += 1
            self.workers[number] = Process(number, told_left=True, gone=True)
            self.tell(WorkerLeft(now=self.now, worker=number, reason="crashed"))
        else:
            self.join(number)

    def deliver(self, worker: Process) -> None:
        """The worker takes in the oldest command on its way."""
        command = worker.inbox.popleft()
        if isinstance(command, Assign):
            worker.queue.extend(command.tests)
        elif isinstance(command, Recall):
            back = [test for test in command.tests if test in worker.queue]
            worker.queue = deque(test for test in worker.queue if test not in back)
            worker.outbox.append((TestsReturned, {"tests": back}))
        elif isinstance(command, TearDown):
            worker.tears_down = True
        elif isinstance(command, Close):
            worker.closing = True

    def overtake(self, worker: Process) -> None:
        """The answer to a recall is sent past the report of a start."""
        if len(worker.outbox) >= 2:
            start, answer = worker.outbox[-2], worker.outbox[-1]
            if start[0] is TestStarted and answer[0] is TestsReturned:
                worker.outbox[-2], worker.outbox[-1] = answer, start

    def act(self, worker: Process, outcome: str = "passed", seconds: float = 0.01) -> None:
        """The worker does the next thing that it can do by itself."""
        if not worker.collected:
            worker.collected = True
            worker.outbox.append((WorkerCollected, {}))
        elif worker.running is not None:
            report = {"test": worker.running, "outcome": outcome, "call": seconds}
            worker.outbox.append((TestFinished, report))
            worker.running = None
        elif worker.tears_down:
            worker.tears_down = False
            worker.up.clear()
            worker.outbox.append((TornDown, {}))
        elif worker.queue:
            test = worker.queue.popleft()
            if self.is_lacking(worker, test):
                worker.outbox.append((TestsLacking, {"tests": [test]}))
            else:
                worker.running = test
                self.set_up(worker, test)
                worker.outbox.append((TestStarted, {"test": test}))
        elif worker.closing:
            self.leave(worker, "closed")

    def set_up(self, worker: Process, test: int) -> None:
        """The fixtures are torn down that the test does not need, and its own are set up."""
        nodeid, slots = self.tests[test].nodeid, self.slots[test]
        for name, (demand, _) in list(worker.up.items()):
            if not nodeid.startswith(f"{demand.scope}::"):
                del worker.up[name]
        demands = self.rules.of[test].demands if test in self.rules.of else ()
        for demand in sorted(demands, key=lambda each: len(each.scope)):
            if demand.scope and not self.rules.serial:
                before = worker.up.setdefault(demand.name, (demand, slots[demand.name]))
                assert before[1] == slots[demand.name], "the slots changed within a scope"

    def is_lacking(self, worker: Process, test: int) -> bool:
        if self.owners is None or self.owners.get(self.tests[test].file) == worker.number:
            return False
        return test in self.lacking_of.get(worker.number, ())

    def leave(self, worker: Process, reason: str, heard: int | None = None) -> None:
        """The worker is gone; of what it had said, only the first messages may arrive."""
        worker.gone = True
        worker.up.clear()
        worker.inbox.clear()
        while heard is not None and len(worker.outbox) > heard:
            worker.outbox.pop()
        worker.outbox.append((WorkerLeft, {"reason": reason}))

    def hear(self, worker: Process) -> None:
        """The engine hears the oldest message of the worker."""
        kind, content = worker.outbox.popleft()
        event = kind(now=self.later(), worker=worker.number, **content)
        test = content.get("test", -1)
        if kind is WorkerCollected:
            event = self.collected(worker)
        elif kind is TestStarted:
            assert test not in self.started, "started twice"
            self.started[test] = worker.number
        elif kind is TestFinished:
            self.finish(test, content["outcome"])
            worker.held = False
        elif kind in {TestsReturned, TestsLacking}:
            if kind is TestsLacking:
                worker.missing |= frozenset(content["tests"])
            else:
                worker.recalls_open -= 1
            for returned in content["tests"]:
                worker.has.pop(returned)
                worker.held = False
        elif kind is TornDown:
            worker.tear_down_open = False
        elif kind is WorkerLeft:
            worker.told_left = True
            worker.recalls_open = 0
            worker.has = {test: None for test in worker.has if test in self.started}
            self.crashes += content["reason"] == "crashed"
        self.tell(event)

    def collected(self, worker: Process) -> WorkerCollected:
        worker.missing = self.missing_of.get(worker.number, frozenset())
        worker.told_collected = True
        files = None
        if self.owners is not None:
            files = [file for file, owner in self.owners.items() if owner == worker.number]
        return WorkerCollected(
            now=self.now, worker=worker.number, missing=sorted(worker.missing), files=files
        )

    # Its course

    @property
    def busy(self) -> list[Process]:
        """Workers with which something can happen."""
        return [
            worker
            for worker in self.workers.values()
            if worker.inbox
            or worker.outbox
            or (
                not worker.gone
                and (
                    not worker.collected
                    or worker.running is not None
                    or worker.queue
                    or worker.tears_down
                    or worker.closing
                )
            )
        ]

    def advance(self, worker: Process, choice: int) -> None:
        """One of the things that can happen with the worker."""
        can_act = not worker.gone and (
            not worker.collected
            or worker.running is not None
            or bool(worker.queue)
            or worker.tears_down
            or (worker.closing and not worker.inbox)
        )
        ways = [
            way
            for way, possible in (
                (self.act, can_act),
                (self.hear, bool(worker.outbox)),
                (self.deliver, bool(worker.inbox)),
            )
            if possible
        ]
        ways[choice % len(ways)](worker)

    def complete(self) -> None:
        """Let everything go on until nothing can happen any more; the run must have ended."""
        if not self.collections:
            self.collect([], [], {})
        step = 0
        while self.end is None:
            while self.to_start:
                self.start_replacement()
            busy = self.busy
            if not busy and self.machine.wanted:
                self.machine.taken_by(())
                assert self.let_in(), "nobody holds what the run wants, and it cannot have it"
                continue
            assert busy or self.end, "everybody waits, and the run has not ended"
            if busy:
                self.advance(busy[step % len(busy)], step // 3)
            step += 1
            assert step < 100_000

    def check_replay(self) -> None:
        """The recorded events, told to a new engine, yield the same commands."""
        again = Run()
        for event, commands in zip(self.events, self.answers, strict=True):
            assert again.handle(event) == commands
