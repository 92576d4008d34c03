"""How long a run would have taken if something had been different."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_orchestrate.controller.gains import BUDGET, Simulator, what_if
from pytest_orchestrate.controller.recorded import Recorded, RecordedTest
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint, RunBegan
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.report.what_if import Change
from tests.support import logs


def simulator(
    *seconds: float,
    workers: int = 2,
    constraints: tuple[Constraint, ...] = (),
    groups: tuple[str | None, ...] = (),
    fixtures: dict[tuple[str, str], float] | None = None,
    capacities: dict[str, int] | None = None,
    file: str = "test_a.py",
) -> Simulator:
    by_test = {each.test: each for each in constraints}
    return Simulator(
        Recorded(
            began=RunBegan(now=0.3, workers=workers),
            tests=[
                RecordedTest(
                    CollectedTest(f"{file}::{test}", group=groups[test] if groups else None),
                    each,
                    by_test.get(test),
                )
                for test, each in enumerate(seconds)
            ],
            fixtures=fixtures or {},
            capacities=capacities or {},
            hosted=(),
            setups=(),
        )
    )


def write(log: Path, records: list[logs.Json]) -> None:
    lines = [json.dumps(record, separators=(",", ":")) for record in records]
    log.write_text("\n".join([*lines, ""]))


def took(simulate: Simulator, change: Change | None = None) -> float:
    found = simulate(change or Change())
    assert found is not None
    return round(found, 3)


def test_without_a_change_it_is_the_run_as_it_was() -> None:
    assert took(simulator(2.0, 1.0, 1.0)) == 2.0
    assert took(simulator(2.0, 1.0, 1.0, workers=1)) == 4.0


def test_more_workers() -> None:
    assert took(simulator(*[1.0] * 8), Change(workers=2)) == 2.0


def test_another_slot() -> None:
    needs = tuple(Constraint(test=test, demands=(Demand("db"),)) for test in range(4))
    simulate = simulator(1.0, 1.0, 1.0, 1.0, constraints=needs, capacities={"db": 1})
    assert took(simulate) == 4.0
    assert took(simulate, Change(slots={"db": 1})) == 2.0


def test_a_test_in_parts() -> None:
    assert took(simulator(4.0, 1.0, workers=4), Change(split=(0,), parts=4)) == 2.0


def test_who_requires_a_test_requires_all_its_parts() -> None:
    after = (Constraint(test=1, needs=(Need((0,)),)),)
    simulate = simulator(4.0, 1.0, constraints=after)
    assert took(simulate) == 5.0
    assert took(simulate, Change(split=(0,), parts=2)) == 3.0


def test_a_requirement_less() -> None:
    chain = tuple(Constraint(test=test, needs=(Need((test - 1,)),)) for test in (1, 2, 3))
    simulate = simulator(1.0, 1.0, 1.0, 1.0, constraints=chain)
    assert took(simulate) == 4.0
    assert took(simulate, Change(released=(2, 1))) == 2.0


def test_exclusive_tests_beside_others() -> None:
    alone = (Constraint(test=0, exclusive=True), Constraint(test=1, exclusive=True))
    simulate = simulator(1.0, 1.0, 2.0, constraints=alone)
    assert took(simulate) == 4.0
    assert took(simulate, Change(beside=True)) == 2.0


def test_a_group_that_may_run_anywhere() -> None:
    simulate = simulator(1.0, 1.0, groups=("g", "g"))
    assert took(simulate) == 2.0
    assert took(simulate, Change(ungrouped="g")) == 1.0


def test_a_fixture_that_is_set_up_once() -> None:
    server = {("test_a.py", "server"): 1.0}
    simulate = simulator(*[5.0] * 4, fixtures=server)
    assert took(simulate) == 11.0
    assert took(simulate, Change(set_up_once=("test_a.py", "server"))) == 11.0
    simulate = simulator(5.0, 5.0, 4.0, fixtures=server)
    assert took(simulate) == 10.0
    assert took(simulate, Change(set_up_once=("test_a.py", "server"))) == 9.0


def test_thousands_of_short_tests_cost_no_more_than_hundreds() -> None:
    simulate = simulator(*[0.01] * 20_000, workers=4)
    assert took(simulate) == pytest.approx(50.0, rel=0.02)
    assert simulate.left > BUDGET - 1000


def test_constraints_are_kept_among_merged_tests() -> None:
    last = (Constraint(test=999, needs=(Need((500,)),)),)
    seconds = [0.001] * 1000
    seconds[500], seconds[999] = 3.0, 2.0
    assert took(simulator(*seconds, constraints=last)) == pytest.approx(5.0, rel=0.02)


def test_no_more_is_simulated_than_the_budget_allows() -> None:
    simulate = simulator(1.0, 1.0, 1.0)
    simulate.left = 7
    answers = [simulate(Change()) for _ in range(4)]
    assert [each is None for each in answers] == [False, False, True, True]


def test_a_run_that_ran_nothing_on_workers_cannot_be_asked(tmp_path: Path) -> None:
    log = tmp_path / "run.jsonl"
    for records in ([logs.run()], [logs.run("in-process")]):
        write(log, records)
        assert what_if(log) is None


def test_seconds_fixtures_and_resources_are_those_of_the_log(tmp_path: Path) -> None:
    collected = logs.collected(0.1, "test_a.py::x", "test_a.py::y")
    collected["event"]["resources"] = {"db": 2, "memory": 1000, "table": 1}
    # of what can be shared there is always one
    reader = {"name": "table", "amount": 1, "shared": True, "scope": ""}
    collected["event"]["constraints"] = [{"test": 0, "demands": [reader]}]
    collected["event"]["hosted"] = ["db"]
    fixture = {"record": "fixture", "file": "test_a.py", "name": "server", "scope": "module"}
    records = [
        logs.run(),
        logs.event("RunBegan", 0.0, workers=2),
        collected,
        {**fixture, "worker": "gw0", "setup": 1.0},
        {**logs.attempt(0, "test_a.py::x", "gw0", 0, 2.0), "setup": 1.5},
        {**fixture, "worker": "gw1", "setup": 1.0},
        {**logs.attempt(1, "test_a.py::y", "gw1", 0, 3.0), "setup": 1.0},
    ]
    log = tmp_path / "run.jsonl"
    write(log, records)
    found = what_if(log)
    assert found is not None
    assert found.capacities == {"db": 2}
    assert found.hosted == ("db",)
    (setup,) = found.setups
    assert (setup.file, setup.name, setup.workers, setup.seconds) == ("test_a.py", "server", 2, 2.0)
    assert found.simulate(Change()) == pytest.approx(4.0)
