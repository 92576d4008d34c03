from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.engine.instance import parsed
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.engine.simulator import Simulation, result
from pytest_orchestrate.model.commands import Assign, Close, Hold, Prepare
from pytest_orchestrate.model.events import TestFinished, TestsReturned, WorkerCollected
from tests.properties.problems import SECONDS, instances
from tests.support.schedule_checker import TOLERANCE, violations


@given(instances())
def test_every_schedule_is_valid_and_not_below_the_bound(instance: dict[str, Any]) -> None:
    assert violations(instance, result(parsed(instance))) == []


@given(instances())
def test_the_same_instance_and_the_same_events_give_the_same_commands(
    instance: dict[str, Any],
) -> None:
    first = Simulation(parsed(instance)).schedule()
    assert Simulation(parsed(instance)).schedule() == first
    again = Run()
    assert [each for event in first.events for each in again.handle(event)] == first.commands


@given(instances(), st.data())
def test_nothing_is_decided_by_a_duration_before_the_test_has_ended(
    instance: dict[str, Any], data: st.DataObject
) -> None:
    before = result(parsed(instance))["assignments"]
    assert isinstance(before, list)
    if not before:
        return
    changed = data.draw(st.integers(0, len(instance["tests"]) - 1))
    test = instance["tests"][changed]
    other = {**test, "duration": data.draw(SECONDS)}
    tests = [other if each is test else each for each in instance["tests"]]
    after = result(parsed({**instance, "tests": tests}))["assignments"]
    assert isinstance(after, list)
    ends = [each["end"] for each in before + after if each["test"] == test["id"]]

    def decided_earlier(schedule: list[dict[str, Any]]) -> list[tuple[float, int, str]]:
        return sorted(
            (each["start"], each["worker"], each["test"])
            for each in schedule
            if each["start"] < min(ends)
        )

    assert decided_earlier(before) == decided_earlier(after)


@given(
    workers=st.integers(2, 5),
    lengths=st.lists(st.integers(1, 12), min_size=1, max_size=4),
    seconds=st.lists(st.integers(1, 9), min_size=48, max_size=48),
)
def test_no_test_waits_behind_another_while_a_worker_is_free_and_moving_costs_nothing(
    workers: int, lengths: list[int], seconds: list[int]
) -> None:
    tests = [
        {"id": f"{file}::{n}", "group": str(file), "estimate": second, "duration": second}
        for (file, n), second in zip(
            ((file, n) for file, length in enumerate(lengths) for n in range(length)),
            seconds,
            strict=False,
        )
    ]
    schedule = Simulation(parsed({"format": 1, "workers": workers, "tests": tests})).schedule()
    starts = [each.start for each in schedule.assignments]
    for worker in range(workers):
        idle_from = max((e.end for e in schedule.assignments if e.worker == worker), default=0.0)
        assert all(start <= idle_from + TOLERANCE for start in starts)


@given(instances())
def test_who_waits_was_told_why(instance: dict[str, Any]) -> None:
    schedule = Simulation(parsed(instance)).schedule()
    run = Run()
    held: set[int] = set()
    #: Who was told for which test it is to get ready, and has not been told to begin with it.
    preparing: set[int] = set()
    queues: dict[int, list[int]] = {}
    for event in schedule.events:
        if isinstance(event, WorkerCollected):
            queues[event.worker] = []
        elif isinstance(event, TestFinished):
            queues[event.worker].remove(event.test)
            held.discard(event.worker)
        elif isinstance(event, TestsReturned) and event.tests:
            queues[event.worker] = [t for t in queues[event.worker] if t not in event.tests]
            held.discard(event.worker)
        for command in run.handle(event):
            if isinstance(command, Assign):
                queues[command.worker].extend(command.tests)
                preparing.discard(command.worker)
            elif isinstance(command, Prepare):
                preparing.add(command.worker)
            elif isinstance(command, Hold):
                held.add(command.worker)
            elif isinstance(command, Close):
                del queues[command.worker]
        waiting = held | preparing
        assert all(queue or worker in waiting for worker, queue in queues.items())


PROGRAM = """
import json, sys
import msgspec
from pytest_orchestrate.engine.instance import parsed
from pytest_orchestrate.engine.simulator import Simulation

schedule = Simulation(parsed(json.load(sys.stdin))).schedule()
sys.stdout.buffer.write(msgspec.json.encode(schedule.commands))
"""


def test_the_commands_do_not_depend_on_the_hash_seed() -> None:
    tests = [
        {
            "id": f"tests/test_{number % 7}.py::test_{number}",
            "group": f"tests/test_{number % 7}.py" if number % 5 else None,
            "estimate": None if number % 3 else number % 11 / 7,
            "duration": number % 13 / 9,
        }
        for number in range(150)
    ]
    groups = {f"tests/test_{number}.py": {"setup": number / 3} for number in range(7)}
    instance = {"format": 1, "workers": 5, "groups": groups, "tests": tests}
    expected = msgspec.json.encode(Simulation(parsed(instance)).schedule().commands)
    source = str(Path(sys.modules["pytest_orchestrate"].__path__[0]).parent)
    for seed in ("0", "1", "4242"):
        environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": source}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM],
            input=json.dumps(instance).encode(),
            env=environment,
            capture_output=True,
            check=True,
        )
        assert done.stdout == expected
