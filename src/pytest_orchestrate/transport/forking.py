"""The controller's side of the fork server: starting it, asking it for workers."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Protocol

from pytest_orchestrate.transport import fork_server, processes
from pytest_orchestrate.transport.socket_io import ConnectedSocket

#: Seconds after which a server that tells nothing of a worker's end is not waited for.
PATIENCE = 1.0
#: Seconds between looks at a worker whose server has ended.
ORPHANED = 0.02

#: What a forked worker executes: it hands its channel to the thread that waits for it.
_HAND_OVER = """
import sys, threading
done = threading.Event()
sys.modules["pytest_orchestrate_forked_worker"].channels.put((channel, done))
done.wait()
"""


class ServerProcess(Protocol):
    """The process of a fork server, which is a child of this one."""

    def wait(self, timeout: float) -> object:
        """Wait for its end; raises ``subprocess.TimeoutExpired``."""

    def kill(self) -> None:
        """Kill it, and wait for its end."""


class ForkServer:
    """A running fork server, seen from the controller: see :func:`fresh_server`.

    :param control: Our end of the control socket.
    """

    def __init__(self, process: ServerProcess, control: socket.socket) -> None:
        #: Why it does not serve (any more), once that is so.
        self.fault: str | None = None
        self._process = process
        self._control = control
        self._told = threading.Condition()
        self._pids: dict[int, int] = {}
        self._statuses: dict[int, int] = {}
        self._expected: dict[int, socket.socket] = {}
        threading.Thread(target=self._listen, name="fork server", daemon=True).start()

    def expect(self, numbers: Iterable[int]) -> None:
        """Ask for children that will be connected later; until then they wait."""
        for number in numbers:
            with contextlib.suppress(OSError):
                self._expected[number] = self.connect(number)

    def connect(self, number: int) -> socket.socket:
        """Ask for a child; return our end of its socket, which ends if no child comes.

        :raises OSError: the server is gone.
        """
        expected = self._expected.pop(number, None)
        if expected is not None:
            return expected
        with self._told:
            self._pids.pop(number, None)  # of one that had this number before, and has ended
        ours, theirs = socket.socketpair()
        try:
            socket.send_fds(self._control, [f"fork {number}".encode()], [theirs.fileno()])
        finally:
            theirs.close()
        return ours

    def pid(self, number: int) -> int | None:
        """Return the process id of a worker, if the server has told it."""
        return self._pids.get(number)

    def status(self, number: int, timeout: float | None) -> int | None:
        """Wait until a worker has ended; return its exit status, None if nobody can tell.

        A server that was stopped, or has ended, tells nothing; then a worker that is not there
        any more, and was not a moment ago, has ended. Until then it goes on without its server.

        :raises subprocess.TimeoutExpired: it has not ended in this time.
        """

        def is_known() -> bool:
            return self._pids.get(number, -1) in self._statuses

        until = None if timeout is None else time.monotonic() + timeout
        was_gone = False
        with self._told:
            while True:
                patience = PATIENCE if self.fault is None else ORPHANED
                rest = patience if until is None else min(patience, until - time.monotonic())
                if self._told.wait_for(is_known, max(0.0, rest)):
                    return self._statuses[self._pids[number]]
                pid = self._pids.get(number)
                if pid is None and self.fault is not None:
                    return None
                if until is not None and time.monotonic() >= until:
                    raise subprocess.TimeoutExpired("worker", timeout or 0.0)
                is_gone = pid is not None and _is_gone(pid)
                if is_gone and was_gone:
                    return None
                was_gone = is_gone

    def why_not(self) -> str:
        """Return why there will be no worker from it."""
        with self._told:
            self._told.wait_for(lambda: self.fault is not None, 1.0)
        return self.fault or "the fork server closed the connection"

    def close(self) -> None:
        """Let the server end; no child may be left, but for those that nobody needed."""
        for connection in self._expected.values():
            connection.close()
        self._expected.clear()
        with contextlib.suppress(OSError):
            self._control.shutdown(socket.SHUT_RDWR)
        self._control.close()
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            self._process.kill()

    def _listen(self) -> None:
        fault = "the fork server has ended"
        was_reset = False
        while True:
            try:
                message = self._control.recv(4096)
            except ConnectionResetError:
                if not was_reset:  # it has left requests unread; what it said before comes now
                    was_reset = True
                    continue
                message = b""
            except OSError:
                message = b""
            if not message:
                break
            word, _, rest = message.decode("utf-8", "replace").partition(" ")
            with self._told:
                if word == "born":
                    number, pid = map(int, rest.split())
                    self._pids[number] = pid
                elif word == "dead":
                    pid, status = map(int, rest.split())
                    self._statuses[pid] = status
                elif word == "unsafe":
                    fault = rest
                self._told.notify_all()
        with self._told:
            self.fault = fault
            self._told.notify_all()


class _Fresh:
    """A server in an interpreter of its own."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process

    def wait(self, timeout: float) -> object:
        return self._process.wait(timeout)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()


class _Fork:
    """A server that is a fork of this process."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def wait(self, timeout: float) -> object:
        deadline = time.monotonic() + timeout
        # somebody else may have waited for all children of this process
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(self._pid, os.WNOHANG)[0] == 0:
                if time.monotonic() > deadline:
                    raise subprocess.TimeoutExpired("fork server", timeout)
                time.sleep(0.001)
        return None

    def kill(self) -> None:
        with contextlib.suppress(OSError):
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def fresh_server(arguments: Sequence[str]) -> ForkServer:
    """Start a server in an interpreter of its own.

    :param arguments: pytest's own, as the user gave them.
    """
    ours, theirs = _control_sockets()
    command = [sys.executable, *processes.interpreter_flags(), "-c", fork_server.PROGRAM]
    process = subprocess.Popen(
        [*command, str(theirs.fileno()), *arguments],
        pass_fds=[theirs.fileno()],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    theirs.close()
    return ForkServer(_Fresh(process), ours)


def forked_server() -> ForkServer | int:
    """Fork this process, to be a server; to be called while it has one thread.

    :returns: The server, or in the new process its control socket.
    """
    ours, theirs = _control_sockets()
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(Exception):  # there may be none, or nobody reads it any more
            stream.flush()
    # Ctrl-C in this moment is for this process alone
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        pid = os.fork()
        if pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            ours.close()
            _forget_streams()
            return theirs.detach()
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    theirs.close()
    return ForkServer(_Fork(pid), ours)


def _control_sockets() -> tuple[socket.socket, socket.socket]:
    return socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)


def _forget_streams() -> None:
    """Let go of the terminal, or of the pipes whose ends others wait for."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    os.close(nowhere)


def _is_gone(pid: int) -> bool:
    """Whether a process has ended, though its parent may not have taken notice."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return True
    return state in "ZX"


class ForkedProcess:
    """The process of a forked worker, as :class:`processes.Process`; its parent is the server."""

    stdout = None

    def __init__(self, server: ForkServer, number: int, connection: socket.socket) -> None:
        #: Our end of what it is talked to over.
        self.connection = connection
        self._server = server
        self._number = number
        self.returncode: int | None = None

    @property
    def pid(self) -> int:
        """Its id; 0 before the server has told it."""
        return self._server.pid(self._number) or 0

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end."""
        self.returncode = self._server.status(self._number, timeout)
        return self.returncode

    def kill(self) -> None:
        """Kill it."""
        if self.pid:
            os.kill(self.pid, signal.SIGKILL)


def gateway_over(connection: socket.socket, identity: str) -> Any:
    """Return an execnet gateway to a forked worker."""
    import execnet
    from execnet import gateway_base

    io = ConnectedSocket(connection, gateway_base.get_execmodel("thread"))
    return execnet.Gateway(io, execnet.XSpec(f"popen//id={identity}"))


def hand_over(gateway: Any) -> Any:
    """Return the channel on which a forked worker waits for its setup."""
    return gateway.remote_exec(_HAND_OVER)
