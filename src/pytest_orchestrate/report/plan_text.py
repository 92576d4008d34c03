"""A plan as the terminal shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.bounded_by import bounded_by, described
from pytest_orchestrate.report.plan import Plan, PlannedTest, PlannedWorker
from pytest_orchestrate.report.words import count_of, seconds

_T = TypeVar("_T")

#: So many tests, units of a worker, and tests that do not run, are listed unless -v is given.
TESTS, UNITS, NOT_RUN = 20, 8, 10
#: So many workers' units are listed.
WORKERS = 8
#: Seconds from which it is told what entering a file costs.
NOTICEABLE = 0.0005


def plan_lines(plan: Plan, *, verbosity: int = 0) -> list[str]:
    """The plan in lines; ``verbosity`` is pytest's: only its head under ``-q``, all with ``-v``."""
    lines = list(_head(plan))
    if verbosity < 0 or not plan.order:
        return list(map(visible, lines))
    everything = verbosity > 0
    workers, more = _some(plan.per_worker, WORKERS, everything)
    for worker in workers:
        lines += ["", *_worker_lines(worker, everything)]
    if more:
        lines += ["", f"... {count_of(more, 'more worker')} (-v lists them)"]
    lines += ["", *_order_lines(plan, everything)]
    if plan.not_run:
        lines += ["", *_not_run_lines(plan, everything)]
    return list(map(visible, lines))


def _head(plan: Plan) -> Iterator[str]:
    count = len(plan.order)
    where = "in-process" if plan.mode == "in-process" else f"on {count_of(plan.workers, 'worker')}"
    least = f"no schedule takes less than {seconds(plan.lower_bound)}"
    yield (
        f"orchestrate: plan for {count_of(count, 'test')} {where}: {seconds(plan.makespan)}"
        f" ({least}), after start and collection"
    )
    guessed = count - plan.measured
    if guessed:
        which = f"{guessed} of them {'was' if guessed == 1 else 'were'} not measured before, and"
        which += " is" if guessed == 1 else " are"
        if not plan.measured:
            which = "none of them was measured before, and all are"
        yield f"  estimates: {which} taken for ordinary"
    if plan.limits is not None:
        yield f"  bounded by: {bounded_by(plan.limits)}"
        path = plan.critical_path
        if path is not None and path != plan.limits.bounded_by:
            yield f"  critical path: {described(plan.limits, path)}"
        for each in plan.limits.resources:
            slots = count_of(each.capacity, "slot")
            held = f"{seconds(each.held)} of {seconds(plan.limits.testing)}"
            yield f"  resource {each.name} ({slots}): held for {held}"
    if plan.not_run:
        yield f"  not run: {count_of(len(plan.not_run), 'test')}"


def _worker_lines(worker: PlannedWorker, everything: bool) -> Iterator[str]:
    yield f"{worker.name}: {count_of(worker.tests, 'test')}, busy {seconds(worker.busy)}"
    units, more = _some(worker.units, UNITS, everything)
    for unit in units:
        lasts = seconds(unit.end - unit.start)
        yield f"{_clock(unit.start)}  {unit.file}: {count_of(unit.tests, 'test')}, {lasts}"
    if more:
        rest = worker.units[len(units) :]
        tests = count_of(sum(unit.tests for unit in rest), "test")
        yield f"{'...':>11}  {count_of(more, 'more unit')} with {tests} (-v lists them)"


def _order_lines(plan: Plan, everything: bool) -> Iterator[str]:
    tests, more = _some(plan.order, TESTS, everything)
    yield "order:" if not more else f"order, the first {len(tests)} of {len(plan.order)}:"
    width = max(len(each.worker) for each in tests)
    for each in tests:
        line = f"{_clock(each.start)}  {each.worker:<{width}}  {_lasts(each):>9}  {each.nodeid}"
        if each.setup >= NOTICEABLE:
            line += f" (and {each.setup:.3f} s to enter its file)"
        yield line
    if more:
        yield f"{'...':>11}  {count_of(more, 'more test')} (-v lists them, =json has all)"


def _lasts(test: PlannedTest) -> str:
    return f"{'' if test.measured else '~'}{test.seconds:.3f} s"


def _not_run_lines(plan: Plan, everything: bool) -> Iterator[str]:
    yield "not run:"
    tests, more = _some(plan.not_run, NOT_RUN, everything)
    for each in tests:
        yield f"  {each.outcome}: {each.nodeid}: {each.reason}"
    if more:
        yield f"  ... {count_of(more, 'more test')} (-v lists them)"


def _some(items: Sequence[_T], most: int, everything: bool) -> tuple[Sequence[_T], int]:
    """What is listed of these, and how many more there are; one more is no reason to cut."""
    if everything or len(items) <= most + 1:
        return items, 0
    return items[:most], len(items) - most


def _clock(now: float) -> str:
    return f"{now:>9.3f} s"
