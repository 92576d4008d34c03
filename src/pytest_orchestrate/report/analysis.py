"""What a report concludes, put together."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec.structs import replace

from pytest_orchestrate.report.areas import areas
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.changes import changes, dated
from pytest_orchestrate.report.critical_path import critical_path
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.flakiness import flaky_tests, why_untold
from pytest_orchestrate.report.grouping import groups
from pytest_orchestrate.report.past import Past
from pytest_orchestrate.report.recommending import recommendations
from pytest_orchestrate.report.regressions import regressions
from pytest_orchestrate.report.score import score, why_none
from pytest_orchestrate.report.trends import trend
from pytest_orchestrate.report.what_if import WhatIf


def analysed(
    report: Report,
    past: Past,
    *,
    coverage: Mapping[str, tuple[int, int]] | None = None,
    what_if: WhatIf | None = None,
) -> Report:
    """The report with all that can be concluded from it and from earlier runs.

    :param coverage: Source file -> lines that were run, and lines that could be.
    :param what_if: How long the tests would have taken under other circumstances; without it
        nothing is recommended whose gain would have to be simulated.
    """
    flaky = flaky_tests(report, past)
    line = past.on_line()
    slower = regressions(report, line)
    return replace(
        report,
        tests=tuple([_with_past(test, line) for test in report.tests])
        if line.runs
        else report.tests,
        areas=tuple(areas(report.tests, coverage)),
        groups=tuple(dated(groups(report.tests), report.tests, line, report.run.branch)),
        changes=changes(report, line),
        trend=tuple(trend(report, line)),
        flaky=tuple(flaky),
        regressions=tuple(slower),
        recommendations=tuple(recommendations(report, what_if)),
        score=score(report, past, flaky, slower),
        remarks=(*report.remarks, *filter(None, [why_none(report), why_untold(report, past)])),
        timeline=replace(
            report.timeline,
            critical_path=tuple(critical_path(report.tests, report.timeline.lanes)),
        ),
    )


def _with_past(test: TestReport, past: Past) -> TestReport:
    attempts = past.of(test)
    if not attempts:
        return test
    return replace(test, past=tuple([(each.outcome, each.seconds) for each in attempts]))
