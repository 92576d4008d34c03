"""What a report promises of a change is what the change brings."""

from __future__ import annotations

import re
import shutil

import pytest

from pytest_orchestrate.controller.report_files import ReportFiles
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Recommendation
from tests.acceptance.support import run_orchestrated, write_files
from tests.support.advised import ADVISED, as_option, took

#: How far the seconds that a change brings may be from those that were promised, as a share.
NEAR = 0.25

#: What is said of each suite.
TOLD = {
    "a second slot": r"db has 1 slot: \d+\.\d+ s waited, a second slot saves \d\.\d+ s",
    "the longest test in two": r"split test_a\.py::test_long: it alone takes 1\.\d s of \d\..*",
    "a shorter chain": r".*if test_a\.py::test_c did not require test_a\.py::test_b, .*",
}


def ran(pytester: pytest.Pytester, source: str, *args: str) -> Report:
    """Run a file and tell what can be concluded from the run alone."""
    write_files(pytester, {"test_a.py": source})
    run_orchestrated(pytester, *args)
    folder = pytester.path / ".pytest_orchestrate"
    return ReportFiles(max(folder.glob("runs/*.jsonl")), folder, history=None, root=None).report


def promised(report: Report, kind: str) -> list[Recommendation]:
    """What is recommended; with more than two cores further workers may be, too."""
    return [each for each in report.recommendations if each.kind == kind]


#: Two runs are compared; whatever else the machine does lengthens one of them.
TRIALS = 3


@pytest.mark.parametrize("name", ADVISED)
def test_a_change_brings_what_was_promised(pytester: pytest.Pytester, name: str) -> None:
    for trials_left in reversed(range(TRIALS)):
        try:
            assert_kept(pytester, name)
        except AssertionError:
            if not trials_left:
                raise
            shutil.rmtree(pytester.path / ".pytest_orchestrate")
        else:
            return


def assert_kept(pytester: pytest.Pytester, name: str) -> None:
    """Run a suite, follow the advice, run it again."""
    suite = ADVISED[name]
    before = ran(pytester, suite.before)
    (promise,) = promised(before, suite.kind)
    assert re.fullmatch(TOLD[name], promise.text)
    assert bool(promise.setting) is suite.with_setting
    after = ran(pytester, suite.after, *(as_option(promise.setting) if promise.setting else ()))
    assert took(before) - took(after) == pytest.approx(promise.gain, rel=NEAR)
    assert promised(after, suite.kind) == []
