"""What ``doctor`` finds, and what it proposes: the form that ``--json`` prints."""

from __future__ import annotations

from typing import Literal, get_args

import msgspec

#: Version of the form.
FORMAT = 1

#: ``conflict``: does not work, or not as it is written; ``note``: works in another way than under
#: plain pytest or pytest-xdist; ``speed``: what stands in the way of a shorter run; ``setting``:
#: what settings mean; ``fine``: nothing to be done.
Level = Literal["conflict", "note", "speed", "setting", "fine"]
LEVELS: tuple[Level, ...] = get_args(Level)

#: What it is about.
Topic = Literal[
    "pytest",
    "versions",
    "activation",
    "plugins",
    "xdist",
    "settings",
    "markers",
    "hooks",
    "collection",
    "start",
    "workers",
    "imports",
    "fixtures",
    "durations",
    "last run",
]


class Change(msgspec.Struct, frozen=True):
    """A key of the configuration file and what to put there: one text, or lines."""

    key: str
    value: str | tuple[str, ...]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is to be known."""

    level: Level
    topic: Topic
    text: str
    #: The next step; empty where there is none.
    advice: str = ""
    #: Seconds that a run is expected to be shorter by; None where that is not known.
    gain: float | None = None
    #: What to put into the configuration file for that.
    changes: tuple[Change, ...] = ()


class Proposal(msgspec.Struct, frozen=True):
    """Lines for a configuration file of the project."""

    #: Relative to the root directory; it may have to be made.
    file: str
    exists: bool
    #: What to paste, in the syntax of that file, its heading included.
    text: str


class Diagnosis(msgspec.Struct, frozen=True):
    """All that was found."""

    format: int
    #: pytest's root directory, and the configuration file that it reads there; None: not known.
    root: str | None
    configuration: str | None
    versions: dict[str, str]
    #: How many were collected; None if collection did not come to its end.
    tests: int | None
    files: int | None
    #: In order of levels.
    findings: tuple[Finding, ...]
    #: None: there is nothing to change.
    proposal: Proposal | None

    @property
    def has_conflicts(self) -> bool:
        """Whether something does not work."""
        return any(finding.level == "conflict" for finding in self.findings)
