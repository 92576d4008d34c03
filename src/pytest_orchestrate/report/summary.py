"""One run in figures: what renderers show and what ``pytest_orchestrate_run_finished`` gets.

Times are seconds throughout.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.report.limits import Limits

#: How many of the slowest tests a summary names.
SLOWEST = 5
#: Seconds from which an import that every worker pays for is named.
HEAVY = 0.1


class WorkerSummary(msgspec.Struct, frozen=True):
    """What one worker did. Times are seconds."""

    #: ``gw0`` ..., or ``main`` where tests ran in-process.
    name: str
    #: Attempts that it finished, died in, or was cut off in.
    tests: int
    #: In set-up, call and tear-down of tests; in one that was cut off, until the worker was gone.
    busy: float
    #: From the moment it was started until it had left.
    alive: float
    #: From spawn to ready to collect; None where that was not reported.
    start: float | None
    #: In collection; None where that was not reported.
    collect: float | None
    #: 1 if it died, else 0.
    crashes: int
    #: Its ``busy``, as a share of the time from the first start of a test to the last end of one.
    busy_share: float | None = None


class SlowTest(msgspec.Struct, frozen=True):
    """A test and how long it took, in seconds: all attempts together."""

    nodeid: str
    seconds: float
    worker: str


class HeavyImport(msgspec.Struct, frozen=True):
    """A module that every forked worker has imported; seconds are those of the fastest."""

    module: str
    seconds: float


class Crash(msgspec.Struct, frozen=True):
    """A worker that died; ``test`` is the node id it was in, or None if in no test."""

    test: str | None
    worker: str
    reason: str


class Cause(msgspec.Struct, frozen=True):
    """So many tests, at least two, that did not end well for what seems to be one cause."""

    count: int
    #: One line that tells the cause, and where it was.
    title: str


class NotRun(msgspec.Struct, frozen=True):
    """So many tests never started, all for one reason."""

    count: int
    reason: str


class Blocked(msgspec.Struct, frozen=True):
    """So many tests did not run because of one that did not end well."""

    count: int
    #: Node id of that test, or None where the reason is something else.
    by: str | None
    #: How that test ended, or the reason.
    reason: str


class Summary(msgspec.Struct, frozen=True):
    """One run in figures. Times are seconds."""

    run: str
    #: ``workers`` or ``in-process``.
    mode: str
    #: Workers that ran tests side by side; a replacement takes the place of what it
    #: replaces. 1 in-process. Those that were there: ``started``.
    workers: int
    #: Whether each worker has collected a share of the files only.
    sharded: bool
    #: Tests that collection found, after selection.
    collected: int
    #: Tests with at least one attempt, and those that were blocked.
    ran: int
    #: Outcome -> tests that ended so, ``flaky`` if it was good after it had been bad; only
    #: outcomes that occurred.
    outcomes: Mapping[str, int]
    #: From the beginning of the run to its last event or, if later, its recorded end.
    wall: float
    #: Set-up, call and tear-down of all attempts added up: what the tests alone would
    #: take one after another. Start and collection are not in it. An attempt that was cut off
    #: counts until its worker was gone.
    serial: float
    #: Of the time from the first start of a test to the last end of one, on all workers, the
    #: share that was spent in tests, 0 to 1; None if no test has begun.
    busy_share: float | None
    per_worker: tuple[WorkerSummary, ...]
    #: Longest first, at most :data:`SLOWEST`.
    slowest: tuple[SlowTest, ...]
    #: Longest first, at least :data:`HEAVY` each.
    heavy_imports: tuple[HeavyImport, ...]
    crashes: tuple[Crash, ...]
    #: Worker -> tests that failed, had an error or crashed there; only where there are any.
    failed_on: Mapping[str, int]
    #: Node ids of tests that were cut off.
    interrupted: tuple[str, ...]
    #: In order of the first test concerned.
    not_run: tuple[NotRun, ...]
    #: In order of the first test concerned.
    blocked: tuple[Blocked, ...]
    notes: tuple[str, ...]
    #: Why the run ended early, or None.
    reason: str | None
    #: None as long as the run has not ended.
    exitstatus: int | None
    #: What bounded the run; None if no test has ended.
    limits: Limits | None = None
    #: The most frequent first.
    causes: tuple[Cause, ...] = ()
    #: Files and folders that could not be collected, and those that skipped themselves when they
    #: were. They are no tests: neither in ``outcomes`` nor in ``collected``.
    uncollected: int = 0
    skipped_files: int = 0
    #: Workers that were there at one time, also those that got no test; counted as ``workers``.
    started: int = 0
    #: Whether the run has not ended yet; all else is as it is so far.
    goes_on: bool = False
    #: Node ids of tests that run now.
    running: tuple[str, ...] = ()

    @property
    def who(self) -> str:
        """``2 workers`` or, where one of those that were there got no test, ``1 of 2 workers``."""
        there = max(self.workers, self.started)
        of = f"{self.workers} of " if self.workers < there else ""
        return of + count_of(there, "worker")

    @property
    def speedup(self) -> float | None:
        """Serial time by wall time; None where nothing ran side by side."""
        if self.mode == "in-process" or self.workers < 2 or self.wall <= 0:
            return None
        return self.serial / self.wall
