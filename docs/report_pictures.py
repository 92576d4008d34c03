"""Take the pictures of the HTML report that the documentation shows.

    python -m tox exec -e browser -- python docs/report_pictures.py

The run is an invented one, the same each time, so a picture differs only if the page does.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Any, NamedTuple

from playwright.sync_api import sync_playwright

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from pytest_orchestrate.report.formats.html import render  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.support.invented_run import invented_run  # noqa: E402


class Picture(NamedTuple):
    """A place in the page, and how it is looked at."""

    name: str
    address: str
    size: tuple[int, int]
    theme: str = "light"


TEST = "tests/billing/invoices/test_orders.py::test_lists_for_guests%5Beur%5D"
PICTURES = (
    Picture("report-summary", "#/", (1200, 960)),
    Picture("report-test", f"#/tests/{TEST}?q=!s:passed", (1200, 720), "dark"),
    Picture("report-timeline", "#/timeline", (1200, 600)),
)


def main() -> None:
    """Write all pictures to ``docs/pictures``."""
    pictures = HERE / "pictures"
    pictures.mkdir(exist_ok=True)
    path = chromium.find()
    if path is None:
        sys.exit("there is no Chromium: CHROMIUM names none, none is installed")
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = Path(folder) / "report.html"
        file.write_bytes(render(invented_run()))
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
        for each in PICTURES:
            width, height = each.size
            options: dict[str, Any] = {"timezone_id": "UTC", "color_scheme": each.theme}
            page = browser.new_page(viewport={"width": width, "height": height}, **options)
            page.goto(file.as_uri() + each.address)
            # texts are unpacked, and drawings made, a moment later
            page.wait_for_timeout(1000)
            page.screenshot(path=pictures / f"{each.name}.png")
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
