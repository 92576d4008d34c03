"""What a report promises of a change is what the change brings."""

from __future__ import annotations

import re

import pytest

from pytest_orchestrate.controller.report_files import ReportFiles
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Recommendation
from tests.acceptance.support import run_orchestrated, write_files

#: How far the seconds that a change brings may be from those that were promised, as a share.
NEAR = 0.25


def ran(pytester: pytest.Pytester, source: str, *args: str) -> Report:
    """Run a file and tell what can be concluded from the run alone."""
    write_files(pytester, {"test_a.py": f"import pytest, time\n{source}"})
    run_orchestrated(pytester, *args)
    folder = pytester.path / ".pytest_orchestrate"
    return ReportFiles(max(folder.glob("runs/*.jsonl")), folder, history=None, root=None).report


def promised(report: Report, kind: str) -> list[Recommendation]:
    """What is recommended; with more than two cores further workers may be, too."""
    return [each for each in report.recommendations if each.kind == kind]


def is_kept(promise: Recommendation, before: Report, after: Report) -> bool:
    """Whether the tests ended as much earlier as was promised."""
    was, now = before.summary.limits, after.summary.limits
    assert was is not None
    assert now is not None
    assert promise.gain is not None
    return was.testing - now.testing == pytest.approx(promise.gain, rel=NEAR)


def test_a_second_slot_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.resource("db")
@pytest.mark.parametrize("number", range(6))
def test_query(number): time.sleep(0.3)
"""
    before = ran(pytester, source)
    (promise,) = promised(before, "resource")
    assert promise.setting == "orchestrate_resources =\n    db = 2"
    assert re.fullmatch(
        r"db has 1 slot: \d+\.\d+ s waited, a second slot saves \d\.\d+ s", promise.text
    )
    after = ran(pytester, source, "-o", promise.setting.replace(" =\n", "=", 1))
    assert is_kept(promise, before, after)
    assert promised(after, "resource") == []


def test_to_split_the_longest_test_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    short = "def test_short(): time.sleep(0.2)\n"
    before = ran(pytester, f"{short}def test_long(): time.sleep(1.6)\n")
    (promise,) = promised(before, "split")
    assert promise.text.startswith("split test_a.py::test_long: it alone takes 1.6 s of 1.")
    halves = "@pytest.mark.parametrize('half', '12')\ndef test_long(half): time.sleep(0.8)\n"
    after = ran(pytester, f"{short}{halves}")
    assert is_kept(promise, before, after)
    assert promised(after, "split") == []


def test_to_break_a_chain_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    chain = """
def test_a(): time.sleep(0.4)

@pytest.mark.requires("test_a")
def test_b(): time.sleep(0.4)

{mark}def test_c(): time.sleep(0.4)

@pytest.mark.requires("test_c")
def test_d(): time.sleep(0.4)
"""
    before = ran(pytester, chain.format(mark="@pytest.mark.requires('test_b')\n"))
    (promise,) = promised(before, "chain")
    assert "if test_a.py::test_c did not require test_a.py::test_b, " in promise.text
    after = ran(pytester, chain.format(mark=""))
    assert is_kept(promise, before, after)
    assert promised(after, "chain") == []
