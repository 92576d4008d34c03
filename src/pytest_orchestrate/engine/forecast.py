"""What a run is expected to be: the real engine on a simulated clock, with what history expects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.instance import Instance
from pytest_orchestrate.engine.rehearsal import Rehearsal, Schedule, Truth
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.events import (
    AnyEvent,
    RunBegan,
    TestsCollected,
    WorkerCollected,
    WorkerJoined,
)


class Forecast(NamedTuple):
    """The schedule of tests that were collected. Times are seconds."""

    schedule: Schedule
    #: No schedule can be shorter, if tests take what is expected.
    lower_bound: float
    #: Per test: what it is expected to take.
    expected: list[float]


def forecast(began: RunBegan, known: TestsCollected, ready: Sequence[WorkerCollected]) -> Forecast:
    """What becomes of these tests, from the time when every worker can run them.

    :param ready: What the workers have collected that said so; any other one has collected all.
    """
    estimates = Estimates()
    for test, seconds in zip(known.tests, known.estimates, strict=True):
        estimates.add(estimates.file(test.file), seconds)
    expected = [estimates.of(test) for test in range(len(known.tests))]
    names = [file.name for file in estimates.files]
    truth = Truth(
        durations=expected,
        files=estimates.file_of,
        entries=[known.setup_costs.get(name, 0.0) for name in names],
        collects=[known.collect_costs.get(name, 0.0) for name in names],
        collected={
            each.worker: {estimates.file(name) for name in each.files}
            for each in ready
            if each.files is not None
        },
    )
    said = {each.worker: msgspec.structs.replace(each, now=0.0) for each in ready}
    numbers = range(began.workers)
    opening: list[AnyEvent] = [
        msgspec.structs.replace(began, now=0.0),
        *(WorkerJoined(now=0.0, worker=number) for number in numbers),
        msgspec.structs.replace(known, now=0.0),
        *(said.get(number) or WorkerCollected(now=0.0, worker=number) for number in numbers),
    ]
    schedule = Rehearsal(opening, began.workers, truth).schedule()
    left_out = {each.test for each in schedule.ended}
    bound = lower_bound(_instance(began.workers, known, truth, left_out))
    return Forecast(schedule, bound, expected)


def _instance(workers: int, known: TestsCollected, truth: Truth, left_out: set[int]) -> Instance:
    """The tests that run, with those constraints that every schedule obeys in one way.

    Left out is what a bound cannot make use of: which of several tests is enough, what is shared,
    and tests that run alone.
    """
    place = {
        test: at
        for at, test in enumerate(each for each in range(len(known.tests)) if each not in left_out)
    }
    requires: dict[int, tuple[int, ...]] = {}
    demands: dict[int, tuple[Demand, ...]] = {}
    for constraint in known.constraints:
        if constraint.test not in place:
            continue
        targets = dict.fromkeys(
            place[target]
            for need in constraint.needs
            if not need.any or len(need.targets) == 1
            for target in need.targets
            if target in place
        )
        if targets:
            requires[place[constraint.test]] = tuple(targets)
        # of one resource the largest counts, and one worker takes nothing from anybody
        largest: dict[str, Demand] = {}
        for demand in constraint.demands if workers > 1 else ():
            if not demand.shared:
                there = largest.setdefault(demand.name, demand)
                largest[demand.name] = max(there, demand, key=lambda each: each.amount)
        if largest:
            demands[place[constraint.test]] = tuple(largest.values())
    return Instance(
        workers,
        ids=[known.tests[test].nodeid for test in place],
        files=[truth.files[test] for test in place],
        estimates=[known.estimates[test] for test in place],
        durations=[truth.durations[test] for test in place],
        entries=list(truth.entries),
        requires=requires,
        demands=demands,
        groups={
            place[test]: group for test in place if (group := known.tests[test].group) is not None
        },
        capacities={
            name: known.resources.get(name, 1)
            for each in demands.values()
            for name in (demand.name for demand in each)
        },
    )
