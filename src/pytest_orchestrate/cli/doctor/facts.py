"""What the examined pytest tells of its project. Paths are relative to its root where possible."""

from __future__ import annotations

from typing import Literal

import msgspec

from pytest_orchestrate.sharding.safety import Obstacle


class Source(msgspec.Struct, frozen=True):
    """Arguments, and where they are written."""

    #: ``addopts in pytest.ini``, ``PYTEST_ADDOPTS`` or ``the arguments``.
    place: str
    words: tuple[str, ...]


class Plugin(msgspec.Struct, frozen=True):
    """A distribution that pytest has loaded plugins of."""

    name: str
    version: str
    #: The name after ``-p``, and the package that it is in.
    registered: str = ""
    package: str = ""
    #: What it may do that shows where tests are distributed.
    hooks: tuple[str, ...] = ()


class HookUse(msgspec.Struct, frozen=True):
    """An implementation of a hook that is not pytest's or ours."""

    hook: str
    #: File and line.
    place: str


class OldFlag(msgspec.Struct, frozen=True):
    """A flag of pytest-xdist, as it was written."""

    flag: str
    value: str
    place: str

    def __str__(self) -> str:
        if not self.value:
            return self.flag
        return f"{self.flag}{'=' if self.flag.startswith('--') else ' '}{self.value}"


class Misspelt(msgspec.Struct, frozen=True):
    """A key of the configuration file that looks like one of ours."""

    key: str
    #: The most similar one that there is.
    close: str | None
    value: str


class Configured(msgspec.Struct, frozen=True, kw_only=True):
    """What is known before any conftest is loaded."""

    root: str
    #: The configuration file that pytest reads, or None.
    file: str | None
    #: The table of a ``pyproject.toml`` that it reads.
    is_native_toml: bool = False
    versions: dict[str, str]
    sources: tuple[Source, ...]
    #: What switches us on in an ordinary run here, if anything does.
    activated: str | None = None
    #: What keeps us from being loaded.
    blocked: str | None = None
    #: Whether the distribution pytest-xdist is installed.
    has_xdist: bool = False
    old_flags: tuple[OldFlag, ...] = ()
    #: What each of them is here, as the head of a run says it.
    old_flags_mean: str | None = None
    #: Key -> value of settings that are not at their default.
    settings: dict[str, str] = {}
    refused: tuple[str, ...] = ()
    misspelt: tuple[Misspelt, ...] = ()
    #: The option that needs one process, and where it is written.
    one_process: tuple[str, str] | None = None
    #: How many workers there would be, and why.
    workers: tuple[int, str] | None = None
    #: The same if nobody had asked for a number.
    automatic: tuple[int, str] | None = None
    cores: int = 1
    #: How workers would be started: ``forked`` or ``spawned``; and what there is to say of that.
    start: tuple[str, str | None] | None = None
    #: The folder of the history.
    history: str | None = None
    #: Tests that it knows,
    known_tests: int = 0
    #: and session fixtures: name -> usual seconds, the longest first.
    fixtures: dict[str, float] = {}

    @property
    def usual_workers(self) -> int:
        """How many workers there would be, if there are to be any."""
        decided = [each[0] for each in (self.workers, self.automatic) if each is not None]
        return next((number for number in decided if number), max(2, self.cores))


class MarkUse(msgspec.Struct, frozen=True):
    """A mark of tests that we know."""

    name: str
    #: What we take it for.
    meaning: str
    tests: int
    #: One of them.
    example: str


class CollectedFile(msgspec.Struct, frozen=True):
    """A test file."""

    path: str
    tests: int
    #: Seconds to collect it.
    seconds: float


class HeavyImport(msgspec.Struct, frozen=True):
    """A module that every worker would import."""

    module: str
    seconds: float


class Forecast(msgspec.Struct, frozen=True):
    """What a run is expected to be by the scheduler's own simulation. Times are seconds."""

    workers: int
    makespan: float
    lower_bound: float
    #: All tests, one after another.
    work: float
    #: Tests that were measured before, and all of them.
    measured: int
    tests: int
    #: What bounds it, in words; and how much of the time that is, 0 to 1.
    bounded_by: str | None = None
    share: float = 0.0
    #: Its kind, as of :class:`~pytest_orchestrate.report.limits.Limit`.
    kind: str = ""


class Collected(msgspec.Struct, frozen=True, kw_only=True):
    """What is known when all tests are collected."""

    plugins: tuple[Plugin, ...] = ()
    #: Of conftests.
    hooks: tuple[HookUse, ...] = ()
    tests: int = 0
    files: tuple[CollectedFile, ...] = ()
    #: Node ids of what could not be collected, and how.
    errors: tuple[tuple[str, str], ...] = ()
    #: What collection was ended by, before its end.
    ended: str | None = None
    #: What a run would end with before its first test.
    refused: tuple[str, ...] = ()
    #: Marks that we know, and use,
    marks: tuple[MarkUse, ...] = ()
    #: and those whose names are the project's.
    yielded: tuple[str, ...] = ()
    #: Why every worker collects everything, if not because of the hooks.
    full_because: str | None = None
    obstacles: tuple[Obstacle, ...] = ()
    imports: tuple[HeavyImport, ...] = ()
    forecast: Forecast | None = None
    #: The same with ``orchestrate_keep_together = off``, if it is not.
    untied: Forecast | None = None


class Examination(msgspec.Struct, frozen=True):
    """All of it, as far as pytest has come."""

    configured: Configured | None = None
    collected: Collected | None = None


class Failure(msgspec.Struct, frozen=True):
    """The examined pytest has not come to its end."""

    kind: Literal["exit", "signal", "time"]
    #: Exit status, number of the signal, or seconds.
    number: float
    #: What it had said.
    output: str
    #: Where it was when the time was up, the innermost frame first.
    stack: tuple[str, ...] = ()
    #: What pytest without this plugin said, if it ended with the same status; else None.
    plain_output: str | None = None
