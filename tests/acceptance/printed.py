"""Taking apart what pytest printed, to compare it part by part."""

from __future__ import annotations

import re
from collections import Counter

_TITLE = re.compile(r"^(?:\x1b\[[\d;]*m)*={3,} (?P<title>.+?) ={3,}(?:\x1b\[[\d;]*m)*$")
_BLOCK = re.compile(r"^(?:\x1b\[[\d;]*m)*_{3,} (?P<title>.+?) _{3,}(?:\x1b\[[\d;]*m)*$")
_WORKER = re.compile(r"^\[gw\d+\] \w+ -- Python \S+ .*$")
_SECONDS = re.compile(r"\b\d+\.\d+s\b")
_PROGRESS = re.compile(r"\[ *(\d+)%\]")
#: An address in memory, which no two processes share.
ADDRESS = re.compile(r"0x[0-9a-f]{6,}")
_COLOUR = re.compile(r"\x1b\[[\d;]*m")


def part(text: str, title: str) -> list[str]:
    """Lines of the part under ``=== title ===``; none if there is no such part."""
    found: list[str] = []
    inside = False
    for line in text.splitlines():
        match = _TITLE.match(line)
        if match:
            inside = match["title"] == title
        elif inside:
            found.append(line)
    return found


def blocks(text: str, title: str) -> Counter[str]:
    """Blocks (``___ test ___`` and what follows) of a part, without what may differ.

    That is the line with the worker's name, addresses, and lines of ours.
    """
    found: list[list[str]] = []
    for line in part(text, title):
        if _BLOCK.match(line):
            found.append([])
        if found and not _WORKER.match(line) and not line.startswith("orchestrate: "):
            found[-1].append(ADDRESS.sub("0x", line).rstrip())
    return Counter("\n".join(lines).rstrip() for lines in found)


def lines_of(text: str, title: str) -> Counter[str]:
    """Lines of a part, without times, addresses and lines of ours."""
    return Counter(
        ADDRESS.sub("0x", _SECONDS.sub("", line)).strip()
        for line in part(text, title)
        if line.strip() and not _is_ours(line) and not _WORKER.match(line)
    )


def warnings_shown(text: str) -> Counter[str]:
    """Paragraphs of the warnings summary, whatever the order of the tests in them."""
    paragraphs = "\n".join(part(text, "warnings summary")).partition("-- Docs:")[0]
    return Counter(
        "\n".join(sorted(line.strip() for line in paragraph.splitlines()))
        for paragraph in paragraphs.split("\n\n")
        if paragraph.strip()
    )


def percents(text: str) -> list[int]:
    """The figures of the progress, in order."""
    return [int(match) for match in _PROGRESS.findall(colourless(text))]


def colourless(text: str) -> str:
    """Without the codes of colours."""
    return _COLOUR.sub("", text)


def ours(text: str) -> list[str]:
    """Lines that the plugin adds."""
    return [line for line in colourless(text).splitlines() if _is_ours(line)]


def _is_ours(line: str) -> bool:
    words = (
        "bounded by|slowest|crashed|not run|gw\\d|note|failures that|\\d+ failures? o[nf]"
        "|         \\d"
    )
    return bool(re.match(rf"orchestrate: |  ({words})", colourless(line)))
