"""Reports of tests that are not run, because something that they require did not end well."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.internals.cache import still_last_failed

if TYPE_CHECKING:
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.model.commands import EndTest

#: Attribute of the report of a test that is blocked.
MARK = "orchestrate_blocked"


class Refusing:
    """Tells pytest of tests that the engine has ended; a plugin for how they are shown.

    Registered with the first such test: each report is asked how it is to be shown, and most runs
    have no test that is blocked.
    """

    def __init__(self, config: pytest.Config, context: RunContext) -> None:
        self.config = config
        self.context = context
        #: Who hears of reports.
        self.logreport: Callable[..., object] = config.hook.pytest_runtest_logreport

    @pytest.hookimpl(tryfirst=True)
    def pytest_report_teststatus(
        self, report: pytest.CollectReport | pytest.TestReport
    ) -> tuple[str, str, tuple[str, Mapping[str, bool]]] | None:
        """A category of its own."""
        if report.skipped and hasattr(report, MARK):
            return "blocked", "b", ("BLOCKED", {"yellow": True})
        return None

    def refuse(
        self,
        command: EndTest,
        location: tuple[str, int | None, str] | None = None,
        keywords: Mapping[str, Any] | None = None,
        **attributes: Any,
    ) -> None:
        """Report a test as if pytest had found in its set-up that it cannot run.

        One that would be a failure is not reported once the run is to stop (``-x``, ``--maxfail``):
        of all that one failure blocks there are then no more than plain pytest would have reported.

        :param attributes: More attributes of its reports.
        """
        manager = self.config.pluginmanager
        is_skip = command.outcome == "blocked" and self.context.options.on_blocked != "fail"
        session = manager.getplugin("session")
        if not is_skip and session is not None and (session.shouldfail or session.shouldstop):
            return
        if not manager.is_registered(self):
            manager.register(self, "orchestrate-refusing")
        nodeid = self.context.tests[command.test].nodeid
        file, _, domain = nodeid.partition("::")
        place = location or (file, None, domain.replace("::", "."))
        words = dict.fromkeys(keywords or (), 1)
        longrepr: Any = command.reason
        if is_skip:
            line = 0 if place[1] is None else place[1] + 1
            longrepr = (place[0], line, f"Skipped: {command.reason}")
            attributes[MARK] = True
        hook = self.config.hook
        hook.pytest_runtest_logstart(nodeid=nodeid, location=place)
        for when, outcome, text in (
            ("setup", "skipped" if is_skip else "failed", longrepr),
            ("teardown", "passed", None),
        ):
            report = pytest.TestReport(nodeid, place, words, outcome, text, when)  # type: ignore[arg-type]  # str, not Literal
            vars(report).update(attributes)
            with still_last_failed(self.config, nodeid):
                self.logreport(report=report)
        hook.pytest_runtest_logfinish(nodeid=nodeid, location=place)
