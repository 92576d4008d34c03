"""In what shape a suite is, from 0 to 100.

The formula, with the reasons for it, stands in ``docs/reference/report-findings.md``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.changes import ended_early
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FlakyTest, Regression, Score, ScorePart
from pytest_orchestrate.report.past import Past, code_of
from pytest_orchestrate.report.verdict import not_collected
from pytest_orchestrate.report.words import count_of, most_percent

#: What a run with any failure can have at most of the points for failures.
RED = 30
#: Shares of all tests from which on there are no points for it.
FLAKY = 0.05
SLOWER = 0.05
#: Share of tests that are skipped for good reasons in most suites, and that of no points.
USUALLY_SKIPPED = 0.05
ALL_SKIPPED = 0.5


def score(
    report: Report, past: Past, flaky: Sequence[FlakyTest], slower: Sequence[Regression]
) -> Score | None:
    """The points, and where they went; None if no test has ended, or the run ended early.

    What tests would have shown that did not run, nobody knows: a run that was stopped before its
    first failure would be a perfect one. What cannot be told, such as regressions without earlier
    runs, is left out, and the other parts count for more.
    """
    ended = sum(test.outcome != "not run" for test in report.tests if not test.is_collection)
    if not ended or ended_early(report):
        return None
    parts = tuple(_parts(report, past, flaky, slower, ended))
    return Score(
        points=round(100 * sum(part.points for part in parts) / sum(part.of for part in parts), 1),
        parts=parts,
    )


def why_none(report: Report) -> str:
    """Why there is no score, where tests have run; empty if there is one."""
    total = sum(not test.is_collection for test in report.tests)
    left = sum(test.outcome in ("not run", "interrupted", "running") for test in report.tests)
    if not ended_early(report) or left == total:
        return ""
    how_many = f": {left} of {count_of(total, 'test')} did not come to an end" if left else ""
    why = "goes on" if report.summary.goes_on else "ended early"
    return f"there is no quality score, because the run {why}{how_many}"


def _parts(
    report: Report,
    past: Past,
    flaky: Sequence[FlakyTest],
    slower: Sequence[Regression],
    ended: int,
) -> Iterator[ScorePart]:
    outcomes = [test.outcome for test in report.tests if not test.is_collection]
    bad = sum(outcome in BAD for outcome in outcomes)
    blocked, uncollected = outcomes.count("blocked"), report.summary.uncollected
    told = [count_of(bad, "failure")] if bad or blocked else []
    told += [f"{blocked} blocked"] if blocked else []
    told += [not_collected(report.summary)] if uncollected else []
    why = ", ".join(told) or "nothing failed"
    share = (bad + blocked + uncollected) / (ended + uncollected)
    points = RED * (1 - math.sqrt(share)) if share else 40.0
    yield ScorePart("failures", points, 40, why)
    could_show = any(len(test.attempts) > 1 for test in report.tests) or _is_comparable(
        report, past
    )
    if flaky or could_show:
        why = count_of(len(flaky), "flaky test")
        yield ScorePart("flakiness", 25 * _left(len(flaky) / ended, FLAKY), 25, why)
    skipped = outcomes.count("skipped")
    many = max(0.0, skipped / ended - USUALLY_SKIPPED) / (ALL_SKIPPED - USUALLY_SKIPPED)
    yield ScorePart("skipped", 10 * max(0.0, 1 - many), 10, f"{skipped} of {ended} skipped")
    limits = report.summary.limits
    if limits is not None and limits.workers > 1 and limits.testing > 0:
        busy = report.summary.busy_share or 0.0
        why = f"{limits.workers} workers busy {most_percent(busy)} of the time that tests ran"
        yield ScorePart("balance", 15 * busy, 15, why)
    if len(past.runs) > len(past.elsewhere):
        why = f"{count_of(len(slower), 'test')} slower than before"
        yield ScorePart("duration", 10 * _left(len(slower) / ended, SLOWER), 10, why)


def _is_comparable(report: Report, past: Past) -> bool:
    """Whether there are two runs of one code, so that flaky tests could show."""
    codes = [code_of(report.run), *(past.code(run) for run in range(len(past.runs)))]
    return len(set(codes)) < len(codes)


def _left(share: float, worst: float) -> float:
    """1 for none; the first few cost most; 0 from the worst share on."""
    return max(0.0, 1 - math.sqrt(share / worst))
