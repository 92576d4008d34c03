"""Worker processes, and messages to and from them. All of execnet is in here.

A *link* is one worker process with its gateway, its channel and the pipes of its output.
Links call back from threads of their own; what they call has to be thread-safe (the
controller puts everything into one queue).
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import execnet
import msgspec

from pytest_orchestrate import wire
from pytest_orchestrate.transport import boot, forking, processes
from pytest_orchestrate.transport.forking import ForkServer


class Link(msgspec.Struct):
    """One worker process as the controller holds it."""

    number: int
    spec: str
    #: The worker's private folder on this machine, or None if it shares none.
    folder: Path | None
    gateway: Any = None
    channel: Any = None
    process: processes.Process | None = None
    #: Id of its process, if that is on this machine.
    pid: int | None = None
    last_batch: int = 0
    has_hung_up: threading.Event = msgspec.field(default_factory=threading.Event)
    is_to_be_killed: bool = False
    has_ended: bool = False
    #: Something has arrived from it.
    is_heard: bool = False
    #: Sent before it was heard: if it is started in another way, it has to hear it again.
    _early: list[wire.ToWorker] = msgspec.field(default_factory=list)
    _lock: threading.Lock = msgspec.field(default_factory=threading.Lock)

    def send(self, message: wire.ToWorker) -> None:
        """Send a message; a worker that is gone is no error here, its end is an arrival."""
        with self._lock:
            if not self.is_heard:
                self._early.append(message)
            channel = self.channel
        if channel is not None:
            with contextlib.suppress(OSError):
                channel.send(wire.single(message))

    def open(self, channel: Any, setup: dict[str, Any]) -> None:
        """Send the setup, then what was to be sent before there was a channel."""
        with self._lock:
            channel.send(setup)
            for message in self._early:
                channel.send(wire.single(message))
            self.channel = channel

    def close(self) -> None:
        """There is no channel (any more); what is sent waits for the next one."""
        with self._lock:
            self.channel = None

    def unsent(self) -> bytes | None:
        """Return what the worker, now dead, had not sent."""
        if self.folder is None:
            return None
        from pytest_orchestrate.transport.outbox import unsent

        return unsent(self.folder / "outbox", self.last_batch)

    def captured(self) -> list[tuple[str, str]]:
        """Return what the running test of a dead worker had printed: (stream, text)."""
        if self.folder is None:
            return []
        texts = []
        for stream in ("stdout", "stderr"):
            with contextlib.suppress(OSError):
                data = (self.folder / stream).read_bytes()
                if data:
                    texts.append((stream, data[-1_000_000:].decode("utf-8", "replace")))
        return texts

    def is_stopped(self) -> bool:
        """Whether the process is on this machine and stopped by a signal."""
        if self.pid is None:
            return False
        import psutil

        try:
            return bool(psutil.Process(self.pid).status() == psutil.STATUS_STOPPED)
        except psutil.Error:
            return False


class _OfLink(msgspec.Struct, frozen=True):
    """What has arrived from a link, or become of it."""

    link: Link


class Received(_OfLink, frozen=True):
    """A batch of messages arrived."""

    data: bytes


class Said(_OfLink, frozen=True):
    """A plain word of the boot code arrived (``hello``, ``refused``, ``unstarted``)."""

    word: str
    value: Any


class Hung(_OfLink, frozen=True):
    """The channel is closed: the worker's code has ended or its process is gone."""

    error: str | None


class Exited(_OfLink, frozen=True):
    """The process has ended. ``status``: exit code, negative for a signal, None if unknown."""

    status: int | None


class Unborn(_OfLink, frozen=True):
    """The process could not be started, or ended before it could be talked to."""

    error: str
    #: As in :class:`Exited`; None also where there was no process.
    status: int | None = None


class Unforked(_OfLink, frozen=True):
    """The fork server does not serve; the worker is started by itself."""

    reason: str


Arrival = Received | Said | Hung | Exited | Unborn | Unforked


class Gateways:
    """Starts links, in parallel, and ends them."""

    def __init__(
        self, arrived: Callable[[Arrival], None], fork_server: ForkServer | None = None
    ) -> None:
        self._arrived = arrived
        self._fork_server = fork_server
        self._model = processes.StartingModel()
        self._group = execnet.Group()
        # it takes models, though its annotations know of their names only
        self._group.set_execmodel(self._model, "main_thread_only")  # type: ignore[arg-type]
        self.links: dict[int, Link] = {}

    def start(self, link: Link, setup: dict[str, Any]) -> None:
        """Start a worker process and send it its setup; returns at once."""
        self.links[link.number] = link
        threading.Thread(
            target=self._start, args=(link, setup), name=f"start gw{link.number}", daemon=True
        ).start()

    def _start(self, link: Link, setup: dict[str, Any]) -> None:
        if self._fork_server is not None and link.spec == "popen" and self._fork(link, setup):
            return
        self._spawn(link, setup)

    def _fork(self, link: Link, setup: dict[str, Any]) -> bool:
        """Ask the fork server for the worker; return whether there is a server to be asked."""
        assert self._fork_server is not None
        try:
            connection = self._fork_server.connect(link.number)
            link.gateway = forking.gateway_over(connection, f"gw{link.number}")
            channel = forking.hand_over(link.gateway)
            link.open(channel, setup)
        except OSError:
            link.close()
            self._arrived(Unforked(link, self._fork_server.why_not()))
            return False
        process = forking.ForkedProcess(self._fork_server, link.number, connection)

        def receive(item: Any) -> None:
            if link.process is None and not (item is None and link.is_to_be_killed):
                if item is None:  # start it in the ordinary way
                    assert self._fork_server is not None
                    link.close()
                    self._arrived(Unforked(link, self._fork_server.why_not()))
                    threading.Thread(target=self._spawn, args=(link, setup), daemon=True).start()
                    return
                link.process = process
                link.pid = item[1] if item[0] == "hello" else process.pid
                threading.Thread(target=self._watch, args=(link,), daemon=True).start()
                if link.is_to_be_killed:
                    self.kill(link)
            self._receive(link, item)

        channel.setcallback(receive, endmarker=None)
        return True

    def _spawn(self, link: Link, setup: dict[str, Any]) -> None:
        def started(process: processes.Process) -> None:
            link.process = process
            if link.folder is not None:
                link.pid = process.pid
            if link.is_to_be_killed:
                self.kill(link)

        try:
            with self._model.watching(started, own_session=starts_here(link.spec)):
                link.gateway = self._group.makegateway(_full_spec(link.spec, link.number))
            channel = link.gateway.remote_exec(boot)
            link.open(channel, setup)
            channel.setcallback(lambda item: self._receive(link, item), endmarker=None)
        except Exception as error:  # noqa: BLE001 - whatever it is, the worker is not there
            process = link.process
            status = processes.status_of(process, 1.0) if process is not None else None
            self._arrived(Unborn(link, f"{type(error).__name__}: {error}", status))
        else:
            self._watch(link)

    def _watch(self, link: Link) -> None:
        """See the end of the process also where a child of it keeps the connection open."""
        if link.process is None:
            return
        processes.wait_for_end(link.process)
        if not link.has_hung_up.wait(processes.CLOSING):
            processes.wait_until_drained(link.process)
            self._end(link)

    def _receive(self, link: Link, item: Any) -> None:
        link.is_heard = True
        if isinstance(item, bytes):
            self._arrived(Received(link, item))
        elif item is None:
            error = getattr(link.channel, "_remoteerrors", None)
            text = str(error[0]) if error else None
            link.has_hung_up.set()
            self._arrived(Hung(link, text))
            threading.Thread(target=self._end, args=(link,), daemon=True).start()
        else:
            word, *rest = item
            if word == "output":
                stream, data = rest
                self._arrived(Received(link, wire.single(wire.Printed(stream, data))))
            else:
                self._arrived(Said(link, word, rest[0]))

    def _end(self, link: Link) -> None:
        """Let the process end, then say how it ended."""
        with link._lock:
            if link.has_ended:
                return
            link.has_ended = True
        with contextlib.suppress(Exception):
            link.gateway.exit()
        status: int | None = None
        with contextlib.suppress(Exception):
            status = (link.process or link.gateway._io).wait()
        self._arrived(Exited(link, status))

    def interrupt(self, link: Link) -> None:
        """Ctrl-C for one worker of this machine, in whatever state it is."""
        if link.pid is not None and link.process is not None and link.process.returncode is None:
            with contextlib.suppress(OSError):
                os.kill(link.pid, signal.SIGINT)

    def kill(self, link: Link) -> None:
        """Kill the process and what it has started in its session."""
        link.is_to_be_killed = True
        if link.process is not None:
            processes.kill(link.process, with_session=starts_here(link.spec))
        elif link.gateway is not None:
            with contextlib.suppress(Exception):
                link.gateway._io.kill()

    def kill_all(self) -> None:
        """Kill every process that is left."""
        self.kill_all_left(list(self.links.values()))

    def kill_all_left(self, links: Iterable[Link]) -> None:
        """Kill the processes of these links."""
        for link in links:
            self.kill(link)

    def forget(self, links: Iterable[Link]) -> None:
        """Let go of connections whose processes have left, with all that execnet has for them."""
        for link in links:
            link.gateway = link.channel = None


def _full_spec(spec: str, number: int) -> str:
    """Return an execnet specification with the worker's id and our interpreter's flags."""
    parts = spec.split("//")
    if not any(part.startswith("id=") for part in parts):
        parts.append(f"id=gw{number}")
    flags = processes.interpreter_flags()
    if flags and "popen" in parts and not any(part.startswith("python=") for part in parts):
        parts.append(f"python={' '.join([_quoted(sys.executable), *map(_quoted, flags)])}")
    return "//".join(parts)


def _quoted(word: str) -> str:
    import shlex

    return shlex.quote(word)


def is_local(spec: str) -> bool:
    """Whether a worker of this specification shares our file system and folder."""
    return starts_here(spec) and "chdir" not in _keys(spec)


def starts_here(spec: str) -> bool:
    """Whether a worker of this specification runs on our machine, for all that we know."""
    keys = _keys(spec)
    return "popen" in keys and "via" not in keys


def _keys(spec: str) -> set[str]:
    return {part.partition("=")[0] for part in spec.split("//")}
