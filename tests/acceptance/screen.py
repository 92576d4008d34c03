"""A run on a terminal of its own, and what its user sees on the screen."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator, Mapping

import pyte
import pytest

from tests.acceptance.support import NO_NEIGHBOURS

#: Seconds that anything awaited may take on a busy machine.
PATIENCE = 40.0


class Window:
    """A terminal with a run in it, started as a shell would start it."""

    def __init__(
        self,
        pytester: pytest.Pytester,
        *args: str,
        columns: int = 80,
        rows: int = 24,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.screen = pyte.HistoryScreen(columns, rows, history=10_000, ratio=1.0)
        self._stream = pyte.ByteStream(self.screen)
        #: All that was sent to the terminal.
        self.raw = b""
        self._master, slave = pty.openpty()
        self._set_size()
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR"))
            and name not in ("CI", "BUILD_NUMBER", "GITHUB_ACTIONS")
        }
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest", *NO_NEIGHBOURS),
                *("-p", "orchestrate", "--workers=2", *args),
            ],
            cwd=pytester.path,
            env={**inherited, "TERM": "xterm-256color", **(environ or {})},
            stdin=slave,
            stdout=slave,
            stderr=slave,
            start_new_session=True,
            preexec_fn=_take_terminal,  # noqa: PLW1509  # no thread of ours runs
        )
        os.close(slave)

    def resize(self, columns: int, rows: int) -> None:
        """Pull the window to another size."""
        self.screen.resize(rows, columns)
        self._set_size()
        os.kill(self.process.pid, signal.SIGWINCH)

    def _set_size(self) -> None:
        size = struct.pack("HHHH", self.screen.lines, self.screen.columns, 0, 0)
        fcntl.ioctl(self._master, termios.TIOCSWINSZ, size)

    @property
    def lines(self) -> list[str]:
        """The lines of the screen, without what is blank below the last one."""
        return "\n".join(line.rstrip() for line in self.screen.display).rstrip("\n").split("\n")

    @property
    def shown(self) -> str:
        """All that can be seen, the lines that have scrolled away included."""
        gone = (
            "".join(line[at].data for at in range(self.screen.columns)).rstrip()
            for line in self.screen.history.top
        )
        return "\n".join([*gone, *self.lines])

    def press(self, key: str) -> None:
        """Press a key; ``\\x03`` is Ctrl-C."""
        os.write(self._master, key.encode())

    def wait_until(self, condition: Callable[[], object], what: str) -> None:
        """Show what arrives until the condition holds."""
        deadline = time.monotonic() + PATIENCE
        while not condition():
            if not self._read(0.05) and self.process.poll() is not None and not condition():
                pytest.fail(f"the run ended, but not: {what}\n{self.shown}")
            if time.monotonic() > deadline:
                pytest.fail(f"not within {PATIENCE:g} s: {what}\n{self.shown}")

    def wait(self) -> int:
        """Wait for the end of the run; return its exit code."""
        deadline = time.monotonic() + PATIENCE
        while self._read(0.05) or self.process.poll() is None:
            if time.monotonic() > deadline:
                pytest.fail(f"not ended within {PATIENCE:g} s\n{self.shown}")
        return self.process.wait()

    def _read(self, seconds: float) -> bool:
        ready, _, _ = select.select([self._master], [], [], seconds)
        if not ready:
            return False
        try:
            data = os.read(self._master, 65536)
        except OSError:  # nobody has it open any more
            return False
        self.raw += data
        self._stream.feed(data)
        return bool(data)

    def close(self) -> None:
        """End everything."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        os.close(self._master)


@contextlib.contextmanager
def window(
    pytester: pytest.Pytester,
    *args: str,
    columns: int = 80,
    rows: int = 24,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Window]:
    """A run on a terminal, that lasts at most as long as the block."""
    there = Window(pytester, *args, columns=columns, rows=rows, environ=environ)
    try:
        yield there
    finally:
        there.close()


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
