"""What the engine is told.

Every event carries ``now``: seconds on the controller's monotonic clock since the run
began. Workers and tests are integers: a worker's number (``gw3`` is 3) and a test's index
in :attr:`TestsCollected.tests` of all such events of the run, in order of arrival.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.outcome import Outcome


class Constraint(msgspec.Struct, frozen=True, omit_defaults=True):
    """What decides when and where one test may run, beside its duration."""

    #: Its index.
    test: int
    needs: tuple[Need, ...] = ()
    #: None above the capacity of its resource.
    demands: tuple[Demand, ...] = ()
    #: Nothing else runs meanwhile.
    exclusive: bool = False
    #: Of tests that may run, those with the higher priority go first.
    priority: int = 0
    #: Why it cannot run whatever happens, or None.
    refused: str | None = None
    #: If it is refused: that is an error, and not something that blocks it.
    is_error: bool = False


class Event(msgspec.Struct, frozen=True, tag_field="event", tag=True, kw_only=True):
    """Base of all events."""

    now: float


class RunBegan(Event, frozen=True):
    """First event of every run."""

    #: Workers that the run may use at one time, at least 1.
    workers: int
    #: Crashed workers that are replaced, in all; one more ends the run.
    max_crashes: int = 0
    #: Seconds of estimated work that are sent ahead to a worker.
    lookahead: float = 0.1
    #: Units are taken strictly in collection order (``--ff``, ``--nf``), not longest first.
    keep_order: bool = False
    #: Workers can enter a file before they are told to begin with a test there, and need no tests
    #: ahead. Those of pytest cannot: fixtures of a module are built by its first test, which must
    #: not begin before it has its lease and what it requires.
    prepares: bool = False


class WorkerJoined(Event, frozen=True):
    """A worker is being started; it can run nothing yet."""

    worker: int


class TestsCollected(Event, frozen=True):
    """Tests exist. Their indices follow on those of earlier events of this class."""

    __test__ = False

    tests: list[CollectedTest]
    #: Expected seconds per test (set-up of function-scoped fixtures, call, tear-down), or
    #: None for a test never seen; same length as ``tests``.
    estimates: list[float | None]
    #: File -> seconds to enter it on a worker that has collected it (higher-scope fixtures), as
    #: far as known.
    setup_costs: dict[str, float]
    #: File -> the worker that has collected it, where each worker has collected a share only.
    owners: dict[str, int] = {}
    #: File -> seconds to collect it on a worker that has not, as far as known.
    collect_costs: dict[str, float] = {}
    #: Of those tests that have any.
    constraints: list[Constraint] = []
    #: Resource that they name -> how much there is of it.
    resources: dict[str, int] = {}
    #: Worker and test, in the order in which another run has started them and this one is to, too.
    #: Empty: the engine decides.
    course: list[tuple[int, int]] = []
    #: Test -> how urgent it is for being likely to fail, from 1 to 63; of those that are, where
    #: these are to go first. Counts between tests of one priority.
    likely: dict[int, int] = {}
    #: Of those, the ones that other runs on the machine share: none of it is there until granted.
    hosted: list[str] = []


class WorkerCollected(Event, frozen=True):
    """A worker has collected and can run every known test but ``missing``."""

    worker: int
    missing: list[int] = []
    #: The files that it has collected; it will have to collect any other one when it is sent
    #: tests of it. None: all that there are.
    files: list[str] | None = None


class WorkerPrepared(Event, frozen=True):
    """A worker has done as a ``Prepare`` told it."""

    worker: int


class TestStarted(Event, frozen=True):
    """A worker begins with a test."""

    __test__ = False

    worker: int
    test: int


class TestFinished(Event, frozen=True):
    """A worker has done with a test. Durations are seconds."""

    __test__ = False

    worker: int
    test: int
    outcome: Outcome
    setup: float = 0.0
    call: float = 0.0
    teardown: float = 0.0


class TestAmended(Event, frozen=True):
    """A late tear-down failed after its test had finished; earlier verdicts stay."""

    __test__ = False

    worker: int
    test: int
    outcome: Outcome


class TestsReturned(Event, frozen=True):
    """A worker gives tests back: the answer to a recall. What it had started stays with it."""

    __test__ = False

    worker: int
    tests: list[int]


class TestsLacking(Event, frozen=True):
    """A worker was sent these tests, collected their file and did not find them there."""

    __test__ = False

    worker: int
    tests: list[int]


class TornDown(Event, frozen=True):
    """Answer to ``TearDown``: no fixture of a class or module is up on the worker."""

    worker: int


class WorkerLeft(Event, frozen=True):
    """A worker is gone. What it had not finished is lost unless it runs elsewhere."""

    worker: int
    #: ``closed``: as asked; ``crashed``: it died (a test that it had started is blamed);
    #: ``stopped``: ended by an interruption that is no test's fault.
    reason: Literal["closed", "crashed", "stopped"]


class StopRequested(Event, frozen=True):
    """Dispatch ends (``-x``, Ctrl-C, ``pytest.exit`` ...); started tests may finish."""

    reason: str


class TimePassed(Event, frozen=True):
    """Nothing happened, but time went by: sent about once a second while a worker is held.

    A test that overruns its estimate is noticed so, and what waits behind it can move.
    """


class SlotsGranted(Event, frozen=True):
    """The run has these slots of resources of the machine, which it wanted; until it returns them.

    They are enough for one of the alternatives that are wanted now.
    """

    #: Resource -> numbers of slots.
    slots: dict[str, list[int]]
    #: Of these resources, those that other runs may share.
    shared: list[str] = []


class SlotsBusy(Event, frozen=True):
    """Answer to ``WantSlots``: none of it can be had now. As soon as it can, it is granted."""


AnyEvent = (
    RunBegan
    | WorkerJoined
    | TestsCollected
    | WorkerCollected
    | WorkerPrepared
    | TestStarted
    | TestFinished
    | TestAmended
    | TestsReturned
    | TestsLacking
    | TornDown
    | WorkerLeft
    | StopRequested
    | TimePassed
    | SlotsGranted
    | SlotsBusy
)
