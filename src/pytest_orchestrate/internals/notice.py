"""Who takes notice of a set-up or tear-down that passed: two of three reports of most tests.

Of pytest's own plugins only the terminal reporter does, and only to keep the report for
``--durations`` and the like (``TerminalReporter.stats[""]``). Calling all hooks for that is
the largest part of what such a report costs.
"""

from __future__ import annotations

from typing import Any

import pytest

#: Modules whose ``pytest_runtest_logreport`` does nothing then.
_HEEDLESS = {
    "_pytest.cacheprovider",
    "_pytest.logging",
    "_pytest.main",
    "_pytest.terminal",
    "pytest_orchestrate.controller.at_once",
}
#: Modules whose ``pytest_report_teststatus`` gives it no category, no letter and no word.
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
        reporter._tests_ran = True
        reporter._add_stats("", [report])


def note_quietly(config: pytest.Config, report: pytest.TestReport) -> str:
    """Do with a report what the terminal reporter does, but write nothing; return the word for it.

    Relies on ``TerminalReporter.pytest_runtest_logreport``.
    """
    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    reporter._tests_ran = True
    category, letter, word = config.hook.pytest_report_teststatus(report=report, config=config)
    reporter._add_stats(category, [report])
    if letter or word:  # nodes have ids from pytest 9.2 on
        reporter._progress_nodeids_reported.add(getattr(report, "id", report.nodeid))
    return str(word[0] if isinstance(word, tuple) else word)


def hide_percentage(reporter: Any) -> None:
    """Let the terminal reporter not end its letters with a percentage: there are none."""
    reporter._show_progress_info = False
