"""What no schedule can beat."""

from __future__ import annotations

import math
from collections.abc import Sequence


def lower_bound(
    workers: int, durations: Sequence[float], files: Sequence[int], entries: Sequence[float]
) -> float:
    """A lower bound on the makespan of any schedule, in seconds.

    ``durations`` and ``files``: per test its seconds and the index of its file. ``entries``:
    per file the seconds that a worker pays when it takes a test of that file after one of
    another file, or as its first test.

    It is the largest of these, each proven for itself:

    - One test: its entry and its duration.
    - One file: its entry and its work spread over all workers. (A worker with a share of it
      pays the entry.)
    - All work: of w = min(workers, tests) workers each first pays an entry, and each file is
      entered at least once. Fewer workers in use only make this larger.
    - All work, with long files: who ends by T does less than T less the entry each time that
      he enters a file, so a long file is entered several times, and all of that has to fit.
    - Pigeonholes: of the k * workers + 1 longest tests some worker runs k + 1, and pays an entry.
    """
    if not durations:
        return 0.0
    work = [0.0] * len(entries)
    used = [False] * len(entries)
    longest = 0.0
    for seconds, file in zip(durations, files, strict=True):
        work[file] += seconds
        used[file] = True
        longest = max(longest, entries[file] + seconds)
    bound = longest
    entered = [entries[file] for file in range(len(entries)) if used[file]]
    for file, seconds in enumerate(work):
        if used[file]:
            bound = max(bound, entries[file] + seconds / workers)
    busy = min(workers, len(durations))
    repeated = max(0, busy - len(entered)) * min(entered)
    bound = max(bound, (sum(work) + sum(entered) + repeated) / busy)
    bound = max(bound, _pigeonholes(workers, durations, files, entries))
    sized = [(work[file], entries[file]) for file in range(len(entries)) if used[file]]
    return max(bound, _with_long_files(busy, sized, bound))


def _with_long_files(workers: int, files: Sequence[tuple[float, float]], bound: float) -> float:
    """The last time by which all files, as (work, entry), certainly do not fit, by bisection."""
    long = [(work, entry) for work, entry in files if work + entry > bound]
    once = sum(work + entry for work, entry in files) - sum(map(sum, long))

    def fits(end: float) -> bool:
        needed = once
        for work, entry in long:
            if end <= entry:
                return False
            # A little less than the quotient, so that rounding never raises the bound.
            visits = work / (end - entry) * (1.0 - 1e-9)
            needed += work + entry * max(1, math.ceil(min(visits, 1e15)))
        return needed <= workers * end * (1.0 + 1e-12)

    if not long or fits(bound):
        return bound
    low, high = bound, sum(work + entry for work, entry in files)
    for _ in range(50):
        middle = (low + high) / 2
        if fits(middle):
            high = middle
        else:
            low = middle
    return low


def _pigeonholes(
    workers: int, durations: Sequence[float], files: Sequence[int], entries: Sequence[float]
) -> float:
    order = sorted(range(len(durations)), key=durations.__getitem__, reverse=True)
    best = 0.0
    cheapest = float("inf")
    seen = 0
    for together in range(2, (len(order) - 1) // workers + 2):
        end = (together - 1) * workers + 1
        for test in order[seen:end]:
            cheapest = min(cheapest, entries[files[test]])
        seen = end
        least = sum(durations[test] for test in order[end - together : end])
        best = max(best, least + cheapest)
        if together > 64:
            break
    return best
