"""Where and why a phase did not end well, of what pytest keeps of a failure."""

from __future__ import annotations

import io
import os
import re
from typing import Any, NamedTuple

from _pytest._io import TerminalWriter

#: Characters of a message that are kept.
LONGEST = 2_000

#: Why a test was skipped by whoever did not say why.
NO_REASON = "no reason given"

# compiled where something fails: most runs have no use for them
_CLASS = r"(?:[^\W\d]\w*\.|<locals>\.)*([^\W\d]\w*)(?::|$)"
_PLACE = r"(?P<path>.+):(?P<line>\d+)(?:: (?P<name>[^\W\d]\w*))?"
#: What ``pytest.fail`` raises says nothing beyond the outcome.
_FAIL = "Failed"


class CrashSite(NamedTuple):
    """Where a failure was raised."""

    #: Relative to the root directory, with ``/``, if it is below it.
    path: str
    #: From 1 on.
    line: int
    #: The first line of what pytest says of the exception.
    message: str
    #: Name of its class, or empty.
    exception: str


def failure_text(report: Any) -> str:
    """Return a failure as pytest shows it, without colours and empty lines around it.

    ``report.longreprtext`` is the same without the indentation of its first line.
    """
    file = io.StringIO()
    writer = TerminalWriter(file)
    writer.hasmarkup = False
    report.toterminal(writer)
    return file.getvalue().strip("\n").rstrip()


def crash_site(report: Any, root: str) -> CrashSite | None:
    """Return where the failure of a report was raised, if pytest has kept that.

    If that is not in the project, it is the last place there on the way to it; of what pytest
    itself raises without one, as an unexpected success of unittest's, it is the test.

    :param root: The root directory.
    """
    longrepr = report.longrepr
    crash = getattr(longrepr, "reprcrash", None)
    if crash is None:
        return _site_at_the_end(str(report.longreprtext), root)
    message = str(crash.message).partition("\n")[0][:LONGEST]
    path, line = _within(str(crash.path), root), int(crash.lineno)
    if not _is_own(path):
        for entry in reversed(getattr(longrepr.reprtraceback, "reprentries", ())):
            place = getattr(entry, "reprfileloc", None)
            if place is None:
                continue
            calling = _within(os.path.abspath(str(place.path)), root)  # noqa: PTH100 - a text
            if _is_own(calling):
                path, line = calling, int(place.lineno)
                break
        else:
            if "_pytest/" in path.replace(os.sep, "/"):
                path, line = _test_itself(report) or (path, line)
    return CrashSite(path, line, message, _exception(message))


def _test_itself(report: Any) -> tuple[str, int] | None:
    path, line, _ = getattr(report, "location", (None, None, None))
    return (path.replace(os.sep, "/"), line + 1) if path and line is not None else None


def _site_at_the_end(text: str, root: str) -> CrashSite | None:
    """Where a failure was raised of which there is only text.

    Doctests and fixtures that are not found end with the place: ``/root/a.py:3: DocTestFailure``.
    """
    lines = text.rstrip().splitlines()
    found = re.fullmatch(_PLACE, lines[-1]) if lines else None
    path = _within(found["path"], root) if found is not None else ""
    if found is None or path == found["path"] or not _is_own(path):
        return None
    return CrashSite(path, int(found["line"]), _telling(lines)[:LONGEST], found["name"] or "")


def _telling(lines: list[str]) -> str:
    """The line of a text that says most: what pytest has marked, or what a doctest got."""
    for line in lines:
        if line.startswith(("E  ", "UNEXPECTED EXCEPTION: ")):
            return line.removeprefix("E").strip()
    if "Got:" in lines[:-1] and "Expected:" in lines[:-1]:
        expected, got = (lines[lines.index(head) + 1].strip() for head in ("Expected:", "Got:"))
        return f"expected {expected}, got {got}"
    return next(filter(None, (line.strip() for line in lines)), "")


def _within(path: str, root: str) -> str:
    start = root + os.sep
    return path[len(start) :].replace(os.sep, "/") if path.startswith(start) else path


def _is_own(path: str) -> bool:
    """Whether a file is the project's: below the root, and not installed there."""
    return not os.path.isabs(path) and "site-packages/" not in path  # noqa: PTH117 - a text


def _exception(message: str) -> str:
    if message.startswith("assert "):  # pytest leaves the class out
        return "AssertionError"
    found = re.match(_CLASS, message)
    name = found[1] if found is not None else ""
    return "" if name == _FAIL else name


def skip_place(report: Any, root: str) -> tuple[str | None, int | None]:
    """Return in which file, and in which line of it, something was skipped, as far as known."""
    longrepr = report.longrepr
    if not isinstance(longrepr, tuple | list) or len(longrepr) != 3:
        return None, None
    return _within(str(longrepr[0]), root), int(longrepr[1]) or None


def reason_of(report: Any) -> str:
    """Return why a test was skipped or was expected to fail; empty if it was neither."""
    expected = getattr(report, "wasxfail", None)
    if expected is not None:
        return str(expected).removeprefix("reason: ")
    longrepr = report.longrepr
    if report.outcome == "skipped" and isinstance(longrepr, tuple | list) and len(longrepr) == 3:
        return str(longrepr[2]).removeprefix("Skipped: ").removeprefix("Skipped") or NO_REASON
    return ""
