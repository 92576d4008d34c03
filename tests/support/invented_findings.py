"""What is concluded from an invented run, and what was before it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import CI, Commands, RunFacts
from pytest_orchestrate.report.findings import (
    Changes,
    FailureGroup,
    FlakyTest,
    Recommendation,
    Score,
    ScorePart,
    TrendPoint,
)
from pytest_orchestrate.report.summary import Summary
from tests.support.reports import RUN, STARTED

ADVICE = (
    Recommendation(
        "resource",
        "database has 2 slots: 5.1 s waited for it, a third slot saves 2.4 s",
        2.4,
        "orchestrate_resources = database = 3",
    ),
    Recommendation(
        "preload",
        "numpy is imported by every worker: importing it once before they fork saves 0.9 s",
        0.9,
        "orchestrate_preload = numpy",
    ),
)

SCORE = Score(
    84.0,
    (
        ScorePart("passing", 36.2, 40, "96 % of the tests that ran passed"),
        ScorePart("steady", 17.8, 20, "3 of 300 tests are flaky"),
        ScorePart("balanced", 17.0, 20, "workers were busy for 85 % of the run"),
        ScorePart("kept", 13.0, 20, "6 tests are skipped, 2 are expected to fail"),
    ),
)


def facts(workers: int, dirty: bool) -> RunFacts:
    """Of a job in continuous integration."""
    return RunFacts(
        RUN,
        STARTED,
        "workers",
        args=("--workers", str(workers), "-m", "not manual"),
        selection="-m 'not manual'",
        python="3.13.1",
        implementation="CPython",
        platform="Linux-6.8-x86_64",
        cpus=workers,
        pytest="9.2.0",
        plugins={"pytest-cov": "7.0.0", "pytest-randomly": "4.0.1"},
        revision="5f1d3c8a9b0e4d7c6a2f1b3e5d7c9a8b6f4e2d1c",
        branch="retry-payments",
        dirty=dirty,
        ci=CI("GitHub Actions", "https://github.com/example/shop/actions/runs/77"),
        settings={"orchestrate_resources": "database = 2"},
        seeds={"pytest-randomly": "20300317"},
        environment={"CI": "true", "TZ": "UTC"},
    )


def groups(tests: Sequence[TestReport], bad: Sequence[int]) -> Iterator[FailureGroup]:
    """By exception and message; what the first test blocks belongs to its group."""
    by_cause: dict[tuple[str, str], list[int]] = {}
    for position in bad:
        failure = tests[position].attempts[-1].failure
        assert failure is not None
        by_cause.setdefault((failure.exception, failure.message), []).append(position)
    blocked = tuple(position for position, test in enumerate(tests) if test.cause is not None)
    largest_first = sorted(by_cause.items(), key=lambda each: -len(each[1]))
    for number, ((exception, message), positions) in enumerate(largest_first):
        is_new = number % 2 == 0
        yield FailureGroup(
            "place",
            f"{exception}: {message}",
            tests[positions[0]].attempts[-1].failure,
            tuple(positions),
            blocked if 0 in positions else (),
            "new" if is_new else "still",
            None if is_new else "20300312-101500-0000",
            None if is_new else "0a1b2c3d4e5f60718293a4b5",
        )


def changes(bad: Sequence[int]) -> Changes:
    """Half of what is bad is new."""
    return Changes(
        "20300316-090000-00000017",
        "0a1b2c3d4e5f60718293a4b5c6d7e8f901234567",
        "retry-payments",
        "branch",
        -1.84,
        newly_failing=tuple(bad[::2]),
        still_failing=tuple(bad[1::2]),
        fixed=(11, 12) if bad else (),
        added=(20, 21, 22),
        removed=("tests/api/test_orders.py::test_old_total",),
    )


def trend(summary: Summary, bad: int, chance: random.Random) -> Iterator[TrendPoint]:
    """A month, in which the suite has grown and become a little faster."""
    for back in range(29, -1, -1):
        wave = 1 + 0.18 * chance.random() + 0.008 * back if back else 1
        yield TrendPoint(
            f"run-{back}",
            STARTED - back * 86_400,
            f"{(back + 1) * 7_919_191:012x}",
            summary.collected - back,
            chance.choice((0, 0, 1, 2)) if back else bad,
            chance.choice((1, 2, 2, 3)),
            summary.wall * wave,
            summary.serial * wave,
            1,
            0,
        )


def flaky(tests: Sequence[TestReport]) -> Iterator[FlakyTest]:
    """Those that are flaky in this run."""
    for position, test in enumerate(tests):
        if test.outcome == "flaky":
            yield FlakyTest(position, 24, 5, 7, 0.21, 0.09, 0.40)


def commands(tests: Sequence[TestReport], bad: Sequence[int]) -> Commands:
    """What to type next, if anything failed."""
    if not bad:
        return Commands()
    return Commands(
        "pytest -p orchestrate --lf",
        {"gw1": f"pytest -p orchestrate --orchestrate-replay {RUN}:gw1"},
        f"pytest-orchestrate explain {RUN} {tests[bad[0]].nodeid}",
    )
