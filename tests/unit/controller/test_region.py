"""Lines that stay below all that is written, as a terminal shows them."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from pytest_orchestrate.controller.pen import Pen
from pytest_orchestrate.controller.region import Drawing, Region
from tests.support.terminal import Terminal


def drawing(*lines: str) -> Drawing:
    return Pen("utf-8", colours=True).draw([Text(line) for line in lines], 40, 100)


def test_what_is_written_stands_above_the_lines() -> None:
    terminal = Terminal()
    region = Region(terminal)
    region.draw(drawing("bar", "test"))
    region.write("one\ntwo\n")
    region.flush()
    assert terminal.shown == ["one", "two", "bar", "test"]
    assert terminal.cursor == (0, 4)  # who writes next, writes below
    region.draw(drawing("bar"))
    assert terminal.shown == ["one", "two", "bar"]
    region.close()
    assert terminal.shown == ["one", "two"]


def test_half_a_line_waits_for_the_other_half() -> None:
    terminal = Terminal()
    region = Region(terminal)
    region.draw(drawing("bar"))
    region.write("one\nhal")
    region.flush()
    assert terminal.shown == ["one", "bar"]
    region.write("f\nthe end")
    region.flush()
    assert terminal.shown == ["one", "half", "bar"]
    region.close()
    assert terminal.shown == ["one", "half", "the end"]


def test_lines_that_stay_as_they_are_cost_nothing() -> None:
    terminal = Terminal()
    region = Region(terminal)
    region.draw(drawing("bar"))
    written = terminal.getvalue()
    region.draw(drawing("bar"))
    region.flush()
    assert terminal.getvalue() == written


def test_all_of_one_drawing_is_written_in_one_piece() -> None:
    pieces: list[str] = []

    class Pieces(Terminal):
        def write(self, text: str) -> int:
            pieces.append(text)
            return super().write(text)

    region = Region(Pieces())
    region.draw(drawing("bar"))
    region.write("one\n")
    region.write("two\n")
    region.draw(drawing("bar", "test"))
    assert len(pieces) == 2


def test_lines_below_which_somebody_else_has_written_are_left_alone() -> None:
    terminal = Terminal()
    region = Region(terminal)
    region.draw(drawing("bar"))
    terminal.write("[1]+ Stopped\n")
    region.forget()
    region.draw(drawing("bar again"))
    assert terminal.shown == ["bar", "[1]+ Stopped", "bar again"]


def test_what_the_encoding_lacks_is_refused_when_it_is_written() -> None:
    region = Region(io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    with pytest.raises(UnicodeEncodeError):
        region.write("ä")
    region.close()


texts = st.lists(st.sampled_from(["a", "bc", "\n", "line\n", "two\nlines\n", "x" * 50]), max_size=6)
drawings = st.lists(st.sampled_from(["bar", "a test", "another", ""]), max_size=4)


@given(st.lists(texts.map("".join) | drawings, max_size=12))
def test_whatever_is_written_and_drawn_the_text_stays_whole(steps: list[str | list[str]]) -> None:
    terminal, plain = Terminal(), Terminal()
    region = Region(terminal)
    text = ""
    for step in steps:
        if isinstance(step, str):
            region.write(step)
            text += step
            region.flush()
        else:
            region.draw(drawing(*step))
    region.close()
    plain.write(text)
    assert terminal.shown == plain.shown
    assert terminal.cursor == plain.cursor
