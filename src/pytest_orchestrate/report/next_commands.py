"""What to type next, after a run."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Commands, RunFacts

#: So many tests are named one by one; more are those that failed last.
NAMED = 5
REPLAY = "--orchestrate-replay"


def next_commands(run: RunFacts, tests: Sequence[TestReport]) -> Commands:
    """Run what failed again, do again what its worker did, ask why a test ran when it did."""
    bad = [test for test in tests if test.outcome in BAD]
    if not bad:
        return Commands()
    nodeids = list(dict.fromkeys(test.nodeid for test in bad))
    again = nodeids if len(nodeids) <= NAMED else ["--lf"]
    workers = dict.fromkeys(test.attempts[-1].worker for test in bad if test.attempts)
    return Commands(
        rerun_failed=shlex.join(["pytest", "-p", "orchestrate", *again]),
        replay={worker: replay_command(run.args, run.run, worker) for worker in workers},
        explain=shlex.join(["pytest-orchestrate", "explain", "--run", run.run, nodeids[0]]),
    )


def replay_command(arguments: Sequence[str], run: str, worker: str) -> str:
    """The command that does again what a worker of a run did.

    ``arguments``: those of the run.
    """
    words = []
    skip = False
    for word in arguments:
        if skip or word == REPLAY:
            skip = word == REPLAY and not skip
        elif not word.startswith(REPLAY + "="):
            words.append(word)
    # behind "--" everything is a path
    end = words.index("--") if "--" in words else len(words)
    return shlex.join(["pytest", *words[:end], REPLAY, f"{run}:{worker}", *words[end:]])
