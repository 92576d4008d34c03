"""Virtual workers and a virtual clock, driving the same :class:`Run` as real ones do."""

from __future__ import annotations

import json
import sys
from collections import deque
from dataclasses import dataclass
from heapq import heappop, heappush
from pathlib import Path
from typing import NamedTuple

from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import Instance, InstanceError, parsed
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.errors import InternalFault
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import (
    AnyCommand,
    Assign,
    Close,
    EndRun,
    EndTest,
    Hold,
    Recall,
    StartWorker,
)
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    RunBegan,
    TestFinished,
    TestsCollected,
    TestsReturned,
    TestStarted,
    TimePassed,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
)
from pytest_orchestrate.model.requirements import Need

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
    """What became of an instance."""

    makespan: float
    assignments: list[Assignment]
    events: list[AnyEvent]
    commands: list[AnyCommand]


class _VirtualWorker:
    __slots__ = ("file", "is_busy", "is_held", "queue")

    def __init__(self) -> None:
        self.queue: deque[int] = deque()
        self.file = -1
        self.is_busy = False
        self.is_held = False


class Simulation:
    """Runs one instance to its end. Messages take no time, so what is recalled comes back."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._run = Run()
        self._workers = [_VirtualWorker() for _ in range(instance.workers)]
        #: Ends of running tests: time, worker, assignment.
        self._ends: list[tuple[float, int, Assignment]] = []
        #: Events that happen at once, after the one being handled.
        self._soon: deque[AnyEvent] = deque()
        self._now = 0.0
        self._events: list[AnyEvent] = []
        self._commands: list[AnyCommand] = []
        self._assignments: list[Assignment] = []
        self._over = False

    def schedule(self) -> Schedule:
        """Simulate the whole run."""
        instance = self._instance
        workers = range(instance.workers)
        self._tell(RunBegan(now=0.0, workers=instance.workers, lookahead=0.0))
        for number in workers:
            self._tell(WorkerJoined(now=0.0, worker=number))
        # The index keeps files apart whatever their names are.
        tests = [
            CollectedTest(nodeid=f"{file}::{name}")
            for file, name in zip(instance.files, instance.ids, strict=True)
        ]
        costs = {str(file): seconds for file, seconds in enumerate(instance.entries)}
        for number in workers:
            self._tell(WorkerCollected(now=0.0, worker=number))
        self._tell(
            TestsCollected(
                now=0.0,
                tests=tests,
                estimates=instance.estimates,
                setup_costs=costs,
                constraints=constraints(instance),
                resources=instance.capacities,
            )
        )
        while self._ends:
            self._advance()
        if not self._over:
            raise InternalFault("the simulated run came to a standstill before its end")
        makespan = max((each.end for each in self._assignments), default=0.0)
        return Schedule(makespan, self._assignments, self._events, self._commands)

    def _advance(self) -> None:
        """Go on to the next thing that happens."""
        glance = max(self._now * (1.0 + GLANCE), SOON)
        if glance < self._ends[0][0] and any(worker.is_held for worker in self._workers):
            self._now = glance
            self._tell(TimePassed(now=glance))
            return
        self._now, number, done = heappop(self._ends)
        self._assignments.append(done)
        self._workers[number].is_busy = False
        seconds = self._instance.durations[done.test]
        self._tell(
            TestFinished(
                now=self._now,
                worker=number,
                test=done.test,
                outcome="passed",
                setup=done.setup,
                call=seconds,
            )
        )

    def _tell(self, event: AnyEvent) -> None:
        """Let the engine know, do what it wants, and so on until nothing happens at once."""
        self._soon.append(event)
        while self._soon:
            event = self._soon.popleft()
            self._events.append(event)
            commands = self._run.handle(event)
            self._commands.extend(commands)
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
        instance = self._instance
        test = worker.queue.popleft()
        file = instance.files[test]
        setup = instance.entries[file] if file != worker.file else 0.0
        worker.file = file
        worker.is_busy = True
        end = self._now + setup + instance.durations[test]
        heappush(self._ends, (end, number, Assignment(test, number, self._now, setup, end)))
        self._soon.append(TestStarted(now=self._now, worker=number, test=test))

    def _obey(self, command: AnyCommand) -> None:
        if isinstance(command, Assign):
            worker = self._workers[command.worker]
            worker.queue.extend(command.tests)
            worker.is_held = False
        elif isinstance(command, Recall):
            worker = self._workers[command.worker]
            back = [test for test in command.tests if test in worker.queue]
            worker.queue = deque(test for test in worker.queue if test not in back)
            self._soon.append(TestsReturned(now=self._now, worker=command.worker, tests=back))
        elif isinstance(command, Hold):
            self._workers[command.worker].is_held = True
        elif isinstance(command, Close):
            self._workers[command.worker].is_held = False
            self._soon.append(WorkerLeft(now=self._now, worker=command.worker, reason="closed"))
        elif isinstance(command, EndRun):
            self._over = True
        else:
            _refuse(command)


def _refuse(command: StartWorker | EndTest) -> None:
    raise InternalFault(f"nothing dies in a simulation, but the engine wants {command!r}")


def constraints(instance: Instance) -> list[Constraint]:
    """What the engine is told of tests that may not run at any time on any worker."""
    requires, demands, priorities = instance.requires, instance.demands, instance.priorities
    return [
        Constraint(
            test=test,
            needs=(Need(targets=tuple(sorted(requires[test]))),) if test in requires else (),
            demands=demands.get(test, ()),
            priority=priorities.get(test, 0),
        )
        for test in sorted({*requires, *demands, *priorities})
    ]


def result(instance: Instance) -> dict[str, object]:
    """Schedule an instance; the object that ``pytest-orchestrate simulate`` prints."""
    return described(instance, Simulation(instance).schedule(), lower_bound(instance))


def described(instance: Instance, schedule: Schedule, bound: float) -> dict[str, object]:
    """A schedule as the format has it."""
    return {
        "makespan": schedule.makespan,
        "lower_bound": bound,
        "assignments": [
            {
                "test": instance.ids[each.test],
                "worker": each.worker,
                "start": each.start,
                "setup": each.setup,
                "end": each.end,
            }
            for each in schedule.assignments
        ],
    }


def main(path: str) -> int:
    """``pytest-orchestrate simulate``: print the schedule of the instance in a file.

    Returns the exit status: 0, or 2 with one line on stderr when the instance is invalid.
    """
    try:
        answer = result(parsed(json.loads(Path(path).read_text(encoding="utf-8"))))
    except (OSError, ValueError, RecursionError, InstanceError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"pytest-orchestrate simulate: {path}: {reason}\n")
        return 2
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0
