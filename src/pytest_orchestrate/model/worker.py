"""What is known of a worker."""

from __future__ import annotations

import msgspec


class WorkerFacts(msgspec.Struct, frozen=True):
    """A worker as other plugins see it."""

    #: ``gw0``, ``gw1`` ...
    id: str
    number: int
    #: The execnet specification it was started from, such as ``popen``.
    spec: str
    pid: int | None = None
    #: Python version, such as ``3.12.1``; None until the worker is ready.
    python: str | None = None
    executable: str | None = None
