"""The report of one run: all that any of its formats shows.

Every renderer is a function of a :class:`Report`. It is made once, from the records of the run
(``report/assembly.py``), what is known of earlier runs, and what is there beside them (coverage).
Texts are as recorded: whoever writes them escapes them as its format asks for.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.findings import (
    Area,
    Changes,
    FailureGroup,
    FlakyTest,
    Recommendation,
    Regression,
    Score,
    TrendPoint,
)
from pytest_orchestrate.report.summary import Summary
from pytest_orchestrate.report.timeline import Timeline

#: Of the JSON form. Readers pass over keys that they do not know; one that changes its meaning, or
#: goes, makes a new version.
VERSION = 1


class CI(msgspec.Struct, frozen=True):
    """The job that the run was part of."""

    name: str
    url: str | None = None


class RunFacts(msgspec.Struct, frozen=True):
    """Under which circumstances the tests ran."""

    run: str
    started: float
    mode: str
    #: What ran pytest, as one would type it: ``pytest``, or ``python -m pytest``.
    program: tuple[str, ...] = ("pytest",)
    #: The command line after that, without what looks like a secret.
    args: tuple[str, ...] = ()
    selection: str = ""
    python: str = ""
    implementation: str = ""
    platform: str = ""
    cpus: int | None = None
    pytest: str = ""
    #: Distribution -> version.
    plugins: Mapping[str, str] = {}
    revision: str | None = None
    branch: str | None = None
    #: Whether code differed from the revision; None if that is not known.
    dirty: bool | None = None
    ci: CI | None = None
    #: Settings that were not at their default, as one would write them.
    settings: Mapping[str, str] = {}
    #: What random numbers began with, by who says so (``pytest-randomly``).
    seeds: Mapping[str, str] = {}
    #: Environment variables of the allow-list, without what looks like a secret.
    environment: Mapping[str, str] = {}
    #: Of the machine that the controller ran on, if that is known.
    hostname: str | None = None


class Commands(msgspec.Struct, frozen=True):
    """What to type next, ready to copy; empty where there is nothing to do."""

    rerun_failed: str = ""
    #: For each worker with failures.
    replay: Mapping[str, str] = {}
    explain: str = ""


class Report(msgspec.Struct, frozen=True):
    """One run, as all formats show it."""

    version: int
    run: RunFacts
    summary: Summary
    tests: tuple[TestReport, ...]
    #: Folders before what is in them, in order of their paths.
    areas: tuple[Area, ...] = ()
    #: The largest first.
    groups: tuple[FailureGroup, ...] = ()
    #: None without an earlier run on this branch.
    changes: Changes | None = None
    #: The oldest first; this run is the last.
    trend: tuple[TrendPoint, ...] = ()
    flaky: tuple[FlakyTest, ...] = ()
    regressions: tuple[Regression, ...] = ()
    #: The greatest gain first.
    recommendations: tuple[Recommendation, ...] = ()
    score: Score | None = None
    timeline: Timeline = Timeline()
    commands: Commands = Commands()
    #: What could not be found out for the report, with the reason.
    remarks: tuple[str, ...] = ()
