"""What list scheduling decides on."""

from __future__ import annotations

from typing import NamedTuple


class Move(NamedTuple):
    """What a worker does next."""

    worker: int
    test: int
    #: Seconds for entering the place of the test, or 0 if the worker is there.
    entry: float
    #: The worker enters the place only, and begins with the test by a later move.
    prepares: bool
