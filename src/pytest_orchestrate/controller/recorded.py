"""The tests of a recorded run, as the simulator needs them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import msgspec

from pytest_orchestrate.history.circumstances import circumstances
from pytest_orchestrate.history.estimate import median
from pytest_orchestrate.history.gathered import read_story
from pytest_orchestrate.history.records import FixtureRecord
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint, RunBegan
from pytest_orchestrate.report.what_if import RepeatedSetup


class RecordedTest(msgspec.Struct):
    """One test of the run, or several neighbours."""

    collected: CollectedTest
    seconds: float
    constraint: Constraint | None = None


class Recorded(msgspec.Struct):
    """A run as it was. Tests are indices."""

    began: RunBegan
    tests: list[RecordedTest]
    #: Fixture of a file (that, and its name) -> seconds of a set-up.
    fixtures: dict[tuple[str, str], float]
    capacities: dict[str, int]
    hosted: tuple[str, ...]
    setups: tuple[RepeatedSetup, ...]


def recorded_run(log: Path) -> Recorded | None:
    """What the log has of it; None if it ran no tests on workers.

    Raises OSError and HistoryError where the log cannot be read.
    """
    story = read_story(log)
    if story is None or story.run.mode == "in-process" or not story.attempts:
        return None
    there = circumstances(log)
    if there.began is None:
        return None
    took: dict[tuple[str, int], float] = {}
    for attempt, shared in zip(story.attempts, story.shared, strict=True):
        phases = (attempt.setup or 0.0, attempt.call or 0.0, attempt.teardown or 0.0, -shared)
        name = (attempt.nodeid, attempt.occurrence)
        took[name] = took.get(name, 0.0) + max(0.0, sum(phases))
    known = there.collected
    collected = [test for event in known for test in event.tests]
    constraints = {each.test: each for event in known for each in event.constraints}
    return Recorded(
        began=there.began,
        tests=[
            RecordedTest(
                test, took.get((test.nodeid, test.occurrence), 0.0), constraints.get(index)
            )
            for index, test in enumerate(collected)
        ],
        fixtures={
            (file, name): median(seconds)
            for (file, name, scope), seconds in story.fixtures.items()
            if file and scope == "module"
        },
        capacities={name: amount for event in known for name, amount in event.resources.items()},
        hosted=tuple(dict.fromkeys(name for event in known for name in event.hosted)),
        setups=tuple(_repeated(there.fixtures)),
    )


def _repeated(fixtures: Iterable[FixtureRecord]) -> list[RepeatedSetup]:
    """Fixtures of files that more than one worker has set up."""
    seconds: dict[tuple[str, str], dict[str, float]] = {}
    for each in fixtures:
        if each.file and each.scope == "module":
            by_worker = seconds.setdefault((each.file, each.name), {})
            by_worker[each.worker] = by_worker.get(each.worker, 0.0) + (each.setup or 0.0)
    found = [
        RepeatedSetup(file, name, len(by_worker), sum(by_worker.values()))
        for (file, name), by_worker in seconds.items()
        if len(by_worker) > 1
    ]
    return sorted(found, key=lambda each: -each.seconds)
