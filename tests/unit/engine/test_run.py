"""The course of a run: from collection to its end, with what may go wrong on the way."""

from __future__ import annotations

import pytest

from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import RunBegan, WorkerJoined
from tests.unit.engine.scenario import Scenario, file_of


def test_one_worker_runs_all_in_collection_order_and_the_run_ends() -> None:
    run = Scenario(1)
    assert run.ready(0) == [("hold", 0)]
    assert run.reasons() == ["no tests are known yet"]
    assert run.collect(file_of("b.py", 2) + file_of("a.py", 1)) == [("assign", 0, [0, 1])]
    assert run.start(0, 0) == [("assign", 0, [2])]
    assert run.finish(0, 0) == []
    assert run.go_through(0, 1, 2) == [("close", 0)]
    assert run.leave(0, "closed") == [("over", 0)]
    assert run.end.reason is None


def test_without_tests_everyone_goes_home() -> None:
    run = Scenario(2)
    run.ready(0)
    assert run.collect([]) == [("close", 0), ("close", 1)]
    assert run.ready(1) == []
    assert run.leave(0, "closed") == []
    assert run.leave(1, "closed") == [("over", 0)]


def test_a_worker_that_is_still_starting_is_closed_once_all_tests_have_ended() -> None:
    run = Scenario(2)
    run.ready(0)
    run.collect(["a.py::test"])
    assert run.go_through(0, 0) == [("close", 0), ("close", 1)]


def test_a_surplus_worker_is_closed_at_once() -> None:
    run = Scenario(2)
    run.collect(["a.py::test"])
    run.ready(0)
    run.start(0, 0)
    assert run.ready(1) == [("close", 1)]


def test_a_crash_is_blamed_on_the_running_test_and_loses_nothing_else() -> None:
    run = Scenario(2, max_crashes=1)
    run.collect(file_of("a.py", 3), estimates=0.001, costs={"a.py": 60.0})
    run.ready(0)
    run.start(0, 0)
    assert run.ready(1) == [("hold", 1)]
    assert run.leave(0, "crashed") == [("end", 0, "crashed"), ("assign", 1, [1, 2])]
    assert "gw0 died" in run.reasons()[0]
    run.go_through(1, 1, 2)
    assert run.leave(1, "closed") == [("over", 0)]


def test_a_crashed_worker_is_replaced_while_there_is_work_for_it() -> None:
    run = Scenario(1, max_crashes=1)
    run.ready(0)
    run.collect(file_of("a.py", 3))
    run.start(0, 0)
    assert run.leave(0, "crashed") == [("end", 0, "crashed"), ("start", 1, 0)]
    assert run.join(1) == []
    assert run.ready(1) == [("assign", 1, [1, 2])]
    assert run.go_through(1, 1, 2) == [("close", 1)]


def test_a_crash_with_the_last_test_needs_no_replacement() -> None:
    run = Scenario(1, max_crashes=1)
    run.ready(0)
    run.collect(["a.py::test"])
    run.start(0, 0)
    assert run.leave(0, "crashed") == [("end", 0, "crashed"), ("over", 0)]


def test_one_crash_too_many_stops_the_run() -> None:
    run = Scenario(2, max_crashes=0)
    run.ready(0)
    run.ready(1)
    run.collect(file_of("a.py", 2) + file_of("b.py", 4))
    run.start(0, 2)
    run.start(1, 0)
    answer = run.leave(0, "crashed")
    assert ("end", 2, "crashed") in answer
    assert ("close", 1) in answer
    assert answer[-3:] == [("end", 3, "not run"), ("end", 4, "not run"), ("end", 5, "not run")]
    assert run.reasons()[-1] == "1 worker died; 0 may be replaced"
    run.give_back(1, 1)
    run.finish(1, 0)
    assert run.leave(1, "closed") == [("over", 4)]
    assert run.end.reason == "1 worker died; 0 may be replaced"


def test_workers_that_die_before_they_collected_are_replaced_and_counted() -> None:
    run = Scenario(1, max_crashes=1)
    assert run.leave(0, "crashed") == [("start", 1, 0)]
    assert run.leave(1, "crashed") == [("over", 0)]
    assert run.end.reason == "2 workers died; 1 may be replaced"


def test_a_worker_that_leaves_unasked_counts_as_crashed_but_blames_no_test() -> None:
    run = Scenario(1, max_crashes=1)
    run.ready(0)
    run.collect(file_of("a.py", 2))
    run.start(0, 0)
    assert run.leave(0, "closed") == [("end", 0, "interrupted"), ("start", 1, 0)]


def test_a_stopped_worker_is_not_replaced() -> None:
    run = Scenario(1, max_crashes=1)
    run.ready(0)
    run.collect(file_of("a.py", 2))
    run.start(0, 0)
    assert run.leave(0, "stopped") == [
        ("end", 0, "interrupted"),
        ("end", 1, "not run"),
        ("over", 1),
    ]
    assert run.end.reason == "no worker was left"


def test_a_stop_recalls_closes_and_ends_what_never_started() -> None:
    run = Scenario(1)
    run.ready(0)
    run.collect(file_of("a.py", 5))
    run.start(0, 0)
    assert run.stop() == [
        ("end", 3, "not run"),
        ("end", 4, "not run"),
        ("recall", 0, [1, 2]),
        ("close", 0),
    ]
    assert run.reasons() == ["stopped by -x"] * 2
    assert run.stop() == []
    run.finish(0, 0)
    run.start(0, 1)
    assert run.give_back(0, 2) == [("end", 2, "not run")]
    run.finish(0, 1)
    assert run.leave(0, "closed") == [("over", 3)]
    assert run.end.reason == "stopped by -x"
    assert run.stop() == []


def test_tests_collected_after_a_stop_are_not_run() -> None:
    run = Scenario(1)
    assert run.stop() == [("close", 0)]
    assert run.collect(["a.py::test"]) == [("end", 0, "not run")]
    assert run.leave(0, "closed") == [("over", 1)]


def test_a_replacement_that_joins_after_a_stop_is_closed() -> None:
    run = Scenario(1, max_crashes=1)
    run.leave(0, "crashed")
    run.stop()
    assert run.join(1) == [("close", 1)]


def test_a_test_that_a_worker_lacks_goes_to_another() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 3))
    assert run.ready(0, missing=[1, 2]) == [("assign", 0, [0])]
    assert run.ready(1) == [("assign", 1, [1, 2])]


def test_a_test_that_nobody_has_is_not_run() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 3))
    run.ready(0, missing=[1, 2])
    assert run.ready(1, missing=[1]) == [("end", 1, "not run"), ("assign", 1, [2])]
    assert run.reasons() == ["no worker that is left has collected it"]


def test_an_amendment_is_recorded_and_reopens_nothing() -> None:
    run = Scenario(1)
    run.ready(0)
    run.collect(file_of("a.py", 1))
    run.go_through(0, 0)
    assert run.amend(0, 0) == []
    assert [line.split()[1] for line in run.run.story(0)] == ["send", "start", "finish", "amend"]


def test_groups_do_not_change_the_order_of_a_single_worker() -> None:
    run = Scenario(1, lookahead=10.0)
    tests = [
        CollectedTest(nodeid=f"a.py::test_{n}", group="g" if n % 2 else None) for n in range(4)
    ]
    run.collect(tests)
    assert run.ready(0) == [("assign", 0, [0, 1, 2, 3])]


def test_an_illegal_move_tells_the_story_of_the_test() -> None:
    run = Scenario(1)
    run.ready(0)
    run.collect(file_of("a.py", 2))
    run.go_through(0, 0)
    with pytest.raises(IllegalMove, match=r"a\.py::test_0.*is finished.*send \(gw0\)") as caught:
        run.start(0, 0)
    assert "queued" in str(caught.value)


def test_an_illegal_move_tells_the_story_of_the_worker() -> None:
    run = Scenario(2)
    run.leave(1, "stopped")
    with pytest.raises(IllegalMove, match=r"gw1 is left and cannot collect.*stopped"):
        run.ready(1)
    assert any("join" in line for line in run.run.story_of_worker(1))


def test_what_contradicts_the_course_so_far_is_refused() -> None:
    run = Scenario(1)
    with pytest.raises(IllegalMove, match="gw7 is unknown"):
        run.ready(7)
    with pytest.raises(IllegalMove, match="cannot join"):
        run.join(0)
    with pytest.raises(IllegalMove, match="cannot start a test"):
        run.start(0, 0)
    run.ready(0)
    with pytest.raises(IllegalMove, match="nobody recalled"):
        run.give_back(0)
    with pytest.raises(IllegalMove, match="1 tests were collected, but 2 estimates"):
        run.collect(["a.py::test"], estimates=[1.0, 2.0])
    run.collect(file_of("a.py", 3))
    with pytest.raises(IllegalMove, match="cannot finish"):
        run.finish(0, 0)
    run.start(0, 0)
    with pytest.raises(IllegalMove, match="The worker runs test 0"):
        run.start(0, 1)
    with pytest.raises(IllegalMove, match="has begun already"):
        run.tell(RunBegan(now=0.0, workers=1))


def test_only_what_was_recalled_can_be_returned() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 3), estimates=[50.0, 5.0, 5.0])
    run.ready(0)
    run.start(0, 0)
    run.ready(1)
    with pytest.raises(IllegalMove, match="cannot return"):
        run.give_back(0, 0)


def test_a_worker_may_start_its_tests_in_another_order() -> None:
    run = Scenario(1)
    run.ready(0)
    run.collect(file_of("a.py", 2))
    assert run.go_through(0, 1, 0) == [("close", 0)]


def test_nothing_may_happen_before_the_beginning_or_after_the_end() -> None:
    run = Scenario(1)
    run.leave(0, "stopped")
    with pytest.raises(IllegalMove, match="the run has ended"):
        run.join(1)
    assert run.wait(1.0) == []
    with pytest.raises(IllegalMove, match="first event of a run is RunBegan"):
        Run().handle(WorkerJoined(now=0.0, worker=0))
