"""Texts of an HTML page that are not looked at before they are asked for.

Tracebacks and captured output: each text once, deflated in blocks of about a megabyte, which a
script unpacks when one of their texts is looked at.
"""

from __future__ import annotations

import json
import zlib
from base64 import b64encode
from collections.abc import Iterable
from typing import Any

import msgspec

from pytest_orchestrate.report.attempts import Attempt
from pytest_orchestrate.report.document import Report

#: Characters of one text; of a longer one the middle is left out.
LONGEST_TEXT = 200_000
#: Characters of all texts; beyond, the allowance of each one shrinks until all fit.
ALL_TEXTS = 48_000_000
#: Characters that are deflated together.
BLOCK = 1_000_000


def script_json(value: Any) -> str:
    """JSON that can stand in a script element, whatever is in it."""
    try:
        text = msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # half of a surrogate pair is no UTF-8
        text = json.dumps(value, separators=(",", ":"), default=msgspec.to_builtins)
    # none of these is part of JSON's own grammar, so all of them are in strings
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


class Texts:
    """Long texts, each of them once, by number."""

    def __init__(self, allowed: int) -> None:
        self._allowed = allowed
        self._numbers: dict[str, int] = {}

    def number(self, text: str) -> int:
        """The number of a text."""
        return self._numbers.setdefault(shortened(text, self._allowed), len(self._numbers))

    def blocks(self) -> list[str]:
        """All texts: arrays in JSON, deflated, in base64, with the number of the first before it.

        ``17:eJyLjgUAARUAuQ==``
        """
        blocks: list[str] = []
        block: list[str] = []
        first = size = 0
        for number, text in enumerate(self._numbers):
            block.append(text)
            size += len(text)
            if size >= BLOCK:
                blocks.append(_packed(first, block))
                first, block, size = number + 1, [], 0
        if block:
            blocks.append(_packed(first, block))
        return blocks


def _packed(first: int, block: list[str]) -> str:
    # a higher level takes twice as long and saves a twentieth
    return f"{first}:{b64encode(zlib.compress(script_json(block).encode(), 4)).decode()}"


def shortened(text: str, allowed: int) -> str:
    """A text of about so many characters at most: the middle of a longer one is left out."""
    if len(text) <= allowed:
        return text
    half = allowed // 2
    left_out = len(text) - 2 * half
    told = f"\n[... {left_out:,} characters are left out here; see the run's log ...]\n"
    return text[:half] + told + text[-half:]


def allowance(report: Report) -> int:
    """How many characters each text may have, so that all together are not too many."""
    lengths = [
        len(text)
        for test in report.tests
        for attempt in test.attempts
        for text in _texts_of(attempt)
    ]
    allowed = LONGEST_TEXT
    while sum(min(length, allowed) for length in lengths) > ALL_TEXTS and allowed > 500:
        allowed //= 2
    return allowed


def _texts_of(attempt: Attempt) -> Iterable[str]:
    if attempt.failure is not None:
        yield attempt.failure.text
    for _, text in attempt.sections:
        yield text
