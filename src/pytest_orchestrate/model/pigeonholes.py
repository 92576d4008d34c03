"""How long one worker is busy at least, because there are more jobs than workers."""

from __future__ import annotations

import math
from collections.abc import Sequence

#: So many jobs on one worker are looked for, at most.
MOST = 65


def pigeonholes(
    workers: int, seconds: Sequence[float], entries: Sequence[float] | None = None
) -> float:
    """Of the k * workers + 1 longest jobs one worker has k + 1, and so it takes so long.

    A job is what stays on one worker: a test, or a group of them.

    :param entries: What has to be paid once at least before each job; the least of them counts.
    """
    order = sorted(range(len(seconds)), key=seconds.__getitem__, reverse=True)
    best = 0.0
    cheapest = math.inf
    seen = 0
    for together in range(2, min(MOST, (len(order) - 1) // workers + 1) + 1):
        end = (together - 1) * workers + 1
        if entries is not None:
            for job in order[seen:end]:
                cheapest = min(cheapest, entries[job])
            seen = end
        least = sum(seconds[job] for job in order[end - together : end])
        best = max(best, least + (0.0 if entries is None else cheapest))
    return best
