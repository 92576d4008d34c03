"""Text that can be encoded and shown, whatever it was made from."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

#: What terminals take for colours and the like.
_COLOURS = r"\x1b\[[0-?]*[ -/]*[@-~]"
#: What has no shape, or would change the shape of the text around it: control characters but tab
#: and newline, what turns the direction of writing, spaces without width, lone surrogates, and what
#: is no character. ``html_page/words.js`` has the same.
_SHAPELESS = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u2069"
    "\ud800-\udfff\ufeff\ufffe\uffff]"
)


def printable(text: str) -> str:
    """Return ``text`` with lone surrogates escaped, so that it can be encoded as UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def escaped(value: Any) -> Any:
    """Return a value of built-in types with every string in it made printable."""
    if isinstance(value, str):
        return printable(value)
    if isinstance(value, dict):
        return {escaped(key): escaped(item) for key, item in value.items()}
    if isinstance(value, Iterable) and not isinstance(value, bytes):
        return [escaped(item) for item in value]
    return value


def visible(text: str) -> str:
    r"""Colours left out, and what cannot be seen written as Python does: ``\x00``, ``\udc80``."""
    if text.isprintable():  # so is nothing that is looked for here
        return text
    if "\x1b" in text:
        text = re.sub(_COLOURS, "", text)
    if "\r" in text:
        text = text.replace("\r\n", "\n")
    return re.sub(_SHAPELESS, _as_python_writes, text)


def _as_python_writes(found: re.Match[str]) -> str:
    return repr(found[0])[1:-1]
