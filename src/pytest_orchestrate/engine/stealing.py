"""How much of a busy worker's work another one takes over.

A thief pays to enter the file; the victim is relieved of the tests. Both should end at
the same time: of R seconds left and an entry of s seconds, (R - s) / 2 move. Where more
workers wait, each takes its share only: nobody needs to end before the whole fleet could.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

#: Seconds that a move costs in itself: messages to and fro. Below that, waiting is cheaper.
MOVING = 0.001


def tail_to_move(costs: Iterable[float], rest: float, entry: float, fair_end: float) -> int:
    """How many of a worker's last tests to move so that the later of both ends is earliest.

    ``costs``: seconds of its tests, the last one first. ``rest``: seconds until the worker
    has done them all. ``entry``: seconds that the thief pays before it begins. ``fair_end``:
    seconds after which the thief needs no more. 0 when moving costs more than waiting.
    """
    best = 0
    best_end = rest - MOVING
    moved = 0.0
    for count, seconds in enumerate(costs, 1):
        moved += seconds
        thief_end = entry + moved
        victim_end = rest - moved
        end = max(victim_end, thief_end)
        if end < best_end:
            best, best_end = count, end
        if thief_end >= victim_end or thief_end >= fair_end:
            break
    return best


def at_class_boundary(names: Sequence[str], tests: Sequence[int], count: int) -> int:
    """A count near ``count`` with which no class is split, or ``count`` itself.

    ``tests``: all that could move, the last one last; ``names``: node ids by test.
    """
    reach = min(count // 8, 64)
    size = len(tests)
    for distance in range(reach + 1):
        for near in (count - distance, count + distance):
            if 0 < near < size:
                before = names[tests[size - near - 1]].rpartition("::")[0]
                after = names[tests[size - near]].rpartition("::")[0]
                if before != after:
                    return near
    return count
