"""Tests that take longer than before, beyond what their own noise explains.

The test is exact for noise of any kind that does not care for the order of runs: the calls of a
test, one a run, are sorted and cut in two where that explains most of their spread (Otsu's
threshold, of logarithms). If the longer ones are at least half as long again as the others, the
chance is counted that so many of them are the latest by luck (the hypergeometric tail, Fisher's
exact test). Whether a test is looked at at all depends on its durations alone and not on their
order, so it does not change that chance (independent filtering: Bourgon, Gentleman and Huber 2010),
and the false discovery rate is held over those that are looked at (Benjamini and Hochberg 1995).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from itertools import accumulate

import msgspec

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Regression
from pytest_orchestrate.report.past import WELL, Past

#: Of the regressions that are told, at most this share is noise, on average.
FALSE_DISCOVERIES = 0.05
#: How much longer, as a factor and in seconds, something has to be for anybody to care.
FACTOR = 1.5
SECONDS = 0.05
#: A single run says nothing.
LEAST_RUNS = 2
#: With fewer runs than that nothing can be told from noise.
ENOUGH_RUNS = 6
#: Calls that were shorter, in seconds, count as that long.
SHORTEST = 0.001
#: How many tests, of calls of at least so many seconds, tell how fast a run was.
TELLING_TESTS = 20
TELLING_SECONDS = 0.005
#: No more are asked.
ASKED = 1000


class _Suspect(msgspec.Struct):
    """A test whose calls are short and long ones."""

    test: int
    before: float
    now: float
    p: float


def regressions(report: Report, past: Past) -> list[Regression]:
    """Those tests, the most seconds first."""
    here = len(past.runs)
    calls: dict[int, dict[int, float]] = {}
    for position, test in enumerate(report.tests):
        now = _call(test)
        if now is None:
            continue
        attempts = past.of(test)
        if len(attempts) + 1 >= ENOUGH_RUNS:
            # a later attempt in the same run replaces the one before
            found = {each.run: each.call for each in attempts if each.outcome in WELL}
            found[here] = now
            if len(found) >= ENOUGH_RUNS:
                calls[position] = found
    speeds = _speeds(list(calls.values()), here + 1)
    suspects = [
        suspect
        for test, found in calls.items()
        if max(found.values()) >= SECONDS and (suspect := _suspect(test, found, speeds))
    ]
    told = [
        Regression(test=each.test, before=each.before, now=each.now, p=each.p)
        for each in _discovered(suspects)
    ]
    told.sort(key=lambda each: (each.before - each.now, each.test))
    return told


def chance(runs: int, long: int, latest: int) -> float:
    """How likely it is that of the latest ``long`` runs at least ``latest`` are the long ones.

    There are ``long`` long ones among all ``runs``, in any order.
    """
    short = runs - long
    ways = sum(
        math.comb(long, there) * math.comb(short, long - there) for there in range(latest, long + 1)
    )
    return ways / math.comb(runs, long)


def threshold(ordered: Sequence[float]) -> int:
    """How many of the values, in ascending order, belong to the lower of two kinds.

    The cut that leaves the least spread within the kinds, and the most between them: Otsu, N.
    (1979). A threshold selection method from gray-level histograms.
    """
    size = len(ordered)
    sums = list(accumulate(ordered))
    whole = sums[-1]
    best, at = -1.0, size
    for number in range(1, size):
        if ordered[number] == ordered[number - 1]:
            continue
        low = sums[number - 1] / number
        high = (whole - sums[number - 1]) / (size - number)
        between = number * (size - number) * (high - low) ** 2
        if between > best:
            best, at = between, number
    return at


def _call(test: TestReport) -> float | None:
    """Seconds of the last call that came to a good end."""
    for attempt in reversed(test.attempts):
        if attempt.outcome in WELL:
            return attempt.call
    return None


def _speeds(calls: Sequence[dict[int, float]], runs: int) -> list[float]:
    """By how much each run was slower as a whole than usual: logarithms of factors.

    Nothing is known of it if too few tests took long enough.
    """
    telling = [found for found in calls if min(found.values()) >= TELLING_SECONDS]
    if len(telling) < TELLING_TESTS:
        return [0.0] * runs
    by_run: list[list[float]] = [[] for _ in range(runs)]
    for found in telling[:: -(-len(telling) // ASKED)]:
        usual = _median(sorted(found.values()))
        for run, seconds in found.items():
            by_run[run].append(math.log(seconds / usual))
    return [_median(sorted(ratios)) if ratios else 0.0 for ratios in by_run]


def _suspect(test: int, calls: dict[int, float], speeds: Sequence[float]) -> _Suspect | None:
    """The test, if its calls are of two kinds; whichever of them came last."""
    logarithms = {
        run: math.log(max(SHORTEST, seconds)) - speeds[run] for run, seconds in calls.items()
    }
    ordered = sorted(logarithms.values())
    size = len(ordered)
    short = threshold(ordered)
    long = size - short
    if not LEAST_RUNS <= long <= size // 2:
        return None
    before, now = math.exp(_median(ordered[:short])), math.exp(_median(ordered[short:]))
    if now < FACTOR * before or now - before < SECONDS:
        return None
    latest = sorted(logarithms)[-long:]
    there = sum(logarithms[run] >= ordered[short] for run in latest)
    # what it takes in this run is told, not what it would take in a run of the usual speed
    usual = math.exp(speeds[latest[-1]])
    return _Suspect(test, before * usual, now * usual, chance(size, long, there))


def _discovered(suspects: list[_Suspect]) -> Iterator[_Suspect]:
    """Benjamini and Hochberg's procedure."""
    suspects.sort(key=lambda each: each.p)
    number = 0
    for rank, each in enumerate(suspects, 1):
        if each.p <= FALSE_DISCOVERIES * rank / len(suspects):
            number = rank
    yield from suspects[:number]


def _median(ordered: Sequence[float]) -> float:
    half = len(ordered) // 2
    return ordered[half] if len(ordered) % 2 else (ordered[half - 1] + ordered[half]) / 2
