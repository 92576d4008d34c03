"""Whose program this process runs: pytest's own, or one that calls pytest."""

from __future__ import annotations

import inspect
import os
import sys
from pathlib import Path
from types import FrameType


def stays_after_pytest() -> bool:
    """Whether the interpreter waits for commands when its program has ended (``python -i``)."""
    return bool(sys.flags.inspect or sys.flags.interactive)


def started_as() -> list[str]:
    """Return the words with which pytest was started, without its arguments, to type them again.

    With ``python -m pytest`` the current folder can be imported from, with ``pytest`` it cannot.
    """
    if Path(sys.argv[0]).parts[-2:] != ("pytest", "__main__.py"):
        return ["pytest"]
    words = sys.orig_argv or ["python"]
    interpreter = words[0]
    if os.name == "nt":  # there it is a whole path, which shells do not quote alike
        interpreter = Path(interpreter).stem
    return [interpreter, *_flags(words[1:]), "-m", "pytest"]


def _flags(words: list[str]) -> list[str]:
    """Return what the interpreter was given before ``-m pytest``, if it was given that itself."""
    at = 0
    while at < len(words) and words[at].startswith("-"):
        if words[at : at + 2] == ["-m", "pytest"]:
            return words[:at]
        at += 2 if words[at] in ("-W", "-X") else 1
    return []  # another program runs pytest's, such as "coverage run"


def is_own_program() -> bool:
    """Whether ``python -m pytest`` or the script ``pytest`` is all that this process runs."""
    frame: FrameType | None = inspect.currentframe()
    inner: FrameType | None = None
    while frame is not None and frame.f_globals.get("__name__") != "__main__":
        inner, frame = frame, frame.f_back
    if frame is None or inner is None:
        return False
    is_called_by_main = (
        inner.f_globals.get("__name__") == "_pytest.config"
        and inner.f_code.co_name in ("_console_main", "console_main")
        and frame.f_code.co_name == "<module>"
    )
    spec = frame.f_globals.get("__spec__")
    names = {getattr(spec, "name", ""), Path(sys.argv[0]).name}
    if not is_called_by_main or not names & {"pytest.__main__", "pytest", "py.test"}:
        return False
    frame = frame.f_back
    while frame is not None:
        if frame.f_globals.get("__name__") != "runpy":
            return False
        frame = frame.f_back
    return True
