"""How many columns of a terminal a text takes, and what of it fits into so many."""

from __future__ import annotations

import unicodedata

ELLIPSIS = "…"


def clean(text: str) -> str:
    """Return the text with a question mark for what would move the cursor or take no room.

    Combining characters are kept; they belong to the character before them.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _is_shown(char) else "?" for char in text)


def width(text: str) -> int:
    """Return the columns that a clean text takes: wide characters take two."""
    if text.isascii():
        return len(text)
    return sum(map(_cells, text))


def cut(text: str, columns: int) -> str:
    """Return what fits of a clean text, with an ellipsis for an end that does not."""
    if width(text) <= columns:
        return text
    return _first(text, columns - 1) + ELLIPSIS if columns > 0 else ""


def cut_nodeid(nodeid: str, columns: int) -> str:
    """Return what fits of a clean node id: rather the test's name than its folders."""
    if width(nodeid) <= columns:
        return nodeid
    path, separator, rest = nodeid.partition("::")
    while "/" in path:
        path = path.partition("/")[2]
        short = f"{ELLIPSIS}/{path}{separator}{rest}"
        if width(short) <= columns:
            return short
    return cut(rest or path, columns)


def _first(text: str, columns: int) -> str:
    taken = 0
    for at, char in enumerate(text):
        taken += _cells(char)
        if taken > columns:
            return text[:at]
    return text


def _cells(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in ("W", "F") else 1


def _is_shown(char: str) -> bool:
    return char.isprintable() or unicodedata.category(char) in ("Mn", "Me", "Zs")
