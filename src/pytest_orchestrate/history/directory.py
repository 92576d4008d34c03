"""The directory in which runs are recorded and history is kept."""

from __future__ import annotations

import os
from pathlib import Path

#: Name of the directory under pytest's root directory unless a setting says otherwise.
NAME = ".pytest_orchestrate"


def prepare(directory: Path) -> Path:
    """Make the directory, readable by its owner only and ignored by git; returns it.

    A directory that exists keeps its permissions and its own ``.gitignore``.
    Raises OSError where that is not possible.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        with (directory / ".gitignore").open("x", encoding="utf-8") as file:
            file.write("# Written by pytest-orchestrate: runs belong to this machine.\n*\n")
    except FileExistsError:
        pass
    return directory


def runs(directory: Path) -> Path:
    """Where the logs of the runs are."""
    return directory / "runs"


def logs(directory: Path) -> list[Path]:
    """The logs of the runs, the oldest (by last change) first; empty when there are none."""
    found: list[tuple[float, str]] = []
    try:
        with os.scandir(runs(directory)) as entries:
            for entry in entries:
                if entry.name.endswith(".jsonl"):
                    try:
                        found.append((entry.stat().st_mtime, entry.path))
                    except FileNotFoundError:  # another process pruned it just now
                        continue
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [Path(path) for _, path in sorted(found)]


def find(start: Path) -> Path:
    """The nearest directory of that name in ``start`` or above it, else the one it would be."""
    start = start.absolute()
    for folder in (start, *start.parents):
        if (folder / NAME).is_dir():
            return folder / NAME
    return start / NAME
