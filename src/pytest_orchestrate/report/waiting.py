"""What one test waited for, between the time when it was known and the time when it began."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import msgspec

from pytest_orchestrate.model.outcome import GOOD
from pytest_orchestrate.model.requirements import Need
from pytest_orchestrate.report.occupancy import Needed, needed
from pytest_orchestrate.report.story import Lease, Move, Story


class Wait(msgspec.Struct, frozen=True):
    """One thing that a test waited for. Times are seconds since the run began.

    ``requirement``: a test that it requires; ``resource``: others held what it needs; ``alone``:
    it had to wait until nothing else ran; ``exclusive``: nothing else ran beside another one;
    ``turn``: a worker to be sent to; ``queue``: what its worker had to run before it.
    """

    kind: Literal["requirement", "resource", "alone", "exclusive", "turn", "queue"]
    start: float
    end: float
    #: The tests that it waited for, in order; the last one's end was the end of it.
    tests: tuple[int, ...] = ()
    #: Of the resource.
    name: str = ""


def ready_at(story: Story, test: int) -> tuple[float, list[Wait]]:
    """When a test could have been sent, and the requirements that it waited for until then.

    Of each requirement the test is told whose end met it. Infinite if one was never met.
    """
    told = story.tests[test]
    waits = []
    needs = told.constraint.needs if told.constraint is not None else ()
    for need in dict.fromkeys(needs):
        target, met = _met(story, need)
        if met > told.collected:
            waits.append(Wait("requirement", told.collected, met, (target,)))
    waits.sort(key=lambda wait: wait.end)
    return max([told.collected, *(wait.end for wait in waits)]), waits


def _met(story: Story, need: Need) -> tuple[int, float]:
    """The target whose end met a need, and when that was."""
    ends = {}
    for target in need.targets:
        end = story.tests[target].end
        if end is None:
            continue
        if need.when == "ran" or end.outcome in GOOD:
            ends[target] = end.now
    if not ends or (not need.any and len(ends) < len(need.targets)):
        return need.targets[0], float("inf")
    decisive = (min if need.any else max)(ends, key=lambda target: ends[target])
    return decisive, ends[decisive]


def until_sent(story: Story, test: int, ready: float, sent: Move) -> Iterator[Wait]:
    """What a test that could be sent waited for until it was."""
    constraint = story.tests[test].constraint
    if sent.now <= ready:
        return
    if constraint is not None and constraint.exclusive and not story.is_serial:
        busy = [each for each in _ended_in(story, ready, sent.now) if each != test]
        if busy:
            yield Wait("alone", ready, sent.now, tuple(busy))
            return
    waits: list[Wait] = []
    if constraint is not None and constraint.demands and not story.is_serial:
        waits += _held(story, needed(constraint.demands), ready, sent.now)
    waits += _beside_exclusive(story, test, ready, sent.now)
    waits.sort(key=lambda wait: wait.end)
    yield from waits
    last = max([ready, *(wait.end for wait in waits)])
    if last < sent.now:
        earlier = tuple(_sent_in(story, last, sent.now))
        yield Wait("turn", last, sent.now, earlier)


def in_queue(story: Story, sent: Move, began: float) -> Wait | None:
    """What a worker ran between the time when it was sent a test and the time when it began it."""
    assert sent.worker is not None
    first = [each for each in sent.behind if _ran_in(story, each, sent.worker, sent.now, began)]
    if not first:
        return None
    return Wait("queue", sent.now, began, tuple(first))


def _ran_in(story: Story, test: int, worker: int, since: float, until: float) -> bool:
    start, end = story.tests[test].start, story.tests[test].end
    if start is None or start.worker != worker or start.now > until:
        return False
    return end is None or end.now > since


def _held(story: Story, amounts: Needed, since: float, until: float) -> Iterator[Wait]:
    """For each resource: how long others held too much of it, and which tests they ran."""
    for name, needs in sorted(amounts.items()):
        leases = [
            lease
            for lease in story.leases
            if name in lease.amounts
            and lease.start < until
            and (lease.end is None or lease.end > since)
        ]
        moments = {since}
        for lease in leases:
            moments.update(at for at in (lease.start, lease.end) if at and since < at < until)
        times = sorted(moments)
        start = end = -1.0
        holding: list[Lease] = []
        for at, following in zip(times, [*times[1:], until], strict=True):
            there = [each for each in leases if _holds(each, at)]
            if not _fits(there, name, needs, story.capacities.get(name, 1)):
                start = at if start < 0 else start
                end = following
                holding += there
        if holding:
            yield Wait("resource", start, end, tuple(_run_by(story, holding, since, end)), name)


def _holds(lease: Lease, at: float) -> bool:
    return lease.start <= at and (lease.end is None or lease.end > at)


def _fits(leases: list[Lease], name: str, needs: tuple[int, bool], capacity: int) -> bool:
    amount, shared = needs
    readers = [lease for lease in leases if lease.amounts[name][1]]
    if shared and readers:
        return True
    used = sum(lease.amounts[name][0] for lease in leases if not lease.amounts[name][1])
    used += max((lease.amounts[name][0] for lease in readers), default=0)
    return used + amount <= capacity


def _run_by(story: Story, leases: list[Lease], since: float, until: float) -> list[int]:
    """The tests that ran under these leases within this time; who ended last comes last."""
    ran = []
    for test in dict.fromkeys(test for lease in leases for test in lease.tests):
        start, end = story.tests[test].start, story.tests[test].end
        ended = float("inf") if end is None else end.now
        if start is not None and start.now < until and ended > since:
            ran.append((ended, test))
    return [test for _, test in sorted(ran)]


def _beside_exclusive(story: Story, test: int, since: float, until: float) -> Iterator[Wait]:
    for other, each in enumerate(story.tests):
        if each.constraint is None or not each.constraint.exclusive or other == test:
            continue
        sent = next((move for move in each.moves if move.kind == "sent"), None)
        end = each.end
        if story.is_serial or sent is None:
            continue
        stop = until if end is None else min(end.now, until)
        if sent.now < until and stop > since:
            yield Wait("exclusive", max(sent.now, since), stop, (other,))


def _ended_in(story: Story, since: float, until: float) -> list[int]:
    """The tests that ended on a worker after this and until then, in that order."""
    ended = [
        (end.now, test)
        for test, each in enumerate(story.tests)
        if (end := each.end) is not None and end.worker is not None and since < end.now <= until
    ]
    return [test for _, test in sorted(ended)]


def _sent_in(story: Story, since: float, until: float) -> Iterator[int]:
    """The tests that were sent to a worker after this and before then."""
    for test, each in enumerate(story.tests):
        if any(move.kind == "sent" and since <= move.now < until for move in each.moves):
            yield test
