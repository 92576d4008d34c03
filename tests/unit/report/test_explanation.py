"""What is told of single tests, from hand-made logs."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.explanation import explained
from pytest_orchestrate.report.meant import close, meant
from pytest_orchestrate.report.story import Story
from tests.support import logs

Json = dict[str, Any]


def story_of(records: list[Json], *, is_live: bool = False) -> Story:
    story = Story(is_live=is_live)
    for record in records:
        story.add(record)
    return story


def test_a_test_that_was_recalled_and_lost_has_a_line_for_each_place() -> None:
    assert explained(story_of(logs.sound_run()), 2) == [
        "b.py::t2: error on gw0 in 0.100 s (set-up 0.000 s, call 0.100 s, tear-down 0.000 s)",
        "  never measured before",
        "",
        "    1.000 s  was known",
        "    1.000 s  was sent to gw0: the only worker that was ready",
        "    1.300 s  was given back by gw0, which had not begun it",
        "    1.300 s  was sent to gw1: it was in b.py; 1 test before it there",
        "    1.500 s  was lost with gw1, which left before it began",
        "    1.500 s  was sent to gw0: the only worker that was ready",
        "    2.000 s  its turn on the worker came, after 0.500 s behind a.py::t1",
        "    2.000 s  began on gw0",
        "    2.100 s  ended: passed",
        "    2.200 s  a later tear-down made it an error",
        "",
        "  test 3 of 3 on gw0",
        "  before it: a.py::t1 (failed on gw0 at 2.000 s)",
    ]


def test_a_crashed_test_has_no_duration_that_anybody_measured() -> None:
    lines = explained(story_of(logs.sound_run()), 3)
    assert lines[0] == "b.py::t3: crashed on gw1"
    assert "    1.500 s  ended: crashed: gw1 died" in lines


@pytest.mark.parametrize(
    ("is_live", "verdict", "why"),
    [(True, "has not run yet", "goes on"), (False, "has not run", "was cut off")],
)
def test_a_run_without_an_end_is_told_as_far_as_it_has_come(
    is_live: bool, verdict: str, why: str
) -> None:
    records = logs.sound_run()
    cut = next(at for at, each in enumerate(records) if each.get("worker") == "gw0")
    story = story_of(records[:cut], is_live=is_live)
    assert explained(story, 1)[0] == f"a.py::t1: {verdict}"
    assert explained(story, 1)[-1] == f"    1.000 s  the log ends here: the run {why}"


def test_the_reason_for_not_running_is_the_last_line() -> None:
    story = story_of(logs.stopped_run())
    assert explained(story, 2)[0] == "a.py::t2: not run"
    assert explained(story, 2)[-1] == "    0.300 s  ended: not run: interrupted"
    assert "    0.400 s  was given back by main, which had not begun it" in explained(story, 1)
    assert explained(story, 0)[0] == "a.py::t0: interrupted on main"


def test_what_the_log_says_of_single_tests_by_number_is_read() -> None:
    records = logs.sound_run()
    known = next(each for each in records if each.get("event", {}).get("event") == "TestsCollected")
    known["event"]["likely"] = {"1": 7}  # as JSON has it
    lines = explained(story_of(records), 1)
    assert lines[1] == "  never measured before; likely to fail, and urgent for that"
    builder = SummaryBuilder()
    for record in records:
        builder.add(record)
    assert builder.summary().collected == 4


def test_a_block_is_led_back_to_what_began_it_and_not_to_what_ended_badly_later() -> None:
    known = logs.collected(1.0, "t0", "t1", "t2", "t3")
    known["event"]["constraints"] = [
        {"test": 2, "needs": [{"targets": [0, 1]}]},
        {"test": 3, "needs": [{"targets": [0, 2]}]},
    ]
    why = "requires t1 (failed)"
    story = story_of(
        [
            logs.run(),
            known,
            logs.event("TestStarted", 1.0, worker=0, test=0),
            logs.event("TestStarted", 1.0, worker=1, test=1),
            logs.finished(1.2, 1, 1, 0.2, "failed"),
            logs.command("EndTest", test=2, outcome="blocked", reason=why, cause=1),
            logs.command("EndTest", test=3, outcome="blocked", reason=why, cause=1),
            logs.finished(1.5, 0, 0, 0.5, "failed"),
        ]
    )
    assert explained(story, 2)[-2:] == ["  blocked by:", "    t1 (failed on gw1 at 1.200 s)"]
    assert explained(story, 3)[-3:] == [
        "  blocked by:",
        "    t2 (blocked at 1.200 s)",
        "    t1 (failed on gw1 at 1.200 s)",
    ]


def test_what_was_refused_for_itself_is_not_blamed_on_others() -> None:
    known = logs.collected(1.0, "t0", "t1")
    known["event"]["constraints"] = [{"test": 1, "needs": [{"targets": [0]}]}]
    refused = logs.command("EndTest", test=1, outcome="blocked", reason="it asks for too much")
    began = logs.event("TestStarted", 1.0, worker=0, test=0)
    ended = logs.finished(1.5, 0, 0, 0.5, "failed")
    lines = explained(story_of([logs.run(), known, refused, began, ended]), 1)
    assert lines[-1] == "    1.000 s  ended: blocked: it asks for too much"


def test_each_attempt_of_a_test_that_was_run_again_is_told() -> None:
    failed = logs.attempt(0, "t0", "gw0", 0, 0.5, outcome="failed", at=1.0)
    failed["longrepr"] = "E   AssertionError: no shop"
    passed = logs.attempt(0, "t0", "gw0", 1, 0.25, at=2.0)
    began = logs.event("TestStarted", 1.0, worker=0, test=0)
    known = logs.collected(1.0, "t0")
    records = [logs.run(), known, began, failed, passed, logs.finished(2.5, 0, 0, 0.75)]
    lines = explained(story_of(records), 0)
    assert lines[0].startswith("t0: passed on gw0 after 2 attempts, the last of them in 0.250 s (")
    phases = "(set-up 0.000 s, call {} s, tear-down 0.000 s)"
    first, second = (phases.format(call) for call in ("0.500", "0.250"))
    assert [line for line in lines if "attempt " in line] == [
        f"    1.500 s  attempt 1 of 2 ended: failed in 0.500 s {first}: AssertionError: no shop",
        f"    2.250 s  attempt 2 of 2 ended: passed in 0.250 s {second}",
    ]


TESTS = ["x/a.py::C::t", "x/a.py::t[1]", "x/a.py::t[2]", "y/a.py::u", "y/ba.py::u", "v", "w/v"]


def test_the_whole_node_id_comes_first_then_its_end_then_any_part() -> None:
    assert meant(TESTS, "v") == [5]
    assert meant(TESTS, "a.py::u") == [3]
    assert meant(TESTS, "./y/a.py::u") == [3]
    assert meant(TESTS, "C::t") == [0]
    assert meant(TESTS, "t[2]") == [2]
    assert meant(TESTS, "a.py::t") == [1, 2]
    assert meant(TESTS, "ba") == [4]
    assert meant(TESTS, "z") == []


def test_a_mistyped_node_id_is_compared_by_its_name_and_as_a_whole() -> None:
    tests = ["a.py::test_total", "a.py::test_other", "b.py::test_total"]
    assert close(tests, "test_totl")[0] == "a.py::test_total"
    assert close(tests, "b.py::test_totl")[0] == "b.py::test_total"
    assert close(tests, "zzz") == []
