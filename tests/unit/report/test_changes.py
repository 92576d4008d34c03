"""What is told to be different from earlier runs."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.formats.failures import known_since
from pytest_orchestrate.report.past import Past, Since, standing
from pytest_orchestrate.report.summary import NotRun
from tests.support.pasts import past_of
from tests.support.reports import RUN, STARTED, attempt_of, report_of, reported


def on_main(*tests: Any, **fields: Any) -> Report:
    """The report of a run on main."""
    facts = {"revision": "now", "branch": "main", "dirty": False, **fields}
    return report_of(*tests, run=RunFacts(RUN, STARTED, "workers", **facts), wall=3.0)


def test_without_a_run_to_compare_with_nothing_has_changed() -> None:
    assert analysed(on_main(reported("a", "failed")), Past()).changes is None
    past = past_of({"a": "passed"}, is_complete=[False])
    assert analysed(on_main(reported("a", "failed")), past).changes is None


def test_the_first_run_of_a_branch_is_compared_with_what_it_is_based_on() -> None:
    past = past_of({"a": "passed"}, branches=["trunk"])
    found = analysed(on_main(reported("a", "failed")), past)
    assert found.changes is not None
    assert (found.changes.run, found.changes.branch) == ("run-0", "trunk")
    assert found.changes.basis == "ancestor"
    assert found.changes.newly_failing == (0,)


def test_the_last_complete_run_on_the_branch_is_what_counts() -> None:
    past = past_of(
        {"a": "failed", "b": "passed", "c": "failed", "d": "failed", "gone": "skipped"},
        {"a": "passed", "b": "failed", "c": "passed", "elsewhere": "passed"},
        branches=["main", "other"],
    )
    tests = [
        reported("a", "failed"),
        reported("b", "failed"),
        reported("c"),
        reported("d", "flaky"),
        reported("new", "error"),
    ]
    found = analysed(on_main(*tests), past).changes
    assert found is not None
    assert (found.run, found.revision, found.wall) == ("run-0", "revision-0", 1.0)
    assert (found.branch, found.basis, found.unlike) == ("main", "branch", "")
    assert found.newly_failing == (1, 4)
    assert found.still_failing == (0,)
    assert found.fixed == (2, 3)
    assert found.added == (4,)
    assert found.removed == ("gone",)


def test_the_last_attempt_in_a_run_is_how_a_test_ended_there() -> None:
    past = past_of({"a": "failed passed", "b": "passed failed"})
    found = analysed(on_main(reported("a", "failed"), reported("b")), past).changes
    assert found is not None
    assert (found.newly_failing, found.fixed) == ((0,), (1,))


def test_what_the_last_run_left_out_is_not_new() -> None:
    past = past_of({"a": "passed"}, {"b": "passed"})
    found = analysed(on_main(reported("a"), reported("b")), past).changes
    assert found is not None
    assert found.added == ()


def test_blocked_and_skipped_tests_are_not_fixed() -> None:
    past = past_of({"a": "failed", "b": "failed"})
    found = analysed(on_main(reported("a", "blocked"), reported("b", "skipped")), past).changes
    assert found is not None
    assert found.fixed == ()


@pytest.mark.parametrize(
    ("then", "now", "why"),
    [
        ({"workers": [4]}, {}, "4 workers"),
        ({"mode": ["in-process"]}, {}, "in-process"),
        ({}, {"mode": "in-process"}, "on workers"),
    ],
)
def test_times_of_runs_with_other_workers_are_not_compared(
    then: dict[str, Any], now: dict[str, Any], why: str
) -> None:
    report = on_main(reported("a"))
    report = replace(report, run=replace(report.run, **now))
    found = analysed(report, past_of({"a": "passed"}, **then))
    assert found.changes is not None
    assert (found.changes.wall, found.changes.unlike) == (None, f"{why} then")
    assert [point.unlike for point in found.trend] == [why, ""]


def test_times_of_a_run_that_ended_early_are_not_compared() -> None:
    report = on_main(reported("a"))
    report = replace(report, summary=replace(report.summary, not_run=(NotRun(1, "stopped"),)))
    found = analysed(report, past_of({"a": "passed"}, {"a": "passed"}, is_complete=[True, False]))
    assert found.changes is not None
    assert (found.changes.run, found.changes.wall) == ("run-0", None)
    assert found.changes.unlike == "this run ended early"
    assert [point.unlike for point in found.trend] == ["", "ended early", "ended early"]


def since(past: Past, *names: str) -> tuple[str | None, str | None, str | None]:
    (group,) = analysed(on_main(*(reported(name, "failed") for name in names)), past).groups
    return group.status, group.since, group.since_revision


def test_a_group_whose_tests_were_good_is_new() -> None:
    assert since(past_of({"a": "failed"}, {"a": "passed"}), "a") == ("new", None, None)


def test_a_group_fails_since_the_first_run_of_the_series() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, {"a": "error"}, {"a": "failed"})
    assert since(past, "a") == ("still", "run-2", "revision-2")


def test_of_several_tests_the_one_that_fails_longest_counts() -> None:
    past = past_of({"a": "passed", "b": "failed"}, {"a": "failed", "b": "failed"})
    assert since(past, "a", "b") == ("still", "run-0", "revision-0")


def test_runs_in_which_it_was_skipped_do_not_end_a_series() -> None:
    past = past_of({"a": "failed"}, {"a": "skipped"}, {"other": "passed"})
    assert since(past, "a") == ("still", "run-0", "revision-0")


def test_runs_on_other_branches_do_not_count() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, branches=["main", "other"])
    assert since(past, "a") == ("still", "run-0", "revision-0")


def test_what_failed_where_the_branch_came_from_says_so() -> None:
    past = past_of({"a": "failed"}, branches=["trunk"])
    (group,) = analysed(on_main(reported("a", "failed")), past).groups
    assert (group.status, group.since, group.since_branch) == ("still", "run-0", "trunk")
    assert known_since(group) == "failing since run run-0 at revision-0 on trunk"


def test_where_older_attempts_are_gone_it_is_at_least_since() -> None:
    past = past_of({"a": "failed"})
    forgotten = standing([(past.runs[0], True)], is_whole=False)
    (group,) = analysed(
        on_main(reported("a", "failed")), replace(past, standing={("a", 0): forgotten})
    ).groups
    assert known_since(group) == "failing at least since run run-0 at revision-0"
    # what is kept has a good end: nothing that is gone counts
    good = standing([(past.runs[0], False), (past.runs[0], True)], is_whole=False)
    assert good is not None
    assert not good.at_least


def test_a_test_that_never_ran_fails_newly_where_others_have() -> None:
    assert since(past_of({"b": "passed"}), "a")[0] == "new"
    assert since(Past(), "a") == (None, None, None)


def test_what_a_test_did_before_is_told_with_it() -> None:
    past = past_of({"a": "failed passed"}, {"a": [0.5]})
    (test,) = analysed(on_main(reported("a")), past).tests
    assert test.past == (("failed", 0.1), ("passed", 0.1), ("passed", 0.5))


class TestTrend:
    def test_a_point_a_run_and_this_one_is_the_last(self) -> None:
        past = past_of({"a": "passed", "b": "failed"}, failed=[7], wall=[4.0], serial=[9.0])
        first, last = analysed(on_main(reported("a", "failed")), past).trend
        assert (first.run, first.tests, first.failed, first.wall) == ("run-0", 2, 7, 4.0)
        assert (last.run, last.tests, last.failed, last.wall) == (RUN, 1, 1, 3.0)
        assert (first.serial, last.serial) == (9.0, 0.1)
        assert (first.revision, last.revision) == ("revision-0", "now")

    def test_failures_that_were_not_counted_then_are_counted_now(self) -> None:
        past = past_of({"a": "passed", "b": "failed", "c": "failed passed"}, failed=[None])
        assert analysed(on_main(reported("a")), past).trend[0].failed == 1

    def test_tests_come_and_go(self) -> None:
        past = past_of({"a": "passed", "b": "passed"}, {"a": "passed", "c": "passed"})
        trend = analysed(on_main(reported("a"), reported("d")), past).trend
        assert [point.added for point in trend] == [0, 1, 1]
        assert [point.removed for point in trend] == [0, 1, 1]

    def test_what_a_run_left_out_has_neither_gone_nor_come(self) -> None:
        past = past_of({"a": "passed", "b": "passed"}, {"a": "passed"})
        trend = analysed(on_main(reported("a"), reported("b")), past).trend
        assert [(point.added, point.removed) for point in trend] == [(0, 0)] * 3

    def test_no_test_is_new_until_a_run_was_complete(self) -> None:
        past = past_of({"a": "passed"}, {"a": "passed", "b": "passed"}, is_complete=[False, True])
        trend = analysed(on_main(reported("a"), reported("b"), reported("c")), past).trend
        assert [point.added for point in trend] == [0, 0, 1]

    def test_a_test_is_flaky_from_the_run_on_that_shows_it_on_that_revision(self) -> None:
        past = past_of(
            {"a": "passed", "b": "failed"},
            {"a": "failed", "b": "passed"},
            {"a": "failed", "b": "passed"},
            {"a": "passed failed", "b": "passed"},
            revision=["x", "x", "y", "x"],
        )
        trend = analysed(on_main(reported("a"), reported("b"), revision="y"), past).trend
        assert [point.flaky for point in trend] == [0, 2, 0, 2, 1]

    def test_runs_on_other_branches_are_not_in_it(self) -> None:
        past = past_of(
            {"a": "passed", "b": "passed"},
            {"a": "failed", "x": "passed"},
            {"a": "passed"},
            branches=["main", "other", "main"],
        )
        trend = analysed(on_main(reported("a")), past).trend
        assert [point.run for point in trend] == ["run-0", "run-2", RUN]
        assert [(point.added, point.removed) for point in trend] == [(0, 0), (0, 1), (0, 0)]

    def test_a_new_branch_begins_a_trend_of_its_own(self) -> None:
        trend = analysed(on_main(reported("a")), past_of({"a": "passed"}, branches=["trunk"])).trend
        assert [point.run for point in trend] == [RUN]

    def test_the_first_run_alone_is_a_trend_of_one_point(self) -> None:
        flaky = reported("a", "flaky", [attempt_of("failed"), attempt_of(at=0.7)])
        (point,) = analysed(on_main(flaky), Past()).trend
        assert (point.tests, point.failed, point.flaky, point.added) == (1, 0, 1, 0)


def test_what_has_never_run_is_not_new() -> None:
    blocked = reported("b", "blocked")
    found = analysed(on_main(reported("a"), blocked), past_of({"a": "passed"}))
    assert found.changes is not None
    assert found.changes.added == ()
    assert found.trend[-1].added == 0


def test_what_a_run_that_ended_early_left_out_is_as_it_was_before() -> None:
    past = past_of(
        {"a": "passed", "b": "failed", "c": "failed"}, {"a": "failed"}, is_complete=[True, False]
    )
    found = analysed(on_main(reported("a"), reported("b", "failed"), reported("c")), past).changes
    assert found is not None
    assert found.run == "run-0"
    assert (found.newly_failing, found.still_failing, found.fixed) == ((), (1,), (2,))


def test_where_something_could_not_be_collected_nothing_is_gone() -> None:
    broken = reported("b.py", "error", is_collection=True)
    past = past_of({"a": "passed", "b.py::t": "passed"})
    found = analysed(on_main(reported("a"), broken), past).changes
    assert found is not None
    assert (found.newly_failing, found.added, found.removed) == ((1,), (), ())


def test_tests_of_a_file_that_skips_itself_are_not_gone_and_the_file_is_no_new_test() -> None:
    skipped = reported("b.py", "skipped", is_collection=True)
    past = past_of({"a": "passed", "b.py::t": "passed", "c": "passed"})
    found = analysed(on_main(reported("a"), skipped), past)
    assert found.changes is not None
    assert (found.changes.added, found.changes.removed) == ((), ("c",))
    now = found.trend[-1]
    assert (now.tests, now.added, now.removed) == (1, 0, 1)


def test_what_the_compared_run_had_collected_and_not_run_is_not_new() -> None:
    there = frozenset({("a", 0), ("was_blocked", 0), ("goes", 0)})
    past = replace(past_of({"a": "passed"}), collected=there)
    tests = [reported("a"), reported("was_blocked"), reported("is_new", "blocked")]
    found = analysed(on_main(*tests), past).changes
    assert found is not None
    assert (found.added, found.removed) == ((2,), ("goes",))


def test_what_failed_at_once_in_the_compared_run_too_is_not_new() -> None:
    past = past_of({"t": "passed"})
    (then,) = past.runs
    broken = reported("e.py", "error", is_collection=True)
    refused = reported("r", "error", attempts=[])
    past = replace(
        past,
        failed_at_once=frozenset({("e.py", 0), ("r", 0), ("fixed", 0)}),
        standing={("e.py", 0): Since(then), ("r", 0): Since(then)},
        collected=frozenset({("t", 0), ("r", 0), ("fixed", 0)}),
    )
    found = analysed(on_main(reported("t"), broken, refused, reported("fixed")), past)
    assert found.changes is not None
    assert (found.changes.newly_failing, found.changes.still_failing) == ((), (1, 2))
    assert (found.changes.fixed, found.changes.added) == ((3,), ())
    assert {(group.status, group.since) for group in found.groups} == {("still", "run-0")}


def test_a_run_without_tests_did_not_end_early() -> None:
    skipped = reported("e.py", "skipped", is_collection=True)
    run = on_main(skipped)
    run = replace(run, summary=replace(run.summary, exitstatus=5))
    then = past_of({"t": "passed"}, {}, is_complete=[True, False], is_empty=[False, True])
    found = analysed(run, then)
    assert found.changes is not None
    assert (found.changes.run, found.changes.unlike) == ("run-0", "this run had no tests")
    assert [point.unlike for point in found.trend] == ["", "no tests", "no tests"]
    assert (found.score, found.remarks) == (None, ())
