"""What the controller says on the terminal while tests run."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.internals.output import flush_terminal
from pytest_orchestrate.internals.session import start_new_line
from pytest_orchestrate.model.escaping import visible

if TYPE_CHECKING:
    from pytest_orchestrate.controller.worker_state import WorkerState


class Voice:
    """Writes notes and workers' output between pytest's own progress."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._reporter: Any = config.pluginmanager.getplugin("terminalreporter")

    def say(self, text: str, *, worry: bool = True) -> None:
        """Write a line of our own."""
        text = visible(text)  # it may name tests
        reporter = self._reporter
        if reporter is None:
            sys.stderr.write(f"orchestrate: {text}\n")
            sys.stderr.flush()
            return
        start_new_line(reporter)
        for line in f"orchestrate: {text}".splitlines():
            reporter.write_line(line, yellow=worry)
        flush_terminal(reporter)

    def relay(self, worker: WorkerState, stream: int, lines: Sequence[str]) -> None:
        """Write what a worker printed; with ``-v`` each line names the worker."""
        if not lines:
            return
        # there is no such option without pytest's terminal plugin
        verbose = getattr(self.config.option, "verbose", 0)
        mark = f"[{worker.id}] " if verbose > 0 else ""
        text = "".join(f"{mark}{line}\n" for line in lines)
        reporter = self._reporter
        if reporter is not None:
            start_new_line(reporter)
            flush_terminal(reporter)
        target = sys.stdout if stream == 1 else sys.stderr
        text = _writable(text, target.encoding)
        if stream == 1 and reporter is not None:
            reporter.write(text)
            flush_terminal(reporter)
        else:
            target.write(text)
            target.flush()


def _writable(text: str, encoding: str | None) -> str:
    """Return the text with what the encoding does not have escaped.

    Left to itself pytest's terminal would escape the ends of lines, too.
    """
    encoding = encoding or "utf-8"
    return text.encode(encoding, "backslashreplace").decode(encoding)
