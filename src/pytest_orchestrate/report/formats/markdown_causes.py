"""What failed, by what seems to be the cause, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.formats.failures import causes, known_since, members, whereabouts
from pytest_orchestrate.report.formats.fitting import Piece, Section
from pytest_orchestrate.report.formats.markup import code, details, fenced, markup_code, prose
from pytest_orchestrate.report.formats.output import output_of
from pytest_orchestrate.report.formats.ranks import Rank
from pytest_orchestrate.report.words import count_of

#: So many causes are told in full, so many more in a line each.
CAUSES, MORE_CAUSES = 25, 200
#: So many tests of a cause are seen without a click, so many more behind one.
TESTS, MORE_TESTS = 5, 200
#: So many tracebacks matter more than recommendations and what follows them.
FIRST_TRACEBACKS = 3
#: Characters of a traceback, and of what was captured.
TRACEBACK, OUTPUT = 10_000, 4_000


def causes_section(report: Report) -> Section:
    """Each cause with exception, place and tests; the traceback of its first test."""
    pieces: list[Piece] = []
    found = causes(report)
    for number, group in enumerate(found[:CAUSES]):
        pieces += _cause(report, group, number)
    rest = found[CAUSES : CAUSES + MORE_CAUSES]
    if rest:
        lines = "".join(f"- {_headline(report, group)}\n" for group in rest)
        more = len(found) - CAUSES
        if more > len(rest):
            lines += f"- and {more - len(rest)} more\n"
        summary = count_of(more, "more cause")
        text = details(summary, lines)
        pieces.append(Piece(text, Rank.TESTS, "list of more causes", "lists of more causes"))
    return Section("### What failed\n\n", tuple(pieces), "")


def _cause(report: Report, group: FailureGroup, number: int) -> Iterator[Piece]:
    lines = [f"#### {number + 1}. {_headline(report, group)}\n"]
    if group.blocked:
        roots = code(report.tests[group.tests[0]].nodeid) if len(group.tests) == 1 else "these"
        lines.append(f"**{len(group.blocked)} blocked** by {roots}\n")
    yield Piece("\n".join([*lines, ""]), Rank.CAUSES, "cause")
    yield from _tests(report, group.tests)
    if group.failure is None:
        return
    rank = Rank.TRACEBACKS if number < FIRST_TRACEBACKS else Rank.MORE_TRACEBACKS
    yield Piece(_traceback(report.tests[group.tests[0]], group), rank, "traceback")


def _headline(report: Report, group: FailureGroup) -> str:
    """Number of tests, since when, and what was raised where."""
    text = members(report, group.tests)
    since = known_since(group)
    if since:
        text += f", {prose(since)}"
    text += f": {code(group.title)}"
    where, place = whereabouts(group)
    if place:
        text += f" {where} {code(place)}"
    return text


def _tests(report: Report, positions: tuple[int, ...]) -> Iterator[Piece]:
    nodeids = [report.tests[position].nodeid for position in positions[: TESTS + MORE_TESTS]]
    shown = "".join(f"- {code(nodeid)}\n" for nodeid in nodeids[:TESTS])
    yield Piece(f"{shown}\n", Rank.TESTS, "list of tests", "lists of tests")
    rest = nodeids[TESTS:]
    if not rest:
        return
    lines = "".join(f"- {code(nodeid)}\n" for nodeid in rest)
    left = len(positions) - TESTS - len(rest)
    if left:
        lines += f"- and {left} more\n"
    text = details(f"{len(positions) - TESTS} more", lines)
    yield Piece(text, Rank.BACKGROUND, "longer list of tests", "longer lists of tests")


def _traceback(test: TestReport, group: FailureGroup) -> str:
    assert group.failure is not None
    parts = [fenced(group.failure.text, longest=TRACEBACK)]
    bad = [attempt for attempt in test.attempts if attempt.failure is not None]
    captured = output_of(bad[-1]) if bad else ()
    parts += [fenced(text, longest=OUTPUT) for text in captured if text]
    return details(f"Traceback of {markup_code(test.nodeid)}", "\n".join(parts))


def blocked_section(report: Report) -> Section:
    """Who was blocked by whom, where that is not told with what failed."""
    told = {test for group in report.groups for test in (*group.blocked, *group.tests)}
    blocked = [
        test
        for position, test in enumerate(report.tests)
        if test.outcome == "blocked" and position not in told
    ]
    pieces = []
    for cause, count in Counter(test.cause for test in blocked).most_common(CAUSES):
        if cause is None:
            reasons = Counter(test.reason for test in blocked if test.cause is None)
            text = "; ".join(code(reason) for reason, _ in reasons.most_common(TESTS))
            pieces.append(Piece(f"- {count} blocked: {text}\n", Rank.TESTS))
            continue
        root = report.tests[cause]
        text = f"- **{count} blocked** by {code(root.nodeid)} ({root.outcome})\n"
        pieces.append(Piece(text, Rank.TESTS))
    return Section("### Blocked\n\n", tuple(pieces))
