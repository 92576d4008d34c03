"""What messages have in common when what changes from one test to the next is left out."""

from __future__ import annotations

import re
from collections.abc import Sequence

#: Of a longer message only the beginning counts.
LONGEST = 500

#: What stands for what, in the order in which it is looked for at each place.
_CHANGING = re.compile(
    r"""
    (?P<uuid>\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b)
  | (?P<time>\b\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:[.,]\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?\b
        |\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b)
  | (?P<address>\b0x[0-9a-f]+\b)
  | (?P<quoted>(?<![\w'])[bru]{0,2}'(?:[^'\\]|\\.)*'(?!\w)|"(?:[^"\\]|\\.)*"|`[^`]*`)
  | (?P<path>(?<![\w.])(?:[a-z]:[\\/]|\.{0,2}/)[^\s:,;'"()<>]+)
  | (?P<id>\b(?=[0-9a-f]*\d)(?=[0-9a-f]*[a-f])[0-9a-f]{7,}\b)
  | (?P<number>(?:(?<![\w)\]])[+-])?\d+(?:[._,]\d+)*(?:e[+-]?\d+)?)
    """,
    re.VERBOSE | re.IGNORECASE,
)
_STANDS_FOR = re.compile(r"<(?:uuid|time|address|quoted|path|id|number)>")
_WORD = re.compile(r"[^\W\d_]{2,}")
#: Words that say nothing of the cause.
_EMPTY = frozenset(
    {"assert", "is", "in", "not", "and", "or", "true", "false", "none", "nan", "inf", "where"}
)


def shape(message: str) -> str:
    """The message with ``<number>``, ``<quoted>`` and the like for what may differ by chance.

    Numbers, addresses, uuids and other ids in hex, dates and times of day, what stands in quotes,
    and absolute or relative paths.
    """
    return _CHANGING.sub(_name, " ".join(message[:LONGEST].split()))


def common(messages: Sequence[str]) -> str:
    """What messages of one shape have in common: that shape, with all that is the same in each."""
    texts = dict.fromkeys(" ".join(message[:LONGEST].split()) for message in messages)
    changing = [[found[0] for found in _CHANGING.finditer(text)] for text in texts]
    first = next(iter(texts))
    if len({len(each) for each in changing}) > 1:  # one has ``<number>`` in its own text
        return shape(first)
    same = iter([len(set(each)) == 1 for each in zip(*changing, strict=True)])
    return _CHANGING.sub(lambda found: found[0] if next(same) else _name(found), first)


def says_something(text: str, exception: str = "") -> bool:
    """Whether a message, or its shape, has a word that could name a cause.

    ``assert <number> == <number>`` has none: at two places it is likely to have two causes.
    """
    text = _STANDS_FOR.sub(" ", text)
    words = _WORD.findall(text.replace(exception, " ") if exception else text)
    return any(word.lower() not in _EMPTY for word in words)


def _name(found: re.Match[str]) -> str:
    return f"<{found.lastgroup}>"
