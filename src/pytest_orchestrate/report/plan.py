"""A run that was only planned: who would run what when, and what would limit it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.report.limits import Limit, Limits

#: Version of the form that ``--orchestrate-plan=json`` prints.
FORMAT = 1


class PlannedTest(msgspec.Struct, frozen=True):
    """One test. Times are seconds since the first test begins."""

    nodeid: str
    occurrence: int
    worker: str
    start: float
    #: What entering its file costs before it; 0 where its worker is in the file already.
    setup: float
    #: Without that.
    seconds: float
    #: Whether it was measured before; if not, it is taken for an ordinary one.
    measured: bool


class PlannedUnit(msgspec.Struct, frozen=True):
    """Tests of one file that a worker runs one after another."""

    file: str
    tests: int
    start: float
    end: float


class PlannedWorker(msgspec.Struct, frozen=True):
    """What one worker runs, in this order. Times are seconds."""

    name: str
    tests: int
    busy: float
    end: float
    units: tuple[PlannedUnit, ...]


class NotPlanned(msgspec.Struct, frozen=True):
    """A test that would not run."""

    nodeid: str
    outcome: str
    reason: str


class Plan(msgspec.Struct, frozen=True):
    """What a run is expected to be, from the beginning of its first test. Times are seconds."""

    format: int
    #: ``workers`` or ``in-process``.
    mode: str
    workers: int
    #: Until the last test has ended.
    makespan: float
    #: No schedule of these tests can be shorter.
    lower_bound: float
    #: Tests that were measured before, of those that run.
    measured: int
    limits: Limits | None
    #: The tests that require each other and take longest, or else the longest test.
    critical_path: Limit | None
    per_worker: tuple[PlannedWorker, ...]
    #: In the order in which they begin.
    order: tuple[PlannedTest, ...]
    not_run: tuple[NotPlanned, ...]


class Ran(msgspec.Struct, frozen=True):
    """One test of a simulated run. Times are seconds."""

    test: int
    worker: int
    start: float
    setup: float
    end: float


def planned(
    mode: str,
    workers: int,
    tests: Sequence[CollectedTest],
    estimates: Sequence[float | None],
    ran: Iterable[Ran],
    *,
    lower_bound: float,
    limits: Limits | None,
    not_run: Mapping[int, tuple[str, str]],
) -> Plan:
    """Put a plan together.

    :param not_run: Test -> outcome and reason.
    """
    in_order = sorted(ran, key=lambda each: (each.start, each.worker))
    names = ["main"] if mode == "in-process" else [f"gw{number}" for number in range(workers)]
    order = tuple(
        PlannedTest(
            nodeid=tests[each.test].nodeid,
            occurrence=tests[each.test].occurrence,
            worker=names[each.worker],
            start=each.start,
            setup=each.setup,
            seconds=each.end - each.start - each.setup,
            measured=estimates[each.test] is not None,
        )
        for each in in_order
    )
    found = limits.found if limits is not None else ()
    paths = [limit for kind in ("chain", "test") for limit in found if limit.kind == kind]
    return Plan(
        format=FORMAT,
        mode=mode,
        workers=workers,
        makespan=max((each.end for each in in_order), default=0.0),
        lower_bound=lower_bound,
        measured=sum(each.measured for each in order),
        limits=limits,
        critical_path=paths[0] if paths else None,
        per_worker=tuple(_worker(name, order) for name in names),
        order=order,
        not_run=tuple(
            NotPlanned(tests[test].nodeid, outcome, reason)
            for test, (outcome, reason) in not_run.items()
        ),
    )


def _worker(name: str, order: Iterable[PlannedTest]) -> PlannedWorker:
    own = [each for each in order if each.worker == name]
    units: list[PlannedUnit] = []
    for each in own:
        file = each.nodeid.partition("::")[0]
        end = each.start + each.setup + each.seconds
        last = units[-1] if units else None
        if last is not None and last.file == file:
            units[-1] = PlannedUnit(file, last.tests + 1, last.start, end)
        else:
            units.append(PlannedUnit(file, 1, each.start, end))
    return PlannedWorker(
        name=name,
        tests=len(own),
        busy=sum(each.setup + each.seconds for each in own),
        end=units[-1].end if units else 0.0,
        units=tuple(units),
    )
