"""Runs without workers: the same engine, with this process as its only worker."""

from __future__ import annotations

import contextlib
import functools
import os
import time
from collections import deque
from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.annotating import read_annotations, read_requirable
from pytest_orchestrate.controller import critical, leavings
from pytest_orchestrate.controller.evidence import (
    Evidence,
    cut_off,
    foreign_markers,
    markers_of,
)
from pytest_orchestrate.controller.memory import uncollected
from pytest_orchestrate.controller.refusing import Refusing
from pytest_orchestrate.controller.voice import Voice
from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.internals.notice import short_way
from pytest_orchestrate.internals.session import show_selected
from pytest_orchestrate.internals.teardown import looks_at_next, settle, stand_in
from pytest_orchestrate.measuring import FileCosts, FixtureCosts, named, togetherness
from pytest_orchestrate.model import commands
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.attempt import Attempt, Phases, added, may_be_repeated
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import (
    RunBegan,
    StopRequested,
    TestFinished,
    TestStarted,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
)
from pytest_orchestrate.report import terminal
from pytest_orchestrate.selecting import OnlyThese, Selecting
from pytest_orchestrate.slots import PLUGIN, Slots

if TYPE_CHECKING:
    from pytest_orchestrate.artifacts import Artifacts, Left
    from pytest_orchestrate.controller.fleet_size import Decision
    from pytest_orchestrate.controller.run_context import RunContext

_NOTHING = contextlib.nullcontext()
#: Seconds of work that are decided ahead.
LOOKAHEAD = 0.1

#: The only worker.
HERE = 0


class InProcessSession:
    """Collects as plain pytest does, and runs what the engine assigns, here."""

    def __init__(self, config: pytest.Config, context: RunContext, decision: Decision) -> None:
        self.config = config
        self.context = context
        self.decision = decision
        self._queue: deque[int] = deque()
        self._is_closed = False
        self._test = -1
        self._attempt = Attempt()
        self._evidence = Evidence(None)
        #: Attempts so far.
        self._order = 0
        #: When the attempt began, seconds since the epoch.
        self._started = 0.0
        #: When the last call ended that is perhaps run again.
        self._repeated_at = 0.0
        #: Seconds of set-up, call and tear-down of earlier attempts of the test.
        self._earlier: Phases = (0.0, 0.0, 0.0)
        self._root = os.fspath(config.rootpath)
        self._markers: frozenset[str] = frozenset()
        self._costs = FileCosts()
        config.pluginmanager.register(self._costs, "orchestrate-file-costs")
        config.pluginmanager.register(FixtureCosts(self._fixture), "orchestrate-fixture-costs")
        self._collect_seconds = 0.0
        self._deselected: list[pytest.Item] = []
        self._items: list[pytest.Item] = []
        self._refusing = Refusing(config, context)
        self._selecting = Selecting(config, self._undo_deselection)
        critical.register(config, context)
        self._slots = Slots()
        #: Test -> what it needs that other runs on the machine may have.
        self._hosted: dict[int, list[Demand]] = {}
        config.pluginmanager.register(self._slots, PLUGIN)
        context.execute = self._execute
        if context.replay is not None:
            only = OnlyThese(step.nodeid for step in context.replay.course.steps)
            config.pluginmanager.register(only, OnlyThese.PLUGIN)

    @functools.cached_property
    def artifacts(self) -> Artifacts:
        """What gives folders to tests, from the first that asks for one."""
        from pytest_orchestrate.artifacts import Artifacts

        root, keeps_all = leavings.place(self.context)
        given = Artifacts(root, self._keep, keeps_all=keeps_all)
        self.config.pluginmanager.register(given, "orchestrate-artifacts")
        return given

    def _keep(self, _report: pytest.TestReport, left: Left) -> None:
        leavings.keep(self.context, self._test, "main", left)

    def pytest_report_header(self) -> str:
        """One line: that there are no workers, and why."""
        store = self.context.history
        return terminal.header(
            workers=0,
            chosen=self.decision.reason,
            history=store.known_tests() if store is not None else None,
            remarks=["failures first"] if self.context.begins_with_failures else (),
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Begin the run, and measure what collection costs."""
        context = self.context
        if not self.config.option.collectonly:
            context.begin("in-process", 0)
            context.flush()  # should collection end this process, there is a log
        context.look_for_failures()
        began = time.perf_counter()
        self._selecting.join()
        try:
            result = yield
        except BaseException as error:
            context.end_reason = _why_ended(error)
            raise
        self._collect_seconds = time.perf_counter() - began
        return result

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[object]) -> None:
        """Remember what others may require."""
        self._deselected += [item for item in items if isinstance(item, pytest.Item)]

    def _undo_deselection(self, items: Sequence[pytest.Item]) -> None:
        undone = set(items)
        self._deselected = [item for item in self._deselected if item not in undone]
        show_selected(self.config, undone)

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run every test that the engine assigns."""
        if session.testsfailed and not session.config.option.continue_on_collection_errors:
            self.context.not_run = session.testscollected
            self.context.end_reason = f"{count_of(session.testsfailed, 'error')} during collection"
            return None  # pytest's own loop knows what to say
        if session.config.option.collectonly:
            return None
        with uncollected():
            self._begin(session)
        if self.context.is_plan:
            self._end("a plan runs no test")
            return True
        try:
            with short_way(self.config):
                self._run(session)
        except BaseException as error:
            self._end(_why_ended(error))
            raise
        self._end(None)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        return True

    def _begin(self, session: pytest.Session) -> None:
        context = self.context
        self._items = session.items
        annotations = read_annotations(self.config, session.items)
        # where a test may become urgent, little is decided ahead
        context.tell(
            RunBegan(now=context.now(), workers=1, lookahead=1e-6 if annotations else LOOKAHEAD)
        )
        context.tell(WorkerJoined(now=context.now(), worker=HERE))
        context.write(
            {
                "record": "worker",
                "worker": "main",
                "start": None,
                "collect": self._collect_seconds,
                "collected": len(session.items),
            }
        )
        context.write({"record": "files", "worker": "main", "costs": self._costs.seconds})
        groups, affinities = togetherness(self.config, session.items)
        requirable = read_requirable(
            self.config, session.items, self._deselected, self._selecting.seen
        )
        context.constraining.know(requirable)
        context.collected(named(session.items, groups, affinities), annotations)
        if context.failures_first is not None:
            Voice(self.config).say(context.failures_first.story, worry=False)
        if context.host_slots is not None:
            self._hosted = context.constraining.demands_of_machine(context.constraints)
        context.tell(WorkerCollected(now=context.now(), worker=HERE))
        context.flush()

    def _run(self, session: pytest.Session) -> None:
        items, context = session.items, self.context
        self._markers = foreign_markers(self.config)
        keeps_class = not looks_at_next(self.config)
        parked: pytest.Item | None = None
        while self._queue and not (session.shouldfail or session.shouldstop):
            test = self._queue.popleft()
            item = items[test]
            if parked is not None:
                self._settle(parked, item)
            borrowed = self._borrow(test)
            self._started, self._earlier = time.time(), (0.0, 0.0, 0.0)
            self._test = test
            self._attempt = Attempt()
            file, line, _ = item.location
            self._evidence = Evidence(line, markers_of(item, self._markers), file)
            context.tell(TestStarted(now=context.now(), worker=HERE, test=test))
            context.flush()  # should the test end this process, the log has its name
            nextitem = items[self._queue[0]] if self._queue else None
            parked = None
            if nextitem is None and context.unfinished > 1:  # the rest waits for this one
                parked = item
                nextitem = stand_in(item, keeps_class=keeps_class)
            with self._slots.given(test, item) if self._slots.has(test) else _NOTHING:
                self.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            if borrowed and context.host_slots is not None:
                context.host_slots.give_back(borrowed)
            outcome = self._attempt.outcome
            setup, call, teardown = added(self._earlier, self._end_attempt())
            context.tell(
                TestFinished(
                    now=context.now(),
                    worker=HERE,
                    test=test,
                    outcome=outcome,
                    setup=setup,
                    call=call,
                    teardown=teardown,
                )
            )
        if parked is not None:
            self._settle(parked, None)

    def _end_attempt(self) -> Phases:
        """Record the attempt that is over; return its seconds of set-up, call and tear-down."""
        attempt = self._attempt
        spent = (attempt.setup, attempt.call, attempt.teardown)
        self.context.attempt(
            self._test,
            "main",
            self._order,
            attempt.outcome,
            spent,
            started=self._started,
            evidence=self._evidence,
        )
        self._order += 1
        return spent

    def _begin_again(self, started: float) -> None:
        """Another plugin runs the test once more; that attempt has begun then."""
        self._earlier = added(self._earlier, self._end_attempt())
        self._started, self._attempt = started, Attempt()
        self._evidence = self._evidence.again()

    def _borrow(self, test: int) -> dict[str, list[int]]:
        """Get for a test what it needs of what other runs have, too; return the slots."""
        host = self.context.host_slots
        demands = self._hosted.get(test)
        if host is None or not demands:
            return {}
        from pytest_orchestrate.controller.borrowing import borrow

        say = Voice(self.config).say
        self.context.flush()  # it may wait for long
        slots = borrow(host, demands, say, self.context.tests[test].nodeid)
        self._slots.add(test, slots)
        return slots

    def _settle(self, item: pytest.Item, nextitem: pytest.Item | None) -> None:
        """Tear down what stayed up after a test, because the next one was not known."""
        report = settle(item, nextitem)
        if report is not None:
            self.config.hook.pytest_runtest_logreport(report=report)
            self.context.amend(self._test, HERE, "main", report)

    def _fixture(self, file: str | None, name: str, scope: str, seconds: float) -> None:
        if self.context.has_begun:
            self.context.fixture("main", file, name, scope, seconds)

    def _end(self, reason: str | None) -> None:
        context = self.context
        if context.host_slots is not None:
            context.host_slots.close()
        if reason is not None or self._queue or not self._is_closed:
            session: Any = self.config.pluginmanager.getplugin("session")
            why = reason or str(
                getattr(session, "shouldfail", None) or getattr(session, "shouldstop", None)
            )
            context.tell(StopRequested(now=context.now(), reason=why))
        if not context.has_ended:
            context.tell(
                WorkerLeft(
                    now=context.now(),
                    worker=HERE,
                    reason="stopped" if reason is not None else "closed",
                )
            )
        context.flush()

    def _execute(self, command: commands.AnyCommand) -> None:
        match command:
            case commands.Assign(tests=tests, slots=slots):
                self._slots.expect(slots)
                self._queue.extend(tests)
            case commands.EndTest(outcome="blocked" | "error", test=test):
                item = self._items[test]
                self._refusing.refuse(command, item.location, item.keywords)
            case commands.Recall():
                pass  # what has not begun ends with the run, at once
            case commands.Close():
                self._is_closed = True
            case commands.EndRun(not_run=not_run, reason=reason):
                self.context.not_run = not_run
                self.context.end_reason = reason
                self.context.has_ended = True
            case commands.EndTest(outcome="interrupted", test=test):
                self.context.write(cut_off(test, "main", self._started))
            case commands.Hold() | commands.EndTest():
                pass
            case (
                commands.StartWorker()
                | commands.Prepare()
                | commands.WantSlots()
                | commands.ReturnSlots()
                | commands.TearDown()
            ):
                raise AssertionError(f"not where this process is the only worker: {command!r}")
            case _:
                assert_never(command)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of a phase."""
        if self._attempt.ends_before(report):
            self._begin_again(report.start if report.when == "setup" else self._repeated_at)
        if report.outcome != "passed" and may_be_repeated(report):
            self._repeated_at = report.stop
        self._attempt.add(report)
        self._evidence.add(report, self._root)


def _why_ended(error: BaseException) -> str:
    """Why the tests ended early; as where workers run them."""
    if isinstance(error, pytest.exit.Exception):
        return f"pytest.exit: {error.msg}"
    return type(error).__name__
