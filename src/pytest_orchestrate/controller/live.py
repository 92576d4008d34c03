"""The status region on a terminal: from what the controller knows to lines that are shown."""

from __future__ import annotations

import contextlib
import functools
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TextIO

import pytest

from pytest_orchestrate.internals.failures import crash_site
from pytest_orchestrate.internals.notice import (
    hide_percentage,
    is_plain_terminal,
    note_passed,
    note_quietly,
)
from pytest_orchestrate.internals.session import start_new_line

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.pen import Pen
    from pytest_orchestrate.controller.region import Region
    from pytest_orchestrate.internals.output import GatheredTerminal
    from pytest_orchestrate.options import Options
    from pytest_orchestrate.report.progress import Progress, Running
    from pytest_orchestrate.report.tally import Tally

#: Seconds from one drawing to the next, at least.
PAUSE = 0.1
#: Seconds before the first one: a run that is over by then needs none.
FIRST = 0.3
#: Seconds for which a window must have kept its size: while it is being pulled, nothing is drawn.
SETTLED = 0.3
#: With ``auto``, seconds that a run must be expected to take.
WORTH_IT = 2.0


class Live:
    """Shows how the run goes on, from :meth:`begin` to the end of the context that it is."""

    def __init__(self, crew: Crew, terminal: GatheredTerminal) -> None:
        self.crew = crew
        self.config = crew.config
        self._options = crew.context.options
        self._terminal = terminal
        #: Tests that have ended and are not in the tally yet.
        self._ended: list[int] = []
        #: To be called with each test that ends.
        self.ended = self._ended.append
        self._reporter: Any = None
        self._region: Region | None = None
        self._file: Any = None
        self._tally: Tally | None = None
        self._streams: dict[str, tuple[TextIO, _Beside]] = {}
        self._resumed: Any = None
        self._began = self._next = self._settled = 0.0
        self._size = (0, 0)
        self._logreport: Any = None

    def __enter__(self) -> None:
        """Nothing is shown yet."""

    def __exit__(self, *_exc: object) -> None:
        region, self._region = self._region, None
        if region is None:
            return
        for name, (stream, beside) in self._streams.items():
            if getattr(sys, name) is beside:
                setattr(sys, name, stream)
        if self._resumed is not None:
            signal.signal(signal.SIGCONT, self._resumed)
        region.close()
        self._terminal.redirect(self._file)

    def begin(self) -> None:
        """Show the region from now on, if it is to be shown; the tests of the run are known."""
        if not (is_possible(self.config, self._options) and self._is_worth_it()):
            return
        from pytest_orchestrate.controller.region import Region

        self._reporter = reporter = self.config.pluginmanager.getplugin("terminalreporter")
        start_new_line(reporter)
        self._terminal.hand_over()
        self._file = self._terminal.file
        self._region = region = Region(self._file)
        self._terminal.redirect(region)
        for name in ("stdout", "stderr"):
            stream = getattr(sys, name)
            if stream is not None and stream.isatty():
                self._streams[name] = (stream, _Beside(stream, region, reporter))
                setattr(sys, name, self._streams[name][1])
        if hasattr(signal, "SIGCONT") and threading.current_thread() is threading.main_thread():
            self._resumed = signal.signal(signal.SIGCONT, lambda *_: region.forget())
        if not reporter.showlongtestinfo:
            hide_percentage(reporter)
            self._logreport = self.config.pluginmanager.subset_hook_caller(
                "pytest_runtest_logreport", [reporter]
            )
            self.crew.relay.logreport = self.crew.refusing.logreport = self._log
            self.crew.relay.note_passed = note_passed
        self._began = time.monotonic()
        self._next = self._began + FIRST

    def _is_worth_it(self) -> bool:
        context = self.crew.context
        if not context.tests:
            return False
        if self._options.live == "on" or None in context.expected:
            return True
        work = sum(seconds for seconds in context.expected if seconds is not None)
        work += sum(context.entry_costs.values())
        return work / self.crew.decision.workers > WORTH_IT

    # --- what happens ---

    def _log(self, *, report: pytest.TestReport) -> None:
        """Take the place of pytest's hook: all but the terminal hear of the report from it."""
        word = note_quietly(self.config, report)
        if report.failed and self._options.failures != "at-once":
            from pytest_orchestrate.report.progress import failure

            with self._giving_up():
                why = reason(report, str(self.config.rootpath))
                line = failure(word, report.nodeid, why, self._window()[0])
                start_new_line(self._reporter)
                self._reporter.write(self._pen.text(line) + "\n")
        self._logreport(report=report)

    # --- what is shown ---

    def look(self) -> None:
        """Hand to the terminal what was written; draw what has changed, if it is time to."""
        region = self._region
        if region is None:
            self._terminal.hand_over()
            return
        now = time.monotonic()
        if now < self._next:
            return
        self._next = now + PAUSE
        if self._reporter.showlongtestinfo:
            start_new_line(self._reporter)
        with self._giving_up():
            self._draw(region, now)

    def _draw(self, region: Region, now: float) -> None:
        size = self._window()
        if size != self._size:
            if self._size != (0, 0):
                self._settled = now + SETTLED
            self._size = size
        if now < self._settled:
            from pytest_orchestrate.controller.region import Drawing

            region.draw(Drawing())
            return
        from pytest_orchestrate.report import progress

        columns, rows = size
        found = progress.lines(
            self._progress(now),
            columns=columns,
            rows=rows,
            only_bar=self._reporter.verbosity < 0,
            blocks=self._pen.has_blocks,
        )
        region.draw(self._pen.draw(found, columns, rows))

    @contextlib.contextmanager
    def _giving_up(self) -> Iterator[None]:
        """A fault in what is shown ends that, and not the run."""
        try:
            yield
        except Exception as error:  # noqa: BLE001  # whatever it is
            if self._region is not None:
                text = f"the status region was given up: {type(error).__name__}: {error}"
                self.crew.context.warnings.append(text)
                self.__exit__()

    @functools.cached_property
    def _pen(self) -> Pen:
        from pytest_orchestrate.controller.pen import Pen

        has_colours = self.config.get_terminal_writer().hasmarkup
        return Pen(self._file.encoding or "utf-8", colours=has_colours)

    def _window(self) -> tuple[int, int]:
        """Return columns and rows of the window, as it is now."""
        try:
            size = os.get_terminal_size(self._file.fileno())
        except (OSError, ValueError):
            size = os.terminal_size((0, 0))
        if not size.columns or not size.lines:
            size = shutil.get_terminal_size()
        return size.columns, size.lines

    def _progress(self, now: float) -> Progress:
        from pytest_orchestrate.report.progress import Progress

        tally = self._tally = self._tally or self._new_tally()
        tally.end(self._ended)
        self._ended.clear()
        running = {
            worker.running: now - worker.running_since
            for worker in self.crew.workers.values()
            if worker.running is not None and not worker.has_left
        }
        elapsed = now - self._began
        return Progress(
            ended=tally.ended,
            total=tally.total,
            elapsed=elapsed,
            left=tally.left(elapsed, running),
            counts={name: len(reports) for name, reports in self._reporter.stats.items()},
            running=tuple(self._running(now)),
            folders=tuple(tally.folders()),
            ending="ending" if self.crew.stopping.is_stopping else "",
        )

    def _new_tally(self) -> Tally:
        from pytest_orchestrate.report.tally import Tally

        context = self.crew.context
        files = [test.file for test in context.tests]
        return Tally(files, context.expected, self.crew.decision.workers)

    def _running(self, now: float) -> list[Running]:
        from pytest_orchestrate.report.progress import Running

        tests, slow = self.crew.context.tests, self.crew.vigil.overdue.slow
        return [
            Running(
                worker.id,
                tests[worker.running].nodeid,
                now - worker.running_since,
                worker.running in slow,
            )
            for worker in self.crew.workers.values()
            if worker.running is not None and not worker.has_left
        ]


class _Beside:
    """Stands for ``sys.stdout`` or ``sys.stderr``: what hooks print goes above the region."""

    def __init__(self, stream: TextIO, region: Region, reporter: Any) -> None:
        self._stream = stream
        self._region = region
        self._reporter = reporter

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        start_new_line(self._reporter)  # does so once
        return self._region.write(text)

    def flush(self) -> None:
        self._region.flush()


def is_possible(config: pytest.Config, options: Options) -> bool:
    """Whether there is a terminal for the region, and nobody else who needs it."""
    if options.live == "off" or getattr(config.option, "capture", "no") == "no":
        return False
    reporter = config.pluginmanager.getplugin("terminalreporter")
    if not is_plain_terminal(reporter) or reporter.verbosity < -1:
        return False
    kind = os.environ.get("TERM", "" if sys.platform != "win32" else "windows")
    if kind in ("", "dumb", "unknown"):
        return False
    return options.live == "on" or not (os.environ.get("CI") or os.environ.get("BUILD_NUMBER"))


def reason(report: pytest.TestReport, root: str) -> str:
    """Return the first line of what was raised, or of what was told instead.

    :param root: The root directory.
    """
    from pytest_orchestrate.report.failures import telling_line

    site = crash_site(report, root)
    # and not of ``longreprtext``, which begins with the worker
    return telling_line(str(report.longrepr or "")) if site is None else site.message
