"""Who takes notice of a phase that passed: of all reports, in most runs.

Of pytest's own plugins only the terminal reporter keeps a passed set-up or tear-down, for
``--durations`` and the like (``TerminalReporter.stats[""]``). Of a passed call it writes a dot, and
``--lf`` forgets that the test had failed. Calling all hooks for that is the largest part of what
such a report costs.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

#: Modules whose ``pytest_runtest_logreport`` does nothing then, or what is done here instead.
_HEEDLESS = {
    "_pytest.cacheprovider",
    "_pytest.logging",
    "_pytest.main",
    "_pytest.terminal",
    "pytest_orchestrate.controller.at_once",
}
#: Modules whose ``pytest_report_teststatus`` calls a call "passed", and the others nothing.
_PLAIN_STATUS = {"_pytest.runner", "_pytest.skipping", "_pytest.subtests", "_pytest.terminal"}


def has_plain_status(config: pytest.Config) -> bool:
    """Whether no plugin but pytest's own says how reports are shown."""
    return _all_in(config.hook.pytest_report_teststatus, _PLAIN_STATUS)


def goes_unnoticed(config: pytest.Config) -> bool:
    """Whether only pytest's own plugins would see the report, and all that they do is keep it."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    return (
        (reporter is None or _is_pytests(reporter))
        and _all_in(config.hook.pytest_runtest_logreport, _HEEDLESS)
        and has_plain_status(config)
    )


def _is_pytests(reporter: object) -> bool:
    from _pytest.terminal import TerminalReporter

    return type(reporter) is TerminalReporter


def is_plain_terminal(reporter: Any) -> bool:
    """Whether the reporter is pytest's own, and writes to a terminal."""
    return _is_pytests(reporter) and bool(reporter._tw._file.isatty())


def _all_in(hook: Any, modules: set[str]) -> bool:
    # not __module__: functools.wraps copies it
    return all(
        getattr(implementation.function, "__globals__", {}).get("__name__") in modules
        for implementation in hook.get_hookimpls()
    )


def keep_unnoticed(config: pytest.Config, report: pytest.TestReport) -> None:
    """Keep the report as the terminal reporter does."""
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        _keep(reporter, report)


def _keep(reporter: Any, report: pytest.TestReport) -> None:
    reporter._tests_ran = True
    reporter._add_stats("", [report])


def writes_dots(config: pytest.Config) -> bool:
    """Whether a test that passed is a dot on the terminal; ``-v`` has a line for it."""
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    return reporter is not None and not reporter.showlongtestinfo


def write_dot(config: pytest.Config, report: pytest.TestReport) -> None:
    """Do with a passed call what pytest does, where it goes unnoticed and dots are written.

    Relies on ``TerminalReporter.pytest_runtest_logreport``.
    """
    note_passed(config, report)
    _write_dot(config.pluginmanager.getplugin("terminalreporter"), report)


def note_passed(config: pytest.Config, report: pytest.TestReport) -> None:
    """Do with a passed call what pytest does, where it goes unnoticed, but write nothing.

    Relies on ``LFPlugin.lastfailed``.
    """
    manager = config.pluginmanager
    _count_passed(manager.getplugin("terminalreporter"), report)
    last_failed: Any = manager.getplugin("lfplugin")
    if last_failed is not None and last_failed.lastfailed:
        last_failed.lastfailed.pop(_key(report), None)


def _count_passed(reporter: Any, report: pytest.TestReport) -> None:
    reporter._tests_ran = True
    reporter._add_stats("passed", [report])
    reporter._progress_nodeids_reported.add(_key(report))


def _write_dot(reporter: Any, report: pytest.TestReport) -> None:
    reporter._current_logreport = report
    reporter._tw.write(".", green=True)
    if reporter._show_progress_info and not reporter._is_last_item:
        reporter._write_progress_information_if_past_edge()
    reporter.flush()


@contextlib.contextmanager
def short_way(config: pytest.Config) -> Iterator[None]:
    """Within it, pytest's terminal reporter asks nobody how a phase that passed is shown.

    Where a plugin may have something to say of it, all is as ever. So is the call of a test with
    subtests that failed: pytest fails it when it asks. Relies on pluggy's ``HookImpl.function``.
    """
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    if reporter is None or not _is_pytests(reporter) or not has_plain_status(config):
        yield
        return
    status = config.hook.pytest_report_teststatus
    those = status.get_hookimpls()
    dots = writes_dots(config)
    subtests = _failed_subtests(config)

    def log(report: pytest.TestReport) -> None:
        passed = report.outcome == "passed" and type(report) is pytest.TestReport
        if not passed or status.get_hookimpls() != those:
            usual(report=report)
        elif report.when != "call":
            reporter._current_logreport = report
            _keep(reporter, report)
        elif not dots or hasattr(report, "wasxfail") or subtests.get(_key(report)):
            usual(report=report)
        else:
            _count_passed(reporter, report)
            _write_dot(reporter, report)

    everybody = config.hook.pytest_runtest_logreport.get_hookimpls()
    its: Any = next(each for each in everybody if each.plugin is reporter)
    usual = its.function
    its.function = log
    try:
        yield
    finally:
        its.function = usual


def _failed_subtests(config: pytest.Config) -> Mapping[object, int]:
    """Return how many subtests of each test have failed, as pytest counts them from 9.0 on."""
    try:
        from _pytest.subtests import failed_subtests_key
    except ImportError:
        return {}
    counts: Any = config.stash.get(failed_subtests_key, None)
    return counts if counts is not None else {}


def note_quietly(config: pytest.Config, report: pytest.TestReport) -> str:
    """Do with a report what the terminal reporter does, but write nothing; return the word for it.

    Relies on ``TerminalReporter.pytest_runtest_logreport``.
    """
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    reporter._tests_ran = True
    category, letter, word = config.hook.pytest_report_teststatus(report=report, config=config)
    reporter._add_stats(category, [report])
    if letter or word:
        reporter._progress_nodeids_reported.add(_key(report))
    return str(word[0] if isinstance(word, tuple) else word)


def _key(report: Any) -> object:
    """By what pytest keeps books of reports: nodes have ids from pytest 9.2 on."""
    try:
        return report.id
    except AttributeError:
        return report.nodeid


class ReportedTests(set[object]):
    """What the terminal reporter counts for its percentage, where node ids are not unique."""

    #: Tells the test that is reported from others with its node id.
    mark: object = None

    def add(self, key: object) -> None:
        """Count a test, once."""
        super().add((key, self.mark))


def count_every_test(config: pytest.Config) -> ReportedTests:
    """Let the percentage count tests, not node ids: the caller sets a mark before each report.

    Relies on ``TerminalReporter._progress_nodeids_reported``.
    """
    reported = ReportedTests()
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        reporter._progress_nodeids_reported = reported
    return reported


def hide_percentage(reporter: Any) -> None:
    """Let the terminal reporter not end its letters with a percentage: there are none."""
    reporter._show_progress_info = False
