"""Hand-made run logs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Json = dict[str, Any]


def run(mode: str = "workers", workers: int = 2, **more: Any) -> Json:
    record = {
        "record": "run",
        "version": 1,
        "run": "20300101-000000-abcdef01",
        "started": 1.9e9,
        "mode": mode,
        "workers": workers,
        "selection": ".",
        "args": [],
        "facts": {},
    }
    return {**record, **more}


def event(kind: str, now: float, **content: Any) -> Json:
    return {"record": "event", "event": {"event": kind, "now": now, **content}}


def command(kind: str, **content: Any) -> Json:
    return {"record": "command", "command": {"command": kind, **content}}


def collected(now: float, *nodeids: str) -> Json:
    tests = [{"nodeid": nodeid} for nodeid in nodeids]
    estimates = [None] * len(tests)
    return event("TestsCollected", now, tests=tests, estimates=estimates, setup_costs={})


def finished(now: float, worker: int, test: int, call: float, outcome: str = "passed") -> Json:
    times = {"setup": 0.0, "call": call, "teardown": 0.0}
    return event("TestFinished", now, worker=worker, test=test, outcome=outcome, **times)


def attempt(
    test: int,
    nodeid: str,
    worker: str,
    order: int,
    call: float = 0.0,
    *,
    outcome: str = "passed",
    at: float = 0.0,
) -> Json:
    """``at``: when it began by its worker's clock, in seconds since the run did."""
    return {
        "record": "attempt",
        "test": test,
        "nodeid": nodeid,
        "occurrence": 0,
        "worker": worker,
        "order": order,
        "outcome": outcome,
        "setup": 0.0,
        "call": call,
        "teardown": 0.0,
        "started": 1.9e9 + at,
        "longrepr": None,
        "sections": [],
    }


def end(not_run: int = 0, exitstatus: int = 0, **more: Any) -> Json:
    record = {"record": "end", "exitstatus": exitstatus, "duration": 9.0, "not_run": not_run}
    return {**record, "reason": None, **more}


def write(path: Path, records: list[Json]) -> Path:
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    return path


def sound_run() -> list[Json]:
    """Two workers, of which one lacks a test; a recall, a crash, a replacement, a hold."""
    return [
        run(),
        event("RunBegan", 0.0, workers=2, max_crashes=4, lookahead=0.1, keep_order=False),
        event("WorkerJoined", 0.0, worker=0),
        event("WorkerJoined", 0.0, worker=1),
        collected(1.0, "a.py::t0", "a.py::t1", "b.py::t2", "b.py::t3"),
        event("WorkerCollected", 1.0, worker=0, missing=[]),
        command("Assign", worker=0, tests=[0, 1, 2]),
        {"record": "worker", "worker": "gw0", "start": 0.5, "collect": 0.5, "collected": 4},
        event("TestStarted", 1.1, worker=0, test=0),
        event("WorkerCollected", 1.2, worker=1, missing=[0]),
        command("Recall", worker=0, tests=[2]),
        command("Assign", worker=1, tests=[3]),
        event("TestsReturned", 1.3, worker=0, tests=[2]),
        command("Assign", worker=1, tests=[2]),
        event("TestStarted", 1.3, worker=1, test=3),
        finished(1.4, 0, 0, 0.25),
        attempt(0, "a.py::t0", "gw0", 0, 0.25),
        event("TestStarted", 1.4, worker=0, test=1),
        event("WorkerLeft", 1.5, worker=1, reason="crashed"),
        command("EndTest", test=3, outcome="crashed", reason="gw1 died", worker=1),
        command("StartWorker", worker=2, replaces=1),
        command("Assign", worker=0, tests=[2]),
        attempt(3, "b.py::t3", "gw1", 0, outcome="crashed"),
        {"record": "note", "text": "gw1 died"},
        event("WorkerJoined", 1.5, worker=2),
        event("WorkerCollected", 1.9, worker=2, missing=[]),
        command("Hold", worker=2, reason="what is left has been sent"),
        finished(2.0, 0, 1, 0.5, "failed"),
        attempt(1, "a.py::t1", "gw0", 1, 0.5, outcome="failed"),
        event("TestStarted", 2.0, worker=0, test=2),
        finished(2.1, 0, 2, 0.1),
        command("Close", worker=0),
        command("Close", worker=2),
        attempt(2, "b.py::t2", "gw0", 2, 0.1),
        event("TestAmended", 2.2, worker=0, test=2, outcome="error"),
        {
            "record": "amend",
            "test": 2,
            "nodeid": "b.py::t2",
            "worker": "gw0",
            "outcome": "error",
            "longrepr": "late",
        },
        event("WorkerLeft", 2.3, worker=0, reason="closed"),
        event("WorkerLeft", 2.3, worker=2, reason="closed"),
        command("EndRun", not_run=0, reason=None),
        end(exitstatus=1),
    ]


def stopped_run() -> list[Json]:
    """In-process; stopped while the first of three tests runs, which is cut off."""
    return [
        run("in-process", 1),
        event("RunBegan", 0.0, workers=1),
        event("WorkerJoined", 0.0, worker=0),
        collected(0.1, "a.py::t0", "a.py::t1", "a.py::t2"),
        event("WorkerCollected", 0.1, worker=0),
        command("Assign", worker=0, tests=[0, 1]),
        event("TestStarted", 0.2, worker=0, test=0),
        event("StopRequested", 0.3, reason="interrupted"),
        command("Recall", worker=0, tests=[1]),
        command("Close", worker=0),
        command("EndTest", test=2, outcome="not run", reason="interrupted"),
        event("TestsReturned", 0.4, worker=0, tests=[1]),
        command("EndTest", test=1, outcome="not run", reason="interrupted"),
        event("WorkerLeft", 0.5, worker=0, reason="stopped"),
        command("EndTest", test=0, outcome="interrupted", reason="interrupted", worker=0),
        command("EndRun", not_run=2, reason="interrupted"),
        end(not_run=2, exitstatus=2, reason="interrupted"),
    ]
