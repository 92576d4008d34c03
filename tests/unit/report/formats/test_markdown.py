from __future__ import annotations

import re

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.document import RunFacts
from pytest_orchestrate.report.findings import FailureGroup, Recommendation
from pytest_orchestrate.report.formats.markdown import render
from pytest_orchestrate.report.formats.texts import one_line
from pytest_orchestrate.report.timeline import CriticalStep, Timeline
from tests.support.rendered import Page
from tests.support.reports import (
    RUN,
    STARTED,
    attempt_of,
    big_report,
    failure_of,
    report_of,
    reported,
)
from tests.support.told_run import HOSTILE, LOGIN, SCRIPT, UNPRINTABLE, story_of_a_run

#: What a report is made of; nothing else may come from what tests have written.
TAGS = {"a", "blockquote", "code", "details", "em", "h2", "h3", "h4", "li", "ol", "p", "pre"}
TAGS |= {"strong", "summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}


def assert_sound(page: Page) -> None:
    assert page.misplaced == []
    assert page.tags <= TAGS
    assert {name for name, _ in page.attributes} <= {"a.href", "code.class", "th.style", "td.style"}
    assert page.comments <= {" "}


def test_nothing_that_a_test_has_written_becomes_markup() -> None:
    page = Page(render(story_of_a_run()))
    assert_sound(page)
    assert {value for name, value in page.attributes if name == "a.href"} == {
        "https://github.com/shop/shop/actions/runs/17"
    }


def test_hostile_texts_are_shown_as_they_are() -> None:
    page = Page(render(story_of_a_run()))
    assert SCRIPT in page.code
    assert any(HOSTILE in code for code in page.code)


def test_rows_of_a_table_have_as_many_cells_as_its_head() -> None:
    nodeid = "a.py::b[|-`|`-\\|-<td>|]"
    page = Page(render(report_of(reported(nodeid, attempts=[attempt_of(call=3.0)]))))
    assert_sound(page)
    row = next(row for row in page.rows if row[0] == nodeid)
    assert row == [nodeid, "3.0 s", "", "gw0"]


@pytest.mark.parametrize(
    "where", ["reason", "note", "branch", "recommendation", "remark", "command"]
)
def test_hostile_sentences_stay_sentences(where: str) -> None:
    hostile = f"{HOSTILE} @team #17 https://example.org www.example.org *a* _b_ {UNPRINTABLE}"
    run = RunFacts(RUN, STARTED, "workers", branch=hostile if where == "branch" else None)
    report = report_of(
        reported("a.py::b", "not run", reason=hostile if where == "reason" else "stopped"),
        reported("a.py::c", "blocked", reason="asked for"),
        run=run,
        notes=(hostile,) if where == "note" else (),
        recommendations=(
            (Recommendation("split", hostile, 1.0, hostile),) if where == "recommendation" else ()
        ),
        remarks=(hostile,) if where == "remark" else (),
    )
    if where == "command":
        report = replace(report, commands=replace(report.commands, rerun_failed=hostile))
    text = render(report)
    page = Page(text)
    assert_sound(page)
    # GitHub would tell that team, and link that issue
    assert [each for each in page.texts if re.search(r"[@#]\w", each)] == []
    if where in ("note", "remark"):
        assert one_line(hostile, 1_000) in "".join(page.texts)
        assert re.search(r"https?://|www\.", text) is None


def test_failures_of_one_cause_are_seen_without_a_click() -> None:
    seen = Page(render(story_of_a_run())).at_first_sight
    assert "3 tests, failing since run 20300316-090000-00000017 at 0a1b2c3d4e: Declined" in seen
    assert "src/shop/gateway.py:87" in seen
    assert "1 test, new: ConnectionError" in seen
    assert f"2 blocked by {LOGIN}" in seen


def test_the_verdict_and_what_changed_come_first() -> None:
    lines = render(story_of_a_run()).splitlines()
    assert lines[0].startswith("## ❌ 7 of 19 tests failed, 2 blocked")
    assert any("4 newly failing, 3 still failing, 1 fixed" in line for line in lines[:12])


def test_a_run_in_which_all_is_well_says_so_and_little_else() -> None:
    text = render(report_of(reported("a.py::b"), reported("a.py::c")))
    assert text.startswith("## ✅ All 2 tests passed in")
    assert "What failed" not in text
    assert "Blocked" not in text


def test_a_run_without_tests_has_a_report() -> None:
    assert render(report_of(exitstatus=5)).startswith("## ⚠️ There were no tests to run")


def test_bad_tests_without_a_group_are_told_all_the_same() -> None:
    page = Page(render(report_of(reported("a.py::b", "failed"))))
    assert "1 test: assert 1 == 2 in tests/test_a.py:3" in page.at_first_sight


def test_blocked_tests_without_a_failed_cause_are_told() -> None:
    tests = (reported("a.py::b", "skipped"), reported("a.py::c", "blocked", cause=0))
    assert "1 blocked by a.py::b (skipped)" in Page(render(report_of(*tests))).at_first_sight


def test_of_many_tests_of_one_cause_the_first_are_seen_at_once() -> None:
    quick = attempt_of("failed", call=0.01)
    tests = tuple(reported(f"a.py::b[{number}]", "failed", [quick]) for number in range(300))
    group = FailureGroup("place", "assert 1 == 2", failure_of(), tuple(range(300)))
    page = Page(render(report_of(*tests, groups=(group,))))
    assert "a.py::b[4]" in page.at_first_sight
    assert "a.py::b[5]" not in page.at_first_sight
    assert "a.py::b[204]" in page.code
    assert "a.py::b[205]" not in page.code


def test_of_very_many_causes_the_rest_are_a_line_each() -> None:
    tests = tuple(reported(f"a.py::b[{number}]", "failed") for number in range(300))
    text = render(report_of(*tests))
    assert "275 more causes" in text
    assert "and 75 more" in text
    assert_sound(Page(text))


def test_what_does_not_fit_is_left_out_and_named() -> None:
    report = story_of_a_run()
    whole = render(report)
    limit = len(whole.encode()) - 1
    text = render(report, limit)
    assert len(text.encode()) <= limit
    note = f"*Shortened to {limit} bytes; left out: 1 traceback.*"
    assert text.splitlines()[-1] == note


def test_with_enough_room_nothing_is_left_out() -> None:
    report = story_of_a_run()
    whole = render(report)
    assert render(report, len(whole.encode())) == whole


def test_what_matters_most_is_there_to_the_last() -> None:
    report = big_report(2_000, 1_000)
    text = render(report, 3_000)
    assert len(text.encode()) <= 3_000
    assert "## ❌ 1,000 of 2,000 tests failed" in text
    assert "ValueError: cannot order item 0" in text
    assert "Slowest" not in text
    assert_sound(Page(text))


@pytest.mark.parametrize("limit", [0, 1, 50, 100, 200, 400, 800, 1_600, 3_200])
def test_a_limit_is_kept_however_small(limit: int) -> None:
    assert len(render(story_of_a_run(), limit).encode()) <= limit


def test_of_a_long_critical_path_the_longest_tests_are_named() -> None:
    took = [0.0] * 4 + [2.0] + [0.0] * 3 + [1.0] * 9
    tests = [
        reported(f"a.py::t{number}", attempts=[attempt_of(call=each)])
        for number, each in enumerate(took)
    ]
    path = tuple(CriticalStep(test, 0.0, each, "worker") for test, each in enumerate(took))
    page = render(report_of(*tests, timeline=Timeline(critical_path=path)))
    told = next(line for line in page.splitlines() if line.startswith("- critical path"))
    ones = ", then ".join(f"`a.py::t{number}` 1.0 s" for number in range(8, 17))
    assert told == (
        f"- critical path, 11.0 s: 4 shorter, then `a.py::t4` 2.0 s, then 3 shorter, then {ones}"
    )
