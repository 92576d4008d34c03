"""Where and why a phase did not end well, of what pytest keeps of it."""

from __future__ import annotations

import os
from argparse import Namespace
from typing import Any

import pytest

from pytest_orchestrate.internals.failures import (
    NO_REASON,
    CrashSite,
    crash_site,
    reason_of,
)

ROOT = os.sep + "root"
INSTALLED = ".venv/lib/python3.11/site-packages/requests/api.py"


def absolute(path: str) -> str:
    return os.path.join(ROOT, *path.split("/"))  # noqa: PTH118 - a text


def raised(path: str, line: int, message: str, *frames: tuple[str, int] | None) -> Any:
    """A report of an exception; ``frames``: the places on the way to it, None without any."""
    entries = [Namespace(reprfileloc=f and Namespace(path=f[0], lineno=f[1])) for f in frames]
    crash = Namespace(path=path, lineno=line, message=message)
    return Namespace(
        longrepr=Namespace(reprcrash=crash, reprtraceback=Namespace(reprentries=entries))
    )


def told(*lines: str) -> Any:
    """A report of which there is only text."""
    return Namespace(longrepr="x", longreprtext="\n".join(lines))


@pytest.mark.parametrize(
    ("message", "exception"),
    [
        ("assert 1 == 2", "AssertionError"),
        ("AssertionError: not alike", "AssertionError"),
        ("KeyError: 'k'", "KeyError"),
        ("KeyboardInterrupt", "KeyboardInterrupt"),
        ("a.b.Timeout: after 3 s", "Timeout"),
        ("tests.test_a.test_x.<locals>.Odd: x", "Odd"),
        ("Failed: on purpose", ""),
        ("something else", ""),
        ("", ""),
    ],
)
def test_the_class_of_an_exception_is_taken_from_what_pytest_says(
    message: str, exception: str
) -> None:
    site = crash_site(raised(absolute("a/b.py"), 3, f"{message}\n  more"), ROOT)
    assert site == CrashSite("a/b.py", 3, message, exception)


@pytest.mark.parametrize("outside", ["/usr/lib/python3/json/decoder.py", absolute(INSTALLED)])
def test_outside_of_the_project_it_is_the_last_place_there_on_the_way(outside: str) -> None:
    way = (absolute("tests/test_a.py"), 7), (absolute("src/shop.py"), 9), None, (outside, 353)
    site = crash_site(raised(outside, 353, "ValueError: x", *way), ROOT)
    assert site == CrashSite("src/shop.py", 9, "ValueError: x", "ValueError")


def test_without_any_place_in_the_project_it_is_where_it_was_raised() -> None:
    site = crash_site(raised("/usr/lib/json.py", 353, "ValueError: x"), ROOT)
    assert site == CrashSite("/usr/lib/json.py", 353, "ValueError: x", "ValueError")


def test_what_pytest_itself_raises_is_where_the_test_is() -> None:
    report = raised("/site-packages/_pytest/unittest.py", 366, "Failed: Unexpected success")
    report.location = (os.path.join("tests", "test_a.py"), 6, "TestA.test_a")  # noqa: PTH118
    assert crash_site(report, ROOT) == CrashSite(
        "tests/test_a.py", 7, "Failed: Unexpected success", ""
    )


def test_a_doctest_says_at_its_end_where_and_in_its_text_why() -> None:
    text = ["016 Round.", "Expected:", "    20.00", "Got:", "    19.99", ""]
    site = crash_site(told(*text, f"{absolute('shop.py')}:18: DocTestFailure"), ROOT)
    assert site == CrashSite("shop.py", 18, "expected 20.00, got 19.99", "DocTestFailure")
    text = [
        "001 >>> 1/0",
        "UNEXPECTED EXCEPTION: ZeroDivisionError('division by zero')",
        "Traceback",
    ]
    site = crash_site(told(*text, f"{absolute('shop.py')}:1: UnexpectedException"), ROOT)
    assert site is not None
    assert site.message == "UNEXPECTED EXCEPTION: ZeroDivisionError('division by zero')"


def test_a_fixture_that_is_not_found_is_missed_by_the_test() -> None:
    text = [
        "file a.py, line 3",
        "  def test(x)",
        "E       fixture 'x' not found",
        ">  known: y",
        "",
    ]
    site = crash_site(told(*text, f"{absolute('a.py')}:3"), ROOT)
    assert site == CrashSite("a.py", 3, "fixture 'x' not found", "")


@pytest.mark.parametrize(
    "text", ["", "[XPASS(strict)] fixed", "x:1", "/elsewhere/a.py:3: E", f"{ROOT}:3: E", "gw0 died"]
)
def test_other_texts_say_nothing_of_a_place(text: str) -> None:
    assert crash_site(told("first", text), ROOT) is None


def test_reasons_are_those_of_skips_and_of_expected_failures() -> None:
    skipped = Namespace(outcome="skipped", longrepr=("a.py", 3, "Skipped: not today"))
    assert reason_of(skipped) == "not today"
    assert reason_of(Namespace(outcome="skipped", longrepr=("a.py", 3, "Skipped"))) == NO_REASON
    assert (
        reason_of(Namespace(outcome="skipped", wasxfail="reason: known", longrepr="x")) == "known"
    )
    assert reason_of(Namespace(outcome="failed", longrepr="x")) == ""
