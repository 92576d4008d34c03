"""Whether the reports that a run is to write can be written at all: asked before it begins."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import pytest

from pytest_orchestrate.options.destinations import Destination
from pytest_orchestrate.options.paths import identity

#: What other plugins, and pytest itself, write at the end of a run: where the option is kept, and
#: what it is called.
_OTHERS = {
    "xmlpath": "--junitxml",
    "log_file": "--log-file",
    "report_log": "--report-log",
    "htmlpath": "--html",
    "ctrf": "--ctrf",
}


def other_files(chosen: object, folder: Path) -> dict[str, Path]:
    """Return option -> the file that it names, of those that are known to write one.

    :param chosen: What options were given, as a namespace.
    :param folder: Where pytest was started.
    """
    given = {name: getattr(chosen, key, None) for key, name in _OTHERS.items()}
    return {
        name: folder / os.path.expanduser(os.path.expandvars(path))  # noqa: PTH111 - as they do
        for name, path in given.items()
        if isinstance(path, str) and path
    }


def check_places(
    destinations: Iterable[Destination], others: Mapping[str, Path] | None = None
) -> None:
    """See whether there is a place for each; nothing is made.

    :param others: Option -> a file that is written because of it.
    :raises pytest.UsageError: there is none, with the reason.
    """
    known = {
        identity(path): option
        for option, path in (others or {}).items()
        if path.is_file() or not path.exists()  # not a device
    }
    for each in destinations:
        option = known.get(identity(each.path))
        if option is not None:
            raise pytest.UsageError(
                f"orchestrate_report: {str(each)!r} cannot be written: {option} writes the same "
                f"file, {os.path.realpath(each.path)}. Name another file for one of them."
            )
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
