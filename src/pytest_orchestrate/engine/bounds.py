"""What no schedule can beat."""

from __future__ import annotations

import math
from collections.abc import Sequence
from heapq import heappop, heappush

from pytest_orchestrate.engine.instance import Instance
from pytest_orchestrate.engine.windows import Job, heads_and_tails, machines_of, on_one_machine
from pytest_orchestrate.model.pigeonholes import pigeonholes


def lower_bound(instance: Instance) -> float:
    """A lower bound on the makespan of any schedule, in seconds.

    It is the largest of these, each proven for itself:

    - One test: its entry and its duration.
    - One file: its entry and its work spread over all workers. (A worker with a share of it
      pays the entry.)
    - All work: of w = min(workers, tests) workers each first pays an entry, and each file is
      entered at least once. Fewer workers in use only make this larger.
    - All work, with long files: who ends by T does less than T less the entry each time that
      he enters a file, so a long file is entered several times, and all of that has to fit.
    - Pigeonholes: of the k * workers + 1 longest tests some worker runs k + 1, and pays an entry.
    - The same of groups, each of which stays on one worker; and the longest of them.
    - The critical path: the head, the duration and the tail of a test.
    - Each resource, and the workers as one more: for any set of tests, the least head, the
      share of it that they take times their durations, and the least tail.
    - The workers after a head: of the files whose tests all come later, no more are entered
      ahead than there are workers.
    """
    if not instance.durations:
        return 0.0
    bound = _of_work(instance)
    if not instance.requires and not instance.demands:
        return bound
    machines = machines_of(instance)
    heads, tails = heads_and_tails(instance, machines)
    bound = max(bound, *map(sum, zip(heads, instance.durations, tails, strict=True)))
    for machine in machines:
        jobs = [(heads[test], seconds, tails[test]) for test, seconds in machine.items()]
        bound = on_one_machine(jobs, bound)
    if instance.requires:
        bound = on_one_machine(_on_workers(instance, heads, tails), bound)
        bound = max(bound, _after_heads(instance, heads, tails))
    return bound


# Workers, durations and files


def _of_work(instance: Instance) -> float:
    """The bounds that hold for the tests as if they were independent."""
    workers, durations = instance.workers, instance.durations
    files, entries = instance.files, instance.entries
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
    bound = max(bound, pigeonholes(workers, durations, [entries[file] for file in files]))
    if instance.groups:
        bound = max(bound, _of_groups(instance))
    sized = [(work[file], entries[file]) for file in range(len(entries)) if used[file]]
    return max(bound, _with_long_files(busy, sized, bound))


def _of_groups(instance: Instance) -> float:
    """The bound for groups, each of which pays for entering one of its files, or more often."""
    seconds: dict[str, float] = {}
    entries: dict[str, float] = {}
    for test, group in instance.groups.items():
        seconds[group] = seconds.get(group, 0.0) + instance.durations[test]
        entry = instance.entries[instance.files[test]]
        entries[group] = min(entries.get(group, math.inf), entry)
    jobs, least = list(seconds.values()), list(entries.values())
    longest = max(map(sum, zip(jobs, least, strict=True)))
    return max(longest, pigeonholes(instance.workers, jobs, least))


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


def _on_workers(instance: Instance, heads: list[float], tails: list[float]) -> list[Job]:
    """All tests, and the first entry of each file, on the workers as one machine."""
    workers = instance.workers
    jobs: list[Job] = []
    #: Per file: what must come after it is entered for the first time.
    after = [math.inf] * len(instance.entries)
    for test, (seconds, file) in enumerate(zip(instance.durations, instance.files, strict=True)):
        jobs.append((heads[test], seconds / workers, tails[test]))
        after[file] = min(after[file], seconds + tails[test])
    for entry, tail in zip(instance.entries, after, strict=True):
        if entry and tail < math.inf:
            jobs.append((0.0, entry / workers, tail))
    return jobs


def _after_heads(instance: Instance, heads: list[float], tails: list[float]) -> float:
    """The workers after a time: the tests with later heads, and the entries that are due then.

    A file of such tests only is entered ahead by at most as many workers as there are, one
    file each, for who enters a file then goes on with a test of it.
    """
    workers = instance.workers
    missing = [0] * len(instance.entries)
    for file in instance.files:
        missing[file] += 1
    best = work = ahead = 0.0
    least_tail = math.inf
    dearest: list[float] = []
    order = sorted(range(len(heads)), key=heads.__getitem__, reverse=True)
    for place, test in enumerate(order):
        work += instance.durations[test]
        least_tail = min(least_tail, tails[test])
        file = instance.files[test]
        missing[file] -= 1
        if not missing[file] and instance.entries[file]:
            work += instance.entries[file]
            ahead += instance.entries[file]
            heappush(dearest, instance.entries[file])
            if len(dearest) > workers:
                ahead -= heappop(dearest)
        if place + 1 == len(order) or heads[order[place + 1]] < heads[test]:
            best = max(best, heads[test] + (work - ahead) / workers + least_tail)
    return best
