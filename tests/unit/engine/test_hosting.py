from __future__ import annotations

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint, SlotsBusy, SlotsGranted, TestsCollected
from tests.unit.engine.scenario import Scenario

DB = (Demand("db"),)
WANTED = ("want", ["db"])
NOTHING = ("want",)


def scenario(*demands: tuple[Demand, ...], workers: int = 1, alone: int = -1) -> Scenario:
    """Tests of one file each with these demands for the machine's db, one perhaps exclusive."""
    made = Scenario(workers)
    made.tell(
        TestsCollected(
            now=0.0,
            tests=[CollectedTest(f"{number}::test") for number in range(len(demands))],
            estimates=[1.0] * len(demands),
            setup_costs={},
            constraints=[
                Constraint(number, demands=each, exclusive=number == alone)
                for number, each in enumerate(demands)
                if each or number == alone
            ],
            resources={"db": 2},
            hosted=["db"],
        )
    )
    return made


def granted(made: Scenario, *numbers: int) -> list[tuple[object, ...]]:
    return made.tell(SlotsGranted(now=made.now, slots={"db": list(numbers)}))


def busy(made: Scenario) -> list[tuple[object, ...]]:
    return made.tell(SlotsBusy(now=made.now))


def test_a_worker_waits_for_the_answer_before_it_chooses() -> None:
    made = scenario(DB, ())
    assert made.ready(0) == [("hold", 0), WANTED]
    assert granted(made, 1) == [("assign", 0, [0, 1]), NOTHING]


def test_if_the_machine_is_busy_it_does_something_else() -> None:
    made = scenario(DB, (), ())
    made.ready(0)
    assert busy(made) == [("assign", 0, [1, 2]), NOTHING]
    made.go_through(0, 1)
    answers = made.go_through(0, 2)
    assert WANTED in answers
    assert granted(made, 0) == [("assign", 0, [0]), NOTHING]


def test_what_no_test_uses_goes_back_at_once() -> None:
    made = scenario(DB, ())
    made.ready(0)
    granted(made, 0)
    answers = made.go_through(0, 0)
    assert ("return", {"db": [0]}) in answers


def test_the_next_test_that_needs_it_gets_it_from_the_one_before() -> None:
    made = scenario(DB, DB)
    made.ready(0)
    assert granted(made, 0) == [("assign", 0, [0, 1]), NOTHING]
    assert made.go_through(0, 0) == []
    assert ("return", {"db": [0]}) in made.go_through(0, 1)


def test_idle_workers_go_on_waiting() -> None:
    made = scenario(DB)
    assert made.ready(0) == [("hold", 0), WANTED]
    assert busy(made) == []
    assert made.wait(5.0) == []
    assert granted(made, 0) == [("assign", 0, [0]), NOTHING]


def test_a_stop_ends_the_waiting() -> None:
    made = scenario(DB)
    made.ready(0)
    busy(made)
    assert NOTHING in made.stop()


def test_an_exclusive_test_runs_while_the_machine_is_busy() -> None:
    made = scenario(DB, (), workers=2, alone=1)
    made.ready(0)
    assert ("assign", 0, [1]) in busy(made)
    assert made.ready(1) == [("hold", 1)]
    assert WANTED in made.go_through(0, 1)
