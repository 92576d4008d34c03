"""Node ids and targets taken apart: what contains a test, and where a target may point to."""

from __future__ import annotations

import re
from typing import NamedTuple

_SEPARATOR = r"::|[/*?\[]"


class Place(NamedTuple):
    """Where a test stands; each tuple has the nearest first."""

    #: Its class, the classes around that, its file.
    names: tuple[str, ...]
    #: Its folder and those above it; the root directory is the empty text.
    folders: tuple[str, ...]
    #: All of them.
    around: tuple[str, ...]


def split_nodeid(nodeid: str) -> tuple[str, str]:
    """The class or file that contains the test, and its node id without parameters."""
    file_end = nodeid.find("::")
    base = nodeid
    if nodeid.endswith("]"):
        bracket = nodeid.find("[", max(file_end, 0))
        if bracket > 0:
            base = nodeid[:bracket]
    return (base if file_end < 0 else base[: base.rfind("::")]), base


def place_of(parent: str) -> Place:
    """Where the tests of this class or file stand."""
    names = [parent]
    while (end := names[-1].rfind("::")) >= 0:
        names.append(names[-1][:end])
    folders = []
    folder = names[-1]
    while folder:
        folder = folder.rpartition("/")[0]
        folders.append(folder)
    folders = folders or [""]
    return Place(tuple(names), tuple(folders), tuple(dict.fromkeys(names + folders)))


def leads_away(path: str) -> bool:
    """Whether a relative path leads out of the folder that it begins at."""
    return path.startswith(("/", "..")) or path[1:2] == ":"


def split_target(text: str) -> tuple[str, str]:
    """The file part with slashes for backslashes, and the rest with its ``::`` or bracket."""
    bracket = text.find("[") if text.endswith("]") else -1
    head = text if bracket < 0 else text[:bracket]
    names = head.find("::")
    end = len(head) if names < 0 else names
    return text[:end].replace("\\", "/"), text[end:]


def descend(folder: str, path: str) -> str:
    """``path`` seen from ``folder``, as node ids have it: relative to the root directory."""
    if path.startswith("/"):
        return path
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == ".." and parts and parts[-1] != "..":
            parts.pop()
        elif part not in {"", "."}:
            parts.append(part)
    return "/".join(parts)


def has_wildcard(target: str) -> bool:
    """Whether it may mean several tests."""
    return "*" in target or "?" in target


def wildcards(pattern: str) -> re.Pattern[str]:
    """What matches the pattern, or has it as the beginning up to a bracket or separator."""
    parts = {"*": ".*", "?": "."}
    text = re.sub(r"\*+", "*", pattern)
    body = "".join(parts.get(letter) or re.escape(letter) for letter in text)
    return re.compile(body + r"(?:(?:::|/|\[).*)?", re.DOTALL)


def paths_of(text: str, nodeid: str) -> tuple[str, ...]:
    """Paths from the root directory that the file part of a target may be, seen from a test."""
    path, _ = split_target(text)
    if not path.strip("./"):
        return ()
    folder = place_of(split_nodeid(nodeid)[0]).folders[0]
    return tuple(dict.fromkeys((descend(folder, path), descend("", path))))


def names_of(text: str) -> tuple[str, ...]:
    """The class, function or method that a target names behind its file part."""
    return tuple(filter(None, split_target(text)[1].partition("[")[0].split("::")))


def words_of(text: str) -> tuple[str, ...]:
    """Words, one of which a file most likely contains that has what the target means.

    Without any, every file may have it.
    """
    path, rest = split_target(text)
    return tuple(filter(None, re.split(_SEPARATOR, rest.partition("[")[0] or path)))
