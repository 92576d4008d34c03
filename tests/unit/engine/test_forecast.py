"""A run foretold from what was collected."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.engine.forecast import Forecast, forecast
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint, RunBegan, TestsCollected, WorkerCollected
from pytest_orchestrate.model.need import Need


def foretold(
    *estimates: float | None,
    workers: int = 2,
    files: str | None = None,
    ready: tuple[WorkerCollected, ...] = (),
    **known: Any,
) -> Forecast:
    """Of tests with these estimates, in files with these letters."""
    letters = files or "a" * len(estimates)
    tests = [CollectedTest(f"{letter}.py::t{n}") for n, letter in enumerate(letters)]
    collected = TestsCollected(
        now=7.0, tests=tests, estimates=list(estimates), **{"setup_costs": {}, **known}
    )
    return forecast(RunBegan(now=0.0, workers=workers), collected, ready)


def test_times_count_from_the_first_test() -> None:
    found = foretold(2.0, 1.0, 1.0)
    assert found.schedule.makespan == found.lower_bound == 2.0
    assert min(each.start for each in found.schedule.assignments) == 0.0


def test_a_test_that_was_never_measured_is_an_ordinary_one_of_its_file() -> None:
    found = foretold(1.0, 3.0, None, 9.0, files="aaab")
    assert found.expected == [1.0, 3.0, 2.0, 9.0]
    assert foretold(None).schedule.makespan == pytest.approx(0.005)


def test_entering_a_file_counts_and_so_does_collecting_another_ones() -> None:
    entering = foretold(1.0, workers=1, setup_costs={"a.py": 0.5})
    assert entering.schedule.makespan == entering.lower_bound == 1.5
    ready = (
        WorkerCollected(now=1.0, worker=0, files=["a.py"]),
        WorkerCollected(now=1.0, worker=1, files=[]),
    )
    moving = foretold(*[1.0] * 10, ready=ready, owners={"a.py": 0}, collect_costs={"a.py": 0.25})
    first = {each.worker: each.setup for each in reversed(moving.schedule.assignments)}
    assert first == {0: 0.0, 1: 0.25}


def test_what_a_worker_lacks_runs_elsewhere() -> None:
    found = foretold(1.0, 1.0, ready=(WorkerCollected(now=0.0, worker=0, missing=[0, 1]),))
    assert {each.worker for each in found.schedule.assignments} == {1}


def test_what_is_refused_is_ended_and_so_is_what_requires_it() -> None:
    refused = [Constraint(0, refused="nobody has it"), Constraint(1, needs=(Need((0,)),))]
    found = foretold(1.0, 1.0, 1.0, constraints=refused)
    assert [(each.test, each.outcome) for each in found.schedule.ended] == [
        (0, "blocked"),
        (1, "blocked"),
    ]
    assert [each.test for each in found.schedule.assignments] == [2]
    assert found.lower_bound == 1.0


def test_the_bound_knows_chains_and_resources() -> None:
    chain = [Constraint(n, needs=(Need((n - 1,)),)) for n in (1, 2)]
    assert foretold(1.0, 1.0, 1.0, constraints=chain).lower_bound == 3.0
    db = [Constraint(n, demands=(Demand("db"), Demand("db"))) for n in range(3)]
    found = foretold(1.0, 1.0, 1.0, constraints=db, resources={"db": 1})
    assert found.schedule.makespan == found.lower_bound == 3.0


def test_the_bound_knows_what_stays_together() -> None:
    tests = [CollectedTest(f"{file}.py::t{n}", group=file) for file in "abc" for n in range(2)]
    known = TestsCollected(
        now=0.0, tests=tests, estimates=[1.0] * 6, setup_costs={"a.py": 0.5, "b.py": 0.25}
    )
    found = forecast(RunBegan(now=0.0, workers=2), known, ())
    assert found.lower_bound == 4.0  # one of the two files may cost nothing
    assert found.schedule.makespan == 4.25
    alone = forecast(RunBegan(now=0.0, workers=4), known, ())
    assert alone.schedule.makespan == alone.lower_bound == 2.5


def test_the_bound_takes_nothing_for_granted() -> None:
    either = [Constraint(2, needs=(Need((0, 1), any=True),))]
    found = foretold(1.0, 5.0, 1.0, constraints=either)
    assert found.lower_bound <= found.schedule.makespan == 5.0
    shared = [Constraint(n, demands=(Demand("db", shared=True),)) for n in range(2)]
    found = foretold(1.0, 1.0, constraints=shared, resources={"db": 1})
    assert found.lower_bound == found.schedule.makespan == 1.0
