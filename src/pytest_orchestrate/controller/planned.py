"""``--orchestrate-plan``: tests are collected as in a run, which is then foretold, not made."""

from __future__ import annotations

import sys
from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.controller.run_context import RunContext
from pytest_orchestrate.errors import InternalFault
from pytest_orchestrate.internals.output import write_to
from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.model.events import RunBegan, TestsCollected, WorkerCollected

if TYPE_CHECKING:
    from pytest_orchestrate.engine.forecast import Forecast
    from pytest_orchestrate.model.events import AnyEvent
    from pytest_orchestrate.options import Options
    from pytest_orchestrate.report.plan import Plan


class PlanContext(RunContext):
    """Stands where a run's context stands, and keeps what it is told of tests.

    The engine hears of workers, but not of tests, so it has none run. Nothing is recorded.
    """

    def __init__(self, config: pytest.Config, options: Options, run_id: str) -> None:
        super().__init__(config, options, run_id)
        self.is_plan = True
        self._mode = ""
        self._began_with: RunBegan | None = None
        self._known: TestsCollected | None = None
        self._ready: dict[int, WorkerCollected] = {}

    def begin(self, mode: str, workers: int) -> None:  # noqa: ARG002 - RunBegan says how many
        """Record nothing."""
        self._mode = mode

    def write(self, record: Mapping[str, Any]) -> None:
        """Record nothing."""

    def tell(self, event: AnyEvent) -> None:
        """Keep what the forecast has to know; tests stay unknown to the engine."""
        if isinstance(event, RunBegan):
            self._began_with = event
        elif isinstance(event, TestsCollected):
            self._known = event
            return
        elif isinstance(event, WorkerCollected):
            self._ready[event.worker] = event
        super().tell(event)

    def plan(self) -> Plan | None:
        """What the run would be; None if no tests were collected."""
        known, began = self._known, self._began_with
        if known is None or not known.tests:
            return None
        if began is None:
            raise InternalFault("tests were collected before the run had begun")
        from pytest_orchestrate.engine.forecast import forecast
        from pytest_orchestrate.report.builder import SummaryBuilder
        from pytest_orchestrate.report.plan import Ran, planned

        found = forecast(began, known, list(self._ready.values()))
        builder = SummaryBuilder()
        for record in _records(self._mode, known, found):
            builder.add(record)
        return planned(
            self._mode,
            began.workers,
            known.tests,
            known.estimates,
            (Ran(*each) for each in found.schedule.assignments),
            lower_bound=found.lower_bound,
            limits=builder.summary().limits,
            not_run={each.test: (each.outcome, each.reason) for each in found.schedule.ended},
        )


def _records(mode: str, known: TestsCollected, found: Forecast) -> Iterator[dict[str, Any]]:
    """What a run would have recorded that went as foreseen."""
    yield {"record": "run", "mode": mode}
    schedule = found.schedule
    for event, commands in zip(schedule.events, schedule.answers, strict=True):
        yield {"record": "event", "event": event}
        for command in commands:
            yield {"record": "command", "command": command}
    for each in schedule.assignments:
        if each.setup:
            yield {
                "record": "fixture",
                "worker": str(each.worker),
                "file": known.tests[each.test].file,
                "name": "",
                "setup": each.setup,
            }


class PlanAtTheEnd:
    """Prints the plan where a run would have printed its summary."""

    def __init__(self, config: pytest.Config, context: PlanContext) -> None:
        self.config = config
        self.context = context
        self._is_json = config.known_args_namespace.orchestrate_plan == "json"

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Leave standard output to the JSON."""
        if self._is_json:
            write_to(config, sys.stderr)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_sessionfinish(self) -> Generator[None, None, None]:
        """To pytest this is as if tests had only been listed: what it keeps of runs stays."""
        self.config.option.collectonly = True
        yield
        if not self.config.pluginmanager.hasplugin("terminalreporter"):
            self._print(sys.stdout.write, -1)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        """Print it after pytest's own summary."""
        yield
        for warning in self.context.warnings:
            terminalreporter.write_line(visible(f"orchestrate: warning: {warning}"), yellow=True)
        write = sys.stdout.write if self._is_json else terminalreporter.write
        self._print(write, terminalreporter.config.option.verbose)

    def _print(self, write: Any, verbosity: int) -> None:
        plan = self.context.plan()
        self.context.let_go_of_history()
        if plan is None:
            return
        if self._is_json:
            import msgspec

            write(msgspec.json.encode(plan).decode() + "\n")
            return
        from pytest_orchestrate.report.plan_text import plan_lines

        for line in plan_lines(plan, verbosity=verbosity):
            write(f"{line}\n")
