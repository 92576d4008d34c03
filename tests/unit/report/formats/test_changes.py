"""What is different from an earlier run, in words."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.findings import Changes
from pytest_orchestrate.report.formats.changes import differences
from tests.support.reports import report_of, reported


@pytest.mark.parametrize(
    ("wall", "told"),
    [
        (0.004, "about as fast"),
        (-0.004, "about as fast"),
        (0.02, "0.02 s slower"),
        (-2.0, "2.0 s faster (17 %)"),
    ],
)
def test_what_rounds_to_nothing_is_not_told(wall: float, told: str) -> None:
    report = report_of(reported("a.py::t"), wall=10.0)
    assert differences(report, Changes("run", None, None, "branch", wall)) == told
