from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.engine.instance import parsed
from pytest_orchestrate.engine.rehearsal import Schedule
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.engine.simulator import Simulation
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import AnyCommand, Assign, Close, EndTest, Prepare
from pytest_orchestrate.model.events import (
    Constraint,
    RunBegan,
    TestFinished,
    TestsCollected,
    TestStarted,
    WorkerCollected,
    WorkerJoined,
    WorkerPrepared,
)
from pytest_orchestrate.model.need import Need


def schedule(tests: list[dict[str, Any]], workers: int = 2, **more: Any) -> Schedule:
    for test in tests:
        test.setdefault("estimate", test["duration"])
    return Simulation(parsed({"format": 1, "workers": workers, "tests": tests, **more})).schedule()


def test_the_file_of_what_requires_a_running_test_is_entered_ahead() -> None:
    tests = [
        {"id": "first", "group": "a.py", "duration": 3.0},
        {"id": "second", "group": "b.py", "duration": 1.0, "requires": ["first"]},
    ]
    found = schedule(tests, groups={"a.py": {"setup": 1.0}, "b.py": {"setup": 2.0}})
    assert found.makespan == 5.0
    assert [command.test for command in found.commands if isinstance(command, Prepare)] == [1]


def test_a_file_is_entered_while_somebody_else_holds_the_resource() -> None:
    tests = [
        {"id": f"{name}::test", "group": name, "duration": 3.0, "resources": {"db": 1}}
        for name in ("a.py", "b.py")
    ]
    groups = {"a.py": {"setup": 1.0}, "b.py": {"setup": 2.0}}
    found = schedule(tests, groups=groups, resources={"db": 1})
    assert found.makespan == 7.0


def test_every_link_of_a_chain_across_files_begins_when_the_one_before_it_ends() -> None:
    tests = [
        {"id": str(n), "group": f"{n}.py", "duration": 1.0, "requires": [str(n - 1)] if n else []}
        for n in range(12)
    ]
    groups = {f"{n}.py": {"setup": 2.5} for n in range(12)}
    assert schedule(tests, workers=8, groups=groups).makespan == 2.5 + 12.0


def test_links_of_a_chain_in_one_file_are_prepared_for_by_one_worker() -> None:
    tests: list[dict[str, Any]] = [
        {"id": str(n), "group": "ab"[n > 5], "duration": 1.0, "requires": [str(n - 1)] if n else []}
        for n in range(12)
    ]
    found = schedule(tests, workers=8, groups={"a": {"setup": 2.5}, "b": {"setup": 2.5}})
    assert found.makespan == 2.5 + 12.0
    assert sum(each.setup for each in found.assignments) == 2 * 2.5


def test_the_next_file_of_a_chain_is_entered_ahead_though_the_present_one_is_cheap() -> None:
    tests: list[dict[str, Any]] = [
        {"id": str(n), "group": "ab"[n > 9], "duration": 0.5, "requires": [str(n - 1)] if n else []}
        for n in range(12)
    ]
    found = schedule(tests, workers=4, groups={"a": {"setup": 0.125}, "b": {"setup": 3.0}})
    assert found.makespan == 0.125 + 6.0


def test_a_low_test_that_others_require_does_not_wait_for_what_is_urgent() -> None:
    tests: list[dict[str, Any]] = [
        {"id": "first", "group": None, "duration": 1.0, "priority": -1},
        {"id": "second", "group": None, "duration": 5.0, "requires": ["first"]},
        *({"id": str(n), "group": None, "duration": 1.0} for n in range(6)),
    ]
    assert schedule(tests).makespan == 6.0


def test_large_amounts_go_first_for_they_have_to_go_one_by_one() -> None:
    tests = [
        {"id": str(n), "duration": 1.0, "resources": {"memory": 5 if n >= 6 else 3}}
        for n in range(12)
    ]
    assert schedule(tests, workers=4, resources={"memory": 8}).makespan == 6.0


def test_a_file_is_entered_once_if_what_its_tests_require_can_be_done_before() -> None:
    tests = [
        {
            "id": f"{file}.{n}",
            "group": f"{file}.py",
            "duration": 1.0,
            "requires": [f"{file + 2}.0"] if n == 2 and file < 10 else [],
        }
        for file in range(12)
        for n in range(3)
    ]
    groups = {f"{file}.py": {"setup": 1.0} for file in range(12)}
    assert schedule(tests, groups=groups).makespan == 6 * 4.0


def test_whose_test_lacks_a_resource_does_what_else_is_in_the_file() -> None:
    tests = [
        {"id": "a.db", "group": "a.py", "duration": 3.0, "resources": {"db": 1}},
        {"id": "b.db", "group": "b.py", "duration": 1.0, "resources": {"db": 1}},
        *({"id": f"b.{n}", "group": "b.py", "duration": 1.0} for n in range(3)),
    ]
    groups = {name: {"setup": 1.0} for name in ("a.py", "b.py")}
    assert schedule(tests, groups=groups, resources={"db": 1}).makespan == 5.0


def test_who_has_to_wait_shortly_stays_where_it_is() -> None:
    tests = [
        {"id": "a.0", "group": "a.py", "duration": 1.0},
        {"id": "a.1", "group": "a.py", "duration": 1.0, "requires": ["b.0"]},
        {"id": "b.0", "group": "b.py", "duration": 1.5},
        *({"id": f"c.{n}", "group": "c.py", "duration": 1.0} for n in range(2)),
    ]
    groups = {"a.py": {"setup": 3.0}, "b.py": {"setup": 3.0}, "c.py": {"setup": 1.0}}
    found = schedule(tests, groups=groups)
    assert [each.setup for each in found.assignments if each.test == 1] == [0.0]


def test_nobody_comes_for_a_link_that_who_is_there_can_begin_sooner() -> None:
    tests: list[dict[str, Any]] = [
        {"id": "a.0", "group": "a.py", "estimate": 1.0, "duration": 1.2},
        {"id": "a.1", "group": "a.py", "duration": 1.0, "requires": ["a.0"]},
        {"id": "b.0", "group": "b.py", "duration": 1.1},
    ]
    groups = {"a.py": {"setup": 1.0}, "b.py": {"setup": 1.0}}
    found = schedule(tests, groups=groups)
    assert found.makespan == pytest.approx(3.2)
    assert sum(each.setup for each in found.assignments) == 2.0


def test_of_several_tests_that_one_makes_ready_others_enter_for_all_but_one() -> None:
    tests: list[dict[str, Any]] = [
        {"id": "first", "group": "a.py", "duration": 2.0},
        *(
            {"id": f"a.{n}", "group": "a.py", "duration": 4.0, "requires": ["first"]}
            for n in range(3)
        ),
    ]
    found = schedule(tests, workers=6, groups={"a.py": {"setup": 1.0}})
    assert found.makespan == 1.0 + 2.0 + 4.0


def test_amounts_that_fill_a_resource_run_together() -> None:
    tests = [
        {"id": str(n), "duration": 1.0, "resources": {"memory": (1, 2, 3, 5, 6, 7)[n % 6]}}
        for n in range(36)
    ]
    assert schedule(tests, workers=8, resources={"memory": 8}).makespan == 18.0


def test_tests_without_history_are_shared_out_from_the_start() -> None:
    tests: list[dict[str, Any]] = [
        {"id": f"{file}.{n}", "group": f"{file}.py", "estimate": None, "duration": 2.0}
        for file in "ab"
        for n in range(4)
    ]
    groups = {f"{file}.py": {"setup": 1.0} for file in "ab"}
    assert schedule(tests, workers=8, groups=groups).makespan == 3.0


def begun() -> Run:
    run = Run()
    run.handle(RunBegan(now=0.0, workers=2, lookahead=0.0, prepares=True))
    for worker in range(2):
        run.handle(WorkerJoined(now=0.0, worker=worker))
        run.handle(WorkerCollected(now=0.0, worker=worker))
    return run


def collected(run: Run) -> list[AnyCommand]:
    return run.handle(
        TestsCollected(
            now=0.0,
            tests=[CollectedTest(nodeid=f"{name}.py::test") for name in "ab"],
            estimates=[4.0, 1.0],
            setup_costs={"a.py": 1.0, "b.py": 4.0},
            constraints=[Constraint(test=1, needs=(Need(targets=(0,)),))],
        )
    )


def test_what_was_prepared_for_is_blocked_when_what_it_requires_fails() -> None:
    run = begun()
    said = collected(run)
    assert said == [Assign(worker=0, tests=[0]), Prepare(worker=1, test=1)]
    run.handle(TestStarted(now=0.0, worker=0, test=0))
    said = run.handle(TestFinished(now=3.0, worker=0, test=0, outcome="failed", call=3.0))
    assert [each.test for each in said if isinstance(each, EndTest)] == [1]
    said += run.handle(WorkerPrepared(now=4.0, worker=1))
    assert sorted(each.worker for each in said if isinstance(each, Close)) == [0, 1]


def test_what_was_prepared_for_begins_when_what_it_requires_has_passed() -> None:
    run = begun()
    collected(run)
    run.handle(TestStarted(now=0.0, worker=0, test=0))
    run.handle(WorkerPrepared(now=4.0, worker=1))
    said = run.handle(TestFinished(now=5.0, worker=0, test=0, outcome="passed", call=4.0))
    assert Assign(worker=1, tests=[1]) in said
