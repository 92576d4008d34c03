"""The first failure of a critical test ends the run, if the settings say so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate.options import PRIORITIES

if TYPE_CHECKING:
    from pytest_orchestrate.controller.run_context import RunContext


class CriticalStop:
    """A plugin that stops as ``-x`` does, but for critical tests only."""

    def __init__(self, config: pytest.Config, context: RunContext) -> None:
        self.config = config
        self.context = context

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Look at failures."""
        if not report.failed or report.nodeid not in self._critical():
            return
        session = self.config.pluginmanager.getplugin("session")
        if session is not None and not session.shouldfail:
            session.shouldfail = f"a critical test failed: {report.nodeid}"

    def _critical(self) -> set[str]:
        least = PRIORITIES["critical"]
        return {
            self.context.tests[each.test].nodeid
            for each in self.context.constraints
            if each.priority >= least
        }


def register(config: pytest.Config, context: RunContext) -> None:
    """Register it, if this run is to stop so."""
    if context.options.stop_on == "critical":
        config.pluginmanager.register(CriticalStop(config, context), "orchestrate-critical")
