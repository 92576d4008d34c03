"""Splitting units before they start, where one worker alone would take too long.

Splitting late, when somebody is idle, is cheaper where it suffices: nothing is paid in vain.
But a unit that takes most of the run has to be shared out from the start, and so has a single
long test that stands behind many short ones. How far to split is searched: the longest piece
is split once more, again and again, and longest-first scheduling tells each time when the run
would end. The search is budgeted in steps.
"""

from __future__ import annotations

from heapq import heapify, heappop, heapreplace

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.units import Unit

#: Units shorter than this share of a perfect schedule are left whole.
SHORT = 0.1
#: Steps of the search: this many, and this many more for each worker.
STEPS = 16
STEPS_PER_WORKER = 4
#: A further split must shorten the plan by this factor.
WORTHWHILE = 0.98
#: Short units that a trial schedules one by one; the others are filled in where there is room.
TRIED = 200


class _Split:
    """A unit and into how many pieces it goes."""

    __slots__ = ("entry", "longest", "pieces", "unit", "work")

    def __init__(self, unit: Unit, work: float, entry: float, longest: float) -> None:
        self.unit = unit
        self.work = work
        self.entry = entry
        #: Seconds of its longest test.
        self.longest = longest
        self.pieces = 1

    def lengths(self, pieces: int) -> list[float]:
        """About how long each piece takes, entry included, the longest first."""
        even = self.work / pieces
        if self.longest <= even or pieces == 1:
            return [even + self.entry] * pieces
        rest = (self.work - self.longest) / (pieces - 1)
        return [self.longest + self.entry] + [rest + self.entry] * (pieces - 1)

    @property
    def is_final(self) -> bool:
        """One piece more would not make the longest one shorter."""
        return self.pieces >= self.unit.left or self.work / self.pieces <= self.longest


def split(units: list[Unit], estimates: Estimates, workers: int) -> list[Unit]:
    """The units, long ones in pieces; in the order in which they came."""
    lengths = [unit.work(estimates) + estimates.entry(unit.file) for unit in units]
    short = sum(lengths) / workers * SHORT
    long: list[_Split] = []
    others: list[float] = []
    for unit, length in zip(units, lengths, strict=True):
        entry = estimates.files[unit.file].entry
        # Without history nobody knows what a split costs, nor what it is good for.
        if length > short and not unit.together and unit.left > 1 and entry >= 0.0:
            longest = max(map(estimates.of, unit.tests))
            long.append(_Split(unit, length - entry, entry, longest))
        else:
            others.append(length)
    if not long:
        return units
    others.sort(reverse=True)
    _search(long, others[:TRIED], sum(others[TRIED:]), workers)
    pieces = {id(each.unit): each.pieces for each in long}
    return [piece for unit in units for piece in _pieces(unit, pieces.get(id(unit), 1), estimates)]


def _search(long: list[_Split], others: list[float], rest: float, workers: int) -> None:
    """Find into how many pieces each long unit is best split."""
    heap = [(-each.lengths(1)[0], position) for position, each in enumerate(long)]
    heapify(heap)
    best = [1] * len(long)
    best_end = _trial(long, others, rest, workers)
    for _ in range(STEPS + STEPS_PER_WORKER * workers):
        while heap and long[heap[0][1]].is_final:
            heappop(heap)
        if not heap:
            break
        position = heap[0][1]
        each = long[position]
        each.pieces += 1
        heapreplace(heap, (-each.lengths(each.pieces)[0], position))
        end = _trial(long, others, rest, workers)
        if end < best_end * WORTHWHILE:
            best_end = end
            best = [each.pieces for each in long]
    for each, pieces in zip(long, best, strict=True):
        each.pieces = pieces


def _trial(long: list[_Split], others: list[float], rest: float, workers: int) -> float:
    """When longest-first scheduling would end, in seconds."""
    lengths = others.copy()
    for each in long:
        lengths += each.lengths(each.pieces)
    lengths.sort(reverse=True)
    ends = lengths[:workers]
    heapify(ends)
    for seconds in lengths[workers:]:
        heapreplace(ends, ends[0] + seconds)
    return max(*ends, (sum(ends) + rest) / workers)


def _pieces(unit: Unit, count: int, estimates: Estimates) -> list[Unit]:
    """The unit cut into about this many pieces of consecutive tests and equal work."""
    if count == 1:
        return [unit]
    room = unit.work(estimates) / count
    cuts: list[int] = []
    piece = 0.0
    for position, test in enumerate(unit.tests):
        seconds = estimates.of(test)
        # Half of a test too much is as good as half of it too little.
        if piece and piece + seconds * 0.5 > room:
            cuts.append(position)
            piece = 0.0
        piece += seconds
    pieces = [unit.cut(len(unit.tests) - position, estimates) for position in reversed(cuts)]
    return [unit, *reversed(pieces)]
