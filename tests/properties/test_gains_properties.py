"""What is simulated for a report, whatever the tests are and whatever they ask for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.controller.gains import Simulator
from pytest_orchestrate.controller.recorded import Recorded, RecordedTest
from pytest_orchestrate.model.events import RunBegan, TestsCollected, WorkerCollected
from pytest_orchestrate.report.what_if import Change
from tests.properties.test_forecast_properties import runs


@st.composite
def changes(draw: st.DrawFn, known: TestsCollected) -> Change:
    tests = len(known.tests)
    needed = [
        (each.test, target)
        for each in known.constraints
        for need in each.needs
        for target in need.targets
    ]
    groups = [test.group for test in known.tests if test.group]
    return Change(
        workers=draw(st.integers(0, 2)),
        slots={name: 1 for name in known.resources if draw(st.booleans())},
        split=tuple(draw(st.sets(st.integers(0, tests - 1), max_size=2))) if tests else (),
        parts=draw(st.integers(2, 4)),
        released=draw(st.sampled_from([None, *needed])),
        beside=draw(st.booleans()),
        ungrouped=draw(st.sampled_from(["", *groups])),
        set_up_once=(known.tests[0].file, "server") if tests and draw(st.booleans()) else ("", ""),
    )


@given(runs(), st.data())
def test_any_change_of_any_run_can_be_simulated(
    drawn: tuple[RunBegan, TestsCollected, list[WorkerCollected]], data: st.DataObject
) -> None:
    began, known, _ = drawn
    constraints = {each.test: each for each in known.constraints}
    seconds = [0.1 if each is None else each for each in known.estimates]
    recorded = Recorded(
        began=began,
        tests=[
            RecordedTest(test, seconds[index], constraints.get(index))
            for index, test in enumerate(known.tests)
        ],
        fixtures={(file, "server"): cost for file, cost in known.setup_costs.items()},
        capacities=known.resources,
        hosted=(),
        setups=(),
    )
    simulate = Simulator(recorded)
    before = simulate(Change())
    assert before is not None
    found = simulate(data.draw(changes(known)))
    assert found is not None
    assert 0.0 <= found <= sum(seconds) + sum(known.setup_costs.values()) * len(seconds) + 0.001
    assert simulate(Change()) == before
