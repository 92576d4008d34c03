"""What was captured of an attempt, as formats with two places for it have it."""

from __future__ import annotations

from typing import NamedTuple

from pytest_orchestrate.report.attempts import Attempt
from pytest_orchestrate.report.formats.texts import shortened

#: Characters of one section: of an attempt that did not end well, and of any other. Jenkins keeps
#: as many of the former and fewer of the latter (``CaseResult.possiblyTrimStdio``).
OF_BAD, OF_GOOD = 100_000, 10_000


class Output(NamedTuple):
    """Texts, each section below its title; empty without any."""

    #: Standard output, log records, and whatever plugins have added.
    out: str
    #: Standard error.
    err: str


def output_of(attempt: Attempt) -> Output:
    """What was captured while a test ran; the middle of a very long section is left out."""
    if not attempt.sections:
        return Output("", "")
    longest = OF_BAD if attempt.failure is not None else OF_GOOD
    out: list[str] = []
    err: list[str] = []
    for title, text in attempt.sections:
        where = err if "stderr" in title else out
        # as pytest does in its own JUnit XML
        where.append(f" {title} ".center(80, "-"))
        where.append(shortened(text, longest).rstrip("\n"))
    return Output("\n".join(out), "\n".join(err))
