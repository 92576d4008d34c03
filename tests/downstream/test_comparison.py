"""A comparison of two runs sees whatever differs, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.downstream.comparison import NOTHING, Difference, compare, facts, judge
from tests.downstream.recorder import folded

PASSED = [["setup", "passed"], ["call", "passed"], ["teardown", "passed"]]


def attempt(outcome: str = "passed", **subtests: int) -> dict[str, Any]:
    """Return one execution of a test as the recorder notes it."""
    phases = [["setup", "passed"], ["call", outcome], ["teardown", "passed"]]
    return {"outcome": outcome, "phases": phases, "subtests": subtests, "reason": ""}


def record(**tests: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a record of these tests."""
    counts = {"passed": len(tests)}
    return {"tests": tests, "collection": {}, "deselected": 0, "warnings": {}, "counts": counts}


def differences(plain: dict[str, Any], other: dict[str, Any]) -> set[tuple[str, str, str, str]]:
    """Return what a comparison of two otherwise equal runs finds."""
    found = compare(facts(plain, 0, 0), facts(other, 0, 0))
    return {(*d.fact, d.plain, d.other) for d in found}


def test_equal_runs_have_no_difference() -> None:
    assert differences(record(a=[attempt()]), record(a=[attempt()])) == set()


def test_a_lost_test_is_a_difference() -> None:
    found = differences(record(a=[attempt()], b=[attempt()]), record(a=[attempt()]))
    assert found == {("test", "b", "passed", NOTHING), ("count", "passed", "2", "1")}


def test_a_test_that_ran_twice_is_a_difference() -> None:
    found = differences(record(a=[attempt()]), record(a=[attempt(), attempt()]))
    assert found == {("test", "a", "passed", "passed, passed")}


def test_the_order_of_equal_node_ids_is_none() -> None:
    pair = [attempt("passed"), attempt("failed")]
    assert differences(record(a=pair), record(a=pair[::-1])) == set()


def test_another_outcome_is_a_difference() -> None:
    found = differences(record(a=[attempt()]), record(a=[attempt("failed")]))
    assert found == {("test", "a", "passed", "failed")}


def test_a_missing_phase_is_a_difference() -> None:
    cut_off = {**attempt(), "phases": PASSED[:2]}
    found = differences(record(a=[attempt()]), record(a=[cut_off]))
    assert found == {("test", "a", "passed", "passed (setup passed, call passed)")}


def test_a_lost_subtest_is_a_difference() -> None:
    found = differences(record(a=[attempt(passed=3)]), record(a=[attempt(passed=2)]))
    assert found == {("subtests", "a", "3 passed", "2 passed")}


def test_an_address_in_a_node_id_is_no_difference() -> None:
    plain, other = (record(**{f"a[<f at {at}>]": [attempt()]}) for at in ("0x7f0123", "0x7f9876"))
    assert differences(plain, other) == set()


def test_a_run_without_a_record_differs_from_one_with_a_record() -> None:
    found = compare(facts(record(a=[attempt()]), 0, 0), facts(None, None, 3))
    assert {d.fact[0] for d in found} == {"record", "exit code", "processes left"}


def test_what_differs_between_plain_runs_does_not_count() -> None:
    shaky, real = (Difference(("test", name), "passed", "failed") for name in "ab")
    verdict = judge((shaky, real), (Difference(("test", "a"), "passed", "error"),))
    assert verdict.unstable == (shaky,)
    assert verdict.differences == (real,)


@pytest.mark.parametrize(
    ("phases", "outcome"),
    [
        (PASSED, "passed"),
        ([["setup", "failed"], ["teardown", "passed"]], "error"),
        ([["setup", "skipped"], ["teardown", "passed"]], "skipped"),
        ([["setup", "passed"], ["call", "failed"], ["teardown", "passed"]], "failed"),
        ([["setup", "passed"], ["call", "passed"], ["teardown", "failed"]], "error"),
        ([["setup", "passed"], ["call", "xfailed"], ["teardown", "passed"]], "xfailed"),
        ([["setup", "passed"], ["???", "failed"]], "crashed"),
        ([["setup", "passed"]], "not finished"),
    ],
)
def test_phases_fold_to_one_outcome(phases: list[list[str]], outcome: str) -> None:
    assert folded(phases) == outcome


def test_the_recorder_writes_what_pytest_reports(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = pytester.path / "record.json"
    monkeypatch.setenv("DOWNSTREAM_RECORD", str(target))
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))
    pytester.makepyfile(
        """
        import unittest
        import warnings
        import pytest

        class TestCase(unittest.TestCase):
            def test_with_subtests(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertNotEqual(number, 1)

        def test_warns():
            warnings.warn("take care")

        @pytest.fixture
        def broken():
            yield
            assert False, "in the tear-down"

        def test_error(broken):
            pass
        """
    )
    pytester.runpytest_subprocess("-p", "no:orchestrate", "-p", "recorder", "-k", "not warns")
    seen = json.loads(target.read_text(encoding="utf-8"))
    tests = {nodeid.rpartition("::")[2]: attempts for nodeid, attempts in seen["tests"].items()}
    assert [a["outcome"] for a in tests["test_error"]] == ["error"]
    assert tests["test_error"][0]["reason"].endswith("AssertionError: in the tear-down")
    assert set(tests) == {"test_with_subtests", "test_error"}
    assert (seen["deselected"], seen["exitstatus"], seen["warnings"]) == (1, 1, {})
    if pytest.version_tuple >= (9, 0):
        subtests = tests["test_with_subtests"][0]["subtests"]
        assert subtests == {"passed": 2, "failed": 1}
