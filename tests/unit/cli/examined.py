"""Facts of a small project in which all is well, and what doctor makes of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from pytest_orchestrate.cli.doctor.diagnosing import diagnose
from pytest_orchestrate.cli.doctor.diagnosis import Diagnosis, Finding
from pytest_orchestrate.cli.doctor.facts import (
    Collected,
    CollectedFile,
    Configured,
    Examination,
    Failure,
    Forecast,
)

PLAIN = Configured(
    root="/project",
    file="pytest.ini",
    versions={"pytest-orchestrate": "0.1.0", "pytest": "9.2.0", "Python": "3.11.7"},
    sources=(),
    activated="orchestrate = true in pytest.ini",
    workers=(2, "2 usable cores, durations unknown"),
    automatic=(2, "2 usable cores, durations unknown"),
    cores=2,
    start=("forked", None),
    history=".pytest_orchestrate",
    known_tests=20,
)
TWO_FILES = Collected(
    tests=20, files=(CollectedFile("test_a.py", 10, 0.5), CollectedFile("test_b.py", 10, 0.5))
)
FORECAST = Forecast(workers=2, makespan=10.0, lower_bound=6.0, work=12.0, measured=20, tests=20)


def diagnosed(
    collected: Collected = TWO_FILES, failure: Failure | None = None, **configured: Any
) -> Diagnosis:
    return diagnose(Examination(replace(PLAIN, **configured), collected), failure)


def of(found: Diagnosis, level: str, topic: str) -> list[Finding]:
    return [each for each in found.findings if (each.level, each.topic) == (level, topic)]


def levels(found: Iterable[Finding]) -> list[str]:
    return [each.level for each in found]
