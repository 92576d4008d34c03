"""How many points a suite gets, and for what."""

from __future__ import annotations

from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.findings import Score
from pytest_orchestrate.report.limits import Limits
from pytest_orchestrate.report.past import Past
from tests.support.pasts import past_of
from tests.support.reports import attempt_of, report_of, reported
from tests.unit.report.test_changes import on_main


def scored(*tests: TestReport, past: Past | None = None) -> Score:
    found = analysed(on_main(*tests), past or Past()).score
    assert found is not None
    return found


def points(score: Score) -> dict[str, float]:
    return {part.name: round(part.points, 2) for part in score.parts}


def many(number: int = 100) -> list[TestReport]:
    return [reported(f"a::{each}") for each in range(number)]


def test_a_suite_without_faults_has_all_points() -> None:
    assert scored(*many()).points == 100
    past = past_of({f"a::{each}": "passed" for each in range(100)})
    assert scored(*many(), past=past).points == 100


def test_what_cannot_be_told_counts_neither_for_nor_against() -> None:
    assert set(points(scored(*many()))) == {"failures", "skipped"}
    past = past_of({"a::0": "passed"}, revision=["now"])
    assert set(points(scored(*many(), past=past))) == {
        "failures",
        "flakiness",
        "skipped",
        "duration",
    }


def test_without_runs_whose_code_is_known_nothing_shows_what_is_flaky() -> None:
    past = past_of({"a::0": "passed"}, revision=["now"], dirty=[None])
    assert "flakiness" not in points(scored(*many(), past=past))
    past = past_of({"a::0": "passed"}, {"a::0": "passed"})  # of a revision each
    assert "flakiness" not in points(scored(*many(), past=past))


def test_what_could_not_be_collected_costs_like_a_failure_and_is_no_test() -> None:
    broken = reported("b.py", "error", is_collection=True)
    skipped = reported("c.py", "skipped", is_collection=True)
    found = scored(*many(99), broken, skipped)
    assert points(found)["failures"] == 27.0
    assert [part.why for part in found.parts] == [
        "1 file could not be collected",
        "0 of 99 skipped",
    ]
    assert analysed(on_main(broken), Past()).score is None


def test_one_failure_costs_the_green_run_and_more_of_them_more() -> None:
    one = scored(*many(99), reported("b", "failed"))
    two = scored(*many(98), reported("b", "failed"), reported("c", "blocked"))
    assert points(one)["failures"] == 27.0
    assert points(two)["failures"] < 27.0
    assert two.parts[0].why == "1 failure, 1 blocked"


def test_where_all_fails_there_are_no_points_for_it() -> None:
    assert points(scored(reported("a", "crashed")))["failures"] == 0.0


def test_few_skipped_tests_cost_nothing_and_half_of_them_all() -> None:
    skipped = [reported(f"b::{each}", "skipped") for each in range(100)]
    assert points(scored(*many(), *skipped[:5]))["skipped"] == 10.0
    assert 0.0 < points(scored(*many(), *skipped[:50]))["skipped"] < 10.0
    assert points(scored(*many(), *skipped))["skipped"] == 0.0


def test_flaky_tests_cost_points() -> None:
    flaky = reported("b", "flaky", [attempt_of("failed"), attempt_of(at=0.7)])
    assert points(scored(*many(499), flaky))["flakiness"] == 20.0
    assert points(scored(*many(9), flaky))["flakiness"] == 0.0


def test_idle_workers_cost_points() -> None:
    limits = Limits(4, before=0.1, testing=5.0, after=0.1, repeated_setup=0.0, found=())
    report = report_of(*many(), limits=limits, workers=4)
    found = analysed(report, Past()).score
    assert found is not None
    assert points(found)["balance"] == 7.5
    assert found.points == round(100 * (40 + 10 + 7.5) / 65, 1)


def test_without_tests_there_is_no_score() -> None:
    assert analysed(report_of(), Past()).score is None
    assert analysed(report_of(reported("a", "not run")), Past()).score is None


def test_a_run_that_ended_early_has_no_score_and_says_so() -> None:
    tests = [*many(2), reported("a::9", "not run"), reported("a::8", "interrupted")]
    found = analysed(report_of(*tests, exitstatus=2), Past())
    assert found.score is None
    told = "because the run ended early: 2 of 4 tests did not come to an end"
    assert found.remarks == (f"there is no quality score, {told}",)
    complete = analysed(report_of(*many(2)), Past())
    assert complete.score is not None
    assert complete.remarks == ()
