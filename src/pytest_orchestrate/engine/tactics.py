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
    #: How much it counts against a place that some of its tests wait for those of other places:
    #: who leaves before the last one can run has to come back.
    complete: float = 2.0
    #: ... and the most that such a place is worth, by what it would be worth otherwise, ...
    incomplete: float = 0.001
    #: ... unless it takes this share of the time left.
    long: float = 0.5
    #: So many entries a worker waits where it is for what will be ready there soon.
    patience: float = 1.0
    #: So many places that a chain goes to, beyond the next one, are looked ahead.
    links: int = 6
    #: Of what a test waits for in one place, so many entries are taken to be the work of one worker
    #: when paths are measured.
    grain: float = 2.0
    #: Nobody joins others for an urgent test if then each has less to do than so many entries.
    crowd: float = 2.0
    #: Who alone could do what is left in a place leaves it only for what is so many entries more
    #: urgent than an urgent test.
    leave: float = 1.0
    #: So many times as many workers as can use a resource are prepared for it.
    pool: float = 1.0
    #: Whose test lacks a resource does something else meanwhile; where the resource is needed for
    #: this share of the time left, ...
    contended: float = 0.5
    #: ... only what takes no more than so many times as long as it will be held.
    filling: float = 1.0
    #: How much more a resource counts that is needed for longer: this power of its load.
    steep: float = 4.0
    #: Where amounts differ, workers enter files until so many times as many as can use a resource
    #: wait for it, if these need not work all the time.
    reserve: float = 0.0
    #: By so much each test's rank is changed at random, up or down.
    noise: float = 0.0
    seed: int = 0


#: Tried first, for each is the best for some kind of suite.
FIRST = (
    Tactics(reserve=8.0),
    Tactics(entering=1.0, alarm=0.2),
    Tactics(alarm=0.0),
    Tactics(complete=0.0, incomplete=1.0, patience=0.0, grain=0.0, leave=0.0, crowd=0.0),
    Tactics(chunk=1e9),
    Tactics(overload=1.5),
    Tactics(entering=1.0),
    Tactics(grain=0.0, leave=0.0, crowd=0.0),
    Tactics(links=0, grain=4.0),
    Tactics(overload=0.6),
    Tactics(chunk=3.0),
    Tactics(alarm=0.3, chunk=1e9),
)


def scrambled(number: int) -> int:
    """A number of 32 bits in which each bit depends on each bit of the other one."""
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & _BITS
    number = ((number ^ (number >> 16)) * 0x45D9F3B) & _BITS
    return number ^ (number >> 16)


#: What is drawn from, in the order of the weights.
_CHOICES: tuple[tuple[float, ...], ...] = (
    (-1.0, 0.0, 0.0, 0.02, 0.05, 0.1, 0.2, 0.4),
    (1.0, 3.0, 10.0, 30.0, 1e9),
    (0.4, 0.7, 1.0, 1.0, 1.3, 2.0),
    (0.05, 0.2, 0.5),
    (0.0, 0.5, 1.0),
    (0.0, 0.1, 0.3),
    (1.0, 2.0, 4.0),
    (0.0, 2.0, 2.0, 4.0),
    (1.0, 0.001, 0.001),
    (0.3, 0.5, 0.8),
    (0.0, 1.0, 2.0),
    (0, 2, 6),
    (0.0, 1.0, 2.0, 4.0),
    (0.0, 1.0, 2.0),
    (0.0, 1.0, 2.0),
    (1.0, 1.0, 3.0),
    (0.3, 0.5),
    (0.1, 1.0),
    (0.5, 2.0, 4.0, 4.0),
    (0.0, 0.0, 8.0),
    (0.0, 0.05, 0.1, 0.2),
)


def variants(start: int) -> Iterator[Tactics]:
    """Ever other tactics; the same for the same start."""
    number = start
    while True:
        drawn: list[float] = []
        for choices in _CHOICES:
            number += 1
            drawn.append(choices[scrambled(number) % len(choices)])
        yield Tactics._make([*drawn, number])
