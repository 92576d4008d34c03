"""Texts as tests have made them, so that what they are written into can show them."""

from __future__ import annotations

from pytest_orchestrate.model.escaping import visible


def one_line(text: str, longest: int = 500) -> str:
    """A text in one line of at most so many characters, with an ellipsis if it had more."""
    # what a character becomes is up to six times as long, but never shorter
    line = " ".join(visible(text[: longest + 1]).split())
    whole = len(text) <= longest and len(line) <= longest
    return line if whole else line[: longest - 1] + "…"


def shortened(text: str, longest: int) -> str:
    """A text of at most about so many characters: of a longer one, the middle is left out."""
    if len(text) <= longest:
        return text
    half = longest // 2
    left_out = len(text) - 2 * half
    return f"{text[:half]}\n[... {left_out} characters left out ...]\n{text[-half:]}"
