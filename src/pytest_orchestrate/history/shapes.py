"""What the lines of a run's log look like, in full: the source of the log's JSON schema.

The log is written from plain mappings and read by parts (``history/records.py``,
``report/story.py``); tests hold what is written to these.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from pytest_orchestrate.model.commands import AnyCommand
from pytest_orchestrate.model.events import AnyEvent
from pytest_orchestrate.model.outcome import Outcome


class Line(msgspec.Struct, tag_field="record", kw_only=True):
    """Base of all lines."""


class CIShape(msgspec.Struct):
    """The job that the run was part of."""

    name: str
    url: str | None


class FactsShape(msgspec.Struct, kw_only=True):
    """Under which circumstances the tests ran."""

    python: str
    implementation: str
    platform: str
    hostname: str
    cpus: int | None
    pytest: str
    #: Distribution -> version.
    plugins: dict[str, str]
    revision: str | None
    branch: str | None
    #: Whether code differed from the revision; null if nobody looked.
    dirty: bool | None
    ci: CIShape | None
    #: Ini key -> what was given, lines of a list separated by newlines.
    settings: dict[str, str]
    #: What random numbers began with, by plugin.
    seeds: dict[str, str]
    #: Of the variables that ``orchestrate_report_environment`` names, those that were set.
    environment: dict[str, str]


class RunLine(Line, tag="run"):
    """The first line."""

    version: int
    run: str
    #: Seconds since the epoch.
    started: float
    mode: Literal["workers", "in-process"]
    workers: int
    #: What was selected, in a canonical form.
    selection: str
    args: list[str]
    facts: FactsShape
    #: Where pytest was started, relative to its root directory.
    folder: str = "."
    #: The root directory, seen from there; null if that was not recorded.
    root: str | None = None
    #: What the paths of node ids are relative to, seen from there; null if that is not one folder.
    base: str | None = None
    #: What ran pytest: ``pytest``, or the words of ``python -m pytest``.
    program: tuple[str, ...] = ("pytest",)


class EventLine(Line, tag="event"):
    """The engine was told something."""

    event: AnyEvent


class CommandLine(Line, tag="command"):
    """The engine wanted something done; directly after the event that caused it."""

    command: AnyCommand


class WorkerLine(Line, tag="worker"):
    """A worker has collected. Times are seconds."""

    worker: str
    #: From its start until it could collect.
    start: float | None
    collect: float | None
    #: Tests.
    collected: int
    #: Installed module -> seconds that a forked worker spent on importing it.
    imports: dict[str, float] | None = None
    #: When it had collected, since the run began.
    at: float | None = None


class FilesLine(Line, tag="files"):
    """The files that a worker has collected."""

    worker: str
    #: File -> seconds.
    costs: dict[str, float | None]


class FixtureLine(Line, tag="fixture"):
    """A fixture of a scope above function was set up, in the attempt that follows."""

    worker: str
    file: str | None
    name: str
    scope: str
    #: Seconds.
    setup: float


class CrashShape(msgspec.Struct):
    """Where a failure was raised, or the last place in the project on the way to it."""

    #: Relative to the root directory if it is below it.
    path: str
    #: From 1 on.
    line: int
    #: The first line of what pytest says of the exception.
    message: str


class AttemptLine(Line, tag="attempt"):
    """A test has ended. Times of phases are seconds."""

    test: int
    nodeid: str
    occurrence: int
    worker: str
    #: How many tests its worker had run before it.
    order: int
    outcome: Outcome
    setup: float
    call: float
    teardown: float
    #: Seconds since the epoch.
    started: float
    longrepr: str | None
    #: Title and text.
    sections: list[tuple[str, str]]
    #: Where the test is defined, from 1 on.
    line: int | None
    #: Its file, relative to the root directory, where it is outside of that: there node ids are
    #: relative to the path that was given.
    file: str | None = None
    crash: CrashShape | None = None
    #: Name of the exception's class.
    exception: str | None = None
    #: What it was skipped for, or expected to fail for.
    reason: str = ""
    #: Names and values of ``record_property``.
    properties: list[tuple[str, str]] = []
    markers: list[str] = []
    #: What its worker's clock showed when it began, where that is another machine's: ``started`` is
    #: then when that was heard.
    clock: float | None = None


class InterruptedLine(Line, tag="interrupted"):
    """An attempt was cut off; directly after the command that says so."""

    test: int
    worker: str
    #: As of attempts.
    started: float
    clock: float | None = None


class ArtifactLine(Line, tag="artifact"):
    """A file that a test has left, directly before the attempt that did."""

    test: int
    worker: str
    #: Below the attempt's folder.
    name: str
    #: Relative to the folder of the history.
    path: str
    bytes: int
    media_type: str


class AmendLine(Line, tag="amend"):
    """A late tear-down failed after its test had ended."""

    test: int
    nodeid: str
    worker: str
    outcome: Outcome
    longrepr: str | None
    crash: CrashShape | None = None
    exception: str | None = None


class UncollectedLine(Line, tag="uncollected"):
    """Something could not be collected; before the end."""

    #: Of the file, class or folder; empty for the whole.
    nodeid: str
    longrepr: str | None


class SkippedLine(Line, tag="skipped"):
    """A file or folder has skipped itself when it was collected; before the end."""

    #: Of the file, class or folder.
    nodeid: str
    reason: str
    #: Where that was said, as far as known.
    path: str | None = None
    line: int | None = None


class NoteLine(Line, tag="note"):
    """Something that a reader should know."""

    text: str


class EndLine(Line, tag="end"):
    """The last line; a run that was cut off has none."""

    exitstatus: int
    #: Seconds.
    duration: float
    #: Tests.
    not_run: int
    #: Why it ended early.
    reason: str | None


AnyLine = (
    RunLine
    | EventLine
    | CommandLine
    | WorkerLine
    | FilesLine
    | FixtureLine
    | AttemptLine
    | InterruptedLine
    | ArtifactLine
    | AmendLine
    | UncollectedLine
    | SkippedLine
    | NoteLine
    | EndLine
)


def log_schema() -> dict[str, Any]:
    """The JSON schema of one line."""
    return msgspec.json.schema(AnyLine)
