"""What is sent to a terminal to show lines and to take them away, as a terminal takes it."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from pytest_orchestrate.controller.pen import Pen
from pytest_orchestrate.report.progress import Progress, Running, lines
from tests.support.terminal import Terminal

COLOUR = re.compile(r"\x1b\[[\d;]*m")
COLOURED = Text.assemble(("2 failed", "red"), "  ", ("3/5", "bold"))
PEN = Pen("utf-8", colours=True)


def terminal_with_prompt(columns: int = 20, rows: int = 8) -> Terminal:
    terminal = Terminal(columns, rows)
    terminal.write("$\n")
    return terminal


def test_lines_leave_the_cursor_below_them_and_nothing_when_they_are_erased() -> None:
    terminal = terminal_with_prompt()
    drawn = PEN.draw([Text("bar"), Text("日本語")], 20, 8)
    terminal.write(drawn.text)
    assert terminal.shown[:2] == ["$", "bar"]
    assert terminal.shown[2].startswith("日")
    assert terminal.cursor == (0, 3)
    terminal.write("^C" + drawn.erasing)  # what is typed meanwhile is shown by the terminal
    assert terminal.shown == ["$"]
    assert terminal.cursor == (0, 1)


def test_what_a_window_of_another_size_has_left_below_is_erased_too() -> None:
    terminal = terminal_with_prompt()
    drawn = PEN.draw([Text("bar")], 20, 8)
    terminal.write(drawn.text)
    terminal.write("\nan older bar\r\x1b[1A" + drawn.erasing)
    assert terminal.shown == ["$"]


def test_more_lines_than_the_window_has_are_left_out() -> None:
    terminal = terminal_with_prompt(rows=3)
    drawn = PEN.draw([Text(str(n)) for n in range(9)], 20, 3)
    terminal.write(drawn.text)
    assert terminal.shown == ["0", "1", "2"]
    terminal.write(drawn.erasing)
    assert terminal.shown == [""]


@given(
    st.lists(st.tuples(st.text(max_size=30), st.text(max_size=60)), max_size=5),
    st.integers(1, 60),
    st.integers(3, 12),
)
def test_whatever_tests_are_called_what_is_drawn_can_be_erased(
    names: list[tuple[str, str]], columns: int, rows: int
) -> None:
    running = tuple(Running(worker, nodeid, 3.0) for worker, nodeid in names)
    found = lines(Progress(1, 9, 5.0, running=running), columns=columns, rows=rows)
    terminal = terminal_with_prompt(columns, rows)
    drawn = PEN.draw(found, columns, rows)
    terminal.write(drawn.text)
    assert terminal.cursor == (0, 1 + len(found))
    terminal.write(drawn.erasing)
    assert terminal.shown == ["$"]
    assert terminal.cursor == (0, 1)


@pytest.mark.parametrize("wide", ["\U0001f1e9\U0001f1ea", "\U0001f44d\U0001f3fd", "का", "❤\ufe0f"])
def test_where_the_terminal_finds_a_name_wider_it_ends_at_the_edge(wide: str) -> None:
    terminal = terminal_with_prompt()
    drawn = PEN.draw([Text(wide * 9), Text("next")], 20, 8)
    terminal.write(drawn.text)
    assert terminal.shown[2:] == ["next"]
    terminal.write(drawn.erasing)
    assert terminal.shown == ["$"]
    terminal.write("x" * 30 + "\n")  # what others write still goes on in the next line
    assert terminal.shown == ["$", "x" * 20, "x" * 10]


def test_the_cursor_is_never_hidden() -> None:
    drawn = PEN.draw([Text("bar")], 20, 8)
    assert "\x1b[?25l" not in drawn.text + drawn.erasing


@pytest.mark.parametrize("term", ["xterm", "xterm-256color", "linux"])
@pytest.mark.parametrize("environ", [{}, {"NO_COLOR": "1"}, {"FORCE_COLOR": ""}, {"COLUMNS": "3"}])
def test_whether_there_are_colours_is_pytest_s_decision(
    environ: dict[str, str], term: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"TERM": term, **environ}.items():
        monkeypatch.setenv(name, value)
    coloured = Pen("utf-8", colours=True).text(COLOURED)
    assert coloured == "\x1b[31m2 failed\x1b[0m  \x1b[1m3/5\x1b[0m"
    assert Pen("utf-8", colours=False).text(COLOURED) == COLOURED.plain
    for colours in (True, False):
        drawn = Pen("utf-8", colours=colours).draw([COLOURED], 20, 8)
        assert bool(COLOUR.search(drawn.text)) is colours
        assert drawn.erasing


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("ascii", "? caf? ???"), ("latin-1", "? café ???"), ("utf-8", "█ café 日本語")],
)
def test_what_the_encoding_lacks_is_a_question_mark(encoding: str, shown: str) -> None:
    pen = Pen(encoding, colours=False)
    assert pen.text(Text("█ café 日本語")) == shown
    assert pen.has_blocks == (encoding == "utf-8")


def test_a_text_of_its_own_is_never_cut_and_no_markup() -> None:
    line = Text("[red]" + "x" * 200)
    assert PEN.text(line) == line.plain
