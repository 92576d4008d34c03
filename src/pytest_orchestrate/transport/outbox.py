"""Messages that wait to be sent, kept where they survive the death of the worker.

One message may carry many results, so at any time some results are not sent yet. Without
care a crash would lose them: finished tests would count as never run, and the wrong test
would be blamed. So every encoded message is also copied into a memory-mapped file, whose
pages outlive the process; the controller reads what a dead worker had not sent.

Layout, little endian: u32 batch number that the messages will have, u32 count of messages,
u32 bytes used, then the encoded messages.
"""

from __future__ import annotations

import contextlib
import mmap
import os
import struct
import threading
from collections.abc import Callable, Iterator
from os import getpid
from pathlib import Path
from time import monotonic, sleep

from pytest_orchestrate import wire

_HEADER = struct.Struct("<III")
_SIZE = 1 << 20

#: Seconds that a message waits at most before it is sent.
MAX_AGE = 0.1


class Outbox:
    """Gathers messages and sends them in batches. Safe to use from several threads.

    :param send: Sends bytes; raises OSError when the controller is gone.
    :param path: File for the copy, or None where the controller could not read it: then
        every message is sent at once.
    """

    def __init__(self, send: Callable[[bytes], None], path: str | None) -> None:
        self._send = send
        self._lock = threading.RLock()
        self._waiting: list[bytes] = []
        self._number = 1
        self._used = 0
        self._oldest = 0.0
        self._map: mmap.mmap | None = None
        self._filled = threading.Event()
        self._broken = False
        self._owner = getpid()
        if path is not None:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
            os.ftruncate(descriptor, _SIZE)
            self._map = mmap.mmap(descriptor, _SIZE)
            os.close(descriptor)
            self._note()
            threading.Thread(target=self._flush_when_old, daemon=True).start()

    def put(self, message: wire.FromWorker, *, now: bool = False) -> None:
        """Add a message; send all at once with ``now``, when it is old or when room runs out.

        A child that a test has forked has nothing to say: its parent speaks for itself.
        """
        if getpid() != self._owner:
            return
        data = wire.encode(message)
        with self._lock:
            if self._map is None:
                self._send_unkept(data)
                return
            start = _HEADER.size + self._used
            if start + len(data) > _SIZE:
                self._flush()
                start = _HEADER.size
                if self._broken or start + len(data) > _SIZE:
                    self._send_unkept(data)
                    return
            self._map[start : start + len(data)] = data
            self._used += len(data)
            self._waiting.append(data)
            self._note()
            if len(self._waiting) == 1:
                self._oldest = monotonic()
                self._filled.set()
            elif now or monotonic() - self._oldest > MAX_AGE:
                self._flush()
                return
            if now:
                self._flush()

    def flush(self) -> None:
        """Send what waits."""
        with self._lock:
            self._flush()

    @contextlib.contextmanager
    def unused(self) -> Iterator[None]:
        """Within it, no other thread is about to send: a signal cannot cut a message in two."""
        with self._lock:
            yield

    def _send_unkept(self, data: bytes) -> None:
        """Send at once what is not copied: too big, or nobody could read the copy."""
        self._waiting.append(data)
        if not self._flush():
            self._waiting.pop()

    def _flush(self) -> bool:
        """Send what waits; returns whether nothing waits any more."""
        if self._broken:
            return False
        if not self._waiting:
            return True
        header = wire.encode(wire.BatchNumber(self._number))
        data = wire.batch([header, *self._waiting])
        try:
            self._send(data)
        except OSError:
            self._broken = True  # what waits stays where the controller looks for it
            return False
        self._waiting.clear()
        self._number += 1
        self._used = 0
        self._filled.clear()
        self._note()
        return True

    def _note(self) -> None:
        if self._map is not None:
            self._map[: _HEADER.size] = _HEADER.pack(self._number, len(self._waiting), self._used)

    def _flush_when_old(self) -> None:
        while True:
            self._filled.wait()
            sleep(MAX_AGE)
            with self._lock:
                if self._broken:
                    return
                if self._waiting and monotonic() - self._oldest >= MAX_AGE * 0.9:
                    self._flush()


def unsent(path: Path, last_number: int) -> bytes | None:
    """Return the batch that a dead worker had not sent, or None.

    :param last_number: Number of the last batch that arrived; a batch that arrived is never
        returned, also when the worker died before it could note that it was sent.
    """
    try:
        data = path.read_bytes()
    except OSError:
        return None
    if len(data) < _HEADER.size:
        return None
    number, count, used = map(int, _HEADER.unpack_from(data))
    if count == 0 or number <= last_number:
        return None
    body = data[_HEADER.size : _HEADER.size + used]
    return b"\xdd" + count.to_bytes(4, "big") + body
