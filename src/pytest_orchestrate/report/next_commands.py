"""What to type next, after a run."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Commands, RunFacts

#: So many tests are named one by one; more are those that failed last.
NAMED = 5
REPLAY = "--orchestrate-replay"
#: What a replay has its own of, or is not to write over.
LEFT_OUT = (REPLAY, "--orchestrate-report", "--junitxml", "--junit-xml")


def next_commands(run: RunFacts, tests: Sequence[TestReport], folder: str = ".") -> Commands:
    """Run what failed again, do again what its worker did, ask why a test ran when it did.

    ``folder``: where pytest was started, relative to its root directory; there they can be typed.
    """
    bad = [test for test in tests if test.outcome in BAD]
    if not bad:
        return Commands()
    nodeids = list(dict.fromkeys(test.nodeid for test in bad))
    few = [seen_from(folder, nodeid) for nodeid in nodeids[:NAMED]]
    again = few if len(nodeids) <= NAMED else ["--lf"]
    workers = dict.fromkeys(test.attempts[-1].worker for test in bad if test.attempts)
    return Commands(
        rerun_failed=shlex.join(["pytest", "-p", "orchestrate", *again]),
        replay={worker: replay_command(run.args, run.run, worker) for worker in workers},
        explain=shlex.join(["pytest-orchestrate", "explain", "--run", run.run, nodeids[0]]),
    )


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
