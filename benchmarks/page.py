"""What the HTML report of a long run asks of a browser: its size, opening it, and searching in it.

    python -m benchmarks.page [TESTS [FAILURES]]

Needs Playwright and a Chromium, as the tests in ``tests/browser`` do. Opening is from the request
until the summary is drawn and the page takes input, the fastest of three; a keystroke is until the
list is drawn anew. What else the machine does is in these times.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from pytest_orchestrate.report.formats.html import render
from tests.browser import chromium
from tests.support.invented_run import invented_run

#: What is typed.
WORDS = "s:failed orders"
#: When all that there is to do has been done, in milliseconds since the page was asked for.
DRAWN = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"""
#: Type one more character, and wait until the list is drawn.
TYPED = """(text) => new Promise((done) => {
  const field = document.querySelector("#query");
  const began = performance.now();
  field.value = text;
  field.dispatchEvent(new Event("input", { bubbles: true }));
  requestAnimationFrame(() => setTimeout(() => done(performance.now() - began), 0));
})"""


def opened(browser: Browser, address: str) -> tuple[float, list[float]]:
    """Return the milliseconds until the page could be used, and those of each keystroke."""
    page: Any = browser.new_page(viewport={"width": 1360, "height": 900})
    page.goto(f"{address}#/tests")
    page.locator(".row").first.wait_for()
    ready = page.evaluate(DRAWN)
    strokes = [page.evaluate(TYPED, WORDS[:end]) for end in range(1, len(WORDS) + 1)]
    page.close()
    return ready, strokes


def main() -> None:
    """Print the figures."""
    tests, failures = [*map(int, sys.argv[1:]), 20_000, 2_000][:2]
    path = chromium.find()
    if path is None:
        sys.exit("there is no Chromium: CHROMIUM names none, none is installed")
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch, sync_playwright() as started:
        file = Path(scratch) / "report.html"
        file.write_bytes(render(invented_run(tests, bad=failures)))
        # as root, in a container, Chromium's own sandbox cannot be had
        browser = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        found = [opened(browser, file.as_uri()) for _ in range(3)]
        browser.close()
        size = file.stat().st_size / 1e6
    ready, strokes = min(found)
    print(f"{tests:,} tests, {failures:,} failures: {size:.1f} MB, to be used after {ready:.0f} ms")
    print(f"a keystroke: median {statistics.median(strokes):.0f} ms, at most {max(strokes):.0f} ms")


if __name__ == "__main__":
    main()
