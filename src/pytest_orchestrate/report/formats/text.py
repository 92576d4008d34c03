"""The report for a terminal: what ``pytest-orchestrate report show`` prints.

It begins with the lines that the run itself ended with, and goes on with what is only known
afterwards. No colours, and nothing that a terminal would take for a command.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timezone
from textwrap import wrap

from msgspec.structs import replace

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.formats.areas import bad, telling
from pytest_orchestrate.report.formats.changes import compared_with, differences, short
from pytest_orchestrate.report.formats.failures import (
    causes,
    known_since,
    members,
    told_gain,
    whereabouts,
)
from pytest_orchestrate.report.formats.flaky import flaky
from pytest_orchestrate.report.formats.holders import told_holders
from pytest_orchestrate.report.terminal import lines as summary_lines
from pytest_orchestrate.report.verdict import pass_rate, sentence
from pytest_orchestrate.report.words import count_of, exact_percent, is_nothing, percent, seconds

#: Entries of a list.
LISTED = 10
#: Tests of a cause.
NAMED = 5
#: Workers with failures whose order can be had again.
REPLAYED = 3
#: Between a number and its unit, which stay on one line; nothing visible has that character.
_WITH_UNIT = re.compile(r"(?<=\d) (?=(?:%|s|min|h)(?!\w))")
_TOGETHER = "\0"
#: Narrower terminals get lines that are too long for them.
NARROWEST = 40


def render(report: Report, *, width: int) -> str:
    """The report in lines of ``width`` characters; node ids and commands are never broken."""
    width = max(width, NARROWEST)
    blocks = [
        _head(report, width),
        _causes(report, width),
        _listed("flaky", _flaky(report), width),
        _listed("slower than before", _slower(report), width),
        _listed("waited for resources", _waited(report), width),
        _areas(report),
        _listed("recommended", _recommendations(report), width),
        _listed("remarks", report.remarks, width),
        _next(report),
    ]
    return "\n".join("".join(f"{line}\n" for line in block) for block in map(list, blocks) if block)


def _head(report: Report, width: int) -> Iterator[str]:
    run, summary = report.run, report.summary
    began = datetime.fromtimestamp(run.started, timezone.utc)
    about = [f"run {run.run} of {began:%Y-%m-%d %H:%M} UTC"]
    if run.branch:
        about.append(f"branch {run.branch}")
    if run.revision:
        changed = " with changes" if run.dirty else ""
        about.append(f"revision {short(run.revision)}{changed}")
    if run.ci is not None:
        about.append(f"{run.ci.name} {run.ci.url}" if run.ci.url else run.ci.name)
    yield from _wrapped(", ".join(about), width)
    rate, score = pass_rate(summary), report.score
    rated = [] if rate is None else [f"pass rate {exact_percent(rate)}"]
    if score is not None:
        rated.append(f"quality score {score.points:.0f} of 100")
    told = f" ({', '.join(rated)})" if rated else ""
    yield from _wrapped(f"{sentence(summary)}{told}", width)
    # what failed is told below, by cause
    for line in summary_lines(replace(summary, causes=())):
        yield from _wrapped(line.text, width)
    changes = report.changes
    if changes is None:
        return
    yield from _wrapped(f"  {differences(report, changes)}", width)
    yield from _wrapped(f"    since {compared_with(changes)}", width)
    fixed = [report.tests[test].nodeid for test in changes.fixed]
    yield from (f"  fixed: {visible(nodeid)}" for nodeid in fixed[:LISTED])
    if len(fixed) > LISTED:
        yield f"  fixed: {len(fixed) - LISTED} more"


def _causes(report: Report, width: int) -> Iterator[str]:
    found = causes(report)
    if found:
        yield "what failed:"
    for group in found[:LISTED]:
        yield from _cause(report, group, width)
    rest = found[LISTED:]
    if rest:
        tests = [position for group in rest for position in group.tests]
        yield f"  {count_of(len(rest), 'more cause')} of {members(report, tests)}"


def _cause(report: Report, group: FailureGroup, width: int) -> Iterator[str]:
    text = members(report, group.tests)
    since = known_since(group)
    text += f", {since}: {group.title}" if since else f": {group.title}"
    where, place = whereabouts(group)
    if place:
        text += f" {where} {place}"
    yield from _wrapped(f"  {text}", width)
    for position in group.tests[:NAMED]:
        yield f"    {visible(report.tests[position].nodeid)}"
    if len(group.tests) > NAMED:
        yield f"    and {len(group.tests) - NAMED} more"
    if group.blocked:
        root = report.tests[group.tests[0]].nodeid if len(group.tests) == 1 else "these"
        yield f"    {len(group.blocked)} blocked by {visible(root)}"


def _flaky(report: Report) -> Iterator[str]:
    for each in flaky(report):
        rate = f", {each.rate}" if each.rate else ""
        yield f"{each.test.nodeid}: failed in {each.told}{rate}"


def _slower(report: Report) -> Iterator[str]:
    for each in report.regressions:
        nodeid = report.tests[each.test].nodeid
        yield f"{nodeid}: {seconds(each.before)} before, {seconds(each.now)} now (p {each.p:.2g})"


def _waited(report: Report) -> Iterator[str]:
    for lane in sorted(report.timeline.resources, key=lambda lane: -lane.waited):
        if is_nothing(lane.waited):
            continue
        text = f"{lane.name} ({count_of(lane.capacity, 'slot')}): {seconds(lane.waited)}"
        for waited, holder in told_holders(report, lane, most=1):
            text += f", {seconds(waited)} of it while held by {holder}"
        yield text


def _areas(report: Report) -> Iterator[str]:
    """A table; one folder or file alone is not worth one."""
    shown, left = telling(report, LISTED)
    if len(shown) < 2:
        return
    yield "folders:"
    names = [visible(area.path if area.is_file else f"{area.path}/") for area in shown]
    widest = max(len(name) for name in names)
    for area, name in zip(shown, names, strict=True):
        failed = f", {bad(area)} bad" if bad(area) else ""
        covered = f", {percent(area.coverage)} covered" if area.coverage is not None else ""
        text = f"{seconds(area.seconds):>10} {percent(area.share):>5}"
        text += f"  {count_of(area.tests, 'test')}{failed}{covered}"
        yield f"  {name:{widest}}{text}"
    if left:
        yield f"  and {left} more"


def _recommendations(report: Report) -> Iterator[str]:
    for each in report.recommendations:
        yield told_gain(each)
        yield from (f"  {line}" for line in each.setting.splitlines())


def _next(report: Report) -> Iterator[str]:
    commands = report.commands
    told = [("what failed, again", commands.rerun_failed)]
    replay = list(commands.replay.items())[:REPLAYED]
    told += [(f"what {worker} ran, again", line) for worker, line in replay]
    told.append(("why a test ran where and when it did", commands.explain))
    shown = [(about, line) for about, line in told if line]
    if shown:
        yield "next:"
    for about, line in shown:
        yield f"  # {about}"
        yield f"  {visible(line)}"


def _listed(title: str, entries: Iterable[str], width: int) -> Iterator[str]:
    found = list(entries)
    if found:
        yield f"{title}:"
    for entry in found[:LISTED]:
        yield from _wrapped(f"  {entry}", width)
    if len(found) > LISTED:
        yield f"  and {len(found) - LISTED} more"


def _wrapped(text: str, width: int) -> list[str]:
    """Lines of this width; those after the first are indented by four more."""
    shown = visible(text).replace("\n", " ")
    bare = shown.lstrip(" ")
    indent = " " * (len(shown) - len(bare))
    lines = wrap(
        _WITH_UNIT.sub(_TOGETHER, bare),
        width,
        initial_indent=indent,
        subsequent_indent=f"{indent}    ",
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [line.replace(_TOGETHER, " ") for line in lines]
