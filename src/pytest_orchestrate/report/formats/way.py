"""From the folder of a report to what it links."""

from __future__ import annotations


def way(folder: str, path: str) -> str:
    """How one gets from a folder to a file, ``../artifacts/log.txt``; both are absolute paths.

    The path itself if either is not, or they are on different drives.
    """
    here, there = _parts(folder), _parts(path)
    if not here or not there or here[0] != there[0]:
        return path
    shared = 0
    for one, other in zip(here, there[:-1], strict=False):
        if one != other:
            break
        shared += 1
    return "/".join([*[".."] * (len(here) - shared), *there[shared:]])


def _parts(path: str) -> list[str]:
    """The drive, if any, and the names on the way; nothing for a path that is not absolute."""
    drive = ""
    if path[1:2] == ":":
        drive, path = path[:2], path[2:].replace("\\", "/")
    if not path.startswith("/"):
        return []
    return [drive, *(part for part in path.split("/") if part)]
