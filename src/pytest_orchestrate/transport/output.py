"""What workers print, read from named pipes.

A worker's descriptors 1 and 2 are pipes whose other ends are here, in the controller: what
is printed past pytest's capture (``-s``, ``capsys.disabled()``, live logs, child processes,
a faulthandler dump of a dying process) arrives even when the worker dies at once.
"""

from __future__ import annotations

import os
import selectors
import threading
from collections.abc import Callable
from pathlib import Path

#: Bytes that wait for the controller before reading pauses (and so the workers' writing).
ROOM = 8 << 20


class OutputPipes:
    """Reads the pipes of all workers in one thread.

    :param arrived: Called with a worker's number, from that thread, when there is something
        to :meth:`take`.
    """

    def __init__(self, arrived: Callable[[int], None]) -> None:
        self._arrived = arrived
        self._selector = selectors.DefaultSelector()
        self._wake_read, self._wake_write = os.pipe()
        self._selector.register(self._wake_read, selectors.EVENT_READ, None)
        self._lock = threading.Lock()
        self._open: dict[tuple[int, int], int] = {}
        self._read_so_far: dict[int, list[tuple[int, bytes]]] = {}
        self._waiting = 0
        self._has_room = threading.Condition(self._lock)
        self._closed = False
        self._thread = threading.Thread(target=self._read, name="worker output", daemon=True)
        self._thread.start()

    @staticmethod
    def is_possible() -> bool:
        """Whether this system has named pipes."""
        return hasattr(os, "mkfifo")

    def add(self, worker: int, folder: Path) -> tuple[str, str]:
        """Make the pipes of a worker; return their paths for stdout and stderr."""
        paths = []
        for stream, name in ((1, "out.pipe"), (2, "err.pipe")):
            path = folder / name
            os.mkfifo(path, 0o600)
            # with a writing end of our own, the pipe has no end while workers come and go
            descriptor = os.open(path, os.O_RDWR | os.O_NONBLOCK)
            with self._lock:
                self._open[worker, stream] = descriptor
                self._selector.register(descriptor, selectors.EVENT_READ, (worker, stream))
            paths.append(str(path))
        os.write(self._wake_write, b"x")
        return paths[0], paths[1]

    def take(self, worker: int) -> list[tuple[int, bytes]]:
        """Return (stream, bytes) of all that the worker has written until now, in order."""
        with self._has_room:
            taken = self._read_so_far.pop(worker, [])
            self._waiting -= sum(len(data) for _, data in taken)
            for stream in (1, 2):
                descriptor = self._open.get((worker, stream))
                budget = ROOM
                while descriptor is not None and budget > 0:
                    data = _read_now(descriptor)
                    if not data:
                        break
                    budget -= len(data)
                    taken.append((stream, data))
            self._has_room.notify()
        return taken

    def remove(self, worker: int) -> list[tuple[int, bytes]]:
        """Close the pipes of a worker that has ended; return what was still in them."""
        rest = self.take(worker)
        with self._lock:
            for stream in (1, 2):
                descriptor = self._open.pop((worker, stream), None)
                if descriptor is not None:
                    self._selector.unregister(descriptor)
                    os.close(descriptor)
        return rest

    def close(self) -> None:
        """Stop reading, and close every pipe."""
        with self._has_room:
            self._closed = True
            self._has_room.notify()
        os.write(self._wake_write, b"x")
        self._thread.join(1.0)
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()
        self._selector.close()
        os.close(self._wake_read)
        os.close(self._wake_write)

    def _read(self) -> None:
        while True:
            events = self._selector.select()
            if self._closed:
                return
            for key, _ in events:
                if key.data is None:
                    os.read(self._wake_read, 64)
                    continue
                worker, stream = key.data
                with self._has_room:
                    if self._open.get((worker, stream)) != key.fd:
                        continue
                    data = _read_now(key.fd)
                    if not data:
                        continue
                    pending = self._read_so_far.setdefault(worker, [])
                    is_first = not pending
                    pending.append((stream, data))
                    self._waiting += len(data)
                if is_first:
                    self._arrived(worker)
                with self._has_room:
                    self._has_room.wait_for(lambda: self._waiting < ROOM or self._closed)


def _read_now(descriptor: int) -> bytes:
    try:
        return os.read(descriptor, 1 << 16)
    except BlockingIOError:
        return b""


class Lines:
    """Puts bytes of one stream together to whole lines."""

    def __init__(self) -> None:
        self._rest = b""

    def add(self, data: bytes) -> list[str]:
        """Return the lines that are complete now, without their ends."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [line.decode("utf-8", "replace") for line in lines]

    def end(self) -> list[str]:
        """Return the unfinished last line, if any."""
        rest, self._rest = self._rest, b""
        return [rest.decode("utf-8", "replace")] if rest else []
