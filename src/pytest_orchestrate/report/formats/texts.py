"""Texts as tests have made them, so that what they are written into can show them."""

from __future__ import annotations

import re

#: What terminals take for colours and the like.
_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
#: What has no shape, or would change the shape of the text around it: control characters but tab
#: and newline, what turns the direction of writing, lone surrogates, and what is no character.
_SHAPELESS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def visible(text: str) -> str:
    r"""Colours left out, and what cannot be seen written as Python does: ``\x00``, ``\udc80``."""
    if "\x1b" in text:
        text = _COLOURS.sub("", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return _SHAPELESS.sub(_as_python_writes, text)


def _as_python_writes(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]


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
