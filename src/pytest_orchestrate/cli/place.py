"""Where the history is that a command is about."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

#: What stands for standard output where a file is to be named.
STANDARD_OUTPUT = Path("-")


def add_directory(parser: argparse.ArgumentParser, *, is_first: bool = False) -> None:
    """Let a command be told where the history is; before the names of its parts and after them.

    :param is_first: It is the whole, of which the others are parts.
    """
    parser.add_argument(
        "--dir",
        # as in the setting that names it
        type=lambda text: Path(os.path.expandvars(text)).expanduser(),
        # what was said before is not forgotten where a part is not told anything
        default=None if is_first else argparse.SUPPRESS,
        metavar="DIR",
        help="where the history is (default: the nearest .pytest_orchestrate, upwards)",
    )


def place_of_command(arguments: Sequence[str]) -> int:
    """The position of the command's name: behind flags, and behind what ``--dir`` is given."""
    place = 0
    while place < len(arguments) and arguments[place].startswith("-"):
        place += 2 if arguments[place] == "--dir" else 1
    return place


def directory_of(chosen: argparse.Namespace) -> Path:
    """The directory that was named or, if none was, the nearest one."""
    from pytest_orchestrate.history import directory

    given: Path | None = chosen.dir
    if given is None:
        return directory.find(Path.cwd())
    return given / directory.NAME if (given / directory.NAME).is_dir() else given
