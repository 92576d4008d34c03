"""What to type next, after a run."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Commands, RunFacts

#: So many tests are named one by one; more go by way of a file with a line for each.
NAMED = 5
FILE = "failed-tests.txt"
#: So many are named if there is no record from which that file could be made.
MOST_NAMED = 50
REPLAY = "--orchestrate-replay"
#: What a replay has its own of, or is not to write over.
LEFT_OUT = (REPLAY, "--orchestrate-report", "--junitxml", "--junit-xml")


def next_commands(run: RunFacts, tests: Sequence[TestReport], folder: str = ".") -> Commands:
    """Run what failed again, do again what its worker did, ask why a test ran when it did.

    What goes by the record of the run is left out where it was not recorded.
    ``folder``: where pytest was started, relative to its root directory; there they can be typed.
    """
    bad = [test for test in tests if test.outcome in BAD]
    if not bad:
        return Commands()
    arguments = failed(bad, folder)
    again = shlex.join(["pytest", "-p", "orchestrate", *arguments])
    if run.settings.get("orchestrate_record") == "off":
        return Commands(again if len(arguments) <= MOST_NAMED else "")
    place = _place(run, folder)
    if len(arguments) > NAMED:
        listing = ["pytest-orchestrate", "report", "failed", *place, run.run, "--output", FILE]
        # "--lf" would be what failed in the last run, whichever that is by then
        again = f"{shlex.join(listing)} && pytest -p orchestrate @{FILE}"
    ran = [test for test in bad if not test.is_collection]
    if not ran:
        return Commands(again)
    workers = dict.fromkeys(test.attempts[-1].worker for test in ran if test.attempts)
    explain = ["pytest-orchestrate", "explain", *place, "--run", run.run, ran[0].nodeid]
    return Commands(
        rerun_failed=again,
        replay={worker: replay_command(run.args, run.run, worker) for worker in workers},
        explain=shlex.join(explain),
    )


def failed(tests: Sequence[TestReport], folder: str = ".") -> list[str]:
    """Tests that ended badly as arguments of pytest, each once; ``folder`` as above."""
    bad = dict.fromkeys(test.nodeid for test in tests if test.outcome in BAD)
    return [seen_from(folder, nodeid) for nodeid in bad]


def _place(run: RunFacts, folder: str) -> list[str]:
    """Where the record is, if it is not where the command looks for it."""
    given = run.settings.get("orchestrate_dir")
    if given is None:
        return []
    is_relative = folder != "." and not given.startswith(("/", "~", "$")) and given[1:2] != ":"
    return ["--dir", seen_from(folder, given) if is_relative else given]


def seen_from(folder: str, nodeid: str) -> str:
    """A node id as an argument of pytest where it is not started in its root directory."""
    if folder == "." or folder.startswith(("/", "..")) or folder[1:2] == ":":
        return nodeid
    path, colons, rest = nodeid.partition("::")
    return posixpath.relpath(f"/{path}", f"/{folder}") + colons + rest


def replay_command(arguments: Sequence[str], run: str, worker: str) -> str:
    """The command that does again what a worker of a run did.

    ``arguments``: those of the run.
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
    return shlex.join(["pytest", *words[:end], REPLAY, f"{run}:{worker}", *words[end:]])
