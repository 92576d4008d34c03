"""When tests began and ended, whatever the clocks of their workers show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.report.clocks import SLACK, OtherClock, possible, tell_times
from pytest_orchestrate.report.story import Story, TestStory
from tests.support import logs
from tests.support.logs import attempt, collected, command, event, finished, run

Json = dict[str, Any]

seconds = st.floats(0.0, 5.0)


def told(*records: Json) -> TestStory:
    """One test that was known after 0.5 s, and sent then."""
    story = Story()
    first = [
        run(),
        event("RunBegan", 0.0, workers=2),
        collected(0.5, "a.py::t0"),
        event("WorkerCollected", 0.5, worker=0),
        command("Assign", worker=0, tests=[0]),
    ]
    for record in [*first, *records]:
        story.add(record)
    tell_times(story)
    tell_times(story)  # twice is as good as once
    return story.tests[0]


def times(test: TestStory) -> tuple[float, float]:
    assert test.start is not None
    assert test.end is not None
    return test.start.now, test.end.now


def heard(began: float, ended: float, record: Json) -> list[Json]:
    return [
        event("TestStarted", began, worker=0, test=0),
        record,
        finished(ended, 0, 0, record["call"]),
    ]


def test_a_test_began_and_ended_when_its_worker_says_and_not_when_that_was_heard() -> None:
    test = told(*heard(0.7, 0.9, attempt(0, "a.py::t0", "gw0", 0, 0.2, at=0.6)))
    assert times(test) == pytest.approx((0.6, 0.8))
    assert (test.moves[1].heard, test.moves[2].heard) == (0.7, 0.9)


def test_a_clock_that_says_what_cannot_be_is_not_believed() -> None:
    for at in (-3600.0, 0.0, 0.8, 3600.0):
        test = told(*heard(0.7, 0.9, attempt(0, "a.py::t0", "gw0", 0, 0.2, at=at)))
        assert times(test) == (0.7, 0.9)


def test_a_clock_that_is_set_a_little_is() -> None:
    test = told(*heard(0.7, 0.9, attempt(0, "a.py::t0", "gw0", 0, 0.2, at=0.5 - SLACK / 2)))
    assert times(test) == pytest.approx((0.5, 0.675))


def test_several_attempts_last_from_the_first_to_the_last() -> None:
    first = attempt(0, "a.py::t0", "gw0", 0, 0.1, outcome="failed", at=0.6)
    last = attempt(0, "a.py::t0", "gw0", 1, 0.1, at=0.9)
    events = heard(0.7, 1.1, last)
    assert times(told(events[0], first, *events[1:])) == pytest.approx((0.6, 1.0))


def test_of_a_test_that_was_cut_off_its_worker_has_said_when_it_began() -> None:
    test = told(
        event("TestStarted", 0.7, worker=0, test=0),
        event("WorkerLeft", 2.0, worker=0, reason="stopped"),
        command("EndTest", test=0, outcome="interrupted", reason="why", worker=0),
        {"record": "interrupted", "test": 0, "worker": "gw0", "started": 1.9e9 + 0.6},
    )
    assert times(test) == pytest.approx((0.6, 2.0))


def test_the_clock_of_another_machine_is_never_told_as_exact() -> None:
    record = {**attempt(0, "a.py::t0", "gw0", 0, 0.2, at=0.7), "clock": 17.0}
    test = told(*heard(0.7, 0.95, record))
    assert test.start is not None
    # it began between 0.5, when it was sent, and 0.7; it ended by 0.95, so it began by 0.75
    assert test.start.now == pytest.approx(0.6)
    assert test.start.within == pytest.approx(0.1)
    assert times(test)[1] == pytest.approx(0.8)


@given(
    offset=st.floats(-1e6, 1e6),
    moments=st.lists(st.tuples(seconds, seconds, seconds), min_size=1, max_size=5),
)
def test_another_clock_is_off_by_no_more_than_is_said(
    offset: float, moments: list[tuple[float, float, float]]
) -> None:
    clock = OtherClock()
    for moment, before, after in moments:
        clock.add(moment - offset, moment - before, moment + after)
    assert abs(clock.offset - offset) <= clock.within + 1e-6


@given(at=st.floats(-10, 10), since=st.floats(-10, 10), lasts=seconds)
def test_what_is_possible_lies_between_what_is_known(at: float, since: float, lasts: float) -> None:
    found = possible(at, since, since + lasts)
    if found is None:
        assert at < since - SLACK or at > since + lasts + SLACK
    else:
        assert since <= found <= since + lasts
        assert abs(found - at) <= SLACK + 1e-9


def test_logs_in_which_attempts_stand_after_the_end_are_told_alike() -> None:
    records = heard(0.7, 0.9, logs.attempt(0, "a.py::t0", "gw0", 0, 0.2, at=0.6))
    assert times(told(records[0], records[2], records[1])) == pytest.approx((0.6, 0.8))
