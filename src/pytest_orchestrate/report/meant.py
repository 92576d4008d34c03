"""Which test is meant by what somebody has typed."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

#: How many names a mistyped one is compared with: some ten milliseconds.
COMPARED = 2000


def meant(nodeids: Sequence[str], text: str) -> list[int]:
    """The tests that a node id, or a part of one, means, by their indices.

    The first of these that means any counts: the whole; its end, from a folder, file, class or
    name on; either without the brackets of parameters; any part of it.
    """
    text = text.removeprefix("./")
    ends = (f"::{text}", f"/{text}")
    bare = [nodeid.partition("[")[0] for nodeid in nodeids]
    for found in (
        [test for test, nodeid in enumerate(nodeids) if nodeid == text],
        [test for test, nodeid in enumerate(nodeids) if nodeid.endswith(ends)],
        [test for test, name in enumerate(bare) if name == text or name.endswith(ends)],
        [test for test, nodeid in enumerate(nodeids) if text in nodeid],
    ):
        if found:
            return found
    return []


def close(nodeids: Sequence[str], text: str, limit: int = 3) -> list[str]:
    """Node ids that look like a text, the likest first: in their names, or as a whole."""
    name = text.rpartition("::")[2]
    names: dict[str, str] = {}
    for nodeid in nodeids:
        names.setdefault(nodeid.rpartition("::")[2], nodeid)
        if len(names) == COMPARED:
            break
    likely = [names[each] for each in get_close_matches(name, names, limit)]
    if "::" in text or "/" in text:
        likely = get_close_matches(text, nodeids[:COMPARED], limit) + likely
    return list(dict.fromkeys(likely))[:limit]
