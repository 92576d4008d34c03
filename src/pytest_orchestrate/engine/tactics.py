"""How a roster weighs one thing against another; which weights are best is tried out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

_BITS = 0xFFFFFFFF


class Tactics(NamedTuple):
    """The weights. Those that stand here are usually good."""

    #: A test is urgent when what is left with it and behind it takes all but this share of the
    #: time that the run still needs.
    alarm: float = 0.05
    #: A place counts for no more than this many times what it costs to enter: longer ones can be
    #: shared.
    chunk: float = 10.0
    #: A place is shared while others wait if alone it would take this share of the time left.
    overload: float = 1.0
    #: ... and if that gains this share of what entering it costs.
    gain: float = 0.2
    #: The share of the entries on the way that counts for the path behind a test.
    entering: float = 0.0
    #: A resource is scarce when it is needed for all but this share of the time left.
    scarcity: float = 0.1
    #: What others cannot have yet is prepared for this many entries ahead.
    early: float = 2.0
    #: How much it counts against a place that not all of its tests are ready: who leaves before the
    #: last one is has to come back.
    complete: float = 0.0
    #: So many links of a chain, beyond the next, are looked ahead.
    links: int = 6
    #: By so much each test's rank is changed at random, up or down.
    noise: float = 0.0
    seed: int = 0


#: Tried first, for each is the best for some kind of suite.
FIRST = (
    Tactics(),
    Tactics(entering=1.0, alarm=0.2),
    Tactics(alarm=0.0),
    Tactics(chunk=1e9),
    Tactics(overload=0.6),
    Tactics(links=0),
    Tactics(entering=1.0),
    Tactics(complete=1.0),
    Tactics(links=2),
    Tactics(chunk=3.0),
    Tactics(overload=1.5),
    Tactics(alarm=0.3, chunk=1e9),
)


def scrambled(number: int) -> int:
    """A number of 32 bits in which each bit depends on each bit of the other one."""
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & _BITS
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & _BITS
    return number ^ (number >> 16)


def variants(start: int) -> Iterator[Tactics]:
    """Ever other tactics; the same for the same start."""
    number = start
    while True:
        drawn: list[float] = []
        for choices in (
            (-1.0, 0.0, 0.0, 0.02, 0.05, 0.1, 0.2, 0.4),
            (1.0, 3.0, 10.0, 30.0, 1e9),
            (0.4, 0.7, 1.0, 1.0, 1.3, 2.0),
            (0.05, 0.2, 0.5),
            (0.0, 0.5, 1.0),
            (0.0, 0.1, 0.3),
            (1.0, 2.0, 4.0),
            (0.0, 0.0, 1.0, 4.0),
            (0, 2, 6),
            (0.0, 0.05, 0.1, 0.2),
        ):
            number += 1
            drawn.append(choices[scrambled(number) % len(choices)])
        yield Tactics._make([*drawn, number])
