"""A new child of the fork server, until it is a worker; and its end.

The child comes to life in the middle of pytest's configuration, with everything that the
process before it had. What is not its own is left behind here. It then goes on with the
configuration as if it had come all the way by itself, and never returns to what called pytest:
when pytest's main function has returned and exit handlers have run, it ends.
"""

from __future__ import annotations

import atexit
import os
import queue
import signal
import socket
import sys
import threading
from contextlib import suppress
from os import getpid
from typing import Any

import pytest
from execnet import gateway_base

from pytest_orchestrate.transport.boot import FORKED_NAME, Seed, prepare
from pytest_orchestrate.transport.socket_io import ConnectedSocket

#: Exit codes of pytest for what it does not let out of its main function, by class.
_CODES = {"UsageError": 4, "ConftestImportFailure": 4, "PluginImportFailure": 3}


class _Mailbox:
    """Where the code that the controller executes in the child leaves its channel."""

    def __init__(self) -> None:
        self.channels: queue.SimpleQueue[tuple[Any, Any]] = queue.SimpleQueue()

    def wait(self, gateway: Any, server: int) -> tuple[Any, Any]:
        """Return the channel, and what lets it close; ends the process if none can come."""
        while True:
            with suppress(queue.Empty):
                return self.channels.get(timeout=0.2)
            if gateway._channelfactory.finished or os.getppid() != server:
                os._exit(0)


def become_worker(config: pytest.Config, descriptor: int) -> Seed:
    """Leave behind what is not this child's, and wait for the controller's word.

    :param descriptor: The child's own socket.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    server = os.getppid()
    _forget_exit_handlers()
    _reseed()
    model = gateway_base.get_execmodel("thread")
    io = ConnectedSocket(socket.socket(fileno=descriptor), model)
    gateway = gateway_base.WorkerGateway(io=io, id="forked", _startcount=2)
    # serve() would take this thread, whose stack holds the configuration that is to go on
    gateway._execpool = gateway_base.WorkerPool(model, hasprimary=False)
    mailbox = _Mailbox()
    sys.modules[FORKED_NAME] = mailbox  # type: ignore[assignment]  # found by name
    _end_after(gateway)
    gateway._initreceive()
    channel, done = mailbox.wait(gateway, server)
    try:
        setup = channel.receive()
    except (EOFError, OSError):  # nobody is there any more
        os._exit(0)
    # until now Ctrl-C was ignored, as in the server
    signal.signal(signal.SIGINT, signal.default_int_handler)
    seed = Seed(channel, setup)
    config.add_cleanup(lambda: _main_is_over(seed, done))
    try:
        prepare(setup, channel)
    except BaseException as error:  # noqa: BLE001  # whatever it is, the controller says it
        channel.send(("refused", f"{type(error).__name__}: {error}"))
        done.set()
        sys.exit(1)
    # the controller's path is without them, because pytest itself adds them in other workers
    for folder in reversed(config.getini("pythonpath")):
        sys.path.insert(0, str(folder))
    channel.send(("hello", getpid()))
    return seed


def _main_is_over(seed: Seed, done: threading.Event) -> None:
    """Close the channel; what comes now are exit handlers."""
    if not seed.started:
        code = seed.code
        if code is None:
            code = _code_of(sys.exc_info()[1])
        # whatever pytest said about it went to the error output
        with suppress(OSError):
            seed.channel.send(("unstarted", code))
    done.set()


def _code_of(error: BaseException | None) -> int:
    """Return the exit code of a process that this exception ends."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else 1
    names = [each.__name__ for each in type(error).__mro__]
    return next((_CODES[name] for name in names if name in _CODES), 1)


def _end_after(gateway: Any) -> None:
    """Let the process end when all other exit handlers have run.

    What the interpreter would do after them is to free memory that nobody needs.
    """
    owner = getpid()

    def end() -> None:
        if getpid() != owner:
            return  # a child that a test has forked ends in its own way
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        with suppress(Exception):
            gateway._send(gateway_base.Message.GATEWAY_TERMINATE)
        os._exit(0)

    # exit handlers run in the opposite order of their registration
    atexit.register(end)
    _keep_library_handlers()


def _forget_exit_handlers() -> None:
    """A handler of a plugin might remove what siblings still use.

    Of the finalizers only those that this child makes from now on will run.
    """
    atexit._clear()
    weakref = sys.modules.get("weakref")
    if weakref is not None:
        for finalizer in list(weakref.finalize._registry):
            finalizer.atexit = False


def _keep_library_handlers() -> None:
    """Put back what the standard library has registered once, and would not again."""
    weakref = sys.modules.get("weakref")
    if weakref is not None and weakref.finalize._registered_with_atexit:
        atexit.register(weakref.finalize._exitfunc)
    logging = sys.modules.get("logging")
    if logging is not None:
        atexit.register(logging.shutdown)
    multiprocessing = sys.modules.get("multiprocessing.util")
    if multiprocessing is not None:
        atexit.register(multiprocessing._exit_function)


def _reseed() -> None:
    """Give this child random numbers of its own."""
    random = sys.modules.get("random")
    if random is not None:
        random.seed()
    numpy = sys.modules.get("numpy.random")
    if numpy is not None:
        numpy.seed()
