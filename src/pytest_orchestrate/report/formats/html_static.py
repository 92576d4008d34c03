"""What matters most of a report as plain HTML.

It stands in the page from the beginning, is what readers without scripts have (Jenkins shows pages
like this by default), and what is printed.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from html import escape

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.bounded_by import bounded_by
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
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
from pytest_orchestrate.report.verdict import OUTCOMES, beside, pass_rate, sentence
from pytest_orchestrate.report.words import count_of, seconds

#: So many groups, tests and folders are listed.
GROUPS, TESTS, AREAS = 200, 2_000, 200
#: So many tests of one group are named.
NAMED = 5
#: Characters of a message.
MESSAGE = 500


def title(report: Report) -> str:
    """Of the page, for the tab of a browser: what is different comes first. Escaped."""
    return _shown(f"{sentence(report.summary)} - {report.run.run}")


def static(report: Report) -> str:
    """The plain part of the page."""
    return "\n".join(
        [
            f"<h1>{_shown(sentence(report.summary))}</h1>",
            *_facts(report),
            *_totals(report),
            *_groups(report),
            *_not_good(report),
            *_recommendations(report),
            *_areas(report),
        ]
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
    yield f"<p>{_shown(' · '.join(parts))}</p>"
    if summary.limits is not None:
        yield f"<p>Bounded by {_shown(bounded_by(summary.limits))}.</p>"
    if summary.reason:
        yield f"<p>Ended early: {_shown(summary.reason)}</p>"


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
    yield f"<p>{_shown(' · '.join(counts))}</p>"
    if changes is not None:
        yield f"<p>Compared with {_shown(compared_with(changes))}.</p>"


def _groups(report: Report) -> Iterator[str]:
    groups = causes(report)
    if not groups:
        return
    yield "<h2>Why</h2><ol>"
    for group in groups[:GROUPS]:
        yield f"<li>{_group(report, group)}</li>"
    yield "</ol>"
    yield from _more(len(groups) - GROUPS, "group")


def _group(report: Report, group: FailureGroup) -> str:
    title, parts = group.title, []
    if group.failure is not None and group.failure.place is not None:
        place = located(group.failure.place)
        title = title.removesuffix(f" in {place}")
        first = "first in " if whereabouts(group)[0] == "first in" else ""
        parts.append(f"{first}<code>{_shown(place)}</code>")
    parts.insert(0, f"<strong>{_shown(title[:MESSAGE])}</strong>")
    told = members(report, group.tests)
    if group.blocked:
        told += f", and {len(group.blocked)} blocked by it"
    since = known_since(group)
    parts.append(_shown(f"{told}, {since}" if since else told))
    names = [report.tests[test].nodeid for test in group.tests[:NAMED]]
    hidden = len(group.tests) - len(names)
    more = [f"and {hidden} more"] if hidden else []
    listed = [*(f"<code>{_shown(name)}</code>" for name in names), *more]
    return "<br>".join([*parts, *listed])


def _not_good(report: Report) -> Iterator[str]:
    bad = [position for position, test in enumerate(report.tests) if test.outcome in BAD]
    if not bad:
        return
    yield "<h2>What failed</h2><table>"
    yield "<tr><th>Outcome<th>Test<th>Why<th>Where</tr>"
    for test in map(report.tests.__getitem__, bad[:TESTS]):
        failure = failure_of(test)
        told = headline(failure) if failure else why(report.tests, test)
        place = located(failure.place) if failure and failure.place else ""
        cells = (test.outcome, test.nodeid, told[:MESSAGE], place)
        yield f"<tr>{_cells(cells)}</tr>"
    yield "</table>"
    if len(bad) > TESTS:
        yield f"<p>… and {members(report, bad[TESTS:])} more</p>"


def _recommendations(report: Report) -> Iterator[str]:
    if not report.recommendations:
        return
    yield "<h2>What to do</h2><ul>"
    for each in report.recommendations:
        yield f"<li>{_shown(told_gain(each))}</li>"
    yield "</ul>"


def _areas(report: Report) -> Iterator[str]:
    if not report.areas:
        return
    yield "<h2>Folders and files</h2><table>"
    covered = any(area.coverage is not None for area in report.areas)
    head = "<th>Path<th>Tests<th>Not good<th>Time<th>Share"
    yield f"<tr>{head}{'<th>Coverage' if covered else ''}</tr>"
    for area in report.areas[:AREAS]:
        bad = sum(area.outcomes.get(outcome, 0) for outcome in BAD)
        coverage = "" if area.coverage is None else f"{100 * area.coverage:.0f} %"
        share = f"{100 * area.share:.1f} %"
        cells = (area.path, str(area.tests), str(bad), seconds(area.seconds), share, coverage)
        yield f"<tr>{_cells(cells if covered else cells[:-1])}</tr>"
    yield "</table>"
    yield from _more(len(report.areas) - AREAS, "path")


def _cells(texts: Iterable[str]) -> str:
    return "".join(f"<td>{_shown(text)}" for text in texts)


def _more(hidden: int, what: str) -> Iterator[str]:
    if hidden > 0:
        yield f"<p>… and {count_of(hidden, f'more {what}')}</p>"


def _shown(text: str) -> str:
    """The text as HTML, and what has no shape as Python writes it."""
    return escape(visible(text))
