"""From when to when tests ran, as it was heard and as clocks have it."""

from __future__ import annotations

from pytest_orchestrate.model.events import TestFinished, TestStarted
from pytest_orchestrate.report.testing_phase import TestingPhase


def went_through(*spans: tuple[float, float]) -> TestingPhase:
    """A phase in which one worker ran a test in each of these times."""
    phase = TestingPhase()
    for test, (began, ended) in enumerate(spans):
        phase.started(TestStarted(now=began, worker=0, test=test))
        seconds = ended - began
        phase.finished(
            TestFinished(now=ended, worker=0, test=test, outcome="passed", setup=0.0, call=seconds)
        )
    return phase


def test_what_nobody_looked_at_a_clock_for_is_as_long_as_it_was_heard() -> None:
    phase = went_through((0.0, 0.3), (0.3, 0.9))
    assert phase._times([]) == (0.0, 0.9)


def test_a_workers_clock_knows_better_when_tests_began_and_ended() -> None:
    phase = went_through((0.2, 0.5), (0.5, 0.9))
    phase.run_began = 1000.0
    phase.attempt(0, 1000.1, 0.3)
    phase.attempt(1, 1000.45, 0.4)
    began, ended = phase._times([])
    assert (round(began, 6), round(ended, 6)) == (0.1, 0.85)
