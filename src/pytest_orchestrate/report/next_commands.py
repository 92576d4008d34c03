"""What to type next, after a run."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.model.target_paths import leads_away
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Commands, RunFacts
from pytest_orchestrate.report.redaction import HIDDEN

#: So many tests are named one by one; more go by way of a file with a line for each.
NAMED = 5
FILE = "failed-tests.txt"
#: So many are named if the reader has no record from which that file could be made.
MOST_NAMED = 50
#: Why tests cannot be named.
UNPLACED = (
    "several paths outside of the root directory were given, and of what failed there is no"
    " telling in which of them it is"
)
REPLAY = "--orchestrate-replay"
#: What a replay has its own of, or is not to write over.
LEFT_OUT = (REPLAY, "--orchestrate-report", "--junitxml", "--junit-xml")
#: Options with a value without which the same tests are not found, or other settings hold.
KEPT = (
    *("--config-file", "--rootdir", "--confcutdir", "--import-mode", "--override-ini"),
    *("-c", "-o", "-p"),
)
#: What runs pytest, and our command, where nothing else is known.
PYTEST = ("pytest",)
OURS = ("pytest-orchestrate",)


class Start(NamedTuple):
    """Where pytest was started; there the commands can be typed. All paths are with ``/``."""

    #: That folder, relative to the root directory.
    folder: str = "."
    #: The root directory, seen from that folder; None if that was not recorded.
    root: str | None = None
    #: What the paths of node ids are relative to, likewise; None if that is not one folder.
    base: str | None = None

    @classmethod
    def of(cls, first: Mapping[str, Any]) -> Start:
        """As the first line of a run log has it, in whatever version it was written."""
        return cls(first.get("folder", "."), first.get("root"), first.get("base"))

    @property
    def is_below_root(self) -> bool:
        """Whether the root directory is that folder, or above it."""
        return not leads_away(self.folder)

    def argument(self, nodeid: str, file: str = "") -> str | None:
        """A node id as an argument of pytest; None if it cannot be told which file it is in.

        ``file``: that file, from the root directory, where it is known.
        """
        path, colons, rest = nodeid.partition("::")
        if self.root is None:
            return nodeid if not self.is_below_root else self._shortest(path) + colons + rest
        if self.base is None:
            elsewhere = file[1:2] == ":"  # on another drive
            place = file if elsewhere else posixpath.normpath(posixpath.join(self.root, file))
            return f"{place}{colons}{rest}" if file else None
        if self.base == self.root and self.is_below_root:
            return self._shortest(path) + colons + rest
        return posixpath.normpath(posixpath.join(self.base, path)) + colons + rest

    def seen(self, path: str) -> str:
        """A path that is relative to the root directory, or absolute."""
        if path.startswith(("/", "~", "$")) or path[1:2] == ":":
            return path
        if self.is_below_root:
            return self._shortest(path)
        return path if self.root is None else posixpath.normpath(posixpath.join(self.root, path))

    def _shortest(self, path: str) -> str:
        if self.folder == ".":
            return path
        return posixpath.relpath(f"/{path}", f"/{self.folder}")


def next_commands(
    run: RunFacts, tests: Sequence[TestReport], start: Start | None = None
) -> Commands:
    """Run what failed again, do again what its worker did, ask why a test ran when it did.

    What goes by the record of the run is left out where it was not recorded, and tests are not
    named where their files are not known.
    """
    start = start or Start()
    bad = [test for test in tests if test.outcome in BAD]
    if not bad:
        return Commands()
    arguments = failed(bad, start)
    begun = [*run.program, "-p", "orchestrate", *kept(run.args)]
    again = "" if arguments is None else shlex.join([*begun, *arguments])
    many = 0 if arguments is None else len(arguments)
    if run.settings.get("orchestrate_record") == "off":
        return Commands(again if many <= MOST_NAMED else "")
    ours = our_command(run.program)
    place = _place(run, start)
    # who reads what a CI job reports is on another machine than its record
    if many > (NAMED if run.ci is None else MOST_NAMED):
        listing = [*ours, "report", "failed", *place, run.run, "--output", FILE]
        # "--lf" would be what failed in the last run, whichever that is by then
        again = f"{shlex.join(listing)} && {shlex.join(begun)} @{FILE}"
    ran = [test for test in bad if not test.is_collection]
    if not ran:
        return Commands(again)
    workers = dict.fromkeys(test.attempts[-1].worker for test in ran if test.attempts)
    explain = [*ours, "explain", *place, "--run", run.run, ran[0].nodeid]
    return Commands(
        rerun_failed=again,
        replay={
            worker: replay_command(run.args, run.run, worker, program=run.program)
            for worker in workers
        },
        explain=shlex.join(explain),
    )


def failed(tests: Sequence[TestReport], start: Start) -> list[str] | None:
    """Tests that ended badly as arguments of pytest, each once; None if that cannot be told."""
    bad = dict.fromkeys((test.nodeid, _file(test)) for test in tests if test.outcome in BAD)
    named = dict.fromkeys(start.argument(nodeid, file) for nodeid, file in bad)
    known = [each for each in named if each is not None]
    return known if len(known) == len(named) else None


def _file(test: TestReport) -> str:
    """The file of a test, from the root directory; empty if that is not certain."""
    return test.outside or (test.file if test.line is not None else "")


def our_command(program: Sequence[str]) -> list[str]:
    """What runs our command: of the interpreter that was named, if one was."""
    if tuple(program[-2:]) == ("-m", "pytest"):
        return [*program[:-1], "pytest_orchestrate.cli"]
    return list(OURS)


def kept(arguments: Sequence[str]) -> list[str]:
    """Those arguments of a run that any other run of its tests needs, as :data:`KEPT` says."""
    found: list[list[str]] = []
    given = iter(arguments)
    for word in given:
        if word == "--":  # behind it everything is a path
            break
        if word in KEPT:
            found.append([word, next(given, "")])
        elif any(_has_value(word, option) for option in KEPT):
            found.append([word])
    return [
        word
        for words in found
        for word in words
        if "".join(words) != "-porchestrate" and HIDDEN not in "".join(words)
    ]


def _has_value(word: str, option: str) -> bool:
    """Whether a word of a command line is an option with its value."""
    return word.startswith(f"{option}=" if option.startswith("--") else option)


def _place(run: RunFacts, start: Start) -> list[str]:
    """Where the record is, if it is not where the command looks for it."""
    given = run.settings.get("orchestrate_dir")
    if given is not None:
        return ["--dir", start.seen(given)]
    if start.is_below_root or start.root is None:
        return []
    return ["--dir", start.root]


def replay_command(
    arguments: Sequence[str], run: str, worker: str, *, program: Sequence[str] = PYTEST
) -> str:
    """The command that does again what a worker of a run did.

    ``arguments``: those of the run, of which ``program`` was what stood before them.
    """
    words = []
    skip = False
    for word in arguments:
        if skip or word in LEFT_OUT:
            skip = not skip
        elif not word.startswith(tuple(f"{option}=" for option in LEFT_OUT)):
            words.append(word)
    # behind "--" everything is a path
    end = words.index("--") if "--" in words else len(words)
    return shlex.join([*program, *words[:end], REPLAY, f"{run}:{worker}", *words[end:]])
