"""What is flaky, slow or slower, and where the time went, as Markdown."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest

from pytest_orchestrate.report.bounded_by import bounded_by
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.areas import bad, telling
from pytest_orchestrate.report.formats.fitting import Piece, Section
from pytest_orchestrate.report.formats.flaky import flaky
from pytest_orchestrate.report.formats.holders import told_holders
from pytest_orchestrate.report.formats.markup import code, prose, row, table_head
from pytest_orchestrate.report.formats.ranks import Rank
from pytest_orchestrate.report.timeline import ResourceLane
from pytest_orchestrate.report.words import is_nothing, most_percent, percent, seconds

#: Rows of a table.
ROWS = 10
#: Of folders and files.
AREAS = 20
#: Faster tests are not slow, whatever the others take.
SLOW = 0.1


def timing_sections(report: Report) -> Iterator[Section]:
    """What somebody who wants a faster, steadier suite looks at."""
    yield _flaky(report)
    yield _regressions(report)
    yield _slow(report)
    yield _timing(report)
    yield _waiting(report)
    yield _areas(report)


def _flaky(report: Report) -> Section:
    rows = [row((code(each.test.nodeid), each.told, each.rate)) for each in flaky(report)]
    head = _head("Flaky", "test", "failed in>", "rate of failures (95 % interval)>")
    return _table(head, rows, Rank.FINDINGS, "flaky test")


def _regressions(report: Report) -> Section:
    rows = [
        row(
            (
                code(report.tests[each.test].nodeid),
                seconds(each.before),
                seconds(each.now),
                f"{each.p:.2g}",
            )
        )
        for each in report.regressions
    ]
    head = _head("Slower than before", "test", "before>", "now>", "p>")
    return _table(head, rows, Rank.FINDINGS, "slower test")


def _slow(report: Report) -> Section:
    slowest = nlargest(ROWS, report.tests, key=lambda test: test.seconds)
    shown = [test for test in slowest if test.seconds >= SLOW]
    # what is expected of a test has no fixtures in it that others use, too
    shares = any(not is_nothing(test.shared) for test in shown)
    rows = []
    for test in shown:
        cells = [code(test.nodeid), seconds(test.seconds)]
        if shares:
            cells.append(seconds(test.own))
        cells.append("" if test.estimate is None else seconds(test.estimate))
        rows.append(row((*cells, test.attempts[-1].worker)))
    own = ["without shared fixtures>"] if shares else []
    head = _head("Slowest", "test", "took>", *own, "expected>", "worker")
    return _table(head, rows, Rank.FINDINGS, "slow test")


def _timing(report: Report) -> Section:
    summary = report.summary
    lines = []
    if summary.limits is not None:
        lines.append(f"- bounded by {prose(bounded_by(summary.limits))}\n")
    if summary.busy_share is not None and summary.mode == "workers":
        each = ", ".join(
            f"{worker.name} {most_percent(worker.busy_share)}"
            for worker in summary.per_worker[:ROWS]
            if worker.busy_share is not None
        )
        busy = most_percent(summary.busy_share)
        lines.append(f"- workers busy {busy} of the time that tests ran ({prose(each)})\n")
    path = report.timeline.critical_path
    if path:
        taken = seconds(sum(step.seconds for step in path))
        lines.append(f"- critical path, {taken}: {', then '.join(_steps(report))}\n")
    pieces = tuple(Piece(line, Rank.TIMING, "line of timing", "lines of timing") for line in lines)
    return Section("### Time\n\n", pieces)


def _steps(report: Report) -> Iterator[str]:
    """The critical path in its order: of many tests the longest, the others are counted."""
    path = report.timeline.critical_path
    longest = nlargest(ROWS, range(len(path)), key=lambda number: path[number].seconds)
    passed = -1
    for number in [*sorted(longest), len(path)]:
        between = number - passed - 1
        if between:
            yield f"{between} shorter"
        if number < len(path):
            yield f"{code(report.tests[path[number].test].nodeid)} {seconds(path[number].seconds)}"
        passed = number


def _waiting(report: Report) -> Section:
    lanes = [lane for lane in report.timeline.resources if not is_nothing(lane.waited)]
    lanes.sort(key=lambda lane: -lane.waited)
    rows = [
        row((code(lane.name), str(lane.capacity), seconds(lane.waited), _holders(report, lane)))
        for lane in lanes
    ]
    head = _head("Waiting for resources", "resource", "capacity>", "waited>", "held meanwhile by")
    return _table(head, rows, Rank.TIMING, "resource")


def _holders(report: Report, lane: ResourceLane) -> str:
    longest = told_holders(report, lane, most=3)
    told = [f"{code(holder)} {seconds(waited)}" for waited, holder in longest]
    more = len(lane.waited_by_holder) + len(lane.waited_by_keeper) - len(told)
    return ", ".join([*told, f"{more} more"] if more > 0 else told)


def _areas(report: Report) -> Section:
    shown, left = telling(report, AREAS)
    measured = any(area.coverage is not None for area in shown)
    titles = ["folder or file", "tests>", "bad>", "time>", "share>"]
    head = _head("Folders", *titles, *(["coverage>"] if measured else []))
    rows = []
    for area in shown:
        cells = [
            code(area.path if area.is_file else f"{area.path}/"),
            str(area.tests),
            str(bad(area) or ""),
            # code without tests is there for what was run of it
            *((seconds(area.seconds), percent(area.share)) if area.tests else ("", "")),
        ]
        if measured:
            cells.append("" if area.coverage is None else percent(area.coverage))
        rows.append(row(cells))
    foot = f"\n{left} more took less.\n\n" if left else "\n"
    pieces = tuple(Piece(text, Rank.FOLDERS, "row of folders", "rows of folders") for text in rows)
    return Section(head, pieces, foot)


def _head(title: str, *columns: str) -> str:
    return f"### {title}\n\n{table_head(*columns)}"


def _table(head: str, rows: list[str], rank: Rank, what: str) -> Section:
    left = len(rows) - ROWS
    foot = f"\nand {left} more\n\n" if left > 0 else "\n"
    return Section(head, tuple(Piece(text, rank, what) for text in rows[:ROWS]), foot)
