"""The tests that decided when a run ended."""

from __future__ import annotations

from pytest_orchestrate.report.attempts import TestReport, Waited
from pytest_orchestrate.report.critical_path import critical_path
from pytest_orchestrate.report.timeline import Lane, Span
from tests.support.reports import attempt_of, reported


def ran(
    at: float, seconds: float, worker: str = "gw0", order: int = 0, *waited: Waited
) -> TestReport:
    attempt = attempt_of(at=at, call=seconds, worker=worker, order=order)
    return reported("a", attempts=[attempt], waited=waited)


def path(*tests: TestReport) -> list[tuple[int, str]]:
    return [(step.test, step.because) for step in critical_path(tests)]


def test_without_attempts_there_is_none() -> None:
    assert path(reported("a", "not run")) == []


def test_one_after_another_on_the_worker_that_ended_last() -> None:
    tests = [ran(0.5, 1.0), ran(1.5, 1.0, order=1), ran(0.5, 1.9, "gw1")]
    assert path(*tests) == [(0, "start"), (1, "worker")]


def test_a_requirement_on_another_worker_is_what_was_waited_for() -> None:
    tests = [
        ran(0.5, 2.0),
        ran(0.5, 1.0, "gw1"),
        ran(2.5, 1.0, "gw1", 1, Waited("requirement", 0.4, 2.1, (0,))),
    ]
    assert path(*tests) == [(0, "start"), (2, "requirement")]


def test_a_requirement_that_had_ended_long_before_is_not_the_reason() -> None:
    tests = [
        ran(0.5, 0.5),
        ran(0.5, 2.0, "gw1"),
        ran(2.5, 1.0, "gw1", 1, Waited("requirement", 0.4, 0.6, (0,))),
    ]
    assert path(*tests) == [(1, "start"), (2, "worker")]


def test_a_requirement_that_was_the_test_before_on_the_worker_is_told_as_that() -> None:
    tests = [ran(0.5, 2.0), ran(2.5, 1.0, "gw0", 1, Waited("requirement", 0.4, 2.1, (0,)))]
    assert path(*tests) == [(0, "start"), (1, "requirement")]


def test_who_held_a_resource_or_ran_alone_is_told() -> None:
    tests = [
        ran(0.5, 2.0),
        ran(2.5, 1.0, "gw1", 1, Waited("resource", 0.4, 2.1, (0,), "db")),
        ran(3.5, 1.0, "gw2", 1, Waited("alone", 0.4, 3.1, (1,))),
        ran(4.5, 1.0, "gw0", 1, Waited("exclusive", 3.5, 1.0, (2,))),
    ]
    assert path(*tests) == [(0, "start"), (1, "resource"), (2, "exclusive"), (3, "exclusive")]


def test_a_second_attempt_follows_on_the_first() -> None:
    first = attempt_of("failed", at=0.5, call=1.0)
    second = attempt_of(at=1.5, call=1.0, worker="gw1")
    assert path(reported("a", "flaky", [first, second])) == [(0, "start"), (0, "worker")]


def test_tests_that_take_no_time_lead_to_an_end() -> None:
    tests = [ran(0.5, 0.0, order=order) for order in range(3)]
    assert path(*tests) == [(0, "start"), (1, "worker"), (2, "worker")]


def test_a_worker_in_place_of_one_that_died_waited_for_that() -> None:
    died = reported("a", "crashed", [attempt_of("crashed", at=0.5, call=2.0, worker="gw1")])
    tests = [ran(0.5, 1.0), died, ran(3.0, 4.0, "gw2"), ran(1.5, 1.0, "gw0", 1)]
    lanes = [
        Lane(worker, (Span("start", at, 0.3),))
        for worker, at in (("gw0", 0.0), ("gw1", 0.0), ("gw2", 2.52))
    ]
    found = critical_path(tests, lanes)
    assert [(step.test, step.because) for step in found] == [(1, "start"), (2, "replacement")]
    # what was started from the beginning did not wait for it
    lanes[2] = Lane("gw2", (Span("start", 0.0, 3.0),))
    assert [step.test for step in critical_path(tests, lanes)] == [2]
