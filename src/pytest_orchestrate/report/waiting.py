"""What tests waited for, between the time when they were known and the time when they began."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from functools import cached_property
from typing import Literal

import msgspec

from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.outcome import GOOD
from pytest_orchestrate.report.attempts import Kept
from pytest_orchestrate.report.holding import Holding, added_up
from pytest_orchestrate.report.occupancy import needed
from pytest_orchestrate.report.story import Move, Story

#: A wait of fewer seconds is not told.
MOMENT = 0.0005


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
    #: Of the resource: the seconds of this wait for which each of the tests had it.
    held: tuple[float, ...] = ()
    #: Of the resource: who had it meanwhile without a test that needs it.
    kept: tuple[Kept, ...] = ()


class Waiting:
    """Tells of each test of a story what it waited for.

    :param most: Of one wait so many tests are named, the last ones; of those that went before it
        to any worker, none. None: all of them. With a number, all waits of a run are told in a time
        that is hardly more than proportional to it.
    """

    def __init__(self, story: Story, most: int | None = None) -> None:
        self.story = story
        self._most = most
        self._met_needs: dict[Need, tuple[int, float]] = {}

    def of(self, test: int) -> list[Wait]:
        """All that a test waited for until it began for the last time, as it ended."""
        ready, waits = self.ready_at(test)
        waits = [wait for wait in waits if wait.end < float("inf")]
        free = max(ready, self.first_ready)
        moves = self.story.tests[test].moves
        for position, move in enumerate(moves):
            if move.kind != "sent":
                free = max(ready, move.now)
                continue
            following = moves[position + 1] if position + 1 < len(moves) else None
            for part in self.around(test, free, move, following):
                waits += part
            if following is not None and following.kind in ("returned", "lost"):
                waits += self.on_worker(test, move, following.now)
        return [wait for wait in waits if wait.end - wait.start >= MOMENT]

    @cached_property
    def first_ready(self) -> float:
        """When the first worker could run tests."""
        workers = self.story.workers.values()
        ready = [each.collected for each in workers if each.collected is not None]
        return min(ready, default=0.0)

    def ready_at(self, test: int) -> tuple[float, list[Wait]]:
        """When a test could have been sent, and the requirements that it waited for until then.

        Of each requirement the test is told whose end met it. Infinite if one was never met.
        """
        told = self.story.tests[test]
        waits = []
        needs = told.constraint.needs if told.constraint is not None else ()
        for need in dict.fromkeys(needs):
            found = self._met_needs.get(need)
            if found is None:
                found = self._met_needs[need] = self._met(need)
            target, met = found
            if met > told.collected:
                waits.append(Wait("requirement", told.collected, met, (target,)))
        waits.sort(key=lambda wait: wait.end)
        return max([told.collected, *(wait.end for wait in waits)]), waits

    def _met(self, need: Need) -> tuple[int, float]:
        """The target whose end met a need, and when that was."""
        ends = {}
        for target in need.targets:
            _, end = self._course[target]
            if end is None:
                continue
            if need.when == "ran" or end.outcome in GOOD:
                ends[target] = end.heard
        if not ends or (not need.any and len(ends) < len(need.targets)):
            return need.targets[0], float("inf")
        decisive = (min if need.any else max)(ends, key=lambda target: ends[target])
        return decisive, ends[decisive]

    def around(
        self, test: int, free: float, sent: Move, following: Move | None
    ) -> tuple[list[Wait], list[Wait]]:
        """What a test waited for until it was sent, and until it began if it did then.

        One that is sent to the worker that has its resource goes on to wait for that: this is told
        as one wait.
        """
        before = list(self.until_sent(test, free, sent))
        if following is None or following.kind != "started":
            return before, []
        after = list(self.on_worker(test, sent, following.now))
        for wait in list(before):
            for position, other in enumerate(after):
                if wait.kind == other.kind == "resource" and wait.name == other.name:
                    if wait.end == other.start:
                        before.remove(wait)
                        after[position] = self._joined(wait, other)
                    break
        return before, after

    def _joined(self, one: Wait, other: Wait) -> Wait:
        held: dict[int, float] = {}
        for wait in (one, other):
            for test, seconds in zip(wait.tests, wait.held, strict=True):
                held[test] = held.pop(test, 0.0) + seconds
        tests = list(held) if self._most is None else list(held)[-self._most :]
        seconds_each = tuple(held[test] for test in tests)
        kept = added_up((*one.kept, *other.kept))
        return Wait("resource", one.start, other.end, tuple(tests), one.name, seconds_each, kept)

    def until_sent(self, test: int, ready: float, sent: Move) -> Iterator[Wait]:
        """What a test that could be sent waited for until it was."""
        story = self.story
        constraint = story.tests[test].constraint
        if sent.now <= ready:
            return
        if constraint is not None and constraint.exclusive and not story.is_serial:
            busy = self._ended_in(test, ready, sent.now)
            if busy:
                yield Wait("alone", ready, sent.now, busy)
                return
        waits: list[Wait] = []
        if constraint is not None and constraint.demands and not story.is_serial:
            for name, amount in sorted(needed(constraint.demands).items()):
                waits += self._held(name, amount, ready, sent.now)
        waits += self._beside_exclusive(test, ready, sent.now)
        waits.sort(key=lambda wait: wait.end)
        yield from waits
        last = max([ready, *(wait.end for wait in waits)])
        if last < sent.now:
            yield Wait("turn", last, sent.now, self._sent_in(last, sent.now))

    def on_worker(self, test: int, sent: Move, began: float) -> Iterator[Wait]:
        """What a test waited for between being sent and beginning.

        Tests that need the same are sent to the worker that has it: as long as that uses it for
        others, and nothing is left of it, the resource is what is waited for. The rest is what the
        worker ran before it.
        """
        assert sent.worker is not None
        constraint = self.story.tests[test].constraint
        since = sent.now
        if constraint is not None and constraint.demands and not self.story.is_serial:
            until = self._holding.used_before(test, sent.worker, since, began)
            waits: list[Wait] = []
            for name, amount in sorted(needed(constraint.demands).items()):
                waits += self._held(name, amount, since, until)
            waits.sort(key=lambda wait: wait.end)
            yield from waits
            since = max([since, *(wait.end for wait in waits)])
        queue = self._in_queue(sent, since, began)
        if queue is not None:
            yield queue

    def _in_queue(self, sent: Move, since: float, began: float) -> Wait | None:
        """What a worker ran before a test, from a moment after that was sent until it began."""
        assert sent.worker is not None
        first: list[int] = []
        for each in reversed(sent.behind):
            if self._most is not None and len(first) == self._most:
                break
            if self._ran_in(each, sent.worker, since, began):
                first.append(each)
        if not first:
            return None
        return Wait("queue", since, began, tuple(reversed(first)))

    def _ran_in(self, test: int, worker: int, since: float, until: float) -> bool:
        start, end = self._course[test]
        if start is None or start.worker != worker or start.now > until:
            return False
        return end is None or end.now > since

    @cached_property
    def _course(self) -> list[tuple[Move | None, Move | None]]:
        """When and where each test began, and how it ended."""
        return [(each.start, each.end) for each in self.story.tests]

    @cached_property
    def _holding(self) -> Holding:
        return Holding(self.story, self._most)

    def _held(
        self, name: str, amount: tuple[int, bool], since: float, until: float
    ) -> Iterator[Wait]:
        found = self._holding.while_taken(name, amount, since, until)
        if found is not None:
            tests, held, kept = found.holders
            yield Wait("resource", found.start, found.end, tests, name, held, kept)

    @cached_property
    def _exclusive(self) -> list[tuple[int, float, float]]:
        """Tests beside which nothing ran: when each was first sent, and when it ended."""
        if self.story.is_serial:
            return []
        found = []
        for test, each in enumerate(self.story.tests):
            if each.constraint is not None and each.constraint.exclusive:
                sent = next((move for move in each.moves if move.kind == "sent"), None)
                end = each.end.heard if each.end is not None else float("inf")
                if sent is not None:
                    found.append((test, sent.now, end))
        return found

    def _beside_exclusive(self, test: int, since: float, until: float) -> Iterator[Wait]:
        for other, sent, end in self._exclusive:
            stop = min(end, until)
            if other != test and sent < until and stop > since:
                yield Wait("exclusive", max(sent, since), stop, (other,))

    @cached_property
    def _ended(self) -> tuple[list[float], list[int]]:
        """When tests ended on a worker, in that order, and which."""
        ends = ((each.end, test) for test, each in enumerate(self.story.tests))
        ended = sorted(
            (e.heard, test) for e, test in ends if e is not None and e.worker is not None
        )
        return [now for now, _ in ended], [test for _, test in ended]

    def _ended_in(self, asking: int, since: float, until: float) -> tuple[int, ...]:
        """The tests that ended on a worker after this and until then, in that order."""
        times, tests = self._ended
        first, stop = bisect_right(times, since), bisect_right(times, until)
        if self._most is not None:
            first = max(first, stop - self._most - 1)
        found = [each for each in tests[first:stop] if each != asking]
        return tuple(found if self._most is None else found[-self._most :])

    @cached_property
    def _sent(self) -> tuple[list[float], list[int]]:
        """When tests were sent to a worker, in that order, and which."""
        sent = sorted(
            (move.now, test)
            for test, each in enumerate(self.story.tests)
            for move in each.moves
            if move.kind == "sent"
        )
        return [now for now, _ in sent], [test for _, test in sent]

    def _sent_in(self, since: float, until: float) -> tuple[int, ...]:
        """The tests that were sent to a worker from this time on and before that one."""
        if self._most is not None:
            return ()
        times, tests = self._sent
        return tuple(sorted(set(tests[bisect_left(times, since) : bisect_left(times, until)])))
