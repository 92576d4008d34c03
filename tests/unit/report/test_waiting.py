"""What tests waited for: who had the resource, and for how long."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.report.assembly import Assembly
from pytest_orchestrate.report.attempts import Waited
from pytest_orchestrate.report.critical_path import critical_path
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.explanation import explained
from pytest_orchestrate.report.formats import ctrf, markdown, text
from pytest_orchestrate.report.formats.holders import told_holders
from pytest_orchestrate.report.lanes import Waits
from pytest_orchestrate.report.story import Story
from tests.support.logs import attempt, collected, command, event, finished, run

Json = dict[str, Any]

NAMES = ("a.py::t0", "a.py::t1", "b.py::t2", "b.py::t3")


def needing(*tests: int, capacity: int = 1) -> list[Json]:
    """Four tests, of which these need the database; two workers are ready at 1.0."""
    known = collected(1.0, *NAMES)
    known["event"]["constraints"] = [
        {"test": test, "demands": [{"name": "db", "amount": 1}]} for test in tests
    ]
    known["event"]["resources"] = {"db": capacity}
    return [
        run(),
        event("RunBegan", 0.0, workers=2),
        known,
        event("WorkerCollected", 1.0, worker=0),
        event("WorkerCollected", 1.0, worker=1),
    ]


def ran(test: int, worker: int, start: float, end: float, order: int = 0) -> list[Json]:
    """It is heard of 50 ms later."""
    took = end - start
    return [
        event("TestStarted", start + 0.05, worker=worker, test=test),
        attempt(test, NAMES[test], f"gw{worker}", order, took, at=start),
        finished(end + 0.05, worker, test, took),
    ]


def report_of(records: list[Json]) -> Report:
    assembly = Assembly()
    for record in records:
        assembly.add(record)
    return assembly.report()


def test_time_behind_others_on_a_worker_that_died_is_told_too() -> None:
    tests = report_of(
        [
            *needing(),
            command("Assign", worker=0, tests=[0, 1]),
            event("TestStarted", 1.05, worker=0, test=0),
            event("WorkerLeft", 3.0, worker=0, reason="crashed", detail="killed"),
            command("Assign", worker=1, tests=[1]),
            *ran(1, 1, 3.0, 4.0),
        ]
    ).tests
    waited = [(each.kind, each.at, each.seconds, each.tests) for each in tests[1].waited]
    assert waited == [("queue", 1.0, 2.0, (0,))]


@pytest.fixture
def one_after_another() -> list[Json]:
    """All on the first worker: the second is sent while the first runs, and the third, too."""
    return [
        *needing(0, 1, 2),
        command("Assign", worker=0, tests=[0]),
        *ran(0, 0, 1.0, 2.0)[:1],
        event("TimePassed", 1.5),
        command("Assign", worker=0, tests=[1, 2]),
        *ran(0, 0, 1.0, 2.0)[1:],
        *ran(1, 0, 2.0, 3.0, 1),
        *ran(2, 0, 3.0, 4.0, 2),
    ]


def test_who_is_sent_to_the_worker_that_has_the_resource_waits_for_that(
    one_after_another: list[Json],
) -> None:
    tests = report_of(one_after_another).tests
    assert [(wait.kind, wait.name, wait.tests) for wait in tests[2].waited] == [
        ("resource", "db", (0, 1))
    ]
    (wait,) = tests[2].waited
    # the engine knew of the end of each a moment after it
    assert (wait.at, wait.at + wait.seconds) == pytest.approx((1.0, 3.0))
    assert wait.held == pytest.approx((1.05, 0.95))
    assert [(step.test, step.because) for step in critical_path(tests)] == [
        (0, "start"),
        (1, "resource"),
        (2, "resource"),
    ]


def test_it_is_told_as_one_wait_with_the_seconds_of_each_holder(
    one_after_another: list[Json],
) -> None:
    story = Story()
    for record in one_after_another:
        story.add(record)
    (told,) = [line for line in explained(story, 2) if "db was free" in line]
    assert told == (
        "    3.050 s  db was free for it, after 2.050 s, held by a.py::t0 (for 1.050 s), "
        "a.py::t1 (for 1.000 s)"
    )


def test_each_holder_is_charged_with_what_others_waited_meanwhile(
    one_after_another: list[Json],
) -> None:
    (lane,) = report_of(one_after_another).timeline.resources
    # both waited for the first, one for the second
    assert lane.waited == pytest.approx(1.0 + 2.0)
    assert dict(lane.waited_by_holder) == pytest.approx({0: 2.05, 1: 0.95})


def test_where_something_is_left_of_the_resource_the_worker_is_what_is_waited_for() -> None:
    records = [
        *needing(0, 1, capacity=2),
        command("Assign", worker=0, tests=[0, 1]),
        *ran(0, 0, 1.0, 2.0),
        *ran(1, 0, 2.0, 3.0, 1),
    ]
    (wait,) = report_of(records).tests[1].waited
    assert (wait.kind, wait.tests) == ("queue", (0,))


def test_what_the_worker_runs_beside_the_resource_is_waited_for_as_ever() -> None:
    records = [
        *needing(1),
        command("Assign", worker=0, tests=[0, 1]),
        *ran(0, 0, 1.0, 2.0),
        *ran(1, 0, 2.0, 3.0, 1),
    ]
    (wait,) = report_of(records).tests[1].waited
    assert (wait.kind, wait.tests) == ("queue", (0,))


def test_waits_add_up_over_time() -> None:
    waits = Waits([(1.0, 3.0), (2.0, 4.0)])
    assert waits.seconds == 4.0
    assert [waits.until(at) for at in (0.0, 1.0, 1.5, 2.5, 3.5, 9.0)] == [0, 0, 0.5, 2, 3.5, 4]
    assert Waits([]).until(1.0) == Waits([]).seconds == 0.0


def test_holders_are_told_with_a_wait_only_if_it_is_for_a_resource() -> None:
    assert Waited("queue", 0.0, 1.0, (0,)).held == ()


@pytest.fixture
def kept_between_tests() -> list[Json]:
    """For the fixtures of a.py the first worker keeps it while it runs a test without need."""
    known = needing(0, 2)
    known[2]["event"]["constraints"][0]["demands"][0]["scope"] = "a.py"
    return [
        *known,
        command("Assign", worker=0, tests=[0, 1]),
        *ran(0, 0, 1.0, 2.0),
        *ran(1, 0, 2.0, 3.0, 1),
        event("TornDown", 3.25, worker=0),
        command("Assign", worker=1, tests=[2]),
        *ran(2, 1, 3.25, 4.0),
    ]


def test_who_keeps_a_resource_between_two_tests_is_told(kept_between_tests: list[Json]) -> None:
    report = report_of(kept_between_tests)
    (wait,) = report.tests[2].waited
    assert (wait.kind, wait.tests) == ("resource", (0,))
    (kept,) = wait.kept
    assert (kept.scope, kept.worker) == ("a.py", "gw0")
    assert kept.seconds == pytest.approx(3.25 - 2.05)
    (lane,) = report.timeline.resources
    assert [each.kept_for for each in lane.held] == ["", "a.py", ""]
    (keeper,) = lane.waited_by_keeper
    assert keeper.seconds == pytest.approx(kept.seconds)
    whom = "gw0 between tests of a.py"
    assert told_holders(report, lane, most=9)[0] == (keeper.seconds, whom)
    assert f"`{whom}` 1.2 s" in markdown.render(report)
    assert f"1.2 s of it while held by {whom}" in text.render(report, width=200)
    assert whom in ctrf.render(report).decode()


def test_an_explanation_names_who_keeps_a_resource(kept_between_tests: list[Json]) -> None:
    story = Story()
    for record in kept_between_tests:
        story.add(record)
    (told,) = [line for line in explained(story, 2) if "db was free" in line]
    assert told.endswith("a.py::t0 (for 1.050 s), gw0 between tests of a.py (for 1.200 s)")
