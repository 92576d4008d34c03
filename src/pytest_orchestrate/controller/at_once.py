"""Failures that are shown as soon as their test is over, and not again at the end."""

from __future__ import annotations

import pytest

from pytest_orchestrate.internals.reports import show_failure


class FailuresAtOnce:
    """Registered where ``orchestrate_failures`` says so.

    A test is over with its tear-down, whose output belongs to the failure. What comes later still
    is shown at the end, as are subtests, which pytest shows in its own way.
    """

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._failures: dict[str, list[pytest.TestReport]] = {}

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep a failure."""
        if report.failed and not hasattr(report, "context"):
            self._failures.setdefault(report.nodeid, []).append(report)

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        """Show how the test has failed, if it has."""
        if self._failures:
            reporter = self.config.pluginmanager.getplugin("terminalreporter")
            for report in self._failures.pop(nodeid, ()):
                if reporter is not None:
                    show_failure(reporter, report)
