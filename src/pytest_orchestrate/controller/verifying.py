"""``--orchestrate-verify-collection``: run the suite with full and with sharded collection."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pytest_orchestrate.controller.ending import PROPOSALS
from pytest_orchestrate.history import directory
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.transport.processes import interpreter_flags

FLAG = "--orchestrate-verify-collection"

#: Differences that are listed.
LISTED = 20

#: How a run ended in which tests were run: passed, failed, interrupted, nothing collected.
TELLING = (0, 1, 2, 5)

Outcomes = dict[tuple[str, int], str]


def verify(config: pytest.Config) -> int:
    """Run the suite both ways, compare how each test ended, and say so.

    :returns: The exit code: 1 if tests ended differently, else that of the runs.
    """
    results: dict[str, Outcomes] = {}
    codes: list[int] = []
    for mode in ("full", "sharded"):
        say(f"--- with {mode} collection")
        with tempfile.TemporaryDirectory(prefix="pytest-orchestrate-") as folder:
            code = _run(config, mode, Path(folder))
            if code not in TELLING:
                say(f"The run with {mode} collection ended with exit code {code}.")
                return code
            codes.append(code)
            results[mode] = _outcomes(Path(folder))
    full, sharded = results["full"], results["sharded"]
    say("--- full and sharded collection compared")
    different = [
        f"{nodeid}: {_told(full, (nodeid, occurrence))} with full collection, "
        f"{_told(sharded, (nodeid, occurrence))} with sharded"
        for nodeid, occurrence in dict.fromkeys([*full, *sharded])
        if full.get((nodeid, occurrence)) != sharded.get((nodeid, occurrence))
    ]
    for line in different[:LISTED]:
        say(line)
    if len(different) > LISTED:
        say(f"... and {len(different) - LISTED} more")
    if different:
        who = "it needs" if len(different) == 1 else "they need"
        say(
            f"{count_of(len(different), 'test')} ended differently. If that is not chance, {who} "
            "what other test files "
            "do when they are imported; with orchestrate_collect = full every worker imports all."
        )
        return 1
    say(f"{count_of(len(full), 'test')} ended alike.")
    # as bad as the worse of them: an error in tear-down, say, is of no test
    return max(codes)


def say(text: str) -> None:
    """Print a line; pytest's own reporter is not there yet."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _run(config: pytest.Config, mode: str, folder: Path) -> int:
    arguments = [str(each) for each in config.invocation_params.args if str(each) != FLAG]
    command = [sys.executable, *interpreter_flags(), "-m", "pytest", "-p", "orchestrate"]
    settings = [
        f"-pno:{PROPOSALS}",
        f"--orchestrate-collect={mode}",
        f"--orchestrate-dir={folder}",
        "--orchestrate-record=no-output",
        "--orchestrate-report=",
        "--orchestrate-ci=off",
    ]
    if config.known_args_namespace.orchestrate_workers is None:  # -n stands there as well
        settings.append("--orchestrate-workers=2")
    done = subprocess.run(
        [*command, *settings, *arguments], cwd=config.invocation_params.dir, check=False
    )
    return done.returncode


def _outcomes(folder: Path) -> Outcomes:
    attempts: dict[tuple[str, int], list[str]] = defaultdict(list)
    for log in directory.logs(folder):
        for line in log.read_bytes().splitlines():
            record: dict[str, Any] = msgspec.json.decode(line)
            if record["record"] == "attempt":
                attempts[record["nodeid"], record["occurrence"]].append(record["outcome"])
    return {test: ", ".join(outcomes) for test, outcomes in attempts.items()}


def _told(outcomes: Outcomes, test: tuple[str, int]) -> str:
    return outcomes.get(test, "not there")
