"""Schedules of described suites, as ``pytest-orchestrate simulate`` makes them."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import Instance, InstanceError, parsed
from pytest_orchestrate.engine.rehearsal import Rehearsal, Schedule, Truth
from pytest_orchestrate.errors import InternalFault
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    RunBegan,
    TestsCollected,
    WorkerCollected,
    WorkerJoined,
)
from pytest_orchestrate.model.need import Need


class Simulation:
    """Runs one instance to its end."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance

    def schedule(self) -> Schedule:
        """Simulate the whole run."""
        instance = self._instance
        truth = Truth(instance.durations, instance.files, instance.entries)
        schedule = Rehearsal(self._opening(), instance.workers, truth).schedule()
        if schedule.ended:
            raise InternalFault(f"nothing fails in an instance, but there is {schedule.ended[0]!r}")
        return schedule

    def _opening(self) -> list[AnyEvent]:
        instance = self._instance
        workers = range(instance.workers)
        # The index keeps files apart whatever their names are.
        tests = [
            CollectedTest(nodeid=f"{file}::{name}")
            for file, name in zip(instance.files, instance.ids, strict=True)
        ]
        return [
            RunBegan(now=0.0, workers=instance.workers, lookahead=0.0, prepares=True),
            *(WorkerJoined(now=0.0, worker=number) for number in workers),
            *(WorkerCollected(now=0.0, worker=number) for number in workers),
            TestsCollected(
                now=0.0,
                tests=tests,
                estimates=instance.estimates,
                setup_costs={str(file): cost for file, cost in enumerate(instance.entries)},
                constraints=constraints(instance),
                resources=instance.capacities,
            ),
        ]


def constraints(instance: Instance) -> list[Constraint]:
    """What the engine is told of tests that may not run at any time on any worker."""
    requires, demands, priorities = instance.requires, instance.demands, instance.priorities
    return [
        Constraint(
            test=test,
            needs=(Need(targets=tuple(sorted(requires[test]))),) if test in requires else (),
            demands=demands.get(test, ()),
            priority=priorities.get(test, 0),
        )
        for test in sorted({*requires, *demands, *priorities})
    ]


def result(instance: Instance) -> dict[str, object]:
    """Schedule an instance; the object that ``pytest-orchestrate simulate`` prints."""
    return described(instance, Simulation(instance).schedule(), lower_bound(instance))


def described(instance: Instance, schedule: Schedule, bound: float) -> dict[str, object]:
    """A schedule as the format has it."""
    return {
        "makespan": schedule.makespan,
        "lower_bound": bound,
        "assignments": [
            {
                "test": instance.ids[each.test],
                "worker": each.worker,
                "start": each.start,
                "setup": each.setup,
                "end": each.end,
            }
            for each in schedule.assignments
        ],
    }


def main(path: str) -> int:
    """``pytest-orchestrate simulate``: print the schedule of the instance in a file.

    Returns the exit status: 0, or 2 with one line on stderr when the instance is invalid.
    """
    try:
        answer = result(parsed(json.loads(Path(path).read_text(encoding="utf-8"))))
    except (OSError, ValueError, RecursionError, InstanceError) as error:
        reason = " ".join(str(error).split()) or type(error).__name__
        sys.stderr.write(f"pytest-orchestrate simulate: {path}: {reason}\n")
        return 2
    sys.stdout.write(json.dumps(answer) + "\n")
    return 0
