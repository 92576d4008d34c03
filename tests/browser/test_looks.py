"""Themes, narrow screens, print, no scripts; and what those who do not see the page get of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from pytest_orchestrate.report.document import Report
from tests.browser.conftest import Opens
from tests.support.told_run import story_of_a_run

VIEWS = ("", "tests", "tests?q=s:failed", "timeline", "folders", "health", "run")

#: Texts whose contrast with what they stand on is below 4.5, with that contrast.
POOR = """() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const rgba = (colour) => {
    canvas.clearRect(0, 0, 1, 1);
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data];
  };
  const luminance = ([r, g, b]) => [r, g, b]
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
  const ground = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const colour = rgba(getComputedStyle(each).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const poor = [];
  const walker = document.createTreeWalker(document.getElementById("page"), NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.textContent.trim() || !element.checkVisibility()) continue;
    if (element.closest(".unseen, option, .line-rule")) continue;
    const [one, other] = [rgba(getComputedStyle(element).color), ground(element)].map(luminance);
    const contrast = (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
    if (contrast < 4.5) poor.push([node.textContent.slice(0, 40), contrast]);
  }
  return poor;
}"""

#: What is operable and has no name, ids that are there twice, images without a text.
NAMELESS = """() => {
  const name = (element) => element.getAttribute("aria-label") || element.textContent.trim()
    || element.labels?.[0]?.textContent || element.querySelector("img")?.alt
    || element.querySelector("[aria-label]")?.ariaLabel;
  const operable = [...document.querySelectorAll("#page :is(a[href], button, input, select)")];
  const drawn = [...document.querySelectorAll("#page :is(svg, canvas, img)")];
  const ids = [...document.querySelectorAll("[id]")].map((each) => each.id);
  return [
    ...operable.filter((each) => each.checkVisibility() && !name(each)),
    ...drawn.filter((each) => !each.closest("[aria-hidden=true]") && !each.ariaLabel && !each.alt),
    ...ids.filter((each, index) => ids.indexOf(each) !== index),
  ].map((each) => each.outerHTML ?? each);
}"""


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_all_texts_have_enough_contrast(opens: Opens, shop: Report, theme: str) -> None:
    page = opens(shop, color_scheme=theme)
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator("main#main > *")).to_be_visible()
        if "?" in view:
            page.locator(".row.test").first.click()
            expect(page.locator(".traceback")).to_be_visible()
        assert (view, page.evaluate(POOR)) == (view, [])


def test_the_theme_is_the_systems_until_the_reader_says_otherwise(
    opens: Opens, shop: Report
) -> None:
    page = opens(shop, color_scheme="dark")
    ground = "getComputedStyle(document.documentElement).backgroundColor"
    dark = page.evaluate(ground)
    page.get_by_role("button", name="Use light colours").click()
    light = page.evaluate(ground)
    assert light != dark
    page.emulate_media(color_scheme="light")
    assert page.evaluate(ground) == light
    page.get_by_role("button", name="Use dark colours").click()
    assert page.evaluate(ground) == dark
    page.reload()
    assert page.evaluate(ground) == dark


def test_everything_that_can_be_used_has_a_name(opens: Opens, shop: Report) -> None:
    page = opens(shop)
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator("main#main > *")).to_be_visible()
        assert (view, page.evaluate(NAMELESS)) == (view, [])


def test_the_page_has_landmarks_and_one_heading_that_leads(opens: Opens, shop: Report) -> None:
    page = opens(shop)
    for role in ("banner", "navigation", "main", "search", "status"):
        expect(page.get_by_role(role)).to_have_count(1)
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.get_by_role("heading", level=1)).to_have_count(1)


def test_the_first_key_offers_to_skip_to_the_content(opens: Opens, shop: Report) -> None:
    page = opens(shop)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Go to the content")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("main")).to_be_focused()


def test_what_has_the_focus_is_outlined(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests")
    page.keyboard.press("Tab")
    for _ in range(14):
        page.keyboard.press("Tab")
        style = page.evaluate(
            "getComputedStyle(document.activeElement).outlineStyle + document.activeElement.tagName"
        )
        assert not style.startswith("none")


@pytest.mark.parametrize("width", [360, 768])
def test_nothing_is_wider_than_a_narrow_screen(opens: Opens, width: int) -> None:
    page = opens(story_of_a_run(), viewport={"width": width, "height": 740})
    for view in VIEWS:
        page.evaluate("view => { location.hash = `#/${view}`; }", view)
        expect(page.locator("main#main > *")).to_be_visible()
        if "?" in view:
            page.locator(".row.test").first.click()
            expect(page.locator(".detail h2.nodeid")).to_be_visible()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, view


def test_on_a_phone_a_test_takes_the_place_of_the_list(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests?q=s:failed", viewport={"width": 360, "height": 740})
    page.locator(".row.test").first.click()
    expect(page.locator(".tree")).to_be_hidden()
    page.get_by_role("button", name="Close").click()
    expect(page.locator(".tree")).to_be_visible()


def test_on_paper_there_is_the_plain_part(opens: Opens, shop: Report) -> None:
    page = opens(shop, color_scheme="dark")
    page.emulate_media(media="print")
    expect(page.locator("#page")).to_be_hidden()
    plain = page.locator("#static")
    expect(plain).to_be_visible()
    expect(plain).to_contain_text("tests/api/conftest.py:58")
    assert len(page.pdf()) > 5_000


def test_without_scripts_there_is_the_plain_part(opens: Opens, shop: Report) -> None:
    page = opens(shop, java_script_enabled=False)
    expect(page.locator("h1").first).to_contain_text("of 300 tests failed")
    expect(page.locator("#static")).to_contain_text("AssertionError: assert 500 == 200")
    expect(page.locator("#page")).to_be_hidden()


def test_keys_and_search_terms_are_explained(opens: Opens, shop: Report) -> None:
    page = opens(shop)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text("s:failed")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
