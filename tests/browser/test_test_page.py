"""The list and the page of one test."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from pytest_orchestrate.report.attempts import Artifact, Waited
from pytest_orchestrate.report.document import Report
from tests.browser.conftest import Opens
from tests.support.reports import attempt_of, failure_of, report_of, reported


@pytest.fixture
def failed(opens: Opens, shop: Report) -> Page:
    """The page of a test that failed, beside the list of those."""
    page = opens(shop, "#/tests?q=s:failed")
    page.locator(".row.test").first.click()
    return page


def heading(page: Page) -> str:
    text: str = page.locator(".detail h2.nodeid").inner_text()
    return text


def test_a_click_shows_the_test_beside_the_list_and_escape_closes_it(failed: Page) -> None:
    expect(failed.locator(".detail")).to_be_visible()
    expect(failed.locator(".row[aria-selected=true]")).to_have_count(1)
    failed.keyboard.press("Escape")
    expect(failed.locator(".detail")).to_be_hidden()
    expect(failed.locator(".tree")).to_be_focused()


def test_j_and_k_go_through_what_is_listed(failed: Page, shop: Report) -> None:
    seen = [heading(failed)]
    wanted = sum(test.outcome == "failed" for test in shop.tests)
    for _ in range(wanted - 1):
        failed.keyboard.press("j")
        expect(failed.locator(".detail h2.nodeid")).not_to_have_text(seen[-1])
        seen.append(heading(failed))
    assert len(seen) == wanted
    failed.keyboard.press("k")
    expect(failed.locator(".detail h2.nodeid")).to_have_text(seen[-2])


def test_the_list_is_a_tree_for_the_keyboard(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests")
    tree = page.get_by_role("tree")
    tree.focus()
    first = page.locator("#row-0")
    expect(tree).to_have_attribute("aria-activedescendant", "row-0")
    expect(first).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowLeft")
    expect(first).to_have_attribute("aria-expanded", "false")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator(".detail h2.nodeid")).to_have_text("test_login")


def test_a_traceback_is_coloured_by_what_its_lines_mean(failed: Page) -> None:
    text = failed.locator(".detail .traceback")
    expect(text.locator(".line-here").first).to_contain_text("assert order.total()")
    expect(text.locator(".line-error").first).to_contain_text("assert 500 == 200")
    expect(text.locator(".line-place").last).to_contain_text("tests/api/conftest.py:58")


def test_output_keeps_the_colours_of_a_terminal_and_shows_no_codes(failed: Page) -> None:
    failed.get_by_text("Captured log call").click()
    output = failed.locator(".detail .output").last
    expect(output.locator(".ansi-fg-green, .ansi-fg-cyan, .ansi-fg-yellow").first).to_be_visible()
    assert "\x1b" not in output.inner_text()


def test_escape_sequences_of_all_kinds_leave_the_text_alone(opens: Opens) -> None:
    text = (
        "\x1b[1;31mred\x1b[0m \x1b[38;5;46mgreen\x1b[39m \x1b[38;2;0;0;255mblue\x1b[m "
        "\x1b[2K\x1b]0;title\x07\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\ \x1b[7minverse\x1b[27m end"
    )
    attempt = attempt_of(sections=(("Captured stdout call", text),))
    page = opens(report_of(reported("a.py::t", attempts=[attempt])), "#/tests/a.py::t")
    output = page.locator(".detail .output")
    expect(output).to_have_text("red green blue link inverse end")
    expect(output.locator(".ansi-bold.ansi-fg-red")).to_have_text("red")
    expect(output.locator(".ansi-fg-green")).to_have_text("green")
    expect(output.locator(".ansi-fg-blue")).to_have_text("blue")
    expect(output.locator(".ansi-inverse")).to_have_text("inverse")


def test_each_attempt_has_a_tab_and_the_one_that_failed_is_in_front(opens: Opens) -> None:
    first = attempt_of("failed", at=0.1, failure=failure_of(message="assert 1 == 2"))
    second = attempt_of("passed", at=0.3, worker="gw1", sections=(("Captured stdout call", "ok"),))
    page = opens(report_of(reported("a.py::t", "flaky", [first, second])), "#/tests/a.py::t")
    tabs = page.get_by_role("tab")
    expect(tabs).to_have_count(2)
    expect(tabs.first).to_have_attribute("aria-selected", "true")
    expect(page.locator(".failure h2")).to_contain_text("assert 1 == 2")
    tabs.first.focus()
    page.keyboard.press("ArrowRight")
    expect(tabs.last).to_be_focused()
    expect(page.locator(".attempt")).to_contain_text("on gw1")
    expect(page.locator(".attempt .output")).to_have_text("ok")


def test_artifacts_are_linked_and_images_shown(opens: Opens, tmp_path: Path) -> None:
    folder = tmp_path / "kept" / "a#1 ü"
    folder.mkdir(parents=True)
    (folder / "screen.png").write_bytes(png(40, 30))
    (folder / "server.log").write_text("started")
    artifacts = (
        Artifact("screen", "kept/a#1 ü/screen.png", 100, "image/png"),
        Artifact("log", "kept/a#1 ü/server.log", 7, "text/plain"),
        Artifact("evil", "javascript:alert(1)", 7, "text/plain"),
        Artifact("far", "/no/such/thing.log", 7, "text/plain"),
    )
    test = reported("a.py::t", attempts=[attempt_of(artifacts=artifacts)])
    page = opens(report_of(test), "#/tests/a.py::t")
    image = page.get_by_role("img", name="screen")
    expect(image).to_have_js_property("naturalWidth", 40)
    links = {
        name: page.get_by_role("link", name=name).last.evaluate("link => link.href")
        for name in ("log", "evil", "far")
    }
    assert links["log"] == (folder / "server.log").as_uri()
    assert links["evil"].startswith(tmp_path.as_uri())
    assert links["far"] == "file:///no/such/thing.log"


def test_why_a_test_waited_is_told_with_whom_for(opens: Opens) -> None:
    waited = (Waited("requirement", 0.0, 0.5, (0,)), Waited("resource", 0.5, 1.5, (1,), "db"))
    page = opens(
        report_of(
            reported("a.py::first"),
            reported("a.py::holder"),
            reported("a.py::last", waited=waited, requires=(0,), resources=("db",)),
        ),
        "#/tests/a.py::last",
    )
    waits = page.locator(".waits li")
    expect(page.locator(".waits h2")).to_have_text("Waited 2.0 s")
    expect(waits.first).to_contain_text("what it requires")
    expect(waits.first).to_contain_text("first")
    expect(waits.last).to_contain_text("resource db")
    expect(waits.last).to_contain_text("holder")


def test_a_blocked_test_leads_to_what_blocked_it(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests?q=s:blocked")
    page.locator(".row.test").first.click()
    page.locator(".relation").get_by_text("test_login").first.click()
    expect(page.locator(".detail h2.nodeid")).to_have_text("test_login")


def test_node_id_command_and_failure_can_be_copied(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests?q=s:failed", permissions=["clipboard-read", "clipboard-write"])
    page.locator(".row.test").nth(1).click()
    test = [test for test in shop.tests if test.outcome == "failed"][1]

    def copied(name: str) -> str:
        page.get_by_role("button", name=name).click()
        expect(page.get_by_role("status")).to_have_text("Copied")
        text: str = page.evaluate("navigator.clipboard.readText()")
        return text

    assert copied("Copy the node id") == test.nodeid
    assert test.nodeid in copied("Copy a command that runs it")
    assert "```text" in copied("Copy what happened, as Markdown")


def test_a_test_that_is_not_in_the_run_is_said_to_be_missing(opens: Opens, shop: Report) -> None:
    page = opens(shop, "#/tests/tests/gone.py::test_gone")
    expect(page.locator(".detail")).to_contain_text("There is no test tests/gone.py::test_gone")


def png(width: int, height: int) -> bytes:
    """A grey image."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        checksum = struct.pack(">I", zlib.crc32(kind + content))
        return struct.pack(">I", len(content)) + kind + content + checksum

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    rows = b"".join(b"\0" + b"\x80" * width for _ in range(height))
    ending = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + ending


def test_what_a_test_did_in_earlier_runs_is_drawn_and_told(opens: Opens) -> None:
    earlier = (("passed", 0.2), ("failed", 0.4), ("skipped", 0.0))
    tests = (
        reported("a.py::shaky", past=earlier),
        reported("a.py::left_out", "skipped", past=(("skipped", 0.0),)),
        reported("a.py::new"),
    )
    page = opens(report_of(*tests), "#/tests/a.py::shaky")
    history = page.locator(".history")
    expect(history.locator("svg")).to_be_visible()
    expect(history).to_contain_text("3 earlier attempts, 1 bad, median 0.20 s")
    expect(opens(report_of(*tests), "#/tests/a.py::left_out").locator(".history")).to_contain_text(
        "1 earlier attempt, all skipped"
    )
    expect(opens(report_of(*tests), "#/tests/a.py::new").locator(".history")).to_have_count(0)
