"""A run that goes on beside the test, so that it can be sent signals and be watched."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import psutil
import pytest

from tests.acceptance.support import NO_NEIGHBOURS

#: In the environment of a run and of all that it starts, so that strays are found.
MARK = "ORCHESTRATE_ACCEPTANCE_RUN"

#: Seconds that anything awaited may take on a busy machine.
PATIENCE = 40.0


def wait_until(
    condition: Callable[[], object], what: str | Callable[[], str], seconds: float = PATIENCE
) -> None:
    """Return as soon as the condition holds; fails with ``what`` was awaited if it never does."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            text = what if isinstance(what, str) else what()
            pytest.fail(f"not within {seconds:g} s: {text}")
        time.sleep(0.02)


class Live:
    """One run in a session of its own, as a shell's job would be."""

    def __init__(
        self,
        pytester: pytest.Pytester,
        *args: str,
        workers: int | None = 2,
        environ: Mapping[str, str] | None = None,
    ) -> None:
        self.path = pytester.path
        self._mark = uuid.uuid4().hex
        self._text = pytester.path.with_name(f"{pytester.path.name}-{self._mark[:6]}.txt")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("PYTEST_", "COLUMNS"))
        }
        ours = ["-p", "orchestrate", f"--workers={workers}"] if workers is not None else []
        with self._text.open("wb") as output:
            self.process = psutil.Popen(
                [sys.executable, "-m", "pytest", *NO_NEIGHBOURS, *ours, *args],
                cwd=pytester.path,
                env={
                    **inherited,
                    "PYTHONDONTWRITEBYTECODE": "1",
                    MARK: self._mark,
                    **(environ or {}),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                restore_signals=True,
            )

    @property
    def out(self) -> str:
        """What it has printed so far."""
        return self._text.read_text(encoding="utf-8", errors="replace")

    def wait_for_file(self, name: str) -> Path:
        """Wait for a file that a test of the run makes."""
        path = self.path / name
        wait_until(
            lambda: path.exists() or self.process.poll() is not None,
            lambda: f"{name} is made; the run printed:\n{self.out}",
        )
        assert path.exists(), f"the run ended without {name}:\n{self.out}"
        return path

    def wait_for_text(self, text: str) -> None:
        """Wait until the run has printed something."""
        wait_until(
            lambda: text in self.out or self.process.poll() is not None,
            lambda: f"{text!r} is printed; the run printed:\n{self.out}",
        )
        assert text in self.out, self.out

    def interrupt(self) -> None:
        """Ctrl-C that reaches the controller only."""
        self.process.send_signal(signal.SIGINT)

    def interrupt_group(self) -> None:
        """Ctrl-C as a terminal sends it: to every process of the job."""
        os.killpg(self.process.pid, signal.SIGINT)

    def wait(self, seconds: float = PATIENCE) -> int:
        """Wait for the end; return the exit code."""
        try:
            return int(self.process.wait(seconds))
        except psutil.TimeoutExpired:
            tree = [self.process, *self.process.children(recursive=True)]
            told = ", ".join(f"{each.pid} {each.status()}" for each in tree)
            pytest.fail(f"not ended within {seconds:g} s ({told}); it printed:\n{self.out}")

    def strays(self) -> list[psutil.Process]:
        """Every process that the run started, or one of those, and that still lives."""
        return [each for each in psutil.process_iter() if self._is_ours(each)]

    def worker_pids(self) -> list[int]:
        """Process ids of the workers, as they are started."""
        return [
            child.pid
            for child in self.process.children(recursive=True)
            if _leads_session(child.pid)  # the server that forks them does not
        ]

    def assert_none_left(self, seconds: float = 10.0) -> None:
        """No process of the run is left, at the latest after so many seconds."""
        wait_until(
            lambda: not self.strays(),
            lambda: f"every process is gone: {self.strays()}\n{self.out}",
            seconds,
        )

    def kill(self) -> None:
        """End every process of the run by force."""
        for each in self.strays():
            with contextlib.suppress(psutil.Error):
                each.kill()
        with contextlib.suppress(psutil.Error):
            self.process.kill()
            self.process.wait(PATIENCE)

    def _is_ours(self, process: psutil.Process) -> bool:
        with contextlib.suppress(psutil.Error):
            return (
                process.status() != psutil.STATUS_ZOMBIE
                and process.environ().get(MARK) == self._mark
            )
        return False


def _leads_session(pid: int) -> bool:
    try:
        return os.getsid(pid) == pid
    except ProcessLookupError:  # it has just ended
        return False


@contextlib.contextmanager
def running(
    pytester: pytest.Pytester,
    *args: str,
    workers: int | None = 2,
    environ: Mapping[str, str] | None = None,
) -> Iterator[Live]:
    """A run that lasts at most as long as the block."""
    live = Live(pytester, *args, workers=workers, environ=environ)
    try:
        yield live
    finally:
        live.kill()
