"""What it costs to conclude anything from a run and those before it.

    python -m benchmarks.findings [TESTS [FAILURES [RUNS]]]

A history is made of runs in which durations are noisy, and one test in twenty fails now and then.
The goal: below 1.5 seconds for 20,000 tests with 2,000 failures and 20 earlier runs, the history
read and nothing simulated. Times are processor time on this machine, the fastest of three.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import process_time
from typing import Any

from msgspec.structs import replace

from pytest_orchestrate.history import fold
from pytest_orchestrate.history.past import past
from pytest_orchestrate.history.records import AttemptRecord, EndRecord, RunRecord
from pytest_orchestrate.history.store import History
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.document import Report, RunFacts
from tests.support.reports import big_report


def main() -> None:
    tests, failures, runs = [*map(int, sys.argv[1:]), 20_000, 2_000, 20][:3]
    facts = RunFacts("now", 2e9, "workers", selection=".", branch="main", revision="r", dirty=False)
    report = replace(big_report(tests, failures), run=facts, areas=(), groups=())
    print(f"{tests:,} tests, {failures:,} failures, {runs} runs\n")
    with TemporaryDirectory() as folder:
        history = History.open(Path(folder))
        folding = [folded(history, report, number) for number in range(runs)]
        bad = [(test.nodeid, 0) for test in report.tests if test.outcome in BAD]
        reading, known = fastest(partial(past, history, report.run, bad=bad))
        history.close()
    concluding, _ = fastest(partial(analysed, report, known))
    print(f"{'fold a run':<16} {min(folding):>8.3f}")
    print(f"{'read the past':<16} {reading:>8.3f}")
    print(f"{'conclude':<16} {concluding:>8.3f}")


def folded(history: History, report: Report, number: int) -> float:
    """Add a run to the history; returns the seconds that this takes."""
    noise = random.Random(number)
    facts = {"revision": f"r{number // 2}", "dirty": False, "branch": "main"}
    run = RunRecord(f"r{number:04}", 1e9 + number, "workers", 8, selection=".", facts=dict(facts))
    story = fold.Story(run, 1, EndRecord(0, 30.0))
    for order, test in enumerate(report.tests):
        outcome = "failed" if order % 20 == 0 and noise.random() < 0.2 else "passed"
        call = 0.02 * noise.lognormvariate(0.0, 0.3)
        record = AttemptRecord(test.nodeid, f"gw{order % 8}", order, outcome, 0.001, call, 0.001)
        story.attempts.append(record)
        story.shared.append(0.0)
    began = process_time()
    history.database.write(lambda connection: fold.store(connection, story), False)
    return process_time() - began


def fastest(work: Callable[[], Any]) -> tuple[float, Any]:
    """Seconds, and the result."""
    times = []
    for _ in range(3):
        began = process_time()
        result = work()
        times.append(process_time() - began)
    return min(times), result


if __name__ == "__main__":
    main()
