"""The report's page in a real browser, opened from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.html import render

playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")

from playwright.sync_api import Browser, Page  # noqa: E402

from tests.browser import chromium  # noqa: E402
from tests.support.invented_run import invented_run  # noqa: E402

#: A report and the part of the address after ``#`` -> the page; other arguments are the context's.
Opens = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    path = chromium.find()
    if path is None:
        pytest.skip("there is no Chromium: CHROMIUM names none, none is installed")
    with playwright.sync_playwright() as started:
        # as root, in a container, Chromium's own sandbox cannot be had
        launched = started.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def shop() -> Report:
    """300 tests, of which some fail for four reasons."""
    return invented_run()


@pytest.fixture
def opens(browser: Browser, tmp_path: Path) -> Iterator[Opens]:
    """Opens reports; whatever the page complains of fails the test."""
    complaints: list[str] = []
    contexts = []

    def opened(report: Report, address: str = "#/", **options: Any) -> Page:
        file = tmp_path / "report.html"
        file.write_bytes(render(report))
        options.setdefault("viewport", {"width": 1360, "height": 900})
        context = browser.new_context(**options)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page: Page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("dialog", lambda dialog: complaints.append(f"dialog: {dialog.message}"))
        page.on("request", lambda request: _foreign(request.url, file, complaints))
        page.goto(file.as_uri() + address)
        return page

    yield opened
    for context in contexts:
        context.close()
    # an artifact need not be there any more
    assert set(complaints) <= {"Failed to load resource: net::ERR_FILE_NOT_FOUND"}


def _foreign(url: str, file: Path, complaints: list[str]) -> None:
    """Nothing but the page, what lies beside it, and what is in it may be asked for."""
    if not url.startswith((file.parent.as_uri(), "data:")):
        complaints.append(f"request: {url}")
