"""A document of pieces, of which the least important are left out where space is limited."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from pytest_orchestrate.report.words import count_of


class Piece(NamedTuple):
    """Some lines that are shown or left out as one.

    A piece only makes sense below those before it in its section that are more important.
    """

    text: str
    #: 0 is shown before anything else.
    rank: int
    #: What a reader of the rest is told to be missing, and more than one of it.
    what: str = "line"
    many: str | None = None


class Section(NamedTuple):
    """Pieces below each other; without any of them, neither head nor foot is there."""

    head: str
    pieces: tuple[Piece, ...]
    foot: str = "\n"


def fitted(sections: Iterable[Section], limit: int | None) -> str:
    """All sections, or as many pieces as ``limit`` bytes of UTF-8 have room for.

    Nothing is shown that is less important than something left out; of equals, those that come
    first are shown. What was left out is said at the end.
    """
    parts = [section for section in sections if section.pieces]
    ordered = sorted(
        (piece.rank, section, number)
        for section, part in enumerate(parts)
        for number, piece in enumerate(part.pieces)
    )
    kept = {(section, number) for _, section, number in ordered}
    if limit is not None:
        kept = _fitting(parts, ordered, limit)
    text = _joined(parts, kept)
    missing = [parts[section].pieces[number] for _, section, number in ordered][len(kept) :]
    if limit is None or not missing:
        return text
    text += _note(missing, limit)
    return text if _size(text) <= limit else ""


def _fitting(
    parts: Sequence[Section], ordered: Sequence[tuple[int, int, int]], limit: int
) -> set[tuple[int, int]]:
    kept: set[tuple[int, int]] = set()
    size = 0
    #: Sizes after each piece.
    sizes = [0]
    headed: set[int] = set()
    for _, section, number in ordered:
        part = parts[section]
        size += _size(part.pieces[number].text)
        if section not in headed:
            headed.add(section)
            size += _size(part.head) + _size(part.foot)
        sizes.append(size)
    if size <= limit:
        return {(section, number) for _, section, number in ordered}
    pieces = [parts[section].pieces[number] for _, section, number in ordered]
    many = len(ordered) - 1
    while many and sizes[many] > limit:
        many -= 1
    while many and sizes[many] + _size(_note(pieces[many:], limit)) > limit:
        many -= 1
    kept.update((section, number) for _, section, number in ordered[:many])
    return kept


def _joined(parts: Sequence[Section], kept: set[tuple[int, int]]) -> str:
    texts = []
    for section, part in enumerate(parts):
        shown = [
            piece.text for number, piece in enumerate(part.pieces) if (section, number) in kept
        ]
        if shown:
            texts += [part.head, *shown, part.foot]
    return "".join(texts)


def _note(missing: Sequence[Piece], limit: int) -> str:
    kinds = Counter((piece.what, piece.many) for piece in missing)
    told = ", ".join(count_of(count, what, many) for (what, many), count in kinds.items())
    return f"*Shortened to {limit} bytes; left out: {told}.*\n"


def _size(text: str) -> int:
    return len(text.encode())
