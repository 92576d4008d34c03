"""The end of a run: its record is ended once, whichever hook comes first, and summed up."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Generator
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate.controller import leavings
from pytest_orchestrate.controller.evidence import not_collected
from pytest_orchestrate.controller.memory import uncollected
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.escaping import visible

if TYPE_CHECKING:
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.report.summary import Summary


class Ending:
    """Finishes a :class:`RunContext` exactly once."""

    def __init__(self, config: pytest.Config, context: RunContext) -> None:
        self.config = config
        self.context = context
        self.session: pytest.Session | None = None
        self._summary: Summary | None = None
        self._uncollected: list[pytest.CollectReport] = []

    def collected(self, report: pytest.CollectReport) -> None:
        """Take note of what could not be collected, or has skipped itself."""
        if not report.passed:
            self._uncollected.append(report)

    def finish(self, exitstatus: int) -> Summary | None:
        """End the record; return the summary, or None if no run had begun."""
        context = self.context
        errors = sum(report.failed for report in self._uncollected)
        if not context.has_begun and errors and context.publishing.is_wanted:
            context.begin("in-process", 0)  # it did not come to that, but somebody is to be told
            context.not_run = getattr(self._the_session(), "testscollected", 0)
            context.end_reason = f"{count_of(errors, 'error')} during collection"
        if not context.has_begun:
            return None
        if self._summary is None:
            for report in self._uncollected:
                context.write(not_collected(report, os.fspath(self.config.rootpath)))
            with uncollected():
                self._summary = self.context.finish(exitstatus)
            self.config.hook.pytest_orchestrate_run_finished(summary=self._summary)
        return self._summary

    def last_status(self) -> int:
        """Return the exit status as the session has it."""
        return int(getattr(self._the_session(), "exitstatus", 3))

    def _the_session(self) -> object:
        return self.session or self.config.pluginmanager.getplugin("session")


#: Blocked (``-p no:...``) in runs that are to propose no commands, because nobody could type them:
#: the record that they go by is gone when ``--orchestrate-verify-collection`` has read it.
PROPOSALS = "orchestrate-proposals"


class SummaryAtTheEnd:
    """Ends the record of a run and prints its summary; both for workers and in-process."""

    def __init__(self, context: RunContext, ending: Ending) -> None:
        self.context = context
        self.ending = ending

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter, exitstatus: int
    ) -> Generator[None, None, None]:
        """Print what the run amounts to in a few lines, after pytest's own summary."""
        yield
        summary = self.ending.finish(int(exitstatus))
        config = terminalreporter.config
        for text in self.context.publishing.annotations:
            terminalreporter.write_line(text)
        if summary is None or getattr(config.option, "no_summary", False):
            return
        for warning in self.context.warnings:
            terminalreporter.write_line(visible(f"orchestrate: warning: {warning}"), yellow=True)
        if not summary.collected and not summary.crashes:
            return  # there is nothing to sum up, and pytest has said why
        from pytest_orchestrate.report import terminal

        proposes = not config.pluginmanager.is_blocked(PROPOSALS)
        again = None
        if proposes and summary.failed_on and self.context.options.record != "off":
            from pytest_orchestrate.controller.replaying import command

            again = functools.partial(command, config, self.context.run_id)
        for text in self.context.publishing.written:
            terminalreporter.write_line(visible(f"orchestrate: {text}"))
        lines = terminal.lines(
            summary, verbosity=config.option.verbose, again=again, proposes=proposes
        )
        for line in lines:
            terminalreporter.write_line(line.text, **dict.fromkeys(line.markup, True))
        if self.context.with_artifacts and config.option.verbose >= 0:
            terminalreporter.write_line(leavings.text(self.context))

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Files that cannot be imported are part of the story."""
        self.ending.collected(report)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """End the record also where nothing is printed (``-p no:terminal``)."""
        if not self.ending.config.pluginmanager.hasplugin("terminalreporter"):
            self.ending.finish(int(exitstatus))
            for text in self.context.publishing.annotations:
                sys.stdout.write(f"{text}\n")
            for warning in self.context.publishing.warnings:
                sys.stderr.write(visible(f"orchestrate: warning: {warning}\n"))

    @pytest.hookimpl
    def pytest_unconfigure(self) -> None:
        """End the record also after an internal error, where no summary is printed."""
        self.ending.finish(self.ending.last_status())
