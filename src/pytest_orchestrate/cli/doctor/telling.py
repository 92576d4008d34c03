"""A diagnosis as the terminal shows it."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator

from pytest_orchestrate.cli.doctor.diagnosing import summary
from pytest_orchestrate.cli.doctor.diagnosis import Diagnosis, Finding
from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.words import count_of, seconds

#: Columns of the level before each finding.
MARGIN = 10
#: No line is broken to less than that.
LEAST_WIDTH = 40


def lines_of(diagnosis: Diagnosis, *, width: int) -> Iterator[str]:
    """Give it line by line; what does not fit into the width goes on in the next line."""
    for line in _lines(diagnosis, max(width, LEAST_WIDTH)):
        yield visible(line)


def _lines(diagnosis: Diagnosis, width: int) -> Iterator[str]:
    if diagnosis.versions:
        yield ", ".join(f"{name} {version}" for name, version in diagnosis.versions.items())
    if diagnosis.root is not None:
        where = f"configured in {diagnosis.configuration}"
        if diagnosis.configuration is None:
            where = "no configuration file"
        yield f"{diagnosis.root}: {where}{_collected(diagnosis)}"
    for finding in diagnosis.findings:
        yield ""
        yield from _finding(finding, width)
    proposal = diagnosis.proposal
    if proposal is not None:
        yield ""
        how = "put into" if proposal.exists else "make"
        yield f"{how} {proposal.file}:"
        yield ""
        yield from (f"    {line}" for line in proposal.text.splitlines())
    yield ""
    yield summary(diagnosis)


def _collected(diagnosis: Diagnosis) -> str:
    if diagnosis.tests is None:
        return ""
    tests = count_of(diagnosis.tests, "test")
    return f", {tests} in {count_of(diagnosis.files or 0, 'file')}"


def _finding(finding: Finding, width: int) -> Iterator[str]:
    margin = " " * MARGIN
    first, *quoted = finding.text.split("\n")
    worth = "" if finding.gain is None else f"saves about {seconds(finding.gain)}"
    if worth and not quoted:
        first += f" ({worth})"
    yield from _wrapped(first, f"{finding.level:<{MARGIN}}", margin, width)
    yield from (f"{margin}  {line}" for line in quoted)  # places, and words of pytest
    if worth and quoted:
        yield from _wrapped(f"without that, a run {worth}", margin, margin, width)
    if finding.advice:
        yield from _wrapped(finding.advice, f"{margin}-> ", f"{margin}   ", width)


def _wrapped(text: str, first: str, rest: str, width: int) -> list[str]:
    return textwrap.wrap(
        text,
        width,
        initial_indent=first,
        subsequent_indent=rest,
        break_long_words=False,
        break_on_hyphens=False,
    )
