"""What a worker prints, captures and keeps to itself."""

from __future__ import annotations

import io
import os
from collections.abc import Generator
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from pytest_orchestrate.internals.notice import has_plain_status

if TYPE_CHECKING:
    from _pytest.terminal import TerminalReporter


class _Nowhere(io.StringIO):
    """Swallows what pytest writes; what a plugin writes about a running test is let through.

    pytest-timeout dumps stacks this way, before it ends the process.
    """

    def write(self, text: str) -> int:
        if "PYTEST_CURRENT_TEST" in os.environ:
            os.write(1, text.encode("utf-8", "backslashreplace"))
        return len(text)

    def isatty(self) -> bool:
        return False


_MUTED = "MutedTerminalReporter"


def muted_reporter(config: pytest.Config) -> TerminalReporter:
    """Return a terminal reporter that says nothing and keeps no books.

    Plugins look the reporter up by name (hypothesis, subtests, live logging), and
    ``pytest_report_teststatus`` has to be called for each report: subtests fail their test
    in there.
    """
    from _pytest.terminal import TerminalReporter

    known: list[bool] = []

    def classify(self: TerminalReporter, report: pytest.TestReport) -> None:
        if report.when != "call" and report.outcome == "passed":
            if not known:
                known.append(has_plain_status(config))
            if known[0]:
                return
        config.hook.pytest_report_teststatus(report=report, config=config)

    def look_again(self: TerminalReporter) -> None:
        known.clear()

    def begin(self: TerminalReporter, session: pytest.Session) -> None:
        self._session = session

    def claim(self: TerminalReporter) -> bool:
        return True  # internal errors are reported; nobody needs to print them

    def nothing(self: TerminalReporter) -> None:
        return None

    @pytest.hookimpl(wrapper=True)
    def pass_on(self: TerminalReporter) -> Generator[None, object, object]:
        return (yield)

    members: dict[str, object] = dict.fromkeys(_REPORTING_HOOKS, nothing)
    members |= dict.fromkeys(_REPORTING_WRAPPERS, pass_on)
    members |= {
        "pytest_runtest_logreport": classify,
        "pytest_plugin_registered": look_again,
        "pytest_sessionstart": begin,
        "pytest_internalerror": claim,
    }
    # made from outside, because a subclass that takes fewer arguments is no subtype
    muted = type(_MUTED, (TerminalReporter,), members)
    reporter: TerminalReporter = muted(config, _Nowhere())
    return reporter


def writes_to_terminal(plugin: object) -> bool:
    """Whether it is a terminal reporter, pytest's own or a plugin's, and not muted."""
    from _pytest.terminal import TerminalReporter

    return isinstance(plugin, TerminalReporter) and type(plugin).__name__ != _MUTED


_REPORTING_HOOKS = (
    "pytest_runtest_logstart",
    "pytest_runtest_logfinish",
    "pytest_warning_recorded",
    "pytest_deselected",
    "pytest_collection",
    "pytest_collectreport",
    "pytest_collection_finish",
    "pytest_keyboard_interrupt",
    "pytest_unconfigure",
)
_REPORTING_WRAPPERS = ("pytest_runtestloop", "pytest_sessionfinish", "pytest_terminal_summary")


def let_live_logs_through(config: pytest.Config) -> None:
    """Send live logs (``log_cli``) of a worker to its real output.

    The handler writes to the terminal reporter, which is mute in a worker. Relies on
    ``LoggingPlugin.log_cli_handler.stream``.
    """
    plugin = config.pluginmanager.getplugin("logging-plugin")
    handler = getattr(plugin, "log_cli_handler", None)
    if handler is not None and hasattr(handler, "stream"):
        handler.stream = _LiveLog()


class _LiveLog:
    """What the live log handler needs of a terminal reporter."""

    def write(self, text: str) -> None:
        if text.strip():
            os.write(1, (text if text.endswith("\n") else text + "\n").encode("utf-8", "replace"))

    def section(self, title: str, sep: str = "-", **_markup: bool) -> None:
        self.write(f" {title} ".center(80, sep) + "\n")

    def flush(self) -> None:
        """Everything is written at once."""


def capture_into(folder: Path) -> None:
    """Let pytest's file-descriptor capture use named files for stdout and stderr.

    The files of ``--capture=fd`` have no name, so what a test printed dies with its process.
    Relies on ``_pytest.capture.TemporaryFile``, called first for stdout, then for stderr.
    """
    from _pytest import capture

    module: Any = capture
    names = iter(("stdout", "stderr"))
    unnamed = module.TemporaryFile

    def named(*args: Any, **kwargs: Any) -> Any:
        name = next(names, None)
        if name is None:
            return unnamed(*args, **kwargs)
        descriptor = os.open(folder / name, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        return os.fdopen(descriptor, "w+b", buffering=0)

    module.TemporaryFile = named


class GatheredTerminal:
    """Within it, what the terminal reporter writes is handed to the system when told so.

    The reporter flushes after every letter, and each flush is a call of the system. Relies on
    ``TerminalReporter._tw._file``, in whose place it stands.
    """

    def __init__(self, config: pytest.Config) -> None:
        reporter: Any = config.pluginmanager.getplugin("terminalreporter")
        self._writer = None if reporter is None else reporter._tw
        self._file: Any = None
        self._modes: dict[str, bool] = {}

    def __enter__(self) -> None:
        writer = self._writer
        if writer is not None and self._file is None:
            self._file = file = writer._file
            if isinstance(file, io.TextIOWrapper):
                self._modes = {
                    "line_buffering": file.line_buffering,
                    "write_through": file.write_through,
                }
                file.reconfigure(line_buffering=False, write_through=False)
            writer._file = self

    def __exit__(self, *_exc: object) -> None:
        file, self._file = self._file, None
        if file is not None:
            assert self._writer is not None
            self._writer._file = file
            if self._modes:
                file.reconfigure(**self._modes)
            file.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._file, name)

    @property
    def file(self) -> Any:
        """What is written to in the end; None where there is no terminal reporter."""
        return self._file

    def redirect(self, file: Any) -> None:
        """Write to another file from now on."""
        self._file = file

    def write(self, text: str) -> int:
        """Write, as the file does."""
        written = self._file.write(text)
        return len(text) if written is None else int(written)  # of some streams nobody asks it

    def flush(self) -> None:
        """Do nothing yet: the reporter asks for this too often."""

    def hand_over(self) -> None:
        """Hand what was written to the system."""
        if self._file is not None:
            self._file.flush()


def write_to(config: pytest.Config, stream: TextIO) -> None:
    """Let the terminal reporter write to another stream. Relies on ``TerminalReporter._tw``."""
    from _pytest.config import create_terminal_writer

    reporter: Any = config.pluginmanager.getplugin("terminalreporter")
    if reporter is not None:
        reporter._tw = create_terminal_writer(config, stream)


def silence_terminal(config: pytest.Config) -> None:
    """Let what the terminal reporter writes from now on go nowhere."""
    write_to(config, _Nowhere())


def flush_terminal(reporter: Any) -> None:
    """Hand to the system what the terminal reporter has written, gathered or not."""
    file = reporter._tw._file
    if isinstance(file, GatheredTerminal):
        file.hand_over()
    else:
        reporter.flush()
