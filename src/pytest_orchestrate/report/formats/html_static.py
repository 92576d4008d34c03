"""What matters most of a report as plain HTML.

It stands in the page from the beginning, is what readers without scripts have (Jenkins shows pages
like this by default), and what is printed.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timezone
from typing import NamedTuple

from markupsafe import Markup

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.bounded_by import bounded_by
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Area, FailureGroup
from pytest_orchestrate.report.formats.changes import compared_with, differences
from pytest_orchestrate.report.formats.failures import (
    causes,
    failure_of,
    headline,
    known_since,
    located,
    members,
    told_gain,
    whereabouts,
    why,
)
from pytest_orchestrate.report.formats.html_template import filled
from pytest_orchestrate.report.verdict import OUTCOMES, beside, pass_rate, sentence
from pytest_orchestrate.report.words import count_of, seconds

#: So many groups, tests and folders are listed.
GROUPS, TESTS, AREAS = 200, 2_000, 200
#: So many tests of one group are named.
NAMED = 5
#: Characters of a message.
MESSAGE = 500


class _Cause(NamedTuple):
    """What is said of failures with one cause."""

    title: str
    before_place: str
    place: str
    told: str
    names: list[str]
    hidden: int


def title(report: Report) -> str:
    """Of the page, for the tab of a browser: what is different comes first."""
    return f"{sentence(report.summary)} - {report.run.run}"


def static(report: Report) -> Markup:
    """The plain part of the page."""
    groups = causes(report)
    bad = [position for position, test in enumerate(report.tests) if test.outcome in BAD]
    titles = ["Path", "Tests", "Not good", "Time", "Share", "Coverage"]
    is_covered = any(area.coverage is not None for area in report.areas)
    columns = len(titles) if is_covered else len(titles) - 1
    return filled(
        "static.html",
        verdict=sentence(report.summary),
        lines=[*_facts(report), *_totals(report)],
        groups=[_cause(report, group) for group in groups[:GROUPS]],
        more_groups=_more(len(groups) - GROUPS, "group"),
        failed=[_failed(report, position) for position in bad[:TESTS]],
        more_failed=f"{members(report, bad[TESTS:])} more" if len(bad) > TESTS else "",
        recommendations=[told_gain(each) for each in report.recommendations],
        titles=titles[:columns],
        areas=[_area(area)[:columns] for area in report.areas[:AREAS]],
        more_areas=_more(len(report.areas) - AREAS, "path"),
    )


def _facts(report: Report) -> Iterator[str]:
    run, summary = report.run, report.summary
    started = datetime.fromtimestamp(run.started, timezone.utc)
    parts = [f"{started:%Y-%m-%d %H:%M:%S} UTC", f"in {seconds(summary.wall)}"]
    if summary.speedup:
        parts.append(f"{seconds(summary.serial)} one after another ({summary.speedup:.1f}x)")
    if run.revision:
        dirty = " with changes" if run.dirty else ""
        branch = f" on {run.branch}" if run.branch else ""
        parts.append(f"revision {run.revision[:12]}{branch}{dirty}")
    if run.ci is not None:
        parts.append(run.ci.name)
    if run.python:
        parts.append(f"Python {run.python}")
    yield " · ".join(parts)
    if summary.limits is not None:
        yield f"Bounded by {bounded_by(summary.limits)}."
    if summary.reason:
        yield f"Ended early: {summary.reason}"


def _totals(report: Report) -> Iterator[str]:
    counts = [
        f"{count} {outcome}"
        for outcome in OUTCOMES
        if (count := report.summary.outcomes.get(outcome, 0))
    ]
    counts += beside(report.summary)
    rate = pass_rate(report.summary)
    if rate is not None:
        counts.append(f"pass rate {100 * rate:.1f} %")
    changes = report.changes
    if changes is not None:
        counts.append(differences(report, changes))
    yield " · ".join(counts)
    if changes is not None:
        yield f"Compared with {compared_with(changes)}."


def _cause(report: Report, group: FailureGroup) -> _Cause:
    title, before_place, place = group.title, "", ""
    if group.failure is not None and group.failure.place is not None:
        place = located(group.failure.place)
        title = title.removesuffix(f" in {place}")
        before_place = "first in " if whereabouts(group)[0] == "first in" else ""
    told = members(report, group.tests)
    if group.blocked:
        told += f", and {len(group.blocked)} blocked by it"
    since = known_since(group)
    names = [report.tests[test].nodeid for test in group.tests[:NAMED]]
    return _Cause(
        title[:MESSAGE],
        before_place,
        place,
        f"{told}, {since}" if since else told,
        names,
        len(group.tests) - len(names),
    )


def _failed(report: Report, position: int) -> tuple[str, ...]:
    test = report.tests[position]
    failure = failure_of(test)
    told = headline(failure) if failure else why(report.tests, test)
    place = located(failure.place) if failure and failure.place else ""
    return test.outcome, test.nodeid, told[:MESSAGE], place


def _area(area: Area) -> tuple[str, ...]:
    bad = sum(area.outcomes.get(outcome, 0) for outcome in BAD)
    coverage = "" if area.coverage is None else f"{100 * area.coverage:.0f} %"
    share = f"{100 * area.share:.1f} %"
    return area.path, str(area.tests), str(bad), seconds(area.seconds), share, coverage


def _more(hidden: int, what: str) -> str:
    return count_of(hidden, f"more {what}") if hidden > 0 else ""
