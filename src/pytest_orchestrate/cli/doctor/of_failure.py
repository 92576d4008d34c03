"""Why pytest did not come to the end of its collection, in its own words."""

from __future__ import annotations

import re
from difflib import get_close_matches

from pytest_orchestrate.cli.doctor.diagnosis import Finding
from pytest_orchestrate.cli.doctor.facts import Configured, Failure
from pytest_orchestrate.options import SETTINGS

#: So much of what pytest said is shown, lines; and so many frames of where it was.
SHOWN, FRAMES = 12, 6

_INTERNAL = "INTERNALERROR> "
_FLAGS = [setting.flag for setting in SETTINGS]
#: What argparse says of a flag of ours that is not there,
_UNKNOWN = re.compile(r"unrecognized arguments: .*?(--orchestrate-[\w-]+)")
#: and of one that is there already.
_TAKEN = re.compile(r"conflicting option strings?: (\S+)")
#: The last line of a traceback that a warning has ended.
_WARNED = re.compile(r"^INTERNALERROR> [\w.]*Warning: ", re.MULTILINE)
_NUMBER = re.compile(r"0x[0-9a-f]+|[0-9][0-9.]*")
#: Frames of pytest and of Python's import system.
_MACHINERY = re.compile(r"^<frozen |[/\\](_pytest|pluggy|pytest_orchestrate)[/\\]|^.*runpy")


def of_failure(failure: Failure, configured: Configured | None) -> Finding:
    """Say in pytest's own words why it did not come to its end."""
    what = "before it had collected all tests" if configured else "before it loaded any conftest"
    said = "\n".join(telling_lines(failure.output))
    if failure.kind == "time":
        theirs = [frame for frame in failure.stack if not _MACHINERY.search(frame)]
        frames = "\n".join((theirs or failure.stack)[:FRAMES])
        where = f"; it was in\n{frames}" if frames else ""
        return Finding(
            "conflict",
            "pytest",
            f"pytest had not ended after {failure.number:g} s{where}",
            "--time-limit=SECONDS gives it longer",
        )
    how = f"exit status {failure.number:g}"
    if failure.kind == "signal":
        how = f"killed by signal {failure.number:g}"
    is_plain = _is_plain(failure)
    text = f"pytest ended {what} ({how})"
    text += ", and does so without this plugin, too" if is_plain else ""
    text += f"; it said\n{said}" if said else ""
    return Finding("conflict", "pytest", text, _advice(failure.output, is_plain=is_plain))


def _is_plain(failure: Failure) -> bool:
    """Whether pytest ends in this way without us, too: with the same status and last line.

    But for numbers, which may be times and addresses.
    """
    if failure.plain_output is None:
        return False
    plain, ours = (
        [_NUMBER.sub("0", line) for line in telling_lines(output)[-1:]]
        for output in (failure.plain_output, failure.output)
    )
    return plain == ours


def _advice(output: str, *, is_plain: bool) -> str:
    taken = _TAKEN.search(output)
    if taken is not None:
        return f"another plugin has a flag {taken[1]}, too: switch one of them off (-p no:NAME)"
    unknown = _UNKNOWN.search(output)
    close = get_close_matches(unknown[1], _FLAGS, n=1) if unknown is not None else []
    if close:
        return f"meant is probably {close[0]}"
    if "No module named" in output:
        return "if python -m pytest finds it: python -m pytest_orchestrate.cli doctor"
    if is_plain and _INTERNAL in output and _WARNED.search(output):
        return (
            "filterwarnings makes an error of a warning: do what that asks for, or ignore it there"
        )
    return ""


def telling_lines(output: str) -> list[str]:
    """The last lines that it said, from the error on if one is named so."""
    lines = [line.rstrip() for line in output.splitlines() if line.strip()]
    internal = [line[len(_INTERNAL) :] for line in lines if line.startswith(_INTERNAL)]
    if internal:  # the innermost frame, and the exception
        frames = [n for n, line in enumerate(internal) if line.startswith("  File ")]
        return ["INTERNALERROR", *internal[frames[-1] if frames else 0 :][:SHOWN]]
    for number, line in enumerate(lines):
        if line.startswith(("ERROR: ", "ImportError while loading")):
            first = lines[number:]
            return first if len(first) <= SHOWN else [*first[:2], "...", *first[3 - SHOWN :]]
    if any(line.startswith("Traceback (most recent call last)") for line in lines):
        indented = [n for n, line in enumerate(lines) if line.startswith("  ")]
        return lines[indented[-1] + 1 if indented else 0 :][:SHOWN]
    causes = [line.removeprefix("E").strip() for line in lines if line.startswith("E ")]
    return (causes or lines)[-SHOWN:]
