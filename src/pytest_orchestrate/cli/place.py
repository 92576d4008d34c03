"""Where the history is that a command is about."""

from __future__ import annotations

import argparse
from pathlib import Path


def add_directory(parser: argparse.ArgumentParser) -> None:
    """Let a command be told where the history is."""
    parser.add_argument(
        "--dir",
        type=Path,
        metavar="DIR",
        help="where the history is (default: the nearest .pytest_orchestrate, upwards)",
    )


def directory_of(chosen: argparse.Namespace) -> Path:
    """The directory that was named or, if none was, the nearest one."""
    from pytest_orchestrate.history import directory

    given: Path | None = chosen.dir
    if given is None:
        return directory.find(Path.cwd())
    return given / directory.NAME if (given / directory.NAME).is_dir() else given
