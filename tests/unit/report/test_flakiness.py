"""Which tests are told to be flaky, and how much."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import CI
from pytest_orchestrate.report.findings import FlakyTest
from pytest_orchestrate.report.flakiness import flaky_tests, interval
from pytest_orchestrate.report.past import Past
from pytest_orchestrate.report.trends import trend
from tests.support.pasts import past_of
from tests.support.reports import attempt_of, reported
from tests.unit.report.test_changes import on_main


def found(past: Past, *tests: TestReport, dirty: bool | None = False) -> list[FlakyTest]:
    return flaky_tests(on_main(*tests, revision="x", dirty=dirty), past)


def test_good_and_bad_on_one_revision_is_flaky() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, {"a": "failed"}, revision=["x"] * 3)
    (flaky,) = found(past, reported("a"))
    assert (flaky.test, flaky.attempts, flaky.bad, flaky.flips) == (0, 4, 2, 3)
    assert flaky.rate == 0.5
    assert flaky.rate_low < 0.5 < flaky.rate_high


def test_good_and_bad_on_two_revisions_is_a_change() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, revision=["v", "w"])
    assert found(past, reported("a")) == []


def test_on_a_revision_with_other_changes_only_one_run_is_the_same_code() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, revision=["x"] * 2, dirty=[True, None])
    assert found(past, reported("a", "failed")) == []
    assert found(past, reported("a", "failed"), dirty=None) == []
    past = past_of({"a": "failed passed"}, revision=["x"], dirty=[True])
    assert len(found(past, reported("a"))) == 1


def test_a_ci_job_runs_what_it_has_checked_out() -> None:
    past = past_of({"a": "failed"}, revision=["x"])
    job = CI("GitHub Actions")
    report = on_main(reported("a"), revision="x", dirty=None, ci=job)
    assert len(flaky_tests(report, past)) == 1
    assert [point.flaky for point in trend(report, past)] == [0, 1]


def test_runs_without_a_revision_are_not_the_same_code() -> None:
    past = past_of({"a": "failed"}, {"a": "passed"}, revision=[None, None])
    assert found(past, reported("a")) == []


def test_a_retry_in_this_run_is_enough() -> None:
    flaky = reported("a", "flaky", [attempt_of("failed"), attempt_of(at=0.7)])
    assert [each.bad for each in found(Past(), flaky, dirty=True)] == [1]


def test_attempts_on_revisions_where_it_was_never_good_do_not_count() -> None:
    past = past_of(
        {"a": "failed"}, {"a": "failed"}, {"a": "failed passed"}, revision=["w", "w", "y"]
    )
    (flaky,) = found(past, reported("a"))
    assert (flaky.attempts, flaky.bad, flaky.flips) == (3, 1, 1)


def test_skipped_and_interrupted_attempts_say_nothing() -> None:
    past = past_of({"a": "skipped"}, {"a": "interrupted"}, {"a": "failed"}, revision=["x"] * 3)
    assert found(past, reported("a", "skipped")) == []


def test_those_that_fail_at_least_often_come_first() -> None:
    past = past_of(
        {"a": "failed passed passed passed passed", "b": "failed passed"}, revision=["x"]
    )
    assert [each.test for each in found(past, reported("a"), reported("b"))] == [1, 0]


@pytest.mark.parametrize(
    ("bad", "attempts", "low", "high"),
    [
        # of the R function binom.confint(method = "wilson")
        (1, 20, 0.0088814, 0.2361310),
        (3, 10, 0.1077913, 0.6032219),
        (50, 100, 0.4038315, 0.5961685),
        (0, 10, 0.0, 0.2775328),
        (10, 10, 0.7224672, 1.0),
    ],
)
def test_the_interval_is_wilsons(bad: int, attempts: int, low: float, high: float) -> None:
    assert interval(bad, attempts) == pytest.approx((low, high), abs=1e-6)


def test_where_the_code_is_not_known_it_is_said_that_nothing_can_be_told() -> None:
    def remarks(*dirty: bool | None, here: bool | None = False) -> str:
        past = past_of(*[{"a": "passed"}] * len(dirty), revision=["x"] * len(dirty), dirty=dirty)
        return " ".join(analysed(on_main(reported("a"), revision="x", dirty=here), past).remarks)

    assert "of 1 of the 2 earlier runs of this revision it is not known" in remarks(False, None)
    assert "of this run it is not known" in remarks(False, here=None)
    assert remarks(False, True) == remarks(None, here=True) == remarks() == ""
