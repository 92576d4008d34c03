"""How long a recorded run would have taken under other circumstances, by the real engine.

The tests of the run, with the seconds that they took and all that constrains them, are run on
virtual workers by a virtual clock: once as it was, and once for each change. That everything was
known beforehand holds for both, so that their difference is what the change would bring.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from msgspec.structs import replace

from pytest_orchestrate.controller.recorded import Recorded, RecordedTest, recorded_run
from pytest_orchestrate.engine.rehearsal import Rehearsal, Truth
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    TestsCollected,
    WorkerCollected,
    WorkerJoined,
)
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.report.what_if import Change, WhatIf

#: In all simulations of a run together, at most so many tests are simulated: a second or so.
BUDGET = 10_000
#: Neighbours that nothing constrains count as one test up to this share of a worker's work.
GRAIN = 0.01
#: How much there is of them is the machine's affair.
_MACHINE = frozenset({"cpu", "memory"})


def what_if(log: Path) -> WhatIf | None:
    """What can be asked of the run of this log; None if it ran no tests on workers.

    Raises OSError and HistoryError where the log cannot be read.
    """
    recorded = recorded_run(log)
    if recorded is None:
        return None
    shared = {
        demand.name
        for test in recorded.tests
        if test.constraint is not None
        for demand in test.constraint.demands
        if demand.shared  # which only what there is one of can be
    }
    return WhatIf(
        simulate=Simulator(recorded),
        capacities={
            name: amount
            for name, amount in recorded.capacities.items()
            if name not in _MACHINE and name not in shared
        },
        hosted=recorded.hosted,
        setups=recorded.setups,
    )


class Simulator:
    """Answers as long as the budget lasts."""

    def __init__(self, recorded: Recorded) -> None:
        self._recorded = recorded
        #: So many tests may still be simulated.
        self.left = BUDGET

    def __call__(self, change: Change) -> float | None:
        """Seconds from the first start to the last end."""
        recorded = self._recorded
        tests, entries = _changed(recorded, change)
        workers = recorded.began.workers + change.workers
        tests = _merged(tests, workers)
        if len(tests) > self.left:
            return None
        self.left -= len(tests)
        capacities = {
            name: amount + change.slots.get(name, 0) for name, amount in recorded.capacities.items()
        }
        files = list(dict.fromkeys(test.collected.file for test in tests))
        number = {file: index for index, file in enumerate(files)}
        truth = Truth(
            durations=[test.seconds for test in tests],
            files=[number[test.collected.file] for test in tests],
            entries=[entries.get(file, 0.0) for file in files],
        )
        known = TestsCollected(
            now=0.0,
            tests=[test.collected for test in tests],
            estimates=[test.seconds for test in tests],
            setup_costs={file: entries.get(file, 0.0) for file in files},
            constraints=[test.constraint for test in tests if test.constraint is not None],
            resources=capacities,
        )
        opening: list[AnyEvent] = [
            replace(recorded.began, now=0.0, workers=workers, prepares=False),
            *(WorkerJoined(now=0.0, worker=worker) for worker in range(workers)),
            known,
            *(WorkerCollected(now=0.0, worker=worker) for worker in range(workers)),
        ]
        return Rehearsal(opening, workers, truth).schedule().makespan


def _changed(recorded: Recorded, change: Change) -> tuple[list[RecordedTest], dict[str, float]]:
    """The tests and the costs to enter their files, if something were different."""
    tests = [replace(test) for test in recorded.tests]
    fixtures = dict(recorded.fixtures)
    if change.ungrouped:
        for test in tests:
            if test.collected.group == change.ungrouped:
                test.collected = replace(test.collected, group=None)
    if change.beside:
        for test in tests:
            if test.constraint is not None:
                test.constraint = replace(test.constraint, exclusive=False)
    if change.released is not None:
        number, target = change.released
        _release(tests[number], target)
    if change.set_up_once in fixtures:
        first = next(test for test in tests if test.collected.file == change.set_up_once[0])
        first.seconds += fixtures.pop(change.set_up_once)
    for number in change.split:
        _split(tests, number, change.parts)
    return tests, _entries(fixtures)


def _entries(fixtures: Mapping[tuple[str, str], float]) -> dict[str, float]:
    """File -> seconds to enter it."""
    entries: dict[str, float] = {}
    for (file, _), seconds in fixtures.items():
        entries[file] = entries.get(file, 0.0) + seconds
    return entries


def _release(test: RecordedTest, target: int) -> None:
    """The test does not require the target any more."""
    if test.constraint is None:
        return
    needs: list[Need] = []
    for need in test.constraint.needs:
        targets = tuple(each for each in need.targets if each != target)
        if targets:
            needs.append(replace(need, targets=targets))
    test.constraint = replace(test.constraint, needs=tuple(needs))


def _split(tests: list[RecordedTest], number: int, parts: int) -> None:
    """Make further tests of a test; who requires it requires all of them."""
    whole = tests[number]
    whole.seconds /= parts
    more = tuple(range(len(tests), len(tests) + parts - 1))
    for index in more:
        name = f"{whole.collected.nodeid} {index}"
        constraint = whole.constraint and replace(whole.constraint, test=index)
        tests.append(RecordedTest(replace(whole.collected, nodeid=name), whole.seconds, constraint))
    for test in tests:
        if test.constraint is not None and test.constraint.needs:
            needs = [
                replace(need, targets=need.targets + more) if number in need.targets else need
                for need in test.constraint.needs
            ]
            test.constraint = replace(test.constraint, needs=tuple(needs))


def _merged(tests: Sequence[RecordedTest], workers: int) -> list[RecordedTest]:
    """The same with fewer tests: short ones that nothing constrains are one with their neighbours.

    Thousands of tests are simulated so in the time of hundreds, and end at nearly the same time.
    """
    grain = GRAIN * sum(test.seconds for test in tests) / workers
    single = {index for index, test in enumerate(tests) if test.constraint is not None}
    single.update(_targets(tests))
    place: list[int] = []
    merged: list[RecordedTest] = []
    is_open = False
    for index, test in enumerate(tests):
        alone = index in single or test.collected.group is not None or test.seconds >= grain
        last = merged[-1] if merged else None
        if (
            is_open
            and not alone
            and last is not None
            and last.collected.file == test.collected.file
            and last.collected.affinity == test.collected.affinity
            and last.seconds < grain
        ):
            last.seconds += test.seconds
        else:
            merged.append(replace(test))
        is_open = not alone
        place.append(len(merged) - 1)
    for test in merged:
        if test.constraint is not None:
            test.constraint = _moved(test.constraint, place)
    return merged


def _targets(tests: Iterable[RecordedTest]) -> Iterator[int]:
    for test in tests:
        for need in test.constraint.needs if test.constraint is not None else ():
            yield from need.targets


def _moved(constraint: Constraint, place: Sequence[int]) -> Constraint:
    """The constraint with the tests' indices among fewer tests."""
    return replace(
        constraint,
        test=place[constraint.test],
        needs=tuple(
            replace(need, targets=tuple(sorted(place[target] for target in need.targets)))
            for need in constraint.needs
        ),
    )
