"""What one asks for is what one gets, and stands in the address."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from tests.browser.conftest import Opens
from tests.support.invented_run import invented_run
from tests.support.reports import attempt_of, failure_of, report_of, reported

Condition = Callable[[TestReport], bool]


def message(test: TestReport) -> str:
    """What a failed test says."""
    failures = [attempt.failure for attempt in test.attempts if attempt.failure]
    return failures[-1].message if failures else ""


def on(test: TestReport, worker: str) -> bool:
    return any(attempt.worker == worker for attempt in test.attempts)


QUERIES: list[tuple[str, Condition]] = [
    ("", lambda test: True),
    ("s:failed", lambda test: test.outcome == "failed"),
    ("s:failed,error", lambda test: test.outcome in ("failed", "error")),
    ("s:bad", lambda test: test.outcome in ("failed", "error", "crashed")),
    ("!s:passed", lambda test: test.outcome != "passed"),
    ("w:gw1", lambda test: on(test, "gw1")),
    ("s:failed w:gw1", lambda test: test.outcome == "failed" and on(test, "gw1")),
    ("m:slow", lambda test: "slow" in test.markers),
    ("r:database", lambda test: "database" in test.resources),
    ("f:billing/", lambda test: "billing/" in test.file),
    ("e:timeout", lambda test: "did not answer" in message(test)),
    ("orders", lambda test: "orders" in test.nodeid.lower() or "orders" in message(test)),
    ('"did not answer"', lambda test: "did not answer" in message(test)),
    ("ORDERS creates", lambda test: all(part in test.nodeid for part in ("orders", "creates"))),
    ("!tests/billing", lambda test: "tests/billing" not in test.nodeid + test.reason),
    ("t:>1s", lambda test: round(test.seconds, 4) >= 1),
    ("t:<50ms", lambda test: round(test.seconds, 4) < 0.05),
    ("TestOrders::test_creates_one", lambda test: "TestOrders::test_creates_one" in test.nodeid),
    ("no-such-thing", lambda test: False),
]


@pytest.fixture
def tests(opens: Opens, shop: Report) -> Page:
    return opens(shop, "#/tests")


def listed(page: Page) -> str:
    text: str = page.locator(".told b").inner_text()
    return text


def test_a_query_finds_the_tests_that_it_means(tests: Page, shop: Report) -> None:
    for query, meant in QUERIES:
        tests.get_by_label("Search tests").fill(query)
        found = sum(meant(test) for test in shop.tests)
        told = "300 tests" if found == 300 else f"{found} of 300 tests"
        assert (query, listed(tests)) == (query, told)


@pytest.mark.parametrize("name", ["new", "still", "fixed", "added", "flaky", "critical"])
def test_what_is_concluded_of_tests_can_be_asked_for(tests: Page, shop: Report, name: str) -> None:
    assert shop.changes is not None
    meant = {
        "new": shop.changes.newly_failing,
        "still": shop.changes.still_failing,
        "fixed": shop.changes.fixed,
        "added": shop.changes.added,
        "flaky": [each.test for each in shop.flaky],
        "critical": {step.test for step in shop.timeline.critical_path},
    }[name]
    tests.get_by_label("Search tests").fill(f"is:{name}")
    assert listed(tests) == f"{len(set(meant))} of 300 tests"


def test_what_is_asked_for_is_in_the_address_and_is_found_again(tests: Page) -> None:
    tests.get_by_label("Search tests").fill('s:failed "did not"')
    told = listed(tests)
    expect(tests).to_have_url(re.compile(re.escape("#/tests?q=s:failed+") + '(%22|")did[+]not'))
    tests.reload()
    expect(tests.get_by_label("Search tests")).to_have_value('s:failed "did not"')
    assert listed(tests) == told


def test_a_click_chooses_an_outcome_and_ctrl_adds_one(tests: Page) -> None:
    pills = tests.get_by_role("group", name="Filter by outcome")
    search = tests.get_by_label("Search tests")
    pills.get_by_text("failed", exact=False).first.click()
    expect(search).to_have_value("s:failed")
    pills.get_by_text("blocked").click(modifiers=["Control"])
    expect(search).to_have_value("s:failed,blocked")
    pills.get_by_text("blocked").click(modifiers=["Control"])
    expect(search).to_have_value("s:failed")
    pills.get_by_text("failed", exact=False).first.click()
    expect(search).to_have_value("")


def test_a_place_is_left_with_what_was_asked_for_last(tests: Page) -> None:
    tests.get_by_label("Search tests").fill("s:failed")
    tests.locator(".views").get_by_text("Timeline").click()
    tests.go_back()
    expect(tests.get_by_label("Search tests")).to_have_value("s:failed")


def test_back_returns_to_what_was_asked_for_before(tests: Page) -> None:
    tests.locator(".pill.is-blocked").click()
    tests.locator(".views").get_by_text("Timeline").click()
    tests.go_back()
    expect(tests.get_by_label("Search tests")).to_have_value("s:blocked")


def test_slash_searches_and_escape_clears(tests: Page) -> None:
    tests.keyboard.press("/")
    tests.keyboard.type("s:failed")
    expect(tests.locator(".told")).to_contain_text("of 300 tests")
    tests.keyboard.press("Escape")
    expect(tests.get_by_label("Search tests")).to_have_value("")
    expect(tests.locator(".told b")).to_have_text("300 tests")


def test_the_number_of_matches_is_told_to_those_who_hear_the_page(tests: Page) -> None:
    tests.get_by_label("Search tests").fill("s:blocked")
    expect(tests.get_by_role("status")).to_have_text(listed(tests) + " match")


def test_only_what_can_be_seen_of_a_long_list_is_in_the_page(opens: Opens) -> None:
    page = opens(invented_run(5_000, bad=50, output=0), "#/tests?sort=slow")
    assert page.locator(".row").count() < 80
    page.locator(".tree").evaluate("tree => { tree.scrollTop = tree.scrollHeight; }")
    expect(page.locator('[data-row="4999"]')).to_be_visible()
    assert page.locator(".row").count() < 80


def test_words_are_looked_for_in_each_test_alone(opens: Opens) -> None:
    failure = failure_of(message="first second")
    page = opens(
        report_of(
            reported("a.py::one", "failed", [attempt_of("failed", failure=failure)]),
            reported("a.py::two"),
            reported("a.py::İstanbul"),
        ),
        "#/tests",
    )
    for query, found in (("second", 1), ('"second a.py"', 0), ("two", 1), ("stanbul", 1)):
        page.get_by_label("Search tests").fill(query)
        assert listed(page) == f"{found} of 3 tests"
