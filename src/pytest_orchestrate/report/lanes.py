"""The lanes of a run's timeline: what workers did beside tests, and who held which resource."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_orchestrate.report.attempts import Kept, TestReport
from pytest_orchestrate.report.holding import added_up, turns
from pytest_orchestrate.report.story import Lease, Story, WorkerStory
from pytest_orchestrate.report.timeline import Held, Lane, ResourceLane, Span, Timeline

#: Seconds from which a worker that does nothing is idle; less is the time between two tests.
IDLE = 0.01


class Lanes:
    """Takes the records of one run, in order; keeps those that no story of tests has."""

    def __init__(self) -> None:
        #: Worker -> the record of its collection.
        self._collected: dict[str, Mapping[str, Any]] = {}
        #: Worker -> set-ups since its last attempt: name and seconds.
        self._waiting: dict[str, list[tuple[str, float]]] = {}
        #: Worker and order there -> set-ups in that attempt.
        self._fixtures: dict[tuple[str, int], list[tuple[str, float]]] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take the next record."""
        match record["record"]:
            case "worker":
                self._collected[record["worker"]] = record
            case "fixture":
                setup = (record["name"], float(record.get("setup") or 0.0))
                self._waiting.setdefault(record["worker"], []).append(setup)
            case "attempt":
                waiting = self._waiting.pop(record["worker"], None)
                if waiting is not None:
                    self._fixtures[record["worker"], record["order"]] = waiting

    def timeline(self, story: Story, tests: Sequence[TestReport]) -> Timeline:
        """Return all lanes; those of workers in order of their numbers."""
        ran = _attempts_of(tests)
        lanes = ((story.name(number), worker) for number, worker in sorted(story.workers.items()))
        return Timeline(
            lanes=tuple(
                Lane(name, tuple(self._spans(story, name, worker, ran.get(name, []))))
                for name, worker in lanes
            ),
            resources=tuple(_resource_lanes(story, tests)),
        )

    def _spans(
        self, story: Story, name: str, worker: WorkerStory, ran: list[tuple[float, float, int]]
    ) -> Iterator[Span]:
        """What one worker did beside tests, in order.

        ``ran``: beginning, end and order of each of its attempts.
        """
        idle = _Idle(worker, is_alone=story.is_serial)
        at = 0.0
        for span in self._getting_ready(name, worker):
            yield span
            at = span.at + span.seconds
        for began, ended, order in ran:
            yield from idle.between(at, began)
            inside = began
            for fixture, seconds in self._fixtures.get((name, order), ()):
                yield Span("fixture", inside, seconds, fixture)
                inside += seconds
            at = max(at, ended)
        yield from idle.between(at, worker.left if worker.left is not None else story.now)

    def _getting_ready(self, name: str, worker: WorkerStory) -> Iterator[Span]:
        """Start and collection; what of it was before the run began is left out.

        Workers are started first, and the run begins while they start.
        """
        record = self._collected.get(name)
        if record is None:
            return
        end = record.get("at")
        if end is None:
            end = worker.collected or 0.0
        collect = max(0.0, end - (record.get("collect") or 0.0))
        start = max(0.0, collect - (record.get("start") or 0.0))
        if start < collect:
            yield Span("start", start, collect - start)
        if collect < end:
            yield Span("collect", collect, end - collect)


class _Idle:
    """The times at which one worker had nothing to run."""

    def __init__(self, worker: WorkerStory, *, is_alone: bool) -> None:
        self._is_alone = is_alone
        self._reasons = [reason for _, reason in worker.holds]
        self._since = [now for now, _ in worker.holds]

    def between(self, since: float, until: float) -> Iterator[Span]:
        """The time between two tests, if it is more than what pytest needs for itself."""
        if until - since >= IDLE and not self._is_alone:
            last = bisect_right(self._since, until)
            is_told = last > 0 and self._since[last - 1] >= since - IDLE
            yield Span("idle", since, until - since, self._reasons[last - 1] if is_told else "")


def _attempts_of(tests: Sequence[TestReport]) -> dict[str, list[tuple[float, float, int]]]:
    found: dict[str, list[tuple[float, float, int]]] = {}
    for test in tests:
        for each in test.attempts:
            ran = (each.at, each.at + each.seconds, each.order)
            found.setdefault(each.worker, []).append(ran)
    for ran_there in found.values():
        ran_there.sort()
    return found


def _resource_lanes(story: Story, tests: Sequence[TestReport]) -> Iterator[ResourceLane]:
    held: dict[str, list[Held]] = {}
    for lease in story.leases:
        end = lease.end if lease.end is not None else story.now
        for name, (amount, _) in lease.amounts.items():
            share = Held(
                story.name(lease.worker),
                amount,
                lease.start,
                end - lease.start,
                (*lease.tests,),
                lease.kept_for.get(name, ""),
            )
            held.setdefault(name, []).append(share)
    waits: dict[str, list[tuple[float, float]]] = {}
    for test in tests:
        for wait in test.waited:
            if wait.kind == "resource":
                waits.setdefault(wait.name, []).append((wait.at, wait.at + wait.seconds))
    for name, shares in sorted(held.items()):
        waited = Waits(waits.get(name, ()))
        leases = [lease for lease in story.leases if name in lease.amounts]
        yield ResourceLane(
            name,
            story.capacities.get(name, 1),
            tuple(shares),
            waited.seconds,
            *(_holders(story, name, leases, waited) if waits.get(name) else ()),
        )


def _holders(
    story: Story, name: str, leases: Sequence[Lease], waited: Waits
) -> tuple[tuple[tuple[int, float], ...], tuple[Kept, ...]]:
    """How much of the waiting there was while who had the resource: tests, and keepers."""
    by_test: dict[int, float] = {}
    kept: list[Kept] = []
    for lease in leases:
        for turn in turns(story, lease):
            seconds = waited.until(turn.end) - waited.until(turn.start)
            if seconds > 0:
                by_test[turn.test] = by_test.get(turn.test, 0.0) + seconds
        if name in lease.kept_for:
            end = lease.end if lease.end is not None else story.now
            seconds = waited.until(end) - waited.until(lease.start)
            if seconds > 0:
                kept.append(Kept(lease.kept_for[name], story.name(lease.worker), seconds))
    return (
        tuple(sorted(by_test.items(), key=lambda each: (-each[1], each[0]))),
        tuple(sorted(added_up(kept), key=lambda each: -each.seconds)),
    )


class Waits:
    """How long tests have waited for something, all together, until any moment.

    :param waits: Beginning and end of each wait.
    """

    def __init__(self, waits: Sequence[tuple[float, float]]) -> None:
        changes = sorted([(at, 1) for at, _ in waits] + [(end, -1) for _, end in waits])
        self._times: list[float] = []
        #: Seconds until each of these times, and how many wait from then on.
        self._known: list[tuple[float, int]] = []
        seconds, waiting, since = 0.0, 0, 0.0
        for at, step in changes:
            seconds += waiting * (at - since)
            waiting, since = waiting + step, at
            self._times.append(at)
            self._known.append((seconds, waiting))
        self.seconds = seconds

    def until(self, moment: float) -> float:
        """Seconds that had been waited by then."""
        last = bisect_right(self._times, moment) - 1
        if last < 0:
            return 0.0
        seconds, waiting = self._known[last]
        return seconds + (waiting * (moment - self._times[last]) if waiting else 0.0)
