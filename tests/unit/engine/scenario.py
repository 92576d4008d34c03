"""A run told step by step, and what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.model.collected import CollectedTest
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
    RunBegan,
    StopRequested,
    TestAmended,
    TestFinished,
    TestsCollected,
    TestsLacking,
    TestsReturned,
    TestStarted,
    TimePassed,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
)


def short(command: AnyCommand) -> tuple[Any, ...]:
    """A command as a tuple, without the wording of its reason."""
    if isinstance(command, Assign):
        return ("assign", command.worker, command.tests)
    if isinstance(command, Recall):
        return ("recall", command.worker, command.tests)
    if isinstance(command, Hold):
        return ("hold", command.worker)
    if isinstance(command, TearDown | Close):
        return ("close" if isinstance(command, Close) else "tear down", command.worker)
    if isinstance(command, StartWorker):
        return ("start", command.worker, command.replaces)
    if isinstance(command, EndTest):
        return ("end", command.test, command.outcome)
    if isinstance(command, WantSlots):
        return ("want", *([each.name for each in demands] for demands in command.any_of))
    if isinstance(command, ReturnSlots):
        return ("return", command.slots)
    if isinstance(command, Prepare):
        return ("prepare", command.worker, command.test)
    return ("over", command.not_run)


class Scenario:
    """Each step returns what the engine answered, shortened; time goes on by a second."""

    def __init__(self, workers: int, **options: Any) -> None:
        self.run = Run()
        self.now = 0.0
        self.last: list[AnyCommand] = []
        self.tell(RunBegan(now=0.0, workers=workers, **options))
        for number in range(workers):
            self.tell(WorkerJoined(now=0.0, worker=number))

    def tell(self, event: AnyEvent) -> list[tuple[Any, ...]]:
        self.last = self.run.handle(event)
        return [short(command) for command in self.last]

    def reasons(self) -> list[str]:
        kinds = (Hold, EndTest)
        return [command.reason for command in self.last if isinstance(command, kinds)]

    def collect(
        self,
        tests: Sequence[str | CollectedTest],
        estimates: Sequence[float | None] | float | None = 1.0,
        costs: dict[str, float] | None = None,
        owners: dict[str, int] | None = None,
        collect_costs: dict[str, float] | None = None,
    ) -> list[tuple[Any, ...]]:
        collected = [
            CollectedTest(nodeid=test) if isinstance(test, str) else test for test in tests
        ]
        if not isinstance(estimates, Sequence):
            estimates = [estimates] * len(tests)
        return self.tell(
            TestsCollected(
                now=self.now,
                tests=collected,
                estimates=list(estimates),
                setup_costs=costs or {},
                owners=owners or {},
                collect_costs=collect_costs or {},
            )
        )

    def ready(
        self, worker: int, missing: Sequence[int] = (), files: Sequence[str] | None = None
    ) -> list[tuple[Any, ...]]:
        return self.tell(
            WorkerCollected(
                now=self.now,
                worker=worker,
                missing=list(missing),
                files=None if files is None else list(files),
            )
        )

    def lack(self, worker: int, *tests: int) -> list[tuple[Any, ...]]:
        return self.tell(TestsLacking(now=self.now, worker=worker, tests=list(tests)))

    def start(self, worker: int, test: int) -> list[tuple[Any, ...]]:
        return self.tell(TestStarted(now=self.now, worker=worker, test=test))

    def finish(
        self, worker: int, test: int, after: float = 1.0, setup: float = 0.0
    ) -> list[tuple[Any, ...]]:
        self.now += after
        return self.tell(
            TestFinished(
                now=self.now,
                worker=worker,
                test=test,
                outcome="passed",
                setup=setup,
                call=after - setup,
            )
        )

    def go_through(self, worker: int, *tests: int) -> list[tuple[Any, ...]]:
        """Start and finish these tests; what all of it was answered."""
        answers = []
        for test in tests:
            answers += self.start(worker, test)
            answers += self.finish(worker, test)
        return answers

    def amend(self, worker: int, test: int) -> list[tuple[Any, ...]]:
        return self.tell(TestAmended(now=self.now, worker=worker, test=test, outcome="error"))

    def give_back(self, worker: int, *tests: int) -> list[tuple[Any, ...]]:
        return self.tell(TestsReturned(now=self.now, worker=worker, tests=list(tests)))

    def leave(
        self, worker: int, reason: Literal["closed", "crashed", "stopped"]
    ) -> list[tuple[Any, ...]]:
        return self.tell(WorkerLeft(now=self.now, worker=worker, reason=reason))

    def join(self, worker: int) -> list[tuple[Any, ...]]:
        return self.tell(WorkerJoined(now=self.now, worker=worker))

    def stop(self) -> list[tuple[Any, ...]]:
        return self.tell(StopRequested(now=self.now, reason="stopped by -x"))

    def wait(self, seconds: float) -> list[tuple[Any, ...]]:
        self.now += seconds
        return self.tell(TimePassed(now=self.now))

    @property
    def end(self) -> EndRun:
        (end,) = (command for command in self.last if isinstance(command, EndRun))
        return end


def file_of(name: str, count: int) -> list[str]:
    return [f"{name}::test_{number}" for number in range(count)]
