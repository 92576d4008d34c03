"""From the text of a setting to a path; and whether two paths are names of one file."""

from __future__ import annotations

import os
import re
from pathlib import Path

from pytest_orchestrate.options.values import Place

_VARIABLE = r"\$(?:(\w+)|\{([^}]*)\})"


def parse_path(place: Place, text: str) -> Path:
    """A path, with ``~`` and environment variables replaced; those must be set."""
    if not text.strip():
        raise place.refusal(text, "it is empty")
    for found in re.finditer(_VARIABLE, text, re.ASCII) if "$" in text else ():
        name = found[1] or found[2]
        if name not in os.environ:
            raise place.refusal(text, f"there is no environment variable {name}{_near(name)}")
    try:
        return Path(os.path.expandvars(text.strip())).expanduser()
    except RuntimeError as error:
        raise place.refusal(text, str(error)) from None


def _near(name: str) -> str:
    import difflib

    near = difflib.get_close_matches(name, os.environ, n=1)
    return f" (but one {near[0]})" if near else ""


def identity(path: Path) -> tuple[object, ...]:
    """What is equal for all names of one file, also for links, symbolic and hard ones."""
    real = os.path.realpath(path)
    try:
        there = os.stat(real)  # noqa: PTH116 - a text
    except OSError:
        return (os.path.normcase(real),)
    return there.st_dev, there.st_ino
