from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup, Regression
from pytest_orchestrate.report.formats import github
from tests.support.reports import attempt_of, big_report, failure_of, report_of, reported
from tests.support.told_run import HOSTILE, LOGIN, UNPRINTABLE, story_of_a_run


class Command(NamedTuple):
    """A line as the runner of GitHub Actions takes it apart."""

    level: str
    properties: dict[str, str]
    message: str


def commands(report: Report) -> list[Command]:
    text = github.annotations(report)
    assert text == "" or text.endswith("\n")
    return [command(line) for line in text.splitlines()]


def command(line: str) -> Command:
    found = re.fullmatch(r"::(\w+) ((?:\w+=[^,:]*,?)+)::(.*)", line)
    assert found is not None, line
    pairs = (part.partition("=") for part in found[2].split(","))
    return Command(found[1], {name: unquote(value) for name, _, value in pairs}, unquote(found[3]))


def test_each_cause_is_an_error_where_it_was_raised() -> None:
    first, second, *_ = commands(story_of_a_run())
    assert first.level == "error"
    assert first.properties == {
        "file": "src/shop/gateway.py",
        "line": "87",
        "title": "3 tests failed alike",
    }
    assert first.message.splitlines()[:2] == [
        "Declined: card declined: ... in src/shop/gateway.py:87",
        "failing since run 20300316-090000-00000017 at 0a1b2c3d4e",
    ]
    assert second.properties["title"] == LOGIN
    assert second.message.endswith("\nnew\n2 tests blocked by this")


def test_tests_of_a_cause_with_several_come_after_all_causes() -> None:
    errors = [each for each in commands(story_of_a_run()) if each.level == "error"]
    assert [each.properties["file"] for each in errors[5:]] == ["tests/shop/test_payment.py"] * 3
    assert errors[6].properties["line"] == "17"


def test_a_file_that_could_not_be_collected_is_not_counted_as_a_test() -> None:
    tests = (
        reported("a.py::b", "failed"),
        reported("c.py", "error", is_collection=True),
        reported("d.py", "error", is_collection=True),
    )
    group = FailureGroup("message", "No module named 'e'", failure_of(), (0, 1, 2))
    first, *_ = commands(report_of(*tests, groups=(group,)))
    assert first.properties["title"] == "1 test and 2 files failed alike"


def test_flaky_and_slower_tests_are_warnings() -> None:
    warnings = [each for each in commands(story_of_a_run()) if each.level == "warning"]
    assert [each.properties["title"] for each in warnings] == ["Flaky test", "Slower test"]
    assert "failed, then passed\nTimeoutError: no answer in 2 s" in warnings[0].message
    assert "took 0.04 s before, 0.10 s now (+150 %)" in warnings[1].message


def test_there_are_ten_of_a_level_at_most() -> None:
    levels = [each.level for each in commands(big_report(2_000, 200))]
    assert levels == ["error"] * 10 + ["warning"] * 10


def test_nothing_that_a_test_has_written_ends_a_command() -> None:
    text = f"{HOSTILE}\r\n::error::forged\n{UNPRINTABLE} 100 %"
    failure = failure_of("ValueError", text, f"a,line=1::\n{text}.py", 1)
    test = reported(f"a.py::b[{text}]", "failed", [attempt_of("failed", failure=failure)])
    group = FailureGroup("place", text, failure, (0,))
    found = commands(report_of(test, groups=(group,)))
    assert [each.level for each in found] == ["error"]
    assert found[0].message.startswith(f"{HOSTILE}\n::error::forged\n\\x00\\x07red")


def test_what_was_raised_outside_of_the_project_is_shown_at_the_test() -> None:
    for path in ("/usr/lib/python3/json.py", "../other/a.py", "C:/Python/json.py"):
        failure = failure_of(path=path)
        test = reported("a.py::b", "failed", [attempt_of("failed", failure=failure)], line=4)
        (found,) = commands(report_of(test))
        assert (found.properties["file"], found.properties["line"]) == ("a.py", "4")


def test_an_unknown_line_is_left_out() -> None:
    test = reported("a.py::b", "crashed", [attempt_of("crashed", failure=None)], line=None)
    (found,) = commands(report_of(test))
    assert found.properties == {"file": "a.py", "title": "a.py::b"}


def test_a_regression_from_nothing_has_no_share() -> None:
    report = report_of(reported("a.py::b"), regressions=(Regression(0, 0.0, 1.0, 0.01),))
    assert commands(report)[0].message == "a.py::b took 0.00 s before, 1.0 s now"


def test_a_run_in_which_all_is_well_has_none() -> None:
    assert github.annotations(report_of(reported("a.py::b"))) == ""
