"""What is known of runs before the one that a report tells of.

``history/past.py`` fills it. Times are seconds.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

#: So many runs are looked back at.
RUNS = 20

#: Node id and occurrence.
TestName = tuple[str, int]


class PastRun(msgspec.Struct, frozen=True):
    """One earlier run with the same selection, which came to its end."""

    run: str
    #: Since the epoch.
    started: float
    #: Tests with an attempt.
    tests: int
    #: All attempts added up.
    serial: float
    wall: float
    revision: str | None = None
    branch: str | None = None
    #: Whether tracked files differed from the revision; None if that is not known.
    dirty: bool | None = None
    #: Tests that ended failed, with an error, or crashed; None where that was not counted.
    failed: int | None = None
    #: Tests with both a good and a bad attempt in this run; None where that was not counted.
    flaky: int | None = None


class PastAttempt(msgspec.Struct, frozen=True, gc=False):
    """One execution of a test in an earlier run."""

    #: Position in :attr:`Past.runs`.
    run: int
    outcome: str
    #: Set-up, call and tear-down.
    seconds: float
    call: float


class Past(msgspec.Struct, frozen=True):
    """The last runs with the same selection, at most :data:`RUNS`, and what tests did in them."""

    #: The oldest first. Where the last one on this branch is older than the others, it comes first.
    runs: tuple[PastRun, ...] = ()
    #: Position of the last run on this branch; None if there was none.
    last: int | None = None
    #: Those with any, in order of time.
    attempts: Mapping[TestName, tuple[PastAttempt, ...]] = {}
