"""The controller's part in pytest's hooks, for runs with workers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate import xdist_contract
from pytest_orchestrate.controller.collect_mode import CollectMode, collect_mode
from pytest_orchestrate.controller.crew import Crew
from pytest_orchestrate.controller.deciding import ask_hook
from pytest_orchestrate.internals.session import path_without_settings, replace_collecting
from pytest_orchestrate.model.counting import count_of

if TYPE_CHECKING:
    from pytest_orchestrate.controller.fleet_size import Decision
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.controller.start_choice import StartChoice


class ControllerSession:
    """Registered as ``dsession`` when workers run the tests."""

    def __init__(
        self,
        config: pytest.Config,
        context: RunContext,
        decision: Decision,
        start: StartChoice,
    ) -> None:
        self.config = config
        self._start = start
        self._collect_mode: CollectMode | None = None
        self.context = context
        self.decision = decision
        self._sys_path = path_without_settings(config)
        self._crew: Crew | None = None

    @property
    def crew(self) -> Crew:
        """The workers; there are none before the session begins."""
        assert self._crew is not None
        return self._crew

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        """Conftests are loaded now: ask them how many workers ``auto`` may use."""
        self.decision = ask_hook(config, self.context, self.decision)
        if not self.decision.workers:
            xdist_contract.withdraw(config)
            if self._start.server is not None:
                self._start.server.close()
            from pytest_orchestrate.controller.inprocess import InProcessSession

            manager = config.pluginmanager
            manager.unregister(self)
            manager.register(
                InProcessSession(config, self.context, self.decision), "orchestrate-in-process"
            )

    @pytest.hookimpl(tryfirst=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Tell the number of workers to plugins that are configured next."""
        xdist_contract.count(config, self.decision.workers)

    def pytest_report_header(self) -> str:
        """One line: workers, how they start, how they collect, what history knows."""
        from pytest_orchestrate.report import terminal

        store = self.context.history
        mode = self._mode()
        specs = sorted({spec.spec for spec in self.context.options.worker_spec}) or ["popen"]
        return terminal.header(
            workers=self.decision.workers,
            chosen=self.decision.reason,
            started=", ".join(
                "forked" if spec == "popen" and self._start.server is not None else spec
                for spec in specs
            ),
            collection="full" if mode.mode == "full" else "sharded",
            collection_reason=mode.reason,
            history=store.known_tests() if store is not None else None,
            remarks=["failures first"] if self.context.begins_with_failures else (),
        )

    @pytest.hookimpl(trylast=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        """Start the workers."""
        reporter = self.config.pluginmanager.getplugin("terminalreporter")
        if reporter is not None:
            reporter.showfspath = False
        replace_collecting(session, self._collect)
        self._crew = Crew(
            self.config,
            self.context,
            self.decision,
            self._sys_path,
            self._start,
            self._mode(),
        )
        self._crew.begin(session)

    def _mode(self) -> CollectMode:
        if self._collect_mode is None:
            self._collect_mode = collect_mode(self.config, self.context, self.decision.workers)
        return self._collect_mode

    def _collect(self) -> list[pytest.Item]:
        self.config.pluginmanager.check_pending()
        try:
            self.crew.collect()
        except BaseException:
            self.crew.abandon()
            raise
        return []

    @pytest.hookimpl
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Let the workers run the tests, and return when all of them have left."""
        crew = self.crew
        try:
            if session.testsfailed and not session.config.option.continue_on_collection_errors:
                errors = session.testsfailed
                reason = f"{count_of(errors, 'error')} during collection"
                crew.abandon(reason)
                # the engine has never heard of them, but they are not forgotten
                self.context.not_run, self.context.end_reason = session.testscollected, reason
                raise session.Interrupted(reason)
            if self.context.is_plan:
                crew.only_collect()
            else:
                crew.run()
        except BaseException:
            crew.abandon()
            raise
        return True

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """No worker is left behind, however the session ended."""
        if self._crew is not None:
            self._crew.abandon()

    @pytest.hookimpl(tryfirst=True)
    def pytest_unconfigure(self) -> None:
        """The same for a session that has not even started, while the run is still recorded."""
        self.pytest_sessionfinish()
