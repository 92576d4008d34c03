"""What is foretold of tests that were collected, whatever they are and whatever they ask for."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.engine.forecast import Forecast, forecast
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.model.events import (
    Constraint,
    RunBegan,
    TestsCollected,
    WorkerCollected,
)
from tests.properties.machine import HOSTED
from tests.properties.retold import check_retold
from tests.properties.test_run_properties import RESOURCES, collections, constraints


@st.composite
def runs(draw: st.DrawFn) -> tuple[RunBegan, TestsCollected, list[WorkerCollected]]:
    workers = draw(st.integers(1, 4))
    collection: dict[str, Any] = draw(collections())
    tests = collection["tests"]
    files = list(dict.fromkeys(test.file for test in tests))
    owners: dict[str, int] = {}
    if draw(st.booleans()):
        owners = {file: draw(st.integers(0, workers - 1)) for file in files}
    known = TestsCollected(
        now=3.0,
        **collection,
        owners=owners,
        collect_costs={file: draw(st.sampled_from([0.0, 0.5])) for file in files},
        constraints=draw(constraints(0, len(tests))) if tests else [],
        resources={**RESOURCES, **HOSTED},
    )
    ready = [
        WorkerCollected(
            now=3.5,
            worker=number,
            files=[file for file in files if owners[file] == number] if owners else None,
        )
        for number in range(workers)
        if bool(owners) or draw(st.booleans())
    ]
    lookahead = draw(st.sampled_from([0.0, 0.1]))
    keep_order = draw(st.booleans())
    began = RunBegan(now=0.0, workers=workers, lookahead=lookahead, keep_order=keep_order)
    return began, known, ready


def outcomes(found: Forecast) -> dict[int, str]:
    ended: dict[int, str] = {each.test: each.outcome for each in found.schedule.ended}
    for each in found.schedule.assignments:
        assert each.test not in ended
        ended[each.test] = "passed"
    return ended


@given(runs())
def test_what_is_foretold_keeps_the_rules_of_a_run(
    run: tuple[RunBegan, TestsCollected, list[WorkerCollected]],
) -> None:
    found = forecast(*run)
    ended = outcomes(found)
    assert sorted(ended) == list(range(len(run[1].tests)))
    check_retold(found.schedule.events, found.schedule.answers, ended)
    check_times(found)
    check_requirements(found, run[1].constraints)
    again = Run()
    for event, commands in zip(found.schedule.events, found.schedule.answers, strict=True):
        assert again.handle(event) == commands


def check_times(found: Forecast) -> None:
    """Nothing beats the bound, and each worker runs one test at a time."""
    makespan = found.schedule.makespan
    assert makespan >= found.lower_bound - 1e-9 * max(1.0, makespan)
    free: dict[int, float] = {}
    for each in sorted(found.schedule.assignments, key=lambda each: (each.start, each.end)):
        assert each.start >= free.get(each.worker, 0.0)
        free[each.worker] = each.end


def check_requirements(found: Forecast, limits: list[Constraint]) -> None:
    """They have ended before."""
    needs = {each.test: each.needs for each in limits}
    ends = {each.test: each.end for each in found.schedule.assignments}
    for each in found.schedule.assignments:
        for need in needs.get(each.test, ()):
            met = [ends[target] <= each.start for target in need.targets if target in ends]
            assert any(met) if need.any else all(met)
