"""Attempts of tests that another plugin runs again, and when each of them began."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import latest_log

#: Runs and reports tests as pytest-rerunfailures 16.7 does.
PLUGIN = """
import pytest
from _pytest.runner import runtestprotocol

@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol(item, nextitem):
    left = 2
    while True:
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, nextitem=nextitem, log=False)
        again = left > 0 and any(report.failed for report in reports)
        for report in reports:
            if again and report.failed:
                report.outcome = "rerun"
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        if not again:
            return True
        left -= 1
        item._initrequest()

def pytest_report_teststatus(report):
    if report.outcome == "rerun":
        return "rerun", "R", "RERUN"
"""
SUITE = """
import time
import pytest

TIMES = {}

def count(name):
    print(f"began {time.time()}")
    time.sleep(0.02)
    TIMES[name] = TIMES.get(name, 0) + 1
    return TIMES[name]

def test_flaky():
    assert count("flaky") == 3

@pytest.fixture
def sets_up():
    if count("set-up") == 1:
        raise RuntimeError("not yet")

def test_set_up(sets_up):
    pass

def test_fails():
    assert not count("fails")

def test_passes():
    count("passes")
"""


#: Runs and reports calls again as pytest-retry 1.7 does.
RETRY = """
import pytest

@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_makereport(item, call):
    report = yield
    if call.when != "call" or not report.failed:
        return report
    for left in range(2, 0, -1):
        if left == 2:
            report.outcome = "retried"
            item.ihook.pytest_runtest_logreport(report=report)
            report.outcome = "failed"
        item._initrequest()
        pytest.CallInfo.from_call(lambda: item.ihook.pytest_runtest_setup(item=item), when="setup")
        again = pytest.CallInfo.from_call(
            lambda: item.ihook.pytest_runtest_call(item=item), when="call"
        )
        last = pytest.TestReport.from_item_and_call(item, again)
        if last.passed or left == 1:
            report.outcome, report.longrepr = last.outcome, last.longrepr
            report.duration = last.duration
            return report

def pytest_report_teststatus(report):
    if report.outcome == "retried":
        return "retried", "R", "RETRY"
"""


@pytest.mark.parametrize("workers", [2, 0])
def test_of_calls_that_are_run_again_the_first_and_the_last_are_told(
    pytester: pytest.Pytester, workers: int
) -> None:
    suite = SUITE.replace(
        "@pytest.fixture", "def test_second():\n    assert count('b') == 2\n\n@pytest.fixture"
    )
    write_files(pytester, {"conftest.py": RETRY, "test_a.py": suite})
    ran = run_orchestrated(pytester, "--orchestrate-report=json:r.json", workers=workers)
    assert ran.counts["retried"] == 3
    told: dict[str, Any] = json.loads((pytester.path / "r.json").read_text())
    attempts = {
        test["nodeid"].partition("::")[2]: [each["outcome"] for each in test["attempts"]]
        for test in told["tests"]
    }
    assert attempts == {
        "test_flaky": ["failed", "passed"],
        "test_second": ["failed", "passed"],
        "test_set_up": ["error"],
        "test_fails": ["failed", "failed"],
        "test_passes": ["passed"],
    }
    for test in told["tests"]:
        if len(test["attempts"]) == 2:
            first, last = test["attempts"]
            assert "assert" in first["failure"]["text"]
            assert last["started"] >= first["started"] + first["call"]


@pytest.mark.parametrize("workers", [2, 0])
def test_each_of_them_is_told_with_its_own_time_and_output(
    pytester: pytest.Pytester, workers: int
) -> None:
    write_files(pytester, {"conftest.py": PLUGIN, "test_a.py": SUITE})
    reports = [f"--orchestrate-report={form}:report.{form}" for form in ("json", "junit", "ctrf")]
    ran = run_orchestrated(pytester, *reports, workers=workers)
    assert ran.counts == {"failed": 1, "passed": 3, "rerun": 5}
    told: dict[str, Any] = json.loads((pytester.path / "report.json").read_text())
    attempts = {test["nodeid"].partition("::")[2]: test for test in told["tests"]}
    assert {
        name: (test["outcome"], [each["outcome"] for each in test["attempts"]])
        for name, test in attempts.items()
    } == {
        "test_flaky": ("flaky", ["failed", "failed", "passed"]),
        "test_set_up": ("flaky", ["error", "passed"]),
        "test_fails": ("failed", ["failed"] * 3),
        "test_passes": ("passed", ["passed"]),
    }
    assert told["summary"]["outcomes"] == {"failed": 1, "flaky": 2, "passed": 1}
    every = [each for test in told["tests"] for each in test["attempts"]]
    spent = sum(each["setup"] + each["call"] + each["teardown"] for each in every)
    assert told["summary"]["serial"] == pytest.approx(spent)
    for test in told["tests"]:
        earlier = 0.0
        for each in test["attempts"]:
            (said,) = map(float, re.findall(r"began ([\d.]+)", str(each["sections"])))
            # after what the attempt before it has said, and the time that this took then
            assert earlier + 0.02 <= each["started"] <= said
            assert each["within"] == 0
            earlier = said
    xml = (pytester.path / "report.junit").read_text()
    assert len(re.findall("<flaky(?:Failure|Error) ", xml)) == 3
    assert len(re.findall("<rerunFailure ", xml)) == 2
    ctrf = json.loads((pytester.path / "report.ctrf").read_text())
    assert ctrf["results"]["summary"]["flaky"] == 2
    log = latest_log(pytester.path).read_text()
    assert log.count('{"record":"attempt"') == 9
