"""Finding and judging the logs of runs that a test has made."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pytest_orchestrate.history.log import lines, replay_events
from pytest_orchestrate.history.shapes import AnyLine
from pytest_orchestrate.model.commands import Assign, Recall
from pytest_orchestrate.model.events import (
    StopRequested,
    TestFinished,
    TestsCollected,
    TestsReturned,
    TestStarted,
)
from tests.support.checker import check
from tests.support.replay import replay


def latest_log(rootdir: Path) -> Path:
    """The log of the last run under a root directory; an assertion fails if there is none."""
    folder = rootdir / ".pytest_orchestrate" / "runs"
    logs = sorted(folder.glob("*.jsonl"), key=lambda log: (log.stat().st_mtime_ns, log.name))
    assert logs, f"no run log in {folder}"
    return logs[-1]


def assert_log_is_sound(
    rootdir: Path, *, workers: int | None = None, finished: bool = True
) -> Path:
    """Fails with the violations of the last run's log, or where a replay differs from it."""
    log = latest_log(rootdir)
    violations = misshapen(log) or check(log, workers=workers, finished=finished) or replay(log)
    assert not violations, "\n".join([f"{log}:", *violations])
    return log


def given_out(rootdir: Path) -> list[str]:
    """Names in the order in which the engine gave the tests to workers; "X ends" between them.

    When a busy machine has them run is another matter.
    """
    known: list[str] = []
    told: list[str] = []
    for event, commands in replay_events(latest_log(rootdir)):
        if isinstance(event, TestsCollected):
            known += [test.nodeid.rpartition("::")[2] for test in event.tests]
        elif isinstance(event, TestFinished):
            told.append(f"{known[event.test]} ends")
        for command in commands:
            if isinstance(command, Assign):
                told += [name for test in command.tests if (name := known[test]) not in told]
    return told


def assert_stops_at_once(rootdir: Path) -> None:
    """When the last run was to stop, nothing more was given out, and what waited was recalled.

    How many tests begin before that reaches their worker depends on how busy the machine is.
    """
    waiting: dict[int, set[int]] = {}
    recalled: dict[int, set[int]] = {}
    is_stopping = False
    answered: set[int] = set()
    for event, commands in replay_events(latest_log(rootdir)):
        is_stopping = is_stopping or isinstance(event, StopRequested)
        if isinstance(event, TestStarted):
            waiting.setdefault(event.worker, set()).discard(event.test)
            assert event.worker not in answered, "a test began that had been given back"
        elif isinstance(event, TestsReturned):
            waiting[event.worker] -= set(event.tests)
            if is_stopping and not waiting[event.worker]:
                answered.add(event.worker)
        for command in commands:
            if isinstance(command, Assign):
                assert not is_stopping, "a test was given out after the end was asked for"
                waiting.setdefault(command.worker, set()).update(command.tests)
            elif isinstance(command, Recall):
                recalled.setdefault(command.worker, set()).update(command.tests)
        if isinstance(event, StopRequested):
            for worker, tests in waiting.items():
                assert tests <= recalled.get(worker, set()), "a test that waits was not recalled"
    assert is_stopping, "nobody has asked for the end"


def misshapen(log: Path) -> list[str]:
    """The first line that is not what its kind has to be, if there is one."""
    decode = msgspec.json.Decoder(AnyLine).decode
    for number, line in enumerate(lines(log), 1):
        try:
            decode(line)
        except msgspec.DecodeError as error:
            return [f"line {number}: {error}: {line[:200]!r}"]
    return []
