"""What tests have left behind, in ``<directory>/artifacts/<run id>``."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from pytest_orchestrate.history import directory as directories
from pytest_orchestrate.history.log import is_live

#: Seconds.
DAY = 86_400


def folder(directory: Path, run_id: str | None = None) -> Path:
    """Where the artifacts of a run are, or those of all runs."""
    parent = directory / "artifacts"
    return parent if run_id is None else parent / run_id


def prune(directory: Path, *, runs: int, days: int, size: int, now: float) -> list[Path]:
    """Delete the artifacts of the oldest runs, until so much at most is left; return the folders.

    Those of runs that go on count, and stay. ``now``: seconds since the epoch.
    """
    deleted = []
    kept_runs = kept_bytes = 0
    for path in sorted(_folders(directory), reverse=True):  # run ids sort by time
        used, changed = _used(path)
        fits = kept_runs < runs and kept_bytes + used <= size and changed >= now - days * DAY
        if fits or is_live(directories.runs(directory) / f"{path.name}.jsonl"):
            kept_runs += 1
            kept_bytes += used
        else:
            shutil.rmtree(path, ignore_errors=True)
            deleted.append(path)
    return deleted


def _folders(directory: Path) -> list[Path]:
    try:
        with os.scandir(folder(directory)) as entries:
            return [Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False)]
    except (FileNotFoundError, NotADirectoryError):
        return []


def _used(path: Path) -> tuple[int, float]:
    """How many bytes the files of a folder have, and when it was last changed."""
    used, changed = 0, path.stat().st_mtime
    for parent, _, names in os.walk(path):
        for name in names:
            try:
                status = Path(parent, name).lstat()
            except FileNotFoundError:  # another process prunes as well
                continue
            used += status.st_size
            changed = max(changed, status.st_mtime)
    return used, changed
