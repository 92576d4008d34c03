"""The process that local workers are forked from: its side.

Starting an interpreter and importing pytest and its plugins is most of what a worker costs.
The fork server did it once: it has gone as far into pytest's configuration as all workers share
(settings read, plugins imported; no conftest, no capture, no threads), and forks a child for
each request. It is a fork of the controller, or a fresh process (:data:`PROGRAM`) that has
come to the same point.

Only the server can wait for its children, so it tells the controller how each of them ended.
Messages on the control socket (a SOCK_SEQPACKET pair), as text: to the server ``fork N``
with the worker's socket attached; from it ``unsafe REASON``, ``born N PID``,
``dead PID STATUS``.
"""

from __future__ import annotations

import importlib
import os
import select
import signal
import socket
from collections.abc import Iterable
from contextlib import suppress

from pytest_orchestrate.transport import fork_safety, frozen

SERVER_NAME = "pytest-orchestrate-fork-server"

#: Modules that every worker needs; pytest itself imports ``pdb`` when it is configured.
NEEDED = (
    "pytest_orchestrate.worker.session",
    "pytest_orchestrate.transport.forked_worker",
    "pdb",
)

#: The program of a fresh server; arguments: descriptor of the control socket, then pytest's own.
PROGRAM = f"""
import sys, pytest
class Server:
    __name__ = {SERVER_NAME!r}
    control = int(sys.argv[1])
server = Server()
args = sys.argv[2:]
sys.argv = ["pytest", *args]
sys.exit(pytest.main(args, plugins=[server]))
"""


def serve(descriptor: int, preload: Iterable[str]) -> int:
    """Fork a child for each request. Returns in children only, with their own socket.

    :param descriptor: The control socket.
    :param preload: Modules that are imported before the first child.
    """
    try:
        return _serve(descriptor, preload)
    except BaseException:  # noqa: BLE001  # nothing of what called pytest is to run here
        os._exit(1)


def _serve(descriptor: int, preload: Iterable[str]) -> int:
    control = socket.socket(fileno=descriptor)
    reason = _import(preload) or fork_safety.obstacle([descriptor])
    if reason is not None:
        with suppress(OSError):
            control.send(f"unsafe {reason}".encode()[:4000])
        os._exit(0)
    wake_read, wake_write = os.pipe()
    os.set_blocking(wake_write, False)
    signal.set_wakeup_fd(wake_write)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the controller's affair
    frozen.freeze()
    while True:
        readable, _, _ = select.select([control.fileno(), wake_read], [], [])
        if wake_read in readable:
            os.read(wake_read, 512)
            _bury(control)
        if control.fileno() not in readable:
            continue
        try:
            request, descriptors, _, _ = socket.recv_fds(control, 256, 1)
        except OSError:
            request, descriptors = b"", []
        if not request:  # the controller is gone; workers see the end of their own sockets
            os._exit(0)
        (own,) = descriptors
        pid = os.fork()
        if pid == 0:
            control.close()
            signal.set_wakeup_fd(-1)
            os.close(wake_read)
            os.close(wake_write)
            return own
        os.close(own)
        number = request.decode().split()[1]
        with suppress(OSError):
            control.send(f"born {number} {pid}".encode())


def _import(names: Iterable[str]) -> str | None:
    """Import modules; return which of them cannot be, and why, or None."""
    for name in names:
        try:
            importlib.import_module(name)
        except BaseException as error:  # noqa: BLE001  # modules may raise anything
            return f"{name} cannot be imported: {type(error).__name__}: {error}"
    return None


def _bury(control: socket.socket) -> None:
    while True:
        try:
            pid, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if pid == 0:
            return
        with suppress(OSError):
            control.send(f"dead {pid} {os.waitstatus_to_exitcode(status)}".encode())
