"""The report's page in a real browser, opened from a file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.html import render
from tests.browser import chromium
from tests.support.invented_run import invented_run

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    #: A report and the part of the address after ``#`` -> the page; else arguments of a context.
    Opens: TypeAlias = Callable[..., Page]
else:
    Opens = Callable


class WithoutPlaywright(pytest.Module):
    """A file of tests that cannot even be imported."""

    def collect(self) -> Iterator[pytest.Item]:
        pytest.skip("Playwright is not installed", allow_module_level=True)


def pytest_pycollect_makemodule(
    module_path: Path, parent: pytest.Collector
) -> pytest.Module | None:
    if find_spec("playwright") is not None:
        return None
    skipped: pytest.Module = WithoutPlaywright.from_parent(parent, path=module_path)
    return skipped


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import sync_playwright

    path = chromium.find()
    if path is None:
        pytest.skip("there is no Chromium: CHROMIUM names none, none is installed")
    with sync_playwright() as started:
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
