"""Recorded runs, written as the controller writes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pytest_orchestrate.history.log import RunLog

#: When the first recorded run began, seconds since the epoch.
EPOCH = 1_900_000_000.0


@dataclass(frozen=True, slots=True)
class Attempt:
    nodeid: str
    call: float = 0.5
    setup: float = 0.0
    teardown: float = 0.0
    outcome: str = "passed"
    worker: str = "gw0"
    #: Seconds since the start of the run; else one second after the attempt before it.
    after: float | None = None


def begin(
    directory: Path,
    number: int,
    *,
    run_id: str | None = None,
    mode: str = "workers",
    workers: int = 2,
    selection: str = ".",
    revision: str | None = None,
    branch: str | None = None,
    dirty: bool | None = False,
    ci: str | None = None,
) -> RunLog:
    """The log of run ``number``; runs begin a day apart."""
    run_id = run_id or f"run-{number:04}"
    log = RunLog.create(directory, run_id, keep_output=True)
    log.write(
        {
            "record": "run",
            "version": 1,
            "run": run_id,
            "started": EPOCH + 86_400.0 * number,
            "mode": mode,
            "workers": workers,
            "selection": selection,
            "args": [],
            "facts": {
                "revision": revision,
                "dirty": dirty,
                "branch": branch,
                "ci": ci and {"name": ci, "url": None},
            },
        }
    )
    return log


def add_attempts(log: RunLog, number: int, attempts: Iterable[Attempt], first: int = 0) -> None:
    for order, attempt in enumerate(attempts, first):
        after = order if attempt.after is None else attempt.after
        log.write(
            {
                "record": "attempt",
                "test": order,
                "nodeid": attempt.nodeid,
                "occurrence": 0,
                "worker": attempt.worker,
                "order": order,
                "outcome": attempt.outcome,
                "setup": attempt.setup,
                "call": attempt.call,
                "teardown": attempt.teardown,
                "started": EPOCH + 86_400.0 * number + after,
                "longrepr": None,
                "sections": [],
            }
        )


def end(log: RunLog, *, not_run: int = 0, exitstatus: int = 0, duration: float = 10.0) -> Path:
    log.write(
        {
            "record": "end",
            "exitstatus": exitstatus,
            "duration": duration,
            "not_run": not_run,
            "reason": None,
        }
    )
    log.close()
    return log.path


def record_run(
    directory: Path,
    number: int,
    attempts: Iterable[Attempt],
    *,
    others: Iterable[Mapping[str, object]] = (),
    run_id: str | None = None,
    revision: str | None = None,
    branch: str | None = None,
    selection: str = ".",
) -> Path:
    """A finished run; ``others`` are records that stand before the attempts."""
    log = begin(
        directory, number, run_id=run_id, revision=revision, branch=branch, selection=selection
    )
    for record in others:
        log.write(record)
    add_attempts(log, number, attempts)
    return end(log)


def worker(name: str = "gw0", start: float = 1.0, collect: float = 2.0) -> dict[str, object]:
    return {
        "record": "worker",
        "worker": name,
        "start": start,
        "collect": collect,
        "collected": 10,
    }


def files(costs: Mapping[str, float], name: str = "gw0") -> dict[str, object]:
    return {"record": "files", "worker": name, "costs": dict(costs)}


def fixture(
    file: str | None, setup: float, *, name: str = "database", scope: str = "module"
) -> dict[str, object]:
    return {
        "record": "fixture",
        "worker": "gw0",
        "file": file,
        "name": name,
        "scope": scope,
        "setup": setup,
    }
