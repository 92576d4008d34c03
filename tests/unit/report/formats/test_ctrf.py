from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_orchestrate.report.attempts import FinalOutcome
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.ctrf import render
from tests.support.reports import attempt_of, big_report, report_of, reported
from tests.support.schemas import ctrf_violations
from tests.support.told_run import CONTROL, FLAKY, LOGIN, PATHS, story_of_a_run

Json = dict[str, Any]


def read(report: Report) -> Json:
    document: Json = json.loads(render(report))
    return document


def told(report: Report, nodeid: str) -> Json:
    (test,) = [each for each in read(report)["results"]["tests"] if each["testId"] == nodeid]
    found: Json = test
    return found


@pytest.mark.parametrize("report", [story_of_a_run(), report_of(), big_report(200, 50)])
def test_it_is_valid(report: Report) -> None:
    assert ctrf_violations(read(report)) == []


def test_the_summary_counts_each_test_once() -> None:
    results = read(story_of_a_run())["results"]
    summary = results["summary"]
    assert summary["tests"] == 19 == len(results["tests"])
    statuses = ("passed", "failed", "skipped", "pending", "other")
    assert sum(summary[status] for status in statuses) == 19
    assert summary["flaky"] == 1
    assert summary["stop"] - summary["start"] == summary["duration"] == 5400


@pytest.mark.parametrize(
    ("outcome", "status"),
    [
        ("passed", "passed"),
        ("xpassed", "passed"),
        ("failed", "failed"),
        ("error", "failed"),
        ("crashed", "failed"),
        ("skipped", "skipped"),
        ("xfailed", "skipped"),
        ("blocked", "skipped"),
        ("not run", "pending"),
        ("interrupted", "other"),
        ("running", "pending"),
    ],
)
def test_an_outcome_has_its_status_and_stays_itself(outcome: FinalOutcome, status: str) -> None:
    test = told(report_of(reported("a.py::b", outcome)), "a.py::b")
    assert (test["status"], test["rawStatus"]) == (status, outcome)


def test_earlier_attempts_are_retries() -> None:
    test = told(story_of_a_run(), FLAKY)
    assert test["status"] == "passed"
    assert test["flaky"] is True
    assert test["retries"] == len(test["retryAttempts"]) == 1
    (first,) = test["retryAttempts"]
    assert (first["attempt"], first["status"]) == (1, "failed")
    assert first["message"] == "TimeoutError: no answer in 2 s"
    assert test["threadId"] == "gw2"
    assert "message" not in test


def test_a_test_that_failed_twice_is_not_flaky() -> None:
    attempts = [attempt_of("failed"), attempt_of("failed", order=1)]
    test = told(report_of(reported("a.py::b", "failed", attempts)), "a.py::b")
    assert test["retries"] == 1
    assert "flaky" not in test


def test_a_test_says_where_it_is_what_it_needs_and_what_it_left() -> None:
    test = told(story_of_a_run(), LOGIN)
    assert test["suite"] == [test["filePath"]] == ["tests/web/test_login.py"]
    assert test["line"] == 5
    assert test["labels"] == {
        "orchestrate.resources": ["db"],
        "orchestrate.group": "browser",
        "orchestrate.priority": 2,
    }
    assert test["attachments"][0]["contentType"] == "image/png"
    assert test["stderr"][-1] == "no route to host"
    assert test["extra"]["orchestrate.failed_at"] == "tests/conftest.py:12"


def test_properties_of_one_name_are_a_list() -> None:
    properties = (("ticket", "1"), ("ticket", "2"), ("owner", "web"))
    test = told(report_of(reported("a.py::b", properties=properties)), "a.py::b")
    assert test["labels"] == {"ticket": ["1", "2"], "owner": "web"}


def test_a_parameter_that_looks_like_a_path_is_part_of_the_name() -> None:
    test = told(story_of_a_run(), PATHS)
    assert test["name"] == "test_escapes[a::b/c.py::test_d]"


def test_tests_of_one_node_id_have_ids_of_their_own() -> None:
    report = report_of(reported("a.py::b"), reported("a.py::b", occurrence=1))
    assert [test["testId"] for test in read(report)["results"]["tests"]] == ["a.py::b", "a.py::b#2"]


def test_lone_surrogates_are_escaped() -> None:
    (test,) = [
        each for each in read(story_of_a_run())["results"]["tests"] if "\x1b" in each["testId"]
    ]
    assert test["testId"] == CONTROL.replace("\udc80", "\\udc80")


def test_blocked_tests_name_the_root() -> None:
    test = told(story_of_a_run(), "tests/web/test_pages.py::test_account")
    assert test["extra"]["orchestrate.blocked_by"] == LOGIN
    assert LOGIN in test["message"]


def test_the_environment_is_that_of_the_run() -> None:
    environment = read(story_of_a_run())["results"]["environment"]
    assert environment["buildUrl"] == "https://github.com/shop/shop/actions/runs/17"
    assert environment["osPlatform"] == "linux"
    assert environment["healthy"] is False
    assert environment["extra"]["orchestrate.seeds"] == {"pytest-randomly": "1234"}
