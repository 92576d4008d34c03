"""Virtual workers and a virtual clock, driving the same :class:`Run` as real ones do."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush
from typing import NamedTuple

from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.errors import InternalFault
from pytest_orchestrate.model.commands import (
    AnyCommand,
    Assign,
    Close,
    EndRun,
    EndTest,
    Hold,
    Prepare,
    Recall,
    ReturnSlots,
    StartWorker,
    TearDown,
    WantSlots,
)
from pytest_orchestrate.model.events import (
    AnyEvent,
    TestFinished,
    TestsReturned,
    TestStarted,
    TimePassed,
    TornDown,
    WorkerLeft,
    WorkerPrepared,
)

#: Held workers are looked at again after this share of the time that has passed.
GLANCE = 0.02
#: ... but not before this time, in seconds.
SOON = 0.001


class Assignment(NamedTuple):
    """One test in a schedule; ``start`` includes the set-up, all in seconds."""

    test: int
    worker: int
    start: float
    setup: float
    end: float


@dataclass(frozen=True)
class Schedule:
    """What became of a rehearsal."""

    makespan: float
    assignments: list[Assignment]
    events: list[AnyEvent]
    commands: list[AnyCommand]
    #: What each event led to; together these are the commands.
    answers: list[list[AnyCommand]]
    #: Tests that the engine has ended without a run.
    ended: list[EndTest] = field(default_factory=list)


@dataclass(frozen=True)
class Truth:
    """What the engine learns only when it has happened. Times are seconds."""

    #: Per test.
    durations: Sequence[float]
    #: Per test: its file.
    files: Sequence[int]
    #: Per file: what a worker pays to enter it, each time.
    entries: Sequence[float]
    #: Per file: what a worker pays once who has not collected it.
    collects: Sequence[float] = ()
    #: Worker -> files that it has collected; not there: all.
    collected: dict[int, set[int]] = field(default_factory=dict)


class _VirtualWorker:
    __slots__ = ("collected", "file", "is_busy", "is_held", "prepared", "queue")

    def __init__(self, collected: set[int] | None) -> None:
        self.queue: deque[int] = deque()
        self.collected = collected
        self.file = -1
        self.is_busy = False
        self.is_held = False
        #: When it began to enter the file of its next test ahead, and the set-up that it paid.
        self.prepared: tuple[float, float] | None = None


class Rehearsal:
    """Runs something to its end. Messages take no time, so what is recalled comes back.

    :param opening: What the engine is told at first, from ``RunBegan`` on; then tests can run.
    """

    def __init__(self, opening: Sequence[AnyEvent], workers: int, truth: Truth) -> None:
        self._opening = opening
        self._truth = truth
        self._run = Run()
        self._workers = [_VirtualWorker(truth.collected.get(each)) for each in range(workers)]
        #: Ends of running tests, and (with none) of preparations: time, worker, assignment.
        self._ends: list[tuple[float, int, Assignment | None]] = []
        #: Events that happen at once, after the one being handled.
        self._soon: deque[AnyEvent] = deque()
        self._now = 0.0
        self._events: list[AnyEvent] = []
        self._answers: list[list[AnyCommand]] = []
        self._assignments: list[Assignment] = []
        self._ended: list[EndTest] = []
        self._over = False

    def schedule(self) -> Schedule:
        """Go through the whole run."""
        for event in self._opening:
            if not self._over:  # it is as soon as no test is left that could run
                self._tell(event)
        while self._ends:
            self._advance()
        if not self._over:
            raise InternalFault("the simulated run came to a standstill before its end")
        return Schedule(
            makespan=max((each.end for each in self._assignments), default=0.0),
            assignments=self._assignments,
            events=self._events,
            commands=[command for answer in self._answers for command in answer],
            answers=self._answers,
            ended=self._ended,
        )

    def _advance(self) -> None:
        """Go on to the next thing that happens."""
        glance = max(self._now * (1.0 + GLANCE), SOON)
        if glance < self._ends[0][0] and any(worker.is_held for worker in self._workers):
            self._now = glance
            self._tell(TimePassed(now=glance))
            return
        self._now, number, done = heappop(self._ends)
        self._workers[number].is_busy = False
        if done is None:
            self._tell(WorkerPrepared(now=self._now, worker=number))
            return
        self._assignments.append(done)
        self._tell(
            TestFinished(
                now=self._now,
                worker=number,
                test=done.test,
                outcome="passed",
                setup=done.setup,
                call=self._truth.durations[done.test],
            )
        )

    def _tell(self, event: AnyEvent) -> None:
        """Let the engine know, do what it wants, and so on until nothing happens at once."""
        self._soon.append(event)
        while self._soon:
            event = self._soon.popleft()
            commands = self._run.handle(event)
            self._events.append(event)
            self._answers.append(commands)
            for command in commands:
                self._obey(command)
            if not self._soon:
                self._begin_tests()

    def _begin_tests(self) -> None:
        """The first free worker that has a test begins it."""
        for number, worker in enumerate(self._workers):
            if worker.queue and not worker.is_busy:
                self._begin(number, worker)
                return

    def _begin(self, number: int, worker: _VirtualWorker) -> None:
        truth = self._truth
        test = worker.queue.popleft()
        file = truth.files[test]
        start = begin = self._now
        if worker.prepared is not None:
            start, setup = worker.prepared
            worker.prepared = None
        else:
            setup = truth.entries[file] if file != worker.file else 0.0
            if worker.collected is not None and file not in worker.collected:
                worker.collected.add(file)
                setup += truth.collects[file]
            begin += setup
        worker.file = file
        worker.is_busy = True
        end = begin + truth.durations[test]
        heappush(self._ends, (end, number, Assignment(test, number, start, setup, end)))
        self._soon.append(TestStarted(now=self._now, worker=number, test=test))

    def _prepare(self, worker: _VirtualWorker, command: Prepare) -> None:
        worker.file = self._truth.files[command.test]
        setup = self._truth.entries[worker.file]
        worker.prepared = (self._now, setup)
        worker.is_busy = True
        worker.is_held = False
        heappush(self._ends, (self._now + setup, command.worker, None))

    def _obey(self, command: AnyCommand) -> None:
        if isinstance(command, Assign):
            worker = self._workers[command.worker]
            worker.queue.extend(command.tests)
            worker.is_held = False
        elif isinstance(command, Prepare):
            self._prepare(self._workers[command.worker], command)
        elif isinstance(command, Recall):
            worker = self._workers[command.worker]
            back = [test for test in command.tests if test in worker.queue]
            worker.queue = deque(test for test in worker.queue if test not in back)
            self._soon.append(TestsReturned(now=self._now, worker=command.worker, tests=back))
        elif isinstance(command, Hold):
            self._workers[command.worker].is_held = True
        elif isinstance(command, TearDown):
            self._soon.append(TornDown(now=self._now, worker=command.worker))
        elif isinstance(command, Close):
            self._workers[command.worker].is_held = False
            self._soon.append(WorkerLeft(now=self._now, worker=command.worker, reason="closed"))
        elif isinstance(command, EndRun):
            self._over = True
        elif isinstance(command, EndTest):
            self._ended.append(command)
        else:
            _refuse(command)


def _refuse(command: StartWorker | WantSlots | ReturnSlots) -> None:
    raise InternalFault(
        f"nobody dies in a rehearsal, and it has no other runs, but the engine wants {command!r}"
    )
