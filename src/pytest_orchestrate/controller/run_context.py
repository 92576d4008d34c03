"""What belongs to one run as a whole: its id, its log, its history, its engine."""

from __future__ import annotations

import functools
from collections import deque
from collections.abc import Callable, Mapping
from os import fspath, getpid
from time import monotonic, time
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.controller import leavings
from pytest_orchestrate.controller.evidence import Evidence, amendment
from pytest_orchestrate.controller.publishing import Publishing
from pytest_orchestrate.controller.run_identity import selection_of
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import TestAmended, TestsCollected

if TYPE_CHECKING:
    from pytest_orchestrate.controller.constraining import Constraining
    from pytest_orchestrate.controller.failures_first import FailuresFirst
    from pytest_orchestrate.controller.host_slots import HostSlots
    from pytest_orchestrate.controller.replaying import Replay
    from pytest_orchestrate.engine.run import Run
    from pytest_orchestrate.history.recording import Recording
    from pytest_orchestrate.history.store import History, RunFacts
    from pytest_orchestrate.model.annotations import Annotations
    from pytest_orchestrate.model.commands import AnyCommand
    from pytest_orchestrate.model.events import AnyEvent, Constraint
    from pytest_orchestrate.options import Options
    from pytest_orchestrate.report.builder import SummaryBuilder
    from pytest_orchestrate.report.summary import Summary


class RunContext:
    """Tells the engine what happens, and the log and the summary what was told.

    What is not needed before workers are started is imported when it is needed, which is while
    they start.

    :param execute: Carries out one engine command.
    """

    def __init__(self, config: pytest.Config, options: Options, run_id: str) -> None:
        self.config = config
        self.options = options
        self.run_id = run_id
        self.selection = selection_of(config)
        self.warnings: list[str] = []
        self.log: Recording | None = None
        self.publishing = Publishing(config, options)
        self._history: History | None = None
        self._process = getpid()
        self._began = monotonic()
        self.tests: list[CollectedTest] = []
        self.expected: list[float | None] = []  #: seconds of each test, as far as known
        self.entry_costs: dict[str, float] = {}  #: file -> seconds of its fixtures, as far as known
        self.constraints: list[Constraint] = []  #: of those tests that have any
        self.is_plan = False  #: tests are collected, but none is run
        #: The run that is to be done again, if one is.
        self.replay: Replay | None = None
        #: What is known of tests that are likely to fail, where these are to go first.
        self.failures_first: FailuresFirst | None = None
        self.not_run = 0
        self.with_artifacts = 0  #: attempts of which something is kept
        self.end_reason: str | None = None
        self.has_ended = False
        self.has_begun = False
        self.is_in_process = False  #: tests run one at a time, and get slots one at a time
        self.host_slots: HostSlots | None = None  #: of resources that all runs share, if any
        self._to_execute: deque[AnyCommand] = deque()
        self._is_executing = False
        self.execute: Callable[[AnyCommand], None] = lambda _command: None

    @functools.cached_property
    def builder(self) -> SummaryBuilder:
        """What the records of the run amount to."""
        from pytest_orchestrate.report.builder import SummaryBuilder

        return SummaryBuilder()

    @functools.cached_property
    def constraining(self) -> Constraining:
        """What markers say of tests, as the engine is told it."""
        from pytest_orchestrate.controller.constraining import Constraining

        return Constraining(self.config, self.options)

    @functools.cached_property
    def _engine(self) -> Run:
        from pytest_orchestrate.engine.run import Run

        return Run()

    @staticmethod
    def import_all() -> None:
        """Import at once what is otherwise imported while workers start."""
        from pytest_orchestrate.controller import constraining, surroundings  # noqa: F401
        from pytest_orchestrate.engine import run  # noqa: F401
        from pytest_orchestrate.report import builder  # noqa: F401

    # --- history ---

    @property
    def history(self) -> History | None:
        """The store; None with recording off."""
        return self.open_history()

    def open_history(self) -> History | None:
        """Open the store, if nobody has yet."""
        if self._history is None and self.options.record != "off":
            from pytest_orchestrate.history.store import History

            self._history = History.open(self.options.dir)
            if self._history.usable:
                self._history.fold_unfinished(self.options.dir)
                self._history.begin_with(self.config.rootpath / ".test_durations")
        return self._history

    def let_go_of_history(self) -> None:
        """Close the store's file, because this process is about to be forked."""
        if self._history is not None:
            self._history.close()

    def last_run(self) -> RunFacts | None:
        """Return facts of the latest run with the same selection, or None."""
        store = self.history
        return store.last_run(self.selection) if store is not None else None

    @property
    def begins_with_failures(self) -> bool:
        """Whether tests that are likely to fail are to go first."""
        return self.options.order == "failures-first" and self.replay is None

    def look_for_failures(self) -> None:
        """Begin to find out which tests are likely to fail, if these are to go first."""
        if self.begins_with_failures:
            from pytest_orchestrate.controller.failures_first import FailuresFirst

            self.failures_first = FailuresFirst(self.config.rootpath, self.history)
            self.config.add_cleanup(self.failures_first.close)

    def estimates(self, tests: list[CollectedTest]) -> list[float | None]:
        """Return what each test is expected to take: a hook's answer, else history's.

        :raises pytest.UsageError: an answer is no number of seconds.
        """
        store = self.history
        known: list[float | None]
        known = (
            store.estimates([test.nodeid for test in tests])
            if store is not None
            else [None] * len(tests)
        )
        hook = self.config.hook.pytest_orchestrate_estimate
        if hook.get_hookimpls():
            for position, test in enumerate(tests):
                answer = hook(test=test)
                if answer is not None:
                    known[position] = _seconds(answer, test)
        return known

    def collected(
        self,
        tests: list[CollectedTest],
        annotations: Mapping[int, Annotations],
        owners: dict[str, int] | None = None,
        collect_costs: dict[str, float] | None = None,
    ) -> None:
        """Tell the engine of collected tests, with what history knows of them.

        :param annotations: What markers say of those tests that have any, by position.
        :param owners: File -> number of the worker that has collected it, where each has
            collected a share.
        :param collect_costs: File -> seconds to collect it on another worker.
        """
        constraints = self.constraining.constraints(tests, annotations)
        if not self.tests and any(need.colocate for each in constraints for need in each.needs):
            from pytest_orchestrate.controller.constraining import kept_together

            tests = kept_together(tests, constraints)
        self.tests.extend(tests)
        self.constraints += constraints
        files = dict.fromkeys(test.file for test in tests)
        store = self.history
        costs = {}
        if store is not None:
            # who has collected a file enters it for the price of its fixtures
            imports = store.collect_costs()
            costs = {
                file: max(0.0, seconds - imports.get(file, 0.0))
                for file, seconds in store.setup_costs(files).items()
            }
        estimates = self.estimates(tests)
        self.expected += estimates
        self.entry_costs.update(costs)
        likely: dict[int, int] = {}
        if self.failures_first is not None:
            first = len(self.tests) - len(tests)
            found = self.failures_first.levels(tests, estimates, costs)
            likely = {first + position: level for position, level in found.items()}
        resources = self.constraining.named(constraints)
        hosted: list[str] = []
        if not self.is_plan:
            shared = self.constraining.shared(resources, self.host_slots, self.run_id)
            self.host_slots, hosted = shared
        self.tell(
            TestsCollected(
                now=self.now(),
                tests=tests,
                estimates=estimates,
                setup_costs=costs,
                owners=owners or {},
                collect_costs=collect_costs or {},
                constraints=constraints,
                resources=resources,
                course=[] if self.replay is None else self._course(self.replay),
                likely=likely,
                hosted=[] if self.is_in_process else hosted,
            )
        )

    def _course(self, replay: Replay) -> list[tuple[int, int]]:
        steps = replay.steps(self.tests)
        if replay.gone:
            gone, were = count_of(replay.gone, "test"), "was" if replay.gone == 1 else "were"
            self.warnings.append(f"{gone} of run {replay.course.run} {were} not collected")
        return steps

    # --- the log ---

    def now(self) -> float:
        """Return seconds since the run began."""
        return monotonic() - self._began

    def begin(self, mode: str, workers: int) -> None:
        """Open the log and write its first line."""
        from pytest_orchestrate.controller.surroundings import facts_of
        from pytest_orchestrate.history.log import VERSION

        self._began, started = monotonic(), time()
        self.is_in_process = mode == "in-process"
        if self.options.record != "off" or self.publishing.is_wanted:
            from pytest_orchestrate.history.recording import Recording

            folder = self.options.dir if self.options.record != "off" else self.publishing.folder()
            self.log = Recording.create(folder, self.run_id, self.options.record)
        self.has_begun = True
        facts = facts_of(self.config, self.options, look_for_changes=self.publishing.is_wanted)
        self.write(
            {
                "record": "run",
                "version": VERSION,
                "run": self.run_id,
                "started": started,
                "mode": mode,
                "workers": workers,
                "selection": self.selection,
                **facts,
            }
        )

    def write(self, record: Mapping[str, Any]) -> None:
        """Add a record to the summary and to the log."""
        self.builder.add(record)
        if self.log is not None:
            self.log.write(record)

    def attempt(
        self,
        test: int,
        worker: str,
        order: int,
        outcome: str,
        durations: tuple[float, float, float],
        *,
        started: float,
        evidence: Evidence | None,
        clock: float | None = None,
    ) -> None:
        """Record one execution of a test.

        :param order: How many tests the worker had run before it.
        :param durations: Seconds of set-up, call and tear-down.
        :param started: Seconds since the epoch.
        :param evidence: None where there were no reports.
        :param clock: When it began by its worker's clock, if that is of another machine.
        """
        told = evidence or Evidence(None)
        name = self.tests[test]
        record = told.record(test, name, worker, order, outcome, durations, started, clock)
        self.builder.add(record)
        if self.log is not None:
            self.log.attempt(record)

    def amend(self, test: int, number: int, worker: str, report: pytest.TestReport) -> None:
        """Tell the engine of a tear-down that failed after its test had ended, and record it.

        :param number: Of the worker.
        """
        self.tell(TestAmended(now=self.now(), worker=number, test=test, outcome="error"))
        root = fspath(self.config.rootpath)
        self.write(amendment(test, self.tests[test], worker, report, root))

    def fixture(self, worker: str, file: str | None, name: str, scope: str, seconds: float) -> None:
        """Record what it took to set up a fixture of higher than function scope."""
        self.write(
            {
                "record": "fixture",
                "worker": worker,
                "file": file,
                "name": name,
                "scope": scope,
                "setup": seconds,
            }
        )

    def note(self, text: str) -> None:
        """Record something that a reader of the run should know."""
        self.write({"record": "note", "text": text})

    def tell(self, event: AnyEvent) -> None:
        """Tell the engine of an event and carry out what it wants."""
        commands = self._engine.handle(event)
        self.builder.add({"record": "event", "event": event})
        log = self.log
        if log is not None:
            log.event(event)
        for command in commands:
            self.builder.add({"record": "command", "command": command})
            if log is not None:
                log.command(command)
        self._to_execute.extend(commands)
        if self._is_executing:
            return  # carrying out a command has led to this event; its own come after the others
        self._is_executing = True
        try:
            while self._to_execute:
                self.execute(self._to_execute.popleft())
        finally:
            self._is_executing = False

    @property
    def unfinished(self) -> int:
        """How many of the known tests have not ended."""
        return self._engine.unfinished

    def flush(self) -> None:
        """Hand the log to the system."""
        if self.log is not None:
            self.log.flush()

    # --- the end ---

    def finish(self, exitstatus: int) -> Summary:
        """Write the last line, fold the log into history, drop old logs, return the summary.

        In a child that a test has forked and that came here by its parent's stack, the log and
        the history are the parent's, and left alone.
        """
        if getpid() != self._process:
            return self.builder.summary()
        self.write(
            {
                "record": "end",
                "exitstatus": exitstatus,
                "duration": self.now(),
                "not_run": self.not_run,
                "reason": self.end_reason,
            }
        )
        from pytest_orchestrate.history.log import prune

        options = self.options
        if self.log is not None:
            self.log.close(self.history)
            if self.log.fault is not None:
                self.warnings.append(self.log.fault)
            self.publishing.publish(self.log.path, self.history)
            self.warnings.extend(self.publishing.warnings)
            prune(options.dir, keep_runs=options.keep.runs, keep_bytes=options.keep.size)
        if self.with_artifacts:
            leavings.prune(self)
        if self._history is not None:
            self.warnings.extend(self._history.warnings)
            self._history.close()
            self._history = None
        return self.builder.summary()


def _seconds(answer: object, test: CollectedTest) -> float:
    if not isinstance(answer, int | float) or not 0 <= answer < float("inf"):
        raise pytest.UsageError(
            f"the hook pytest_orchestrate_estimate returned {answer!r} for {test.nodeid}; "
            "accepted are seconds from 0 on, and None"
        )
    return float(answer)
