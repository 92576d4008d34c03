"""What the engine wants done."""

from __future__ import annotations

from typing import Literal

import msgspec

from pytest_orchestrate.model.annotations import Demand


class Command(msgspec.Struct, frozen=True, tag_field="command", tag=True, kw_only=True):
    """Base of all commands."""


class Assign(Command, frozen=True, omit_defaults=True):
    """Append these tests to the worker's queue."""

    worker: int
    tests: list[int]
    #: Test -> resource -> the numbers of the slots that it has, from 0 on.
    slots: dict[int, dict[str, list[int]]] = {}


class Prepare(Command, frozen=True):
    """Enter the file of this test, but do not begin with it before it is assigned.

    Only where workers can do that (``RunBegan.prepares``).
    """

    worker: int
    test: int


class Recall(Command, frozen=True):
    """Ask the worker to give back what it has not started of these tests."""

    worker: int
    tests: list[int]


class Hold(Command, frozen=True):
    """The worker is left waiting, for a reason; it keeps its fixtures, unless told otherwise."""

    worker: int
    reason: str


class TearDown(Command, frozen=True):
    """The idle worker tears down the fixtures of classes and modules that it has kept up.

    It is answered by ``TornDown``.
    """

    worker: int


class Close(Command, frozen=True):
    """Nothing more will come: finish the queue, tear everything down, leave."""

    worker: int


class WantSlots(Command, frozen=True):
    """From now on the run wants slots of resources of the machine, in place of what it wanted.

    It is answered by ``SlotsGranted`` or ``SlotsBusy``, unless nothing is wanted any more.
    """

    #: Alternatives, the most urgent first; all of one, or nothing.
    any_of: list[list[Demand]]


class ReturnSlots(Command, frozen=True):
    """The run does not need these slots of resources of the machine any more."""

    #: Resource -> numbers of slots.
    slots: dict[str, list[int]]


class StartWorker(Command, frozen=True):
    """Start a replacement with this new number."""

    worker: int
    #: Number of the worker that it replaces.
    replaces: int


class EndTest(Command, frozen=True):
    """The engine ended a test that no worker finished."""

    test: int
    outcome: Literal["crashed", "interrupted", "not run", "blocked", "error"]
    reason: str
    worker: int | None = None
    #: If it is blocked: the test that began it.
    cause: int | None = None


class EndRun(Command, frozen=True):
    """Every test has ended and every worker has left. Last command of every run."""

    #: Tests that did not run, for whatever reason.
    not_run: int
    #: Why the run ended early, or None.
    reason: str | None = None


AnyCommand = (
    Assign
    | Prepare
    | Recall
    | Hold
    | TearDown
    | Close
    | WantSlots
    | ReturnSlots
    | StartWorker
    | EndTest
    | EndRun
)
