"""What a terminal shows of a run while it goes on: a few lines that are written anew.

Pure: rich's texts know how wide they are, and nothing of a terminal. Names come from tests: they
are always plain text here, never rich's markup. Each line is narrower than the window, and there
are fewer lines than the window has: what would scroll could not be found again to be written over.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.tally import Folder
from pytest_orchestrate.report.words import about, lasting

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
) -> list[Text]:
    """Return the lines for a window of this size, the bar first, so that it stays in its place.

    :param only_bar: Nothing else is shown.
    :param blocks: The terminal can show block elements.
    """
    columns = max(1, columns - 1)  # a full line would wrap in some terminals
    most = max(1, min(MOST_LINES, rows // 2, rows - 1))
    found = [_bar_line(progress, columns, blocks=blocks)]
    if not only_bar and most > 1:
        found += _folder_lines(progress.folders, columns, 2 if most >= 6 else 1)
        found += _running_lines(progress.running, columns, most - len(found))
    for line in found:
        line.truncate(columns, overflow="ellipsis")
    return found


def failure(word: str, nodeid: str, message: str, columns: int) -> Text:
    """Return the line that tells of a failure: which test, and as much of why as fits.

    The node id is never cut: it is there to be copied.
    """
    line = Text.assemble((word, "bold red"), f" {_in_one_line(nodeid)}")
    if message and columns - line.cell_len >= len(" - ") + WORTH_READING:
        line.append(f" - {_in_one_line(message)}")
        line.truncate(columns, overflow="ellipsis")
    return line


def _in_one_line(text: str) -> str:
    return visible(text).replace("\n", "\\n").replace("\t", "\\t")


# --- the bar ---


def _bar_line(progress: Progress, columns: int, *, blocks: bool) -> Text:
    counts = list(_counts(progress.counts))
    bad = [each for each in counts if each.style == "red"]
    ended = Text(f"{progress.ended}/{progress.total}", "bold")
    elapsed = Text(lasting(progress.elapsed))
    left = _left(progress)
    # the more of these fit, the better; the first one alone is cut
    texts = [ended]
    for more, beside in (
        ([ended, *bad], 0),
        ([ended, *bad, *left], SHORTEST_BAR + 2),
        ([ended, *bad, elapsed, *left], SHORTEST_BAR + 2),
        ([ended, *counts, elapsed, *left], SHORTEST_BAR + 2),
    ):
        if _width(more) + beside <= columns:
            texts = more
    room = min(LONGEST_BAR, columns - _width(texts) - 2)
    if room >= SHORTEST_BAR:
        colour = "red" if bad else "yellow" if progress.ending else "green"
        texts = [Text(_bar(progress, room, blocks=blocks), colour), *texts]
    return Text("  ").join(texts)


def _width(texts: Sequence[Text]) -> int:
    """Return how many columns they take, side by side."""
    return sum(text.cell_len + 2 for text in texts) - 2


def _counts(counts: Mapping[str, int]) -> Iterable[Text]:
    for name in dict.fromkeys((*_FIRST, *counts)):
        number = counts.get(name, 0)
        if not number or name in _NO_TESTS:
            continue
        colour = "red" if name in BAD else "green" if name == "passed" else "yellow"
        word = f"{name}s" if name == "error" and number > 1 else _in_one_line(name)
        yield Text(f"{number} {word}", colour)


def _left(progress: Progress) -> list[Text]:
    if progress.ending:
        return [Text(_in_one_line(progress.ending), "yellow")]
    return [] if progress.left is None else [Text(f"{about(progress.left)} left")]


def _bar(progress: Progress, columns: int, *, blocks: bool) -> str:
    """Rich's own bar leaves out what is missing where there are no colours."""
    share = progress.ended / progress.total if progress.total else 0.0
    if not blocks:
        return f"[{'=' * int(share * (columns - 2)):{columns - 2}}]"
    whole, eighths = divmod(int(share * columns * 8), 8)
    text = "█" * whole + (_EIGHTHS[eighths] if whole < columns else "")
    return f"{text:░<{columns}}"


# --- folders and tests ---


def _folder_lines(folders: Iterable[Folder], columns: int, most: int) -> list[Text]:
    """Folders that are under way, then those that wait; what has ended needs no room."""
    open_ones = [folder for folder in folders if folder.ended < folder.total]
    found: list[str] = []
    for name, ended, total in sorted(open_ones, key=lambda folder: not folder.ended):
        text = f"{_in_one_line(name)} {ended}/{total}"
        if found and cell_len(longer := f"{found[-1]}  {text}") <= columns:
            found[-1] = longer
        elif len(found) < most:
            found.append(text)
        else:
            break
    return [Text(text) for text in found]


def _running_lines(running: Iterable[Running], columns: int, most: int) -> list[Text]:
    """Tests that run, those that have run longest first."""
    named = [test for test in running if test.seconds >= NAMED_AFTER]
    named.sort(key=lambda test: (-test.seconds, test.worker))
    shown = named if len(named) <= most else named[: max(0, most - 1)]
    workers = max((cell_len(_in_one_line(test.worker)) for test in shown), default=0)
    found = [_running_line(test, columns, workers) for test in shown]
    if len(shown) < len(named) and most:
        found.append(Text(f"{'':>10}and {len(named) - len(shown)} more"))
    return found


def _running_line(test: Running, columns: int, workers: int) -> Text:
    nodeid = _in_one_line(test.nodeid)
    line = Text.assemble(
        (f"{lasting(test.seconds):>10}", "yellow" if test.is_slow else ""),
        f"  {set_cell_size(_in_one_line(test.worker), workers)}  ",
        ("SLOW " if test.is_slow else "", "bold yellow"),
    )
    room = columns - line.cell_len
    if room < WORTH_READING:  # the name is what matters
        return Text(_shortened(nodeid, columns))
    return line.append(_shortened(nodeid, room))


def _shortened(nodeid: str, columns: int) -> str:
    """Return what is left where it does not fit: rather the test's name than its folders."""
    if cell_len(nodeid) <= columns:
        return nodeid
    path, separator, rest = nodeid.partition("::")
    while "/" in path:
        path = path.partition("/")[2]
        short = f"…/{path}{separator}{rest}"
        if cell_len(short) <= columns:
            return short
    return rest or path
