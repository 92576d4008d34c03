"""What each part of the page shows."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
from tests.browser.conftest import Opens
from tests.support.invented_run import invented_run
from tests.support.reports import attempt_of, failure_of, report_of, reported
from tests.support.told_run import story_of_a_run

PARTS = ("Summary", "Tests", "Timeline", "Folders", "Health", "Run")
VIEWS = ("", "tests", "timeline", "folders", "health", "run")


@pytest.fixture
def summary(opens: Opens, shop: Report) -> Page:
    return opens(shop)


def test_the_verdict_is_the_first_thing_on_the_page(summary: Page) -> None:
    expect(summary.get_by_role("heading", level=1)).to_contain_text("of 300 tests failed")
    expect(summary.locator("#verdict")).to_contain_text("failed")


def test_a_failures_exception_place_and_root_are_seen_without_a_click(summary: Page) -> None:
    group = summary.locator(".group").first
    for text in ("AssertionError: assert 500 == 200", "tests/api/conftest.py:58", "test_login"):
        expect(group.get_by_text(text).first).to_be_in_viewport()
    expect(group).to_contain_text("blocked by it")


def test_a_file_that_could_not_be_collected_is_not_counted_as_a_test(opens: Opens) -> None:
    tests = (reported("a.py::t", "failed"), reported("b.py", "error", is_collection=True))
    group = FailureGroup("message", "no module named 'c'", failure_of(), (0, 1))
    page = opens(report_of(*tests, groups=(group,)))
    expect(page.get_by_role("heading", name="Why: 1 cause for 1 test and 1 file")).to_be_visible()
    expect(page.locator(".group .counted")).to_contain_text("1 test and 1 file")
    page = opens(report_of(*tests, groups=(group,)), "#/tests/a.py::t")
    expect(page.get_by_text("1 other file")).to_be_visible()


def test_counts_lead_to_the_tests_that_they_count(summary: Page) -> None:
    summary.get_by_role("group", name="Filter by outcome").get_by_text("blocked").click()
    expect(summary.get_by_label("Search tests")).to_have_value("s:blocked")
    marks = summary.locator(".row.test .mark")
    expect(marks.first).to_have_attribute("class", "mark is-blocked")


def test_a_groups_traceback_unfolds_in_its_place(summary: Page) -> None:
    group = summary.locator(".group").first
    group.get_by_text("traceback").click()
    expect(group.locator(".line-error")).to_contain_text("AssertionError: assert 500 == 200")


def test_keys_open_all_parts(summary: Page) -> None:
    for number, title in enumerate(PARTS, 1):
        summary.keyboard.press(str(number))
        expect(summary.locator(".views [aria-current]")).to_have_text(title)


@pytest.mark.parametrize("view", VIEWS)
def test_a_report_of_nothing_is_shown_in_all_parts(opens: Opens, view: str) -> None:
    page = opens(report_of(exitstatus=5), f"#/{view}")
    expect(page.locator("#verdict")).to_contain_text("empty")
    expect(page.locator("main#main")).to_be_visible()


@pytest.mark.parametrize("view", VIEWS)
def test_a_report_of_which_little_is_known_is_shown_in_all_parts(opens: Opens, view: str) -> None:
    page = opens(report_of(reported("a.py::t"), reported("a.py::u", "not run")), f"#/{view}")
    expect(page.locator("#verdict")).to_contain_text("unfinished")
    expect(page.locator("main#main > *")).to_be_visible()


def test_where_all_passed_the_page_says_so_and_where_the_time_went(opens: Opens) -> None:
    page = opens(invented_run(bad=0))
    expect(page.locator("#verdict")).to_have_text("passed")
    expect(page.get_by_role("heading", name="Where the time went")).to_be_visible()


def test_folders_fold_and_are_sorted(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/folders")
    rows = page.locator(".areas tbody tr")
    before = rows.count()
    page.get_by_role("button", name="tests/billing", exact=True).click()
    expect(rows).not_to_have_count(before)
    page.get_by_role("button", name="time").click()
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("time")
    expect(page.locator(".a-file").first.locator("td").nth(3)).to_contain_text("s")


def test_health_has_score_trends_flaky_and_slow_tests(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/health")
    expect(page.locator(".score")).to_contain_text("84 of 100")
    expect(page.locator("svg.trend")).to_have_count(4)
    page.locator("svg.trend").first.hover()
    expect(page.locator(".trend-figure .note").first).to_contain_text("2030-")
    for name in ("Flaky tests", "Slower tests", "Slow tests"):
        expect(
            page.get_by_role("region", name=name, exact=True).locator("tbody tr").first
        ).to_be_visible()


def test_the_run_is_told_with_its_settings_and_plugins(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/run")
    for text in ("database = 2", "pytest-cov", "20300317", "retry-payments", "CPython 3.13.1"):
        expect(page.locator(".run-facts")).to_contain_text(text)


def test_files_that_could_not_be_collected_are_called_files_and_ran_on_no_worker(
    opens: Opens,
) -> None:
    failure = failure_of("", "SyntaxError: invalid syntax")
    broken = attempt_of("error", worker="", failure=failure)
    file = reported("tests/test_b.py", "error", [broken], is_collection=True)
    page = opens(report_of(reported("tests/test_a.py::test_a"), file))
    expect(page.locator(".groups h2")).to_have_text("Why: 1 cause for 1 file")
    expect(page.locator(".members .nodeid")).to_have_text("tests/test_b.py")
    page.evaluate("location.hash = '#/timeline'")
    expect(page.get_by_label("Timeline of 1 worker over")).to_be_visible()


def test_a_crash_is_told_with_its_test(opens: Opens) -> None:
    crashed = attempt_of("crashed", failure=failure_of("", "its process exited with code 3"))
    page = opens(report_of(reported("tests/test_a.py::test_exit", "crashed", [crashed])))
    expect(page.locator(".loss")).to_contain_text("test_exit: gw0: its process exited with code 3")


#: What no text of the page has.
SHAPELESS = "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2066-\u2069]"


def test_hostile_texts_are_shown_as_they_are_and_do_nothing(opens: Opens) -> None:
    report = story_of_a_run()
    page = opens(report)
    scripts = "[...document.scripts].filter((each) => !each.type).length"
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator("main#main > *")).to_be_visible()
        assert page.evaluate(scripts) == 1
        assert page.locator("main#main script, main#main iframe, main#main [onerror]").count() == 0
        assert re.search(SHAPELESS, page.locator("main#main").inner_text()) is None
        hrefs = page.locator("a").evaluate_all("links => links.map((each) => each.href)")
        assert all(href.startswith(("file:", "https://")) for href in hrefs)
    for test in report.tests:
        # half of a surrogate pair can stand in no address
        nodeid = test.nodeid.replace("\udc80", "\ufffd")
        key = nodeid + (f"#{test.occurrence + 1}" if test.occurrence else "")
        page.evaluate("key => { location.hash = `#/tests/${encodeURIComponent(key)}`; }", key)
        named = visible(test.nodeid.removeprefix(test.file).removeprefix("::"))
        named = named.replace("\n", "\\n").replace("\t", "\\t")
        expect(page.locator(".detail h2.nodeid")).to_have_text(named)
        for section in page.locator(".detail details:not([open]) > summary").element_handles():
            section.click()
        assert re.search(SHAPELESS, page.locator(".detail").inner_text()) is None
    assert page.evaluate(scripts) == 1
