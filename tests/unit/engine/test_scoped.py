from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.engine.leases import Leases, scopes
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import Assign
from pytest_orchestrate.model.events import Constraint, TestsCollected, TornDown
from pytest_orchestrate.model.need import Need
from tests.unit.engine.scenario import Scenario

A, B = (Demand("port", scope="a.py"),), (Demand("port", scope="b.py"),)
#: What nobody has who keeps the port.
READ = (Demand("port", shared=True),)


def scenario(
    tests: list[tuple[str, tuple[Demand, ...]]],
    needs: dict[int, int] | None = None,
    workers: int = 2,
    ports: int = 1,
) -> Scenario:
    """Tests of one second with these demands, begun in this order; some require another one."""
    needs = needs or {}
    made = Scenario(workers, lookahead=0.0, max_crashes=1)
    made.tell(
        TestsCollected(
            now=0.0,
            tests=[CollectedTest(nodeid) for nodeid, _ in tests],
            estimates=[1.0] * len(tests),
            setup_costs={},
            constraints=[
                Constraint(
                    number,
                    demands=demands,
                    needs=(Need((needs[number],)),) if number in needs else (),
                    priority=-number,
                )
                for number, (_, demands) in enumerate(tests)
            ],
            resources={"port": ports},
        )
    )
    return made


def torn_down(made: Scenario, worker: int) -> list[tuple[Any, ...]]:
    return made.tell(TornDown(now=made.now, worker=worker))


def slots(made: Scenario) -> list[dict[str, list[int]]]:
    return [s for each in made.last if isinstance(each, Assign) for s in each.slots.values()]


def test_who_is_left_waiting_tears_down_and_then_others_have_it() -> None:
    made = scenario([("a.py::t", A), ("c.py::t", ()), ("b.py::t", READ)], needs={2: 1})
    made.ready(0)
    made.ready(1)
    made.start(0, 0)
    made.start(1, 1)
    assert made.finish(0, 0) == [("hold", 0), ("tear down", 0)]
    assert made.finish(1, 1) == [("hold", 0), ("hold", 1)]
    assert made.reasons() == ["port is held by a.py::t"] * 2
    assert ("assign", 0, [2]) in torn_down(made, 0)


def test_the_next_test_of_the_module_has_the_same_slot() -> None:
    made = scenario([("a.py::t1", A), ("b.py::t", B), ("a.py::t2", A)], ports=2)
    assert made.ready(0) == [("assign", 0, [0])]
    made.ready(1)
    assert slots(made) == [{"port": [1]}]
    made.start(1, 1)
    made.start(0, 0)
    assert made.finish(0, 0) == [("assign", 0, [2])]
    assert slots(made) == [{"port": [0]}]


def test_it_is_free_when_a_test_of_another_module_begins_not_when_it_is_sent() -> None:
    made = scenario([("a.py::t", A), ("c.py::t", ()), ("d.py::t", ()), ("b.py::t", B)], {3: 2})
    made.ready(0)
    made.ready(1)
    made.start(0, 0)
    made.start(1, 1)
    assert made.finish(0, 0) == [("assign", 0, [2])]
    assert made.finish(1, 1) == [("hold", 1)]
    made.start(0, 2)
    # nothing is kept now: whoever is free is sent what needs it, and nobody has to tear down
    assert ("tear down", 0) not in made.finish(0, 2)
    assert [each.tests for each in made.last if isinstance(each, Assign)] == [[3]]


def test_what_is_for_the_test_alone_goes_back_when_it_has_ended() -> None:
    both = (*A, Demand("db"))
    made = scenario([("a.py::t1", both), ("a.py::t2", A), ("b.py::t", (Demand("db"),))])
    made.ready(0)
    made.ready(1)
    made.start(0, 0)
    assert sorted(made.finish(0, 0)) == [("assign", 0, [1]), ("assign", 1, [2])]


def test_who_dies_keeps_nothing() -> None:
    made = scenario([("a.py::t", A), ("c.py::t", ()), ("b.py::t", READ)], needs={2: 1})
    made.ready(0)
    made.ready(1)
    made.start(0, 0)
    made.start(1, 1)
    made.finish(0, 0)
    made.leave(0, "crashed")
    assert ("assign", 1, [2]) in made.finish(1, 1)


def test_a_worker_that_was_not_asked_cannot_have_torn_down() -> None:
    made = scenario([("a.py::t", A)], workers=2)
    made.ready(0)
    with pytest.raises(IllegalMove, match="unasked"):
        torn_down(made, 0)


def test_the_widest_scope_of_a_resource_counts() -> None:
    demands = (Demand("port", scope="a.py::A"), *A, Demand("db"))
    assert scopes(demands) == {"port": "a.py"}


def test_a_worker_has_no_more_and_no_less_than_it_keeps() -> None:
    made = Leases()
    made.provide({"port": 3})
    one, two = (("port", 1, False),), (("port", 2, False),)
    made.grant(0, 7, one)
    made.keep(0, 7, {"port": "a.py"})
    made.release(0, 7)
    assert made.fits(one, 0)
    assert not made.fits(two, 0)
    assert made.fits(two, 1)
    made.move_on(0, "a.py::A::t")
    assert made.is_kept_by(0)
    made.move_on(0, "a.pyx::t")
    assert not made.is_kept_by(0)
    assert made.fits((("port", 3, False),))


def test_what_is_kept_stays_with_a_test_that_was_sent_when_its_module_is_left() -> None:
    made = Leases()
    made.provide({"port": 1})
    needs = (("port", 1, False),)
    made.grant(0, 1, needs)
    made.keep(0, 1, {"port": "a.py"})
    made.release(0, 1)
    assert made.grant(0, 2, needs) == {"port": [0]}
    made.leave(0)
    assert not made.fits(needs)
    made.release(0, 2)
    assert made.fits(needs)
