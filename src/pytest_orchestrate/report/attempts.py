"""Tests and their attempts, as reports show them.

Times are seconds; ``at`` counts from the beginning of the run, ``started`` from the epoch. Paths
are relative to pytest's root directory, with ``/``.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pytest_orchestrate.model.outcome import Outcome

#: How a test ended: the outcome of its last attempt; ``flaky`` where an earlier one was bad.
#: ``running``: it has not ended, and the run goes on.
FinalOutcome = Literal[Outcome, "flaky", "running"]


class Place(msgspec.Struct, frozen=True):
    """A line of a file. ``line`` counts from 1."""

    path: str
    line: int | None = None


class Failure(msgspec.Struct, frozen=True):
    """Why an attempt did not end well."""

    #: Name of the exception's class; empty where none is known (a crash, ``pytest.fail``).
    exception: str
    #: Its first line.
    message: str
    #: Where it was raised, or where the test calls what raised it.
    place: Place | None
    #: As pytest shows it, without colours.
    text: str


class Artifact(msgspec.Struct, frozen=True):
    """A file that a test has left. ``path`` is where it lies now."""

    name: str
    path: str
    bytes: int
    #: Such as ``image/png``.
    media_type: str


class Kept(msgspec.Struct, frozen=True):
    """A resource that a worker kept between two tests, for fixtures of a class or module."""

    #: Node id of that.
    scope: str
    worker: str
    seconds: float


class Waited(msgspec.Struct, frozen=True):
    """What a test waited for before it began; the kinds are those of ``report/waiting.py``."""

    kind: Literal["requirement", "resource", "alone", "exclusive", "turn", "queue"]
    at: float
    seconds: float
    #: Positions in ``Report.tests`` of those that it waited for; the last one's end ended it.
    tests: tuple[int, ...] = ()
    #: Of the resource.
    name: str = ""
    #: Of the resource: the seconds for which each of those tests had it meanwhile.
    held: tuple[float, ...] = ()
    #: Of the resource: who had it meanwhile without a test that needs it.
    kept: tuple[Kept, ...] = ()


class Attempt(msgspec.Struct, frozen=True):
    """One execution of a test."""

    worker: str
    #: How many tests that worker had run before it.
    order: int
    outcome: str
    started: float
    at: float
    setup: float
    call: float
    teardown: float
    failure: Failure | None = None
    #: What it was skipped for, or expected to fail for.
    reason: str = ""
    #: Title and text of what was captured.
    sections: tuple[tuple[str, str], ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    #: Seconds by which ``started`` and ``at`` may be wrong, if its worker had another clock.
    within: float = 0.0

    @property
    def seconds(self) -> float:
        """Set-up, call and tear-down."""
        return self.setup + self.call + self.teardown


class TestReport(msgspec.Struct, frozen=True):
    """One test, in the order of collection."""

    __test__ = False

    nodeid: str
    #: 0 for the first test of this node id.
    occurrence: int
    file: str
    #: Where it is defined; None where that was not recorded.
    line: int | None
    outcome: FinalOutcome
    #: First to last; none if it never ran.
    attempts: tuple[Attempt, ...] = ()
    #: Why it did not run, if it did not.
    reason: str = ""
    #: If it is blocked: position of the test that began it.
    cause: int | None = None
    #: Expected seconds; None if nothing was known.
    #: As of one attempt, without fixtures of classes, modules and the like.
    estimate: float | None = None
    #: In the order in which they ended.
    waited: tuple[Waited, ...] = ()
    priority: int = 0
    #: Positions of the tests that it requires.
    requires: tuple[int, ...] = ()
    #: Names of the resources that it needs.
    resources: tuple[str, ...] = ()
    group: str | None = None
    #: ``record_property`` and the like.
    properties: tuple[tuple[str, str], ...] = ()
    #: It stands for a file or folder that could not be collected or, if it is skipped, has skipped
    #: itself when it was; so there are none of its tests.
    is_collection: bool = False
    #: Outcome and seconds of earlier attempts on record, the oldest first.
    past: tuple[tuple[str, float], ...] = ()
    #: Names of its markers, without those of pytest itself and ours.
    markers: tuple[str, ...] = ()
    #: Seconds of set-up that were fixtures of classes, modules and the like, which other tests use,
    #: too.
    shared: float = 0.0
    #: Its file, from the root directory, where it is outside of that; else, and where that was not
    #: recorded, empty.
    outside: str = ""

    @property
    def own(self) -> float:
        """All attempts without these: what can be compared with the estimate."""
        return max(0.0, self.seconds - self.shared)

    @property
    def seconds(self) -> float:
        """All attempts together."""
        return sum(attempt.seconds for attempt in self.attempts)
