"""Processes of workers: known as soon as they are started, watched until they have ended.

execnet starts a process and talks to it in one step, and takes the end of the connection for
the end of the process. Neither is enough here: a process that dies while it is talked to has
to be named with its exit code, and children that a test has forked keep a connection open
when the worker itself is long dead.
"""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from typing import IO, Any, Protocol

from execnet.gateway_base import ThreadExecModel

#: Seconds in which a connection ends by itself after its process has.
CLOSING = 0.3


class Process(Protocol):
    """What is needed of a ``subprocess.Popen``; a forked worker's process has it, too."""

    @property
    def pid(self) -> int:
        """Its id."""

    @property
    def returncode(self) -> int | None:
        """Exit code, negative for a signal; None while it is not known to have ended."""

    @property
    def stdout(self) -> IO[bytes] | None:
        """The pipe that it writes to, if we hold the other end."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; raises ``subprocess.TimeoutExpired``."""

    def kill(self) -> None:
        """Kill it."""


class StartingModel(ThreadExecModel):
    """execnet's threads, with processes that are started our way.

    execnet reads ``subprocess.Popen`` from here.
    """

    PIPE = subprocess.PIPE

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.local()

    @property
    def subprocess(self) -> StartingModel:
        """What execnet takes for the module of that name."""
        return self

    @contextlib.contextmanager
    def watching(self, started: Callable[[Process], None], *, own_session: bool) -> Iterator[None]:
        """Within it, ``started`` is called with each process that this thread starts.

        :param own_session: The process leads a session: Ctrl-C in a terminal never reaches it,
            and what it starts can be ended together with it.
        """
        self._thread.started, self._thread.own_session = started, own_session
        try:
            yield
        finally:
            del self._thread.started, self._thread.own_session

    def Popen(self, args: list[str], **options: Any) -> Process:  # noqa: N802 - execnet's name
        """Start a process, as ``subprocess.Popen``."""
        own_session = getattr(self._thread, "own_session", False)
        process = subprocess.Popen(args, start_new_session=own_session, **options)
        started = getattr(self._thread, "started", None)
        if started is not None:
            started(process)
        return process


def wait_for_end(process: Process) -> None:
    """Return when the process has ended; where that is possible its id stays reserved."""
    if hasattr(os, "waitid") and isinstance(process, subprocess.Popen):
        with contextlib.suppress(ChildProcessError):
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        return
    process.wait()


def status_of(process: Process, seconds: float) -> int | None:
    """Return the exit code (negative: a signal) of a process that ends by then, or None."""
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        return None


def wait_until_drained(process: Process) -> None:
    """Return when nothing that the ended process has sent is left in its connection.

    A pipe that its children hold open has no end, so: when nothing arrives any more.
    """
    pipe: Any = getattr(process, "connection", process.stdout)  # a forked worker has a socket
    if pipe is None:
        return
    quiet_since = time.monotonic()
    while time.monotonic() - quiet_since < CLOSING:
        with contextlib.suppress(OSError, ValueError):
            if select.select([pipe], [], [], 0)[0]:
                quiet_since = time.monotonic()
        time.sleep(0.02)


def kill(process: Process, *, with_session: bool) -> None:
    """Kill a process that has not been waited for, and what runs in the session it leads."""
    if process.returncode is not None:
        return  # its id may be another's by now
    if with_session and hasattr(os, "killpg"):
        with contextlib.suppress(OSError):
            if os.getpgid(process.pid) == process.pid:
                os.killpg(process.pid, signal.SIGKILL)
                return
    with contextlib.suppress(OSError):
        process.kill()


def interpreter_flags() -> list[str]:
    """Return the flags that this interpreter was started with, every ``-X`` among them."""
    flags: list[str] = subprocess._args_from_interpreter_flags()  # type: ignore[attr-defined]  # of -O, -W
    named = {flag.partition("=")[0] for flag in flags}
    for name, value in sys._xoptions.items():
        if name not in named:
            flags += ["-X", name if value is True else f"{name}={value}"]
    return flags
