"""Sending ahead, splitting, recalling, holding, closing."""

from __future__ import annotations

from pytest_orchestrate.model.collected import CollectedTest
from tests.unit.engine.scenario import Scenario, file_of


def test_about_the_lookahead_is_sent_and_refilled_below_half_of_it() -> None:
    run = Scenario(1, lookahead=1.0)
    run.ready(0)
    assert run.collect(file_of("a.py", 40), estimates=0.125) == [("assign", 0, list(range(8)))]
    assert run.go_through(0, 0, 1, 2, 3) == []
    assert run.start(0, 4) == [("assign", 0, [8, 9, 10, 11, 12])]


def test_no_fewer_than_two_tests_are_sent_ahead() -> None:
    run = Scenario(1, lookahead=0.0)
    run.ready(0)
    assert run.collect(file_of("a.py", 5), estimates=60.0) == [("assign", 0, [0, 1])]
    assert run.start(0, 0) == [("assign", 0, [2])]


def test_the_next_unit_is_chosen_late_when_others_may_be_free_for_it() -> None:
    run = Scenario(2, lookahead=0.1)
    run.ready(0)
    run.ready(1)
    run.collect(["a.py::test", "b.py::test", "c.py::test"], estimates=[5.0, 4.0, 3.0])
    assert run.start(0, 0) == []
    run.start(1, 1)
    assert run.finish(1, 1, after=4.0) == [("assign", 1, [2])]


def test_two_workers_split_a_file_when_it_is_collected() -> None:
    run = Scenario(2, lookahead=10.0)
    run.ready(0)
    run.ready(1)
    assert run.collect(file_of("a.py", 10), costs={"a.py": 1.0}) == [
        ("assign", 0, [0, 1, 2, 3, 4]),
        ("assign", 1, [5, 6, 7, 8, 9]),
    ]


def test_an_idle_worker_takes_over_so_that_both_end_at_the_same_time() -> None:
    run = Scenario(2)
    run.collect([*file_of("a.py", 12), "b.py::test"], estimates=[1.0] * 12 + [20.0])
    run.ready(0)
    run.ready(1)
    run.start(0, 12)
    run.start(1, 0)
    # All twelve of a.py are there, three of them sent: the thief takes the last six.
    assert run.finish(0, 12, after=0.001) == [("assign", 0, [6, 7])]


def test_a_split_that_gains_nothing_is_not_made_and_the_reason_recorded() -> None:
    run = Scenario(2, lookahead=0.0)
    run.collect(file_of("a.py", 6), estimates=0.01, costs={"a.py": 5.0})
    run.ready(0)
    run.start(0, 0)
    run.finish(0, 0, after=5.01, setup=5.0)
    run.start(0, 1)
    assert run.ready(1) == [("hold", 1)]
    assert run.reasons() == ["moving the tests that gw0 has would cost more than waiting"]


def test_a_split_prefers_the_border_between_two_classes() -> None:
    run = Scenario(2)
    names = [f"a.py::A::test_{n}" for n in range(21)] + [f"a.py::B::test_{n}" for n in range(19)]
    run.collect(["b.py::test", *names], estimates=[100.0] + [1.0] * 40)
    run.ready(0)
    run.ready(1)
    run.start(0, 0)
    run.start(1, 1)
    assert run.finish(0, 0) == [("assign", 0, [22, 23])]


def test_what_is_queued_behind_a_long_test_is_recalled_for_an_idle_worker() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 3), estimates=[50.0, 5.0, 5.0])
    run.ready(0)
    run.start(0, 0)
    assert run.ready(1) == [("recall", 0, [1, 2]), ("hold", 1)]
    assert run.reasons() == ["tests recalled from gw0 are on their way"]
    assert run.give_back(0, 1, 2) == [("assign", 1, [1, 2])]


def test_a_recalled_test_may_have_started_meanwhile() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 3), estimates=[50.0, 5.0, 5.0])
    run.ready(0)
    run.start(0, 0)
    run.ready(1)
    run.finish(0, 0)
    run.start(0, 1)
    assert run.give_back(0, 2) == [("assign", 1, [2])]


def test_the_start_of_a_recalled_test_may_be_told_after_the_answer() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 2), estimates=[50.0, 5.0])
    run.ready(0)
    run.start(0, 0)
    assert run.ready(1) == [("recall", 0, [1]), ("hold", 1)]
    assert run.give_back(0) == [("close", 1)]
    run.finish(0, 0)
    assert run.go_through(0, 1) == [("close", 0)]


def test_what_waits_behind_a_test_that_overruns_is_recalled_as_time_passes() -> None:
    run = Scenario(2, lookahead=0.0)
    run.collect(file_of("a.py", 3), estimates=0.01, costs={"a.py": 5.0})
    run.ready(0)
    run.go_through(0, 0)
    run.start(0, 1)
    assert run.ready(1) == [("hold", 1)]
    assert run.wait(1.0) == []
    assert run.wait(60.0) == [("recall", 0, [2]), ("hold", 1)]


def test_a_group_is_one_unit_in_collection_order_and_never_split() -> None:
    run = Scenario(2)
    tests = [
        CollectedTest(nodeid=f"{'ab'[n % 2]}.py::test_{n}", group="g" if n < 4 else None)
        for n in range(5)
    ]
    run.collect(tests, estimates=[10.0] * 4 + [1.0])
    assert run.ready(0) == [("assign", 0, [0, 1])]
    assert run.start(0, 0) == [("assign", 0, [2])]
    assert run.ready(1) == [("assign", 1, [4])]
    run.start(1, 4)
    assert run.finish(1, 4) == [("close", 1)]
    run.finish(0, 0)
    assert run.start(0, 1) == [("assign", 0, [3])]


def test_of_groups_without_history_no_worker_begins_several_ahead() -> None:
    tests = [CollectedTest(nodeid=f"a.py::test_{n}", group=str(n // 3)) for n in range(9)]
    run = Scenario(2)
    run.collect(tests, estimates=[None] * 9)
    assert run.ready(0) == [("assign", 0, [0, 1, 2])]
    assert run.ready(1) == [("assign", 1, [3, 4, 5])]
    run.start(0, 0)
    run.finish(0, 0)
    # it needs a second one, to know the fixtures that the next test has
    assert run.start(0, 1) == [("assign", 0, [6])]


def test_what_an_idle_worker_lacks_stays_where_it_is() -> None:
    run = Scenario(2)
    run.collect(file_of("a.py", 10))
    run.ready(0)
    run.start(0, 0)
    assert run.ready(1, missing=[8, 9]) == [("assign", 1, [3, 4])]
    run.start(1, 3)
    run.finish(0, 0)
    assert run.start(0, 1) == [("assign", 0, [8])]
    run.finish(0, 1)
    assert run.start(0, 2) == [("assign", 0, [9])]


def test_returned_tests_go_to_the_worker_that_asked_for_them() -> None:
    run = Scenario(3, lookahead=0.0)
    run.collect(file_of("a.py", 6), estimates=9.0, costs={"a.py": 100.0})
    assert run.ready(1) == [("assign", 1, [0, 1])]
    assert run.ready(2) == [("assign", 2, [2, 3])]
    run.start(1, 0)
    run.start(2, 2)
    run.finish(2, 2, after=100.1, setup=100.0)
    run.start(2, 3)
    assert run.finish(2, 3, after=0.1) == [("assign", 2, [4, 5])]
    run.start(2, 4)
    assert run.ready(0) == [("hold", 0)]
    run.finish(2, 4, after=0.1)
    run.start(2, 5)
    assert run.finish(2, 5, after=0.1) == [("recall", 1, [1]), ("hold", 2)]
    # what worker 2 is about to begin is not asked back, so there is nothing left for worker 0
    assert run.give_back(1, 1) == [("assign", 2, [1]), ("close", 0)]


def test_what_a_worker_is_about_to_begin_is_not_asked_back() -> None:
    run = Scenario(2, lookahead=0.0)
    run.ready(0)
    run.ready(1)
    answer = run.collect(file_of("a.py", 2), estimates=9.0)
    assert answer == [("assign", 0, [0, 1]), ("recall", 0, [1]), ("hold", 1)]
    assert run.give_back(0, 1) == [("assign", 1, [1])]


def test_nobody_chooses_a_second_unit_while_another_worker_has_none() -> None:
    run = Scenario(2, lookahead=10.0)
    run.ready(0)
    run.ready(1)
    answer = run.collect(["a.py::test", "b.py::test", "c.py::test"], estimates=[1.0, 0.9, 0.8])
    assert answer == [("assign", 0, [0]), ("assign", 1, [1, 2])]


def test_a_recall_prefers_the_border_between_two_files() -> None:
    run = Scenario(2, lookahead=10.0)
    files = {"a.py": 1, "b.py": 1}
    run.collect([*file_of("a.py", 9), *file_of("b.py", 9)], None, owners=files)
    assert run.ready(1, files=list(files)) == [("assign", 1, list(range(18)))]
    assert run.ready(0, files=[]) == [("recall", 1, list(range(9, 18))), ("hold", 0)]


def test_a_unit_that_is_put_back_is_no_longer_its_workers() -> None:
    run = Scenario(1, lookahead=0.0)
    run.ready(0)
    run.collect(file_of("a.py", 5), estimates=60.0)
    dispatch = run.run._dispatch
    worker = dispatch.fleet[0]
    unit = worker.unit
    assert unit is not None
    unit.priority = -1
    dispatch.pending.in_order = True
    dispatch.pending.add([dispatch.maker.single(4)])
    assert not dispatch._keeps_to(worker, unit, 0.0)
    # it could be split as the worker's, and be found empty later
    assert worker.unit is None
    assert dispatch.relief.rest(worker) == worker.queued_cost
