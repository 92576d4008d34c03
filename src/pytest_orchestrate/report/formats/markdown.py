"""A page of Markdown for the reviewer of a CI job: what happened, why, what to do next.

What failed is seen without a click; tracebacks, long lists and circumstances are a click away.
With a limit, what matters least is left out first: see the ranks.
"""

from __future__ import annotations

from collections.abc import Iterator

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.changes import differences, run_at, short, standing_of
from pytest_orchestrate.report.formats.failures import told_gain
from pytest_orchestrate.report.formats.fitting import Piece, Section, fitted
from pytest_orchestrate.report.formats.markdown_background import background
from pytest_orchestrate.report.formats.markdown_causes import blocked_section, causes_section
from pytest_orchestrate.report.formats.markdown_timing import timing_sections
from pytest_orchestrate.report.formats.markup import code, fenced, link, prose, row, table_head
from pytest_orchestrate.report.formats.ranks import Rank
from pytest_orchestrate.report.summary import Summary
from pytest_orchestrate.report.terminal import SPEEDUP_WORTH_SAYING
from pytest_orchestrate.report.verdict import OUTCOMES, pass_rate, sentence, verdict
from pytest_orchestrate.report.words import count_of, exact_percent, seconds

#: So many tests are named where their number alone is not enough.
NAMED = 10
#: Workers with failures whose order can be had again.
REPLAYED = 3
_SIGNS = {"passed": "✅", "failed": "❌", "unfinished": "⚠️", "empty": "⚠️"}


def render(report: Report, limit: int | None = None) -> str:
    """The report as Markdown, in at most ``limit`` bytes of UTF-8."""
    return fitted(_sections(report), limit)


def _sections(report: Report) -> Iterator[Section]:
    yield _headline(report)
    yield _changes(report)
    yield causes_section(report)
    yield blocked_section(report)
    yield _not_finished(report)
    yield _commands(report)
    yield _recommendations(report)
    yield from timing_sections(report)
    yield from background(report)


def _headline(report: Report) -> Section:
    summary, run = report.summary, report.run
    sign = _SIGNS[verdict(summary)]
    outcomes = [each for each in OUTCOMES if summary.outcomes.get(each)]
    counts = (summary.collected, *(summary.outcomes[each] for each in outcomes))
    table = table_head("tests>", *(f"{each}>" for each in outcomes)) + row(map(str, counts))
    about = [f"run {code(run.run)}"]
    if run.branch:
        about.append(f"branch {code(run.branch)}")
    if run.revision:
        changed = ", with changes" if run.dirty else ""
        about.append(f"revision {code(short(run.revision))}{changed}")
    if run.ci is not None:
        about.append(link(run.ci.name, run.ci.url))
    return Section(
        "",
        (
            Piece(f"## {sign} {sentence(summary)} in {seconds(summary.wall)}\n\n", Rank.VERDICT),
            Piece(f"{table}\n", Rank.TOTALS, "table of totals", "tables of totals"),
            Piece(f"{_speed(report.summary)}.\n\n", Rank.TOTALS),
            Piece(f"{', '.join(about)}\n", Rank.CHANGES),
        ),
    )


def _speed(summary: Summary) -> str:
    rate, speedup = pass_rate(summary), summary.speedup or 0.0
    told = [] if rate is None else [f"pass rate **{exact_percent(rate)}**"]
    told.append(f"wall time **{seconds(summary.wall)}**")
    if summary.mode == "workers" and summary.workers:
        told[-1] += f" on {summary.who}"
    serial = f"{seconds(summary.serial)} in tests"
    if speedup >= SPEEDUP_WORTH_SAYING:
        serial = f"{seconds(summary.serial)} one after another, **{speedup:.1f}x** as fast"
    text = ", ".join([*told, serial])
    return text[0].upper() + text[1:]


def _changes(report: Report) -> Section:
    changes = report.changes
    if changes is None:
        return Section("", ())
    since = prose(run_at(changes.run, changes.revision))
    text = f"**Since {since}:** {differences(report, changes)}.\n"
    text += f"(That run is {prose(standing_of(changes))}.)\n"
    pieces = [Piece(text, Rank.CHANGES)]
    if changes.fixed:
        fixed = [report.tests[test].nodeid for test in changes.fixed]
        pieces.append(Piece(f"\nFixed: {named(fixed)}.\n", Rank.CHANGES))
    if changes.added:
        added = [report.tests[test].nodeid for test in changes.added]
        text = f"\nAdded: {named(added)}.\n"
        pieces.append(Piece(text, Rank.BACKGROUND, "list of added tests"))
    if changes.removed:
        text = f"\nNo longer there: {named(changes.removed)}.\n"
        pieces.append(Piece(text, Rank.BACKGROUND, "list of removed tests"))
    return Section("", tuple(pieces))


def named(nodeids: tuple[str, ...] | list[str], most: int = NAMED) -> str:
    """Node ids in a sentence; of many the first ones."""
    told = ", ".join(code(nodeid) for nodeid in nodeids[:most])
    return f"{told} and {len(nodeids) - most} more" if len(nodeids) > most else told


def _not_finished(report: Report) -> Section:
    """What never ran, was cut off or runs now, and why."""
    summary = report.summary
    pieces = []
    if summary.interrupted:
        text = f"- interrupted: {named(list(summary.interrupted))}\n"
        pieces.append(Piece(text, Rank.TESTS))
    if summary.running:
        pieces.append(Piece(f"- running: {named(list(summary.running))}\n", Rank.TESTS))
    for part in summary.not_run[:NAMED]:
        text = f"- not run: {count_of(part.count, 'test')}: {prose(part.reason)}\n"
        pieces.append(Piece(text, Rank.TESTS))
    told = {part.reason for part in summary.not_run}
    if summary.reason and summary.reason not in told:
        pieces.append(Piece(f"- ended early: {prose(summary.reason)}\n", Rank.TESTS))
    title = "Still to come" if summary.goes_on else "Cut short"
    return Section(f"### {title}\n\n", tuple(pieces))


def _commands(report: Report) -> Section:
    commands = report.commands
    lines = [("What failed, again", commands.rerun_failed)]
    replay = list(commands.replay.items())[:REPLAYED]
    lines += [(f"What {worker} ran, again", line) for worker, line in replay]
    lines.append(("Why a test ran where and when it did", commands.explain))
    text = "\n".join(f"# {about}\n{command}" for about, command in lines if command)
    piece = Piece(fenced(text, "sh"), Rank.COMMANDS, "list of commands", "lists of commands")
    return Section("### Next\n\n", (piece,) if text else ())


def _recommendations(report: Report) -> Section:
    pieces = []
    for each in report.recommendations:
        text = f"- {prose(told_gain(each))}\n"
        if each.setting:
            lines = fenced(each.setting, "ini").splitlines(keepends=True)
            text += "".join(f"  {line}" for line in ["\n", *lines])
        pieces.append(Piece(text, Rank.RECOMMENDATIONS, "recommendation"))
    return Section("### Recommended\n\n", tuple(pieces))
