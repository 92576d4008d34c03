"""What a terminal shows of a run while it goes on: a few lines that are written anew.

Pure text. Each line is narrower than the window, and there are fewer lines than the window has:
what would wrap or scroll could not be found again to be written over.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from pytest_orchestrate.report.cells import clean, cut, cut_nodeid, width
from pytest_orchestrate.report.tally import Folder

#: A test that has just begun is not named: names that nobody can read in time are unrest.
NAMED_AFTER = 1.0
#: So many lines are the most, however high the window is.
MOST_LINES = 12
LONGEST_BAR, SHORTEST_BAR = 28, 8
#: What is told of an exception needs so many columns to be worth it.
WORTH_READING = 16

#: Categories of outcomes that are shown in red.
BAD = ("failed", "error")
#: Categories that come first, in this order; those of plugins follow.
_FIRST = (*BAD, "passed", "skipped", "xfailed", "xpassed", "blocked")
#: Of pytest's categories those that count no test.
_NO_TESTS = ("", "warnings", "deselected")
_EIGHTHS = "░▏▎▍▌▋▊▉█"


class Span(NamedTuple):
    """A piece of a line, and the names of the markup that pytest's writer is to give it."""

    text: str
    markup: tuple[str, ...] = ()


Line = tuple[Span, ...]


class Running(NamedTuple):
    """A test that runs, and for how many seconds."""

    worker: str
    nodeid: str
    seconds: float
    is_slow: bool = False


class Progress(NamedTuple):
    """How far a run is."""

    ended: int
    total: int
    #: Seconds since tests may run.
    elapsed: float
    #: Seconds until the last one may end, if that can be told.
    left: float | None = None
    #: Category of outcomes, as pytest's last line names them -> how many.
    counts: Mapping[str, int] = {}
    running: tuple[Running, ...] = ()
    folders: tuple[Folder, ...] = ()
    #: Why nothing new is begun, if so.
    ending: str = ""


def lines(
    progress: Progress, *, columns: int, rows: int, only_bar: bool = False, blocks: bool = True
) -> list[Line]:
    """Return the lines for a window of this size, the bar first, so that it stays in its place.

    :param only_bar: Nothing else is shown.
    :param blocks: The terminal can show block elements.
    """
    columns = max(1, columns - 1)  # a full line would wrap in some terminals
    most = max(1, min(MOST_LINES, rows // 2, rows - 1))
    first = _bar_line(progress, columns, blocks=blocks)
    if only_bar or most == 1:
        return [first]
    found = [first, *_folder_lines(progress.folders, columns, 2 if most >= 6 else 1)]
    return found + _running_lines(progress.running, columns, most - len(found))


def failure(word: str, nodeid: str, message: str, columns: int) -> Line:
    """Return the line that tells of a failure: which test, and as much of why as fits.

    The node id is never cut: it is there to be copied.
    """
    nodeid = clean(nodeid)
    start = (Span(word, ("red", "bold")), Span(f" {nodeid}"))
    room = columns - sum(width(span.text) for span in start) - len(" - ")
    if not message or room < WORTH_READING:
        return start
    return (*start, Span(f" - {cut(clean(message), room)}"))


def lasting(seconds: float) -> str:
    """A duration in whole seconds, then minutes: ``7 s``, ``2 min 05 s``, ``1 h 02 min``."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def about(seconds: float) -> str:
    """What is left, no finer than it is known: ``about 7 s``, ``about 40 s``, ``about 3 min``."""
    if seconds < 10:
        return f"about {max(1, math.ceil(seconds))} s"
    if seconds <= 55:
        return f"about {math.ceil(seconds / 5) * 5} s"
    minutes = math.ceil(seconds / 60 - 0.25)
    if minutes < 60:
        return f"about {max(1, minutes)} min"
    return f"about {minutes // 60} h {minutes % 60:02d} min"


# --- the bar ---


def _bar_line(progress: Progress, columns: int, *, blocks: bool) -> Line:
    counts = list(_counts(progress.counts))
    bad = [each for each in counts if each.markup == ("red",)]
    ended = Span(f"{progress.ended}/{progress.total}", ("bold",))
    elapsed = Span(lasting(progress.elapsed))
    left = _left(progress)
    # the more of these fit, the better; the first one alone is cut
    spans = [ended]
    for more, beside in (
        ([ended, *bad], 0),
        ([ended, *bad, *left], SHORTEST_BAR),
        ([ended, *bad, elapsed, *left], SHORTEST_BAR),
        ([ended, *counts, elapsed, *left], SHORTEST_BAR),
    ):
        if sum(width(span.text) + 2 for span in more) + beside <= columns + (not beside) * 2:
            spans = more
    taken = sum(width(span.text) + 2 for span in spans)
    room = min(LONGEST_BAR, columns - taken)
    line: list[Span] = []
    if room >= SHORTEST_BAR:
        colour = "red" if bad else "yellow" if progress.ending else "green"
        line += (_bar(progress, room, colour, blocks=blocks), Span("  "))
    for span in spans:
        line += (span, Span("  "))
    if len(spans) == 1:
        line[-2] = ended._replace(text=cut(ended.text, columns))
    return tuple(line[:-1])


def _counts(counts: Mapping[str, int]) -> Iterable[Span]:
    for name in dict.fromkeys((*_FIRST, *counts)):
        number = counts.get(name, 0)
        if not number or name in _NO_TESTS:
            continue
        markup = ("red",) if name in BAD else ("green",) if name == "passed" else ("yellow",)
        word = f"{name}s" if name == "error" and number > 1 else clean(name)
        yield Span(f"{number} {word}", markup)


def _left(progress: Progress) -> list[Span]:
    if progress.ending:
        return [Span(clean(progress.ending), ("yellow",))]
    return [] if progress.left is None else [Span(f"{about(progress.left)} left")]


def _bar(progress: Progress, columns: int, colour: str, *, blocks: bool) -> Span:
    share = progress.ended / progress.total if progress.total else 0.0
    if not blocks:
        filled = int(share * (columns - 2))
        return Span(f"[{'=' * filled}{' ' * (columns - 2 - filled)}]", (colour,))
    whole, eighths = divmod(int(share * columns * 8), 8)
    text = "█" * whole + (_EIGHTHS[eighths] if whole < columns else "")
    return Span(text + "░" * (columns - len(text)), (colour,))


# --- folders and tests ---


def _folder_lines(folders: Iterable[Folder], columns: int, most: int) -> list[Line]:
    """Folders that are under way, then those that wait; what has ended needs no room."""
    open_ones = [folder for folder in folders if folder.ended < folder.total]
    ordered = sorted(open_ones, key=lambda folder: not folder.ended)
    texts = [cut(f"{clean(name)} {ended}/{total}", columns) for name, ended, total in ordered]
    found = [""]
    for text in texts:
        longer = f"{found[-1]}  {text}" if found[-1] else text
        if width(longer) <= columns:
            found[-1] = longer
        elif len(found) < most:
            found.append(text)
        else:
            break
    return [(Span(text),) for text in found if text]


def _running_lines(running: Iterable[Running], columns: int, most: int) -> list[Line]:
    """Tests that run, those that have run longest first."""
    named = [test for test in running if test.seconds >= NAMED_AFTER]
    named.sort(key=lambda test: (-test.seconds, test.worker))
    shown = named if len(named) <= most else named[: max(0, most - 1)]
    workers = max((width(clean(test.worker)) for test in shown), default=0)
    found = [_running_line(test, columns, workers) for test in shown]
    if len(shown) < len(named) and most:
        found.append((Span(cut(f"{'':>10}and {len(named) - len(shown)} more", columns)),))
    return found


def _running_line(test: Running, columns: int, workers: int) -> Line:
    time = Span(f"{lasting(test.seconds):>10}", ("yellow",) if test.is_slow else ())
    name = clean(test.worker)
    worker = f"  {name}{' ' * (workers - width(name))}  "
    slow = Span("SLOW ", ("yellow", "bold")) if test.is_slow else Span("")
    room = columns - sum(map(width, (time.text, worker, slow.text)))
    if room < WORTH_READING:  # the name is what matters
        return (Span(cut_nodeid(clean(test.nodeid), columns)),)
    return (time, Span(worker), slow, Span(cut_nodeid(clean(test.nodeid), room)))
