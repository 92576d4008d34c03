"""A socket as execnet wants its connections (``execnet.gateway_base.IO``).

execnet's own ``SocketIO`` sets options of TCP, and complains on other sockets.
"""

from __future__ import annotations

import contextlib
import socket
from typing import Any


class ConnectedSocket:
    """Reads and writes a connected stream socket."""

    def __init__(self, connection: socket.socket, execmodel: Any) -> None:
        self.execmodel = execmodel
        self._socket = connection
        self._reader = connection.makefile("rb")
        self._open = {"read", "write"}

    def read(self, numbytes: int) -> bytes:
        """Return exactly this many bytes.

        :raises EOFError: the other side has gone.
        """
        data = self._reader.read(numbytes)
        if len(data) < numbytes:
            raise EOFError(f"expected {numbytes} bytes, got {len(data)}")
        return data

    def write(self, data: bytes) -> None:
        """Send all of it."""
        self._socket.sendall(data)

    def close_read(self) -> None:
        """Read nothing more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RD)
        self._close("read")

    def close_write(self) -> None:
        """Write nothing more."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        self._close("write")

    def _close(self, direction: str) -> None:
        """Close the socket when it is used in neither direction any more."""
        if self._open and self._open <= {direction}:
            self._reader.close()
            self._socket.close()
        self._open.discard(direction)

    def wait(self) -> None:
        """Return at once: who waits for the process asks the fork server."""

    def kill(self) -> None:
        """Break the connection, whether a process is there yet or not."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)
