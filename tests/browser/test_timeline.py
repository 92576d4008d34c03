"""The timeline: what is drawn, and how one moves in it."""

from __future__ import annotations

from time import monotonic

import pytest
from playwright.sync_api import Page, expect

from pytest_orchestrate.report.document import Report
from tests.browser.conftest import Opens

#: How many colours a drawing has.
COLOURS = """canvas => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  return new Set(new Uint32Array(data.buffer)).size;
}"""


@pytest.fixture
def timeline(opens: Opens, shop: Report) -> Page:
    page = opens(shop, "#/timeline")
    # as wide as the page, which an untouched canvas is not
    expect(page.locator("canvas")).not_to_have_js_property("width", 300)
    return page


def drawing(page: Page) -> str:
    text: str = page.locator("canvas").evaluate("canvas => canvas.toDataURL()")
    return text


def changed(page: Page, before: str) -> None:
    """Wait until the drawing is another one."""
    deadline = monotonic() + 20
    while drawing(page) == before:
        assert monotonic() < deadline, "the drawing stays the same"
        page.evaluate("() => new Promise(requestAnimationFrame)")


def corner(page: Page) -> tuple[float, float]:
    """Of the drawing, on the screen."""
    box = page.locator("canvas").bounding_box()
    assert box is not None
    return box["x"], box["y"]


def test_workers_and_resources_are_drawn(timeline: Page) -> None:
    assert timeline.locator("canvas").evaluate(COLOURS) > 10
    label = timeline.locator("canvas").get_attribute("aria-label") or ""
    assert label.startswith("Timeline of 4 workers and 1 resource")


@pytest.mark.parametrize(
    ("does", "more"), [("+", False), ("-", True), ("ArrowRight", None), ("0", None)]
)
def test_keys_zoom_and_move(timeline: Page, does: str, more: bool | None) -> None:
    timeline.locator("canvas").focus()
    timeline.keyboard.press("+")
    timeline.keyboard.press("+")
    told = timeline.locator(".span-shown")
    before, drawn = told.inner_text(), drawing(timeline)
    timeline.keyboard.press(does)
    expect(told).not_to_have_text(before)
    changed(timeline, drawn)
    if more is not None:
        seconds = [float(text.split()[0]) for text in (before, told.inner_text())]
        assert (seconds[1] > seconds[0]) is more


def test_the_wheel_zooms_where_it_points(timeline: Page) -> None:
    x, y = corner(timeline)
    before = drawing(timeline)
    timeline.mouse.move(x + 600, y + 60)
    timeline.mouse.wheel(0, -500)
    expect(timeline.locator(".span-shown")).to_contain_text("from")
    changed(timeline, before)


def test_dragging_moves(timeline: Page) -> None:
    timeline.get_by_role("button", name="Zoom in").click()
    before = timeline.locator(".span-shown").inner_text()
    x, y = corner(timeline)
    timeline.mouse.move(x + 600, y + 60)
    timeline.mouse.down()
    timeline.mouse.move(x + 300, y + 60, steps=4)
    timeline.mouse.up()
    expect(timeline.locator(".span-shown")).not_to_have_text(before)
    assert "#/timeline" in timeline.url


def test_what_lies_under_the_pointer_is_told_and_a_click_opens_it(
    timeline: Page, shop: Report
) -> None:
    box = timeline.locator("canvas").bounding_box()
    assert box is not None
    longest = max(
        (attempt for test in shop.tests for attempt in test.attempts),
        key=lambda attempt: attempt.seconds,
    )
    nodeid = next(test.nodeid for test in shop.tests if longest in test.attempts)
    label, top, lane = 84, 26, 26
    middle = longest.at + longest.seconds / 2
    x = box["x"] + label + middle / shop.summary.wall * (box["width"] - label)
    y = box["y"] + top + int(longest.worker[2:]) * lane + 10
    timeline.mouse.move(x, y)
    expect(timeline.locator(".tip")).to_contain_text(nodeid.rpartition("::")[2])
    timeline.mouse.click(x, y)
    expect(timeline.locator(".detail h2.nodeid")).to_contain_text(nodeid.rpartition("::")[2])


def test_a_test_leads_to_its_place_in_the_timeline(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests?q=s:failed")
    page.locator(".row.test").first.click()
    page.get_by_role("link", name="in the timeline").click()
    expect(page.locator(".span-shown")).to_contain_text("from")


def test_the_critical_path_is_drawn_and_listed(timeline: Page, shop: Report) -> None:
    before = drawing(timeline)
    timeline.get_by_role("checkbox", name="critical path").uncheck()
    changed(timeline, before)
    steps = len(shop.timeline.critical_path)
    expect(timeline.get_by_role("heading", name="Critical path")).to_contain_text(f"{steps} tests")


def test_tables_tell_what_is_drawn(timeline: Page) -> None:
    workers = timeline.get_by_role("region", name="Workers").locator("tbody tr")
    expect(workers).to_have_count(4)
    resources = timeline.get_by_role("region", name="Resources").locator("tbody tr")
    expect(resources).to_have_count(1)
