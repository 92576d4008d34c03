"""What the terminal shows of a run: a line at its head, a few lines at its end.

Pure text: the caller decides whether there is a place to write to (``--no-header``,
``--no-summary``), and its terminal whether there are colours.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

import msgspec

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.bounded_by import bounded_by
from pytest_orchestrate.report.summary import Crash, Summary
from pytest_orchestrate.report.words import count_of, most_percent, seconds

_T = TypeVar("_T")

#: A test is named as slow only from these seconds, and this share of the run, upwards.
SLOW_SECONDS = 0.1
SLOW_SHARE = 0.05
#: A shorter run, or a smaller gain, is within what a machine's mood makes of it.
MEASURABLE_SECONDS = 0.2
SPEEDUP_WORTH_SAYING = 1.1
#: So many crashes, or reasons for not running, are listed unless ``-v`` is given.
LISTED = 5
#: What bounded a run is of no interest if its tests took less, and neither did all of it this long.
BOUNDED_TESTING, BOUNDED_WALL = 1.0, 5.0


#: A worker's name -> a command.
Again = Callable[[str], str]


class Line(msgspec.Struct, frozen=True):
    """One line, and the names of the markup that pytest's terminal writer is to give it.

    ``writer.line(line.text, **dict.fromkeys(line.markup, True))``
    """

    text: str
    markup: tuple[str, ...] = ()


def header(
    *,
    workers: int,
    chosen: str | None = None,
    started: str | None = None,
    collection: str | None = None,
    collection_reason: str | None = None,
    history: int | None = None,
    remarks: Iterable[str] = (),
) -> str:
    """The line that says what is about to be done.

    ``workers``: 0 is in-process. ``chosen``: why this many (``auto: 2 usable cores``).
    ``started``: how (``popen``). ``collection``: ``full`` or ``sharded``, with the reason.
    ``history``: tests it knows durations of, 0 for none yet, None where it is not used.
    ``remarks``: anything else, each a few words.
    """
    parts = ["in-process" if workers == 0 else count_of(workers, "worker")]
    if chosen:
        parts[0] += f" ({chosen})"
    if started and workers:
        parts.append(started)
    if collection:
        reason = f" ({collection_reason})" if collection_reason else ""
        parts.append(f"{collection} collection{reason}")
    if history is not None:
        parts.append(f"history of {count_of(history, 'test')}" if history else "no history yet")
    parts.extend(remarks)
    return "orchestrate: " + ", ".join(parts)


def lines(
    summary: Summary, *, verbosity: int = 0, again: Again | None = None, proposes: bool = True
) -> list[Line]:
    """The end of a run in a few lines; one under ``-q``, none under ``-qq``.

    ``verbosity`` is pytest's: 0 by default, lower with each ``-q``, higher with ``-v``.
    ``again``: worker -> the command that does again what it did, if the run is recorded.
    ``proposes``: whether to say what could be tried next.
    """
    if verbosity <= -2:
        return []
    bad = bool(summary.crashes or summary.not_run or summary.interrupted)
    markup = ("yellow",) if bad else ()
    if verbosity == -1:
        return [Line(visible("; ".join([_headline(summary), *_losses(summary)])), markup)]
    found = [
        Line(_headline(summary), markup),
        *_bounded_lines(summary, verbosity),
        *_slowest_lines(summary, verbosity),
        *_crash_lines(summary, verbosity),
        *_cause_lines(summary, verbosity),
        *_blocked_lines(summary, verbosity),
        *_unfinished_lines(summary, verbosity),
        *_again_lines(summary, verbosity, again),
        *(_hint_lines(summary) if proposes else ()),
        *(_detail_lines(summary) if verbosity > 0 else ()),
    ]
    return [Line(visible(line.text), line.markup) for line in found]


def _headline(summary: Summary) -> str:
    wall = seconds(summary.wall)
    if not summary.collected:
        return f"orchestrate: no tests, {wall}"
    tests = count_of(summary.collected, "test")
    if summary.ran < summary.collected:
        tests = f"{summary.ran} of {tests}"
    if summary.mode == "in-process":
        return f"orchestrate: {tests} in-process in {wall} (in tests: {seconds(summary.serial)})"
    if not summary.workers:
        return f"orchestrate: {tests}, {wall}"
    text = f"orchestrate: {tests} on {summary.who} in {wall}"
    text += f" ({_serial(summary)})"
    if summary.busy_share is not None:
        who = "workers" if max(summary.workers, summary.started) > 1 else "worker"
        text += f"; {who} {most_percent(summary.busy_share)} busy"
    return text


def _serial(summary: Summary) -> str:
    speedup = summary.speedup
    if speedup is None or summary.wall < MEASURABLE_SECONDS or speedup < SPEEDUP_WORTH_SAYING:
        return f"in tests: {seconds(summary.serial)}"
    return f"{seconds(summary.serial)} one after another, {speedup:.1f}x"


def _losses(summary: Summary) -> Iterator[str]:
    if summary.crashes:
        yield f"{count_of(len(summary.crashes), 'crash', 'crashes')}"
    if summary.interrupted:
        yield f"{len(summary.interrupted)} interrupted"
    if summary.not_run:
        reasons = list(dict.fromkeys(part.reason for part in summary.not_run))
        more = f" and {len(reasons) - 1} more" if len(reasons) > 1 else ""
        yield f"{sum(part.count for part in summary.not_run)} not run ({reasons[0]}{more})"
    elif summary.reason and _ended_early(summary):
        yield f"ended early: {summary.reason}"


def _bounded_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    limits = summary.limits
    if limits is None or limits.workers < 2 or _ended_early(summary):
        return
    is_long = limits.testing >= BOUNDED_TESTING or summary.wall >= BOUNDED_WALL
    if verbosity > 0 or is_long:
        yield Line(f"  bounded by: {bounded_by(limits)}")


def _slowest_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    if verbosity > 0:
        shown = [test for test in summary.slowest if test.seconds >= 0.005]
    else:
        floor = max(SLOW_SECONDS, SLOW_SHARE * summary.wall)
        shown = [test for test in summary.slowest if test.seconds >= floor][:3]
        if summary.ran == 1:
            shown = []
    column = _column([test.seconds for test in shown])
    for number, (test, time) in enumerate(zip(shown, column, strict=True)):
        label = "slowest: " if number == 0 else " " * len("slowest: ")
        on = f" on {test.worker}" if verbosity > 0 and summary.mode != "in-process" else ""
        yield Line(f"  {label}{time} {test.nodeid}{on}")


def _column(values: list[float]) -> list[str]:
    """Durations, the longest first, to stand one below the other."""
    if not values or values[0] >= 59.95:
        texts = [seconds(value) for value in values]
    else:
        decimals = 2 if values[0] < 9.995 else 1
        texts = [f"{value:.{decimals}f} s" for value in values]
    width = max((len(text) for text in texts), default=0)
    return [text.rjust(width) for text in texts]


def _crash_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    for crash in _listed(summary.crashes, verbosity):
        yield Line(f"  crashed: {_crash(crash)}", ("red",))
    hidden = len(summary.crashes) - len(_listed(summary.crashes, verbosity))
    if hidden:
        yield Line(f"  crashed: {hidden} more (-v lists them)", ("red",))


def _crash(crash: Crash) -> str:
    if crash.test is None:
        return crash.reason if crash.worker in crash.reason else f"{crash.worker}: {crash.reason}"
    if crash.test in crash.reason:
        return crash.reason
    if crash.worker in crash.reason:
        return f"{crash.test}: {crash.reason}"
    return f"{crash.test} on {crash.worker}: {crash.reason}"


def _cause_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    for cause in _listed(summary.causes, verbosity):
        yield Line(f"  {count_of(cause.count, 'failure')} of one cause: {cause.title}", ("red",))


def _blocked_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    shown = _listed(summary.blocked, verbosity)
    for part in shown:
        why = f"by {part.by} ({part.reason})" if part.by is not None else part.reason
        yield Line(f"  blocked: {count_of(part.count, 'test')}: {why}", ("yellow",))
    hidden = sum(part.count for part in summary.blocked[len(shown) :])
    if hidden:
        yield Line(
            f"  blocked: {count_of(hidden, 'test')} for other reasons (-v lists them)", ("yellow",)
        )


def _unfinished_lines(summary: Summary, verbosity: int) -> Iterator[Line]:
    for nodeid in summary.interrupted:
        yield Line(f"  interrupted: {nodeid}", ("yellow",))
    for nodeid in summary.running:
        yield Line(f"  running: {nodeid}", ("yellow",))
    shown = _listed(summary.not_run, verbosity)
    for part in shown:
        yield Line(f"  not run: {count_of(part.count, 'test')}: {part.reason}", ("yellow",))
    hidden = sum(part.count for part in summary.not_run[len(shown) :])
    if hidden:
        yield Line(
            f"  not run: {count_of(hidden, 'test')} for other reasons (-v lists them)", ("yellow",)
        )
    told = {part.reason for part in summary.not_run}
    if summary.reason and summary.reason not in told and _ended_early(summary):
        yield Line(f"  ended early: {summary.reason}", ("yellow",))


def _again_lines(summary: Summary, verbosity: int, again: Again | None) -> Iterator[Line]:
    """What one worker ran may have made a test fail there: how to see that again."""
    if again is None or summary.mode == "in-process" or summary.workers < 2:
        return
    for worker, count in _listed(tuple(summary.failed_on.items()), verbosity):
        yield Line(f"  {count_of(count, 'failure')} on {worker}, to replay: {again(worker)}")


def _hint_lines(summary: Summary) -> Iterator[Line]:
    if summary.sharded and any(summary.outcomes.get(bad) for bad in ("failed", "error")):
        yield Line(
            "  failures that plain pytest does not have? --orchestrate-verify-collection tells "
            "whether they come from sharded collection"
        )
    if summary.heavy_imports:
        costs = ", ".join(f"{one.module} ({seconds(one.seconds)})" for one in summary.heavy_imports)
        names = " ".join(one.module for one in summary.heavy_imports)
        them = "it" if len(summary.heavy_imports) == 1 else "them"
        yield Line(
            f"  every worker imports {costs}: orchestrate_preload = {names} imports {them} once, "
            "before workers are forked"
        )


def _ended_early(summary: Summary) -> bool:
    """A stop that came with the last test took nothing away."""
    return (
        summary.ran < summary.collected
        or bool(summary.interrupted)
        or summary.goes_on
        or not summary.collected
    )


def _detail_lines(summary: Summary) -> Iterator[Line]:
    if summary.mode != "in-process":
        for worker in summary.per_worker:
            text = f"  {worker.name}: {count_of(worker.tests, 'test')}"
            text += f", busy {seconds(worker.busy)} of {seconds(worker.alive)}"
            if worker.start is not None:
                text += f", start {seconds(worker.start)}"
            if worker.collect is not None:
                text += f", collection {seconds(worker.collect)}"
            if worker.crashes:
                text += ", crashed"
            yield Line(text)
    for note in summary.notes:
        first, *rest = note.splitlines() or [""]
        yield Line(f"  note: {first}")
        for line in rest:
            yield Line(f"        {line}")


def _listed(items: tuple[_T, ...], verbosity: int) -> tuple[_T, ...]:
    return items if verbosity > 0 or len(items) <= LISTED + 1 else items[:LISTED]
