"""Reports made by hand, for tests of what is shown of them.

``report_of`` counts its summary from the tests it is given, so the two never contradict each
other. The rich example is :func:`tests.support.told_run.story_of_a_run`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from msgspec.structs import replace

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Attempt, Failure, FinalOutcome, Place, TestReport
from pytest_orchestrate.report.document import VERSION, Report, RunFacts
from pytest_orchestrate.report.findings import Area, FailureGroup
from pytest_orchestrate.report.limits import busy_share
from pytest_orchestrate.report.summary import (
    SLOWEST,
    Blocked,
    Crash,
    NotRun,
    SlowTest,
    Summary,
    WorkerSummary,
)

#: When the runs of these reports began: 2030-03-17 17:46:40 UTC.
STARTED = 1.9e9
RUN = "20300317-174640-abcdef01"


def failure_of(
    exception: str = "AssertionError",
    message: str = "assert 1 == 2",
    path: str = "tests/test_a.py",
    line: int | None = 3,
    *,
    text: str | None = None,
) -> Failure:
    """A failure with a traceback of a few lines, unless ``text`` is given."""
    if text is None:
        text = f"    def test_a():\n>       assert 1 == 2\nE       {exception}: {message}\n\n"
        text += f"{path}:{line}: {exception or 'Failed'}"
    return Failure(exception, message, Place(path, line), text)


def attempt_of(
    outcome: str = "passed",
    *,
    worker: str = "gw0",
    order: int = 0,
    at: float = 0.5,
    call: float = 0.1,
    **fields: Any,
) -> Attempt:
    """One attempt; it has a failure if its outcome is a bad one."""
    if outcome in BAD:
        fields.setdefault("failure", failure_of())
    times = {"setup": fields.pop("setup", 0.0), "teardown": fields.pop("teardown", 0.0)}
    return Attempt(worker, order, outcome, STARTED + at, at, call=call, **times, **fields)


def reported(
    nodeid: str,
    outcome: FinalOutcome = "passed",
    attempts: Iterable[Attempt] | None = None,
    **fields: Any,
) -> TestReport:
    """One test; ``attempts``: one that ended like this, if it is none of those that never ran."""
    if attempts is None:
        ran = outcome not in ("blocked", "not run")
        attempts = [attempt_of("passed" if outcome == "flaky" else outcome)] if ran else ()
    fields = {"occurrence": 0, "file": nodeid.partition("::")[0], "line": 1, **fields}
    return TestReport(nodeid=nodeid, outcome=outcome, attempts=tuple(attempts), **fields)


def report_of(*tests: TestReport, **fields: Any) -> Report:
    """The report of a run with these tests; ``fields`` are those of Report.

    ``wall``, ``mode``, ``workers``, ``reason`` and ``exitstatus`` are those of the summary.
    """
    of_summary = {
        name: fields.pop(name)
        for name in ("wall", "mode", "workers", "reason", "exitstatus", "limits", "notes")
        if name in fields
    }
    summary = summary_of(tests, **of_summary)
    run = fields.pop("run", None) or RunFacts(run=RUN, started=STARTED, mode=summary.mode)
    fields.setdefault("areas", areas_of(tests))
    return Report(VERSION, run, fields.pop("summary", summary), tests, **fields)


def summary_of(tests: Sequence[TestReport], **fields: Any) -> Summary:
    """What a run of these tests comes to."""
    attempts = [(test, attempt) for test in tests for attempt in test.attempts]
    names = sorted({attempt.worker for _, attempt in attempts})
    wall = max((attempt.at + attempt.seconds for _, attempt in attempts), default=0.0) + 0.1
    wall = fields.pop("wall", wall)
    serial = sum(attempt.seconds for _, attempt in attempts)
    limits = fields.get("limits")
    workers = limits.workers if limits is not None else len(names)
    testing = limits.testing if limits is not None else wall
    outcomes: Counter[str] = Counter(test.outcome for test in tests if not test.is_collection)
    bad = [test for test in tests if test.outcome in BAD]
    slowest = sorted(attempts, key=lambda each: -each[1].seconds)[:SLOWEST]
    summary = Summary(
        run=RUN,
        mode="workers",
        workers=len(names),
        sharded=False,
        collected=outcomes.total(),
        ran=sum(
            bool(test.attempts) or test.outcome == "blocked"
            for test in tests
            if not test.is_collection
        ),
        uncollected=sum(test.is_collection and test.outcome in BAD for test in tests),
        skipped_files=sum(test.is_collection and test.outcome == "skipped" for test in tests),
        outcomes=dict(outcomes),
        wall=wall,
        serial=serial,
        busy_share=busy_share(serial, workers, testing),
        per_worker=tuple(_worker(name, attempts, wall, testing) for name in names),
        slowest=tuple(
            SlowTest(test.nodeid, attempt.seconds, attempt.worker) for test, attempt in slowest
        ),
        heavy_imports=(),
        crashes=tuple(
            Crash(test.nodeid, attempt.worker, attempt.failure.message if attempt.failure else "")
            for test, attempt in attempts
            if attempt.outcome == "crashed"
        ),
        failed_on=dict(Counter(test.attempts[-1].worker for test in bad if test.attempts)),
        interrupted=tuple(test.nodeid for test in tests if test.outcome == "interrupted"),
        not_run=tuple(
            NotRun(count, reason)
            for reason, count in Counter(
                test.reason for test in tests if test.outcome == "not run"
            ).items()
        ),
        blocked=tuple(_blocked(tests)),
        notes=(),
        reason=None,
        exitstatus=1 if bad else 0,
    )
    return replace(summary, **fields)


def _worker(
    name: str, attempts: Sequence[tuple[TestReport, Attempt]], wall: float, testing: float
) -> WorkerSummary:
    mine = [attempt for _, attempt in attempts if attempt.worker == name]
    busy = sum(attempt.seconds for attempt in mine)
    crashes = sum(attempt.outcome == "crashed" for attempt in mine)
    share = busy_share(busy, 1, testing)
    return WorkerSummary(name, len(mine), busy, wall, 0.2, 0.1, crashes, share)


def _blocked(tests: Sequence[TestReport]) -> Iterable[Blocked]:
    blocked = [test for test in tests if test.outcome == "blocked"]
    reasons = Counter((test.cause, test.reason if test.cause is None else "") for test in blocked)
    for (cause, reason), count in reasons.items():
        if cause is None:
            yield Blocked(count, None, reason)
        else:
            yield Blocked(count, tests[cause].nodeid, tests[cause].outcome)


def areas_of(tests: Sequence[TestReport]) -> tuple[Area, ...]:
    """Files and all folders above them, in order of their paths."""
    within: dict[str, list[TestReport]] = {}
    files = {test.file for test in tests}
    for test in tests:
        parts = test.file.split("/")
        for depth in range(1, len(parts) + 1):
            within.setdefault("/".join(parts[:depth]), []).append(test)
    whole = sum(test.seconds for test in tests)
    areas = []
    for path in sorted(within, key=lambda path: path.split("/")):
        seconds = sum(test.seconds for test in within[path])
        outcomes: Counter[str] = Counter(test.outcome for test in within[path])
        share = seconds / whole if whole else 0.0
        areas.append(Area(path, path in files, len(within[path]), dict(outcomes), seconds, share))
    return tuple(areas)


def big_report(
    tests: int = 20_000, failures: int = 2_000, *, workers: int = 8, output: int = 2_000
) -> Report:
    """A report of many tests in files of a hundred, evenly spread failures among them.

    Each failure has a traceback and ``output`` characters of captured output; there are
    twenty causes. Every hundredth test passed at a second attempt.
    """
    every = max(1, tests // failures) if failures else tests + 1
    printed = ("2030-03-17 17:46:40,123 INFO shop.orders <order id=17> & 3 lines\n" * output)[
        :output
    ]
    made: list[TestReport] = []
    by_cause: dict[int, list[int]] = {}
    bad = 0
    for number in range(tests):
        file = f"tests/part_{number // 2_000:02d}/test_file_{number // 100:03d}.py"
        nodeid = f"{file}::TestOrders::test_number_{number}[{number % 7}-<b>]"
        place: dict[str, Any] = {"worker": f"gw{number % workers}", "order": number // workers}
        at = 0.5 + (number // workers) * 0.012
        defined = 10 + number % 100 * 5
        if number % every == every - 1 and bad < failures:
            cause = bad % 20
            by_cause.setdefault(cause, []).append(number)
            bad += 1
            failure = _big_failure(cause, number)
            sections = (("Captured stdout call", printed), ("Captured log call", printed[:200]))
            attempt = attempt_of(
                "failed", at=at, call=0.01, failure=failure, sections=sections, **place
            )
            made.append(reported(nodeid, "failed", [attempt], line=defined))
        elif number % 100 == 0:
            first = attempt_of("failed", at=at, call=0.004, failure=_big_failure(99, 7), **place)
            second = attempt_of(at=at + 0.005, call=0.004, **place)
            made.append(reported(nodeid, "flaky", [first, second], line=defined))
        else:
            attempt = attempt_of(at=at, call=0.01, setup=0.001, **place)
            made.append(reported(nodeid, "passed", [attempt], line=defined))
    groups = tuple(
        FailureGroup(
            "place",
            f"ValueError: cannot order item {cause} in src/shop/orders.py:{100 + cause}",
            made[positions[0]].attempts[-1].failure,
            tuple(positions),
        )
        for cause, positions in by_cause.items()
    )
    return report_of(*made, groups=groups)


def _big_failure(cause: int, number: int) -> Failure:
    text = "".join(
        f"    def step_{depth}(order):\n        total = order.total(<currency>)\n"
        f">       return step_{depth + 1}(order)\n\nsrc/shop/orders.py:{100 + depth}: \n"
        "_ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _ _\n"
        for depth in range(8)
    )
    text += f"E       ValueError: cannot order item {cause} ({number})\n\n"
    text += f"src/shop/orders.py:{100 + cause}: ValueError"
    message = f"cannot order item {cause} ({number})"
    return failure_of("ValueError", message, "src/shop/orders.py", 100 + cause, text=text)
