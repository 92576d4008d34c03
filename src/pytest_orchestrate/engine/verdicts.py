"""What becomes of tests that are kept back."""

from __future__ import annotations

from typing import Literal

import msgspec

#: Why a test is blocked that has no place any more.
STRANDED = "the worker on which it has to run, with what it requires, is gone or lacks it"


class Verdict(msgspec.Struct, frozen=True):
    """A test will not run, for a reason."""

    test: int
    reason: str
    #: The test that began it, or -1.
    cause: int = -1
    outcome: Literal["blocked", "error"] = "blocked"


class Ended(msgspec.Struct, frozen=True):
    """What follows from the end of a test: who needs but a worker now, and who will not run."""

    free: list[int]
    blocked: list[Verdict]
