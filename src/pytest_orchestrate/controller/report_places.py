"""Whether the reports that a run is to write can be written at all: asked before it begins."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from pytest_orchestrate.options.destinations import Destination


def check_places(destinations: Iterable[Destination]) -> None:
    """See whether there is a place for each; nothing is made.

    :raises pytest.UsageError: there is none, with the reason.
    """
    for each in destinations:
        why = _obstacle(each.path)
        if why:
            raise pytest.UsageError(
                f"orchestrate_report: {str(each)!r} cannot be written: {why}. "
                "Name another file, or make room for this one."
            )


def _obstacle(path: Path) -> str:
    """What stands in the way of a file; empty if nothing does."""
    path = Path(os.path.realpath(path))
    try:
        if path.is_dir():
            return f"{path} is a folder"
        if path.exists() and not path.is_file():  # a device or a pipe
            return "" if os.access(path, os.W_OK) else f"nobody may write to {path}"
        folder = path.parent
        while not folder.exists() and folder != folder.parent:
            folder = folder.parent  # those that are missing are made
        if not folder.is_dir():
            return f"{folder} is no folder"
    except OSError as error:  # a name that is too long, a place that nobody may look into
        return error.strerror or str(error)
    if not os.access(folder, os.W_OK | os.X_OK):
        return f"the folder {folder} may not be written to"
    return ""
