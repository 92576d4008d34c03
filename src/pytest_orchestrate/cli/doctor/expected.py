"""How long the collected tests are expected to take, by history and the scheduler itself."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from pytest_orchestrate.annotating import read_annotations, read_requirable
from pytest_orchestrate.cli.doctor.configured import Looking
from pytest_orchestrate.cli.doctor.facts import Forecast
from pytest_orchestrate.controller.run_identity import new_run_id
from pytest_orchestrate.foreign_groups import united
from pytest_orchestrate.measuring import named, togetherness
from pytest_orchestrate.model.events import RunBegan, WorkerCollected, WorkerJoined
from pytest_orchestrate.options import Options
from pytest_orchestrate.report.bounded_by import described
from pytest_orchestrate.report.plan import Plan

#: More tests than these are not simulated: it would take minutes.
MOST = 50_000


def forecasts(
    config: pytest.Config,
    settings: Options,
    items: Sequence[pytest.Item],
    deselected: Sequence[pytest.Item],
    workers: int,
) -> dict[str, Forecast]:
    """Return the forecast, and the one without ``orchestrate_keep_together`` if that is set.

    Nothing where history knows none of the tests.

    :raises pytest.UsageError: the run would end before its first test.
    """
    found: dict[str, Forecast] = {}
    kinds = [None] if settings.keep_together == "off" else [None, "off"]
    for name, kind in zip(("forecast", "untied"), kinds, strict=False):
        plan = _plan(config, settings, items, deselected, workers, kind)
        if plan is None:
            break
        found[name] = _forecast(plan)
    return found


def _plan(
    config: pytest.Config,
    settings: Options,
    items: Sequence[pytest.Item],
    deselected: Sequence[pytest.Item],
    workers: int,
    kind: str | None,
) -> Plan | None:
    """What a run on so many workers would be."""
    context = Looking(config, settings, new_run_id())
    try:
        context.begin("workers", workers)
        context.tell(
            RunBegan(now=context.now(), workers=workers, keep_order=settings.order == "declared")
        )
        for number in range(workers):
            context.tell(WorkerJoined(now=context.now(), worker=number))
        annotations = read_annotations(config, items)
        context.constraining.know(read_requirable(config, items, deselected))
        groups, affinities = togetherness(config, items, kind)
        context.collected(named(items, united(groups), affinities), annotations)
        for number in range(workers):
            context.tell(WorkerCollected(now=context.now(), worker=number))
        is_known = any(each is not None for each in context.expected)
        return context.plan() if is_known and len(items) <= MOST else None
    finally:
        context.let_go_of_history()


def _forecast(plan: Plan) -> Forecast:
    limits = plan.limits
    limit = limits.bounded_by if limits is not None else None
    return Forecast(
        workers=plan.workers,
        makespan=plan.makespan,
        lower_bound=plan.lower_bound,
        work=sum(each.seconds for each in plan.order),
        measured=plan.measured,
        tests=len(plan.order),
        bounded_by=None if limits is None or limit is None else described(limits, limit),
        share=0.0 if limits is None or limit is None else limits.share(limit),
        kind="" if limit is None else limit.kind,
    )
