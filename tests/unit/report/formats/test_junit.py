from __future__ import annotations

from xml.etree.ElementTree import Element, fromstring

import pytest
from _pytest.junitxml import mangle_test_address

from pytest_orchestrate.report.attempts import Attempt, FinalOutcome
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.junit import address, render
from tests.support.reports import attempt_of, big_report, failure_of, report_of, reported
from tests.support.schemas import junit_violations
from tests.support.told_run import FLAKY, LOGIN, LOUD, PATHS, VOUCHER, story_of_a_run


def parsed(report: Report) -> Element:
    return fromstring(render(report))


def case(report: Report, nodeid: str) -> Element:
    classname, name = address(nodeid)
    found = [
        each
        for each in parsed(report).iter("testcase")
        if (each.get("classname"), each.get("name")) == (classname, name)
    ]
    assert len(found) == 1
    return found[0]


def test_it_is_valid_but_for_file_line_and_properties() -> None:
    assert junit_violations(parsed(story_of_a_run())) == []
    assert junit_violations(parsed(report_of())) == []
    assert junit_violations(parsed(big_report(200, 50))) == []


def test_something_else_would_not_be_valid() -> None:
    root = parsed(story_of_a_run())
    next(root.iter("testcase")).set("colour", "red")
    assert len(junit_violations(root)) == 1


@pytest.mark.parametrize(
    "nodeid",
    [
        "test_a.py::test_b",
        "tests/web/test_a.py::TestC::TestD::test_b",
        "tests/test_a.py::test_b[x-y]",
        PATHS,
        "tests/test_a.py::TestC::test_b[a[0]::c]",
        "docs/index.rst::index.rst",
        "tests/checks.yaml::first check",
        "tests/dotted.name.py::test_b",
    ],
)
def test_classes_and_names_are_those_of_pytest(nodeid: str) -> None:
    *classes, name = mangle_test_address(nodeid)
    assert address(nodeid) == (".".join(classes), name)


def test_a_node_id_without_a_name_is_a_name() -> None:
    assert address("tests/test_a.py") == ("", "tests.test_a")


def test_each_test_is_one_case_and_the_suite_counts_them() -> None:
    report = story_of_a_run()
    root = parsed(report)
    cases = list(root.iter("testcase"))
    assert len(cases) == len(report.tests)
    for counted in (root, root[0]):
        assert counted.get("tests") == str(len(cases))
        assert counted.get("time") == "5.400"
        for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped",) * 2):
            assert counted.get(attribute) == str(sum(bool(each.findall(tag)) for each in cases))


def test_a_suite_has_when_where_and_under_what_it_ran() -> None:
    suite = parsed(story_of_a_run())[0]
    assert suite.get("timestamp") == "2030-03-17T17:46:40.000+00:00"
    assert suite.get("hostname") == "build7"
    properties = {each.get("name"): each.get("value") for each in suite.find("properties") or ()}
    assert properties["python"] == "3.14.0"
    assert properties["seed.pytest-randomly"] == "1234"
    assert properties["dirty"] == "true"


def test_a_case_says_where_it_is_defined_and_how_long_it_took() -> None:
    found = case(story_of_a_run(), LOGIN)
    assert (found.get("file"), found.get("line")) == ("tests/web/test_login.py", "5")
    assert found.get("time") == "0.600"


def test_a_case_has_the_properties_of_its_test() -> None:
    properties = case(story_of_a_run(), VOUCHER).find("properties")
    assert properties is not None
    assert [each.attrib for each in properties] == [
        {"name": "ticket", "value": "SHOP-17"},
        {"name": "a <b>", "value": 'c "d"'},
    ]


@pytest.mark.parametrize(
    ("outcome", "tag", "kind"),
    [
        ("failed", "failure", "AssertionError"),
        ("error", "error", "AssertionError"),
        ("crashed", "error", "AssertionError"),
        ("skipped", "skipped", "pytest.skip"),
        ("xfailed", "skipped", "pytest.xfail"),
        ("blocked", "skipped", "orchestrate.blocked"),
        ("not run", "skipped", "orchestrate.not-run"),
        ("interrupted", "skipped", "orchestrate.interrupted"),
        ("running", "skipped", "orchestrate.running"),
        ("passed", None, None),
        ("xpassed", None, None),
    ],
)
def test_an_outcome_has_its_element(
    outcome: FinalOutcome, tag: str | None, kind: str | None
) -> None:
    found = case(report_of(reported("test_a.py::test_b", outcome)), "test_a.py::test_b")
    assert [each.tag for each in found] == ([tag] if tag else [])
    assert [each.get("type") for each in found] == ([kind] if kind else [])


def test_a_blocked_test_names_the_root_of_the_trouble() -> None:
    skipped = case(story_of_a_run(), "tests/web/test_pages.py::test_account").find("skipped")
    assert skipped is not None
    assert LOGIN in str(skipped.get("message"))


def test_a_failure_has_its_message_and_its_text() -> None:
    failure = failure_of("ValueError", "ValueError: x" * 100, text="the\nwhole story")
    report = report_of(reported("a.py::b", "failed", [attempt_of("failed", failure=failure)]))
    found = case(report, "a.py::b").find("failure")
    assert found is not None
    assert found.get("message") == failure.message[:499] + "…"
    assert found.text == "the\nwhole story"


def attempts(*outcomes: str) -> list[Attempt]:
    return [
        attempt_of(outcome, order=order, call=1.0, sections=(("Captured stdout call", outcome),))
        for order, outcome in enumerate(outcomes)
    ]


def test_attempts_before_a_good_one_are_flaky_elements() -> None:
    test = reported("a.py::b", "flaky", attempts("failed", "error", "passed"))
    found = case(report_of(test), "a.py::b")
    assert [each.tag for each in found] == ["flakyFailure", "flakyError", "system-out"]
    assert [each.tag for each in found[0]] == ["stackTrace", "system-out"]
    assert found[0].get("type") == "AssertionError"
    assert found.get("time") == "3.000"


def test_attempts_before_a_bad_one_are_rerun_elements() -> None:
    test = reported("a.py::b", "failed", attempts("crashed", "failed", "failed"))
    found = case(report_of(test), "a.py::b")
    assert [each.tag for each in found] == ["failure", "rerunError", "rerunFailure", "system-out"]


def test_a_flaky_test_counts_as_neither_failed_nor_skipped() -> None:
    suite = parsed(report_of(reported("a.py::b", "flaky", attempts("failed", "passed"))))[0]
    counted = [suite.get(name) for name in ("tests", "failures", "errors", "skipped")]
    assert counted == ["1", "0", "0", "0"]


def test_output_stands_where_it_was_written() -> None:
    found = case(story_of_a_run(), LOUD)
    out, err = found.findtext("system-out") or "", found.findtext("system-err") or ""
    assert " Captured stdout call " in out
    assert " Captured log call " in out
    assert " Captured stderr call " in err
    assert "#x1B[31mred" in err


def test_very_long_output_loses_its_middle() -> None:
    out = case(story_of_a_run(), LOUD).findtext("system-out") or ""
    assert "line 0 of" in out
    assert "line 2999 of" in out
    assert "characters left out" in out
    assert len(out) < 20_000


def test_artifacts_are_named_as_gitlab_reads_them() -> None:
    out = case(story_of_a_run(), LOGIN).findtext("system-out")
    assert out == "[[ATTACHMENT|.pytest_orchestrate/artifacts/1/page.png]]"


def test_a_flaky_attempt_is_told_in_the_story() -> None:
    flaky = case(story_of_a_run(), FLAKY).find("flakyFailure")
    assert flaky is not None
    assert flaky.get("message") == "TimeoutError: no answer in 2 s"
