"""What is asked of the simulator: how long the tests would take if something were different.

Reports know nothing of the engine; ``controller/gains.py`` answers for them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec


class Change(msgspec.Struct, frozen=True):
    """What would be different from the run as it was. Tests are positions."""

    #: So many workers more.
    workers: int = 0
    #: Resource -> so much more of it.
    slots: Mapping[str, int] = {}
    #: Tests that would be so many tests each, of equal length.
    split: tuple[int, ...] = ()
    parts: int = 1
    #: A test, and one that it would not require any more.
    released: tuple[int, int] | None = None
    #: Exclusive tests would run beside others.
    beside: bool = False
    #: A group whose tests would not have to stay on one worker.
    ungrouped: str = ""
    #: File, and the name of a fixture in it that would be set up once, whoever runs its tests.
    set_up_once: tuple[str, str] = ("", "")


class RepeatedSetup(msgspec.Struct, frozen=True):
    """A fixture of a file that several workers have set up, each for itself."""

    file: str
    name: str
    workers: int
    #: Of all of them together.
    seconds: float


#: Seconds from the first start of a test to the last end; None if no more is simulated.
Simulate = Callable[[Change], float | None]


class WhatIf(msgspec.Struct, frozen=True):
    """What the simulator knows of a run, and the way to ask it."""

    simulate: Simulate
    #: Resources that tests need -> how much there is, but for those of the machine itself.
    capacities: Mapping[str, int] = {}
    #: Those of them that other runs share.
    hosted: tuple[str, ...] = ()
    #: The dearest first.
    setups: tuple[RepeatedSetup, ...] = ()
