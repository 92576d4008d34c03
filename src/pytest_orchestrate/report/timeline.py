"""When what happened where in a run, as reports draw it.

Positions are those of :attr:`~pytest_orchestrate.report.document.Report.tests`. Times are seconds;
``at`` counts from the beginning of the run.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pytest_orchestrate.report.attempts import Kept


class Span(msgspec.Struct, frozen=True):
    """What a worker did beside running tests."""

    kind: Literal["start", "collect", "fixture", "idle"]
    at: float
    seconds: float
    #: Of the fixture, or why it was idle.
    name: str = ""


class Lane(msgspec.Struct, frozen=True):
    """One worker's line in the timeline."""

    worker: str
    spans: tuple[Span, ...]


class Held(msgspec.Struct, frozen=True):
    """A share of a resource that a worker held."""

    worker: str
    amount: int
    at: float
    seconds: float
    #: Positions of the tests that it was held for.
    tests: tuple[int, ...] = ()
    #: Without tests: node id of the class or module for whose fixtures it was kept.
    kept_for: str = ""


class ResourceLane(msgspec.Struct, frozen=True):
    """One resource's line in the timeline."""

    name: str
    capacity: int
    held: tuple[Held, ...]
    #: Seconds that tests waited for it, and how many of them each test had it, by its position.
    #: Where several had a share, the same seconds count for each of them.
    waited: float = 0.0
    waited_by_holder: tuple[tuple[int, float], ...] = ()
    #: The same of those who had it without a test that needs it.
    waited_by_keeper: tuple[Kept, ...] = ()


class CriticalStep(msgspec.Struct, frozen=True):
    """A test on the path that decided when the run ended, and why it began no earlier."""

    #: Position.
    test: int
    at: float
    seconds: float
    #: What ended so that it could begin: ``start`` for the first.
    because: Literal["start", "worker", "requirement", "resource", "exclusive", "replacement"]


class Timeline(msgspec.Struct, frozen=True):
    """When what happened where; the attempts themselves are in the tests."""

    lanes: tuple[Lane, ...] = ()
    resources: tuple[ResourceLane, ...] = ()
    #: First to last.
    critical_path: tuple[CriticalStep, ...] = ()
