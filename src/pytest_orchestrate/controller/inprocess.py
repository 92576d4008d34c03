"""Runs without workers: the same engine, with this process as its only worker."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.measuring import FileCosts, FixtureCosts, togetherness
from pytest_orchestrate.model import commands
from pytest_orchestrate.model.attempt import Attempt
from pytest_orchestrate.model.collected import CollectedTest
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

if TYPE_CHECKING:
    from pytest_orchestrate.controller.fleet_size import Decision
    from pytest_orchestrate.controller.run_context import RunContext

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
        self._attempt = Attempt()
        self._longrepr: str | None = None
        self._sections: list[tuple[str, str]] = []
        self._costs = FileCosts()
        config.pluginmanager.register(self._costs, "orchestrate-file-costs")
        config.pluginmanager.register(FixtureCosts(self._fixture), "orchestrate-fixture-costs")
        self._collect_seconds = 0.0
        context.execute = self._execute

    def pytest_report_header(self) -> str:
        """One line: that there are no workers, and why."""
        store = self.context.history
        return terminal.header(
            workers=0,
            chosen=self.decision.reason,
            history=store.known_tests() if store is not None else None,
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Measure what collection costs."""
        began = time.perf_counter()
        result = yield
        self._collect_seconds = time.perf_counter() - began
        return result

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool | None:
        """Run every test that the engine assigns."""
        if (
            session.testsfailed and not session.config.option.continue_on_collection_errors
        ) or session.config.option.collectonly:
            return None  # pytest's own loop knows what to say
        self._begin(session)
        try:
            self._run(session)
        except BaseException as error:
            self._end(type(error).__name__)
            raise
        self._end(None)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        return True

    def _begin(self, session: pytest.Session) -> None:
        context = self.context
        context.begin("in-process", 0)
        context.tell(RunBegan(now=context.now(), workers=1))
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
        seen: dict[str, int] = {}
        tests = []
        for position, item in enumerate(session.items):
            nodeid = item.nodeid
            occurrence = seen.get(nodeid, 0)
            seen[nodeid] = occurrence + 1
            tests.append(
                CollectedTest(nodeid, occurrence, groups.get(position), affinities.get(position))
            )
        context.collected(tests)
        context.tell(WorkerCollected(now=context.now(), worker=HERE))

    def _run(self, session: pytest.Session) -> None:
        items, context = session.items, self.context
        order = 0
        while self._queue:
            test = self._queue.popleft()
            item = items[test]
            started = time.time()
            self._attempt = attempt = Attempt()
            self._longrepr, self._sections = None, []
            context.tell(TestStarted(now=context.now(), worker=HERE, test=test))
            # the engine keeps two tests ahead, so an empty queue means that this is the last one
            nextitem = items[self._queue[0]] if self._queue else None
            self.config.hook.pytest_runtest_protocol(item=item, nextitem=nextitem)
            context.attempt(
                test,
                "main",
                order,
                attempt.outcome,
                (attempt.setup, attempt.call, attempt.teardown),
                started=started,
                longrepr=self._longrepr,
                sections=self._sections,
            )
            order += 1
            context.tell(
                TestFinished(
                    now=context.now(),
                    worker=HERE,
                    test=test,
                    outcome=attempt.outcome,
                    setup=attempt.setup,
                    call=attempt.call,
                    teardown=attempt.teardown,
                )
            )
            if session.shouldfail or session.shouldstop:
                return

    def _fixture(self, file: str | None, name: str, scope: str, seconds: float) -> None:
        if self.context.has_begun:
            self.context.fixture("main", file, name, scope, seconds)

    def _end(self, reason: str | None) -> None:
        context = self.context
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

    def _execute(self, command: commands.AnyCommand) -> None:
        match command:
            case commands.Assign(tests=tests):
                self._queue.extend(tests)
            case commands.Recall():
                pass  # what has not begun ends with the run, at once
            case commands.Close():
                self._is_closed = True
            case commands.EndRun(not_run=not_run, reason=reason):
                self.context.not_run = not_run
                self.context.end_reason = reason
                self.context.has_ended = True
            case commands.Hold() | commands.EndTest():
                pass
            case commands.StartWorker():
                raise AssertionError("the only worker cannot be replaced")
            case _:
                assert_never(command)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take note of a phase."""
        self._attempt.add(report)
        if report.outcome != "passed":
            text = report.longreprtext
            self._longrepr = f"{self._longrepr}\n{text}" if self._longrepr else text
        if report.sections:
            self._sections = list(report.sections)
