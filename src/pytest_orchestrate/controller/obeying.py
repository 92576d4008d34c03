"""From the engine's commands to what workers are sent."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from pytest_orchestrate import wire
from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.model import commands
from pytest_orchestrate.model.events import WorkerJoined
from pytest_orchestrate.transport.gateways import starts_here

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState


class Obeying:
    """Carries out commands, on behalf of a crew."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew

    def execute(self, command: commands.AnyCommand) -> None:  # noqa: C901  # one case for each command
        """Carry out one command."""
        crew = self.crew
        match command:
            case commands.Assign(worker=number, tests=tests, slots=slots):
                crew.holding.discard(number)
                worker = crew.workers[number]
                crew.collecting.collect_for(worker, tests)
                places = dict(zip(worker.positions(list(slots)), slots.values(), strict=True))
                worker.link.send(
                    wire.Enqueue(worker.positions(tests), places, self._locks(worker, places))
                )
            case commands.Recall(worker=number, tests=tests):
                worker = crew.workers[number]
                worker.link.send(wire.TakeBack(worker.positions(tests)))
            case commands.Close(worker=number):
                crew.holding.discard(number)
                crew.workers[number].asked_to_leave = time.monotonic()
                crew.workers[number].link.send(wire.Finish())
            case commands.TearDown(worker=number):
                crew.workers[number].link.send(wire.TearDown())
            case commands.Hold(worker=number):
                crew.holding.add(number)
            case commands.StartWorker(worker=number, replaces=replaced):
                crew.voice.say(f"gw{number} is started in place of gw{replaced}")
                crew.hiring.replace(number, replaced)
                crew.context.tell(WorkerJoined(now=crew.context.now(), worker=number))
            case commands.Prepare():
                raise AssertionError("no worker of pytest can prepare for a test")
            case commands.WantSlots() | commands.ReturnSlots():
                crew.borrowing.obey(command)
            case commands.EndTest():
                self._end_test(command)
            case commands.EndRun(not_run=not_run, reason=reason):
                crew.context.not_run = not_run
                crew.context.end_reason = reason
                crew.context.has_ended = True
            case _:
                assert_never(command)

    def _end_test(self, command: commands.EndTest) -> None:
        if command.outcome != "not run":
            self.crew.live.ended(command.test)
        if command.outcome in ("blocked", "error"):
            self.crew.refusing.refuse(command)
            self.crew.stopping.obey_session()
        else:
            self.crew.departures.test_ended(command)

    def _locks(
        self, worker: WorkerState, places: dict[int, dict[str, list[int]]]
    ) -> dict[int, list[tuple[str, bool]]]:
        """Return the files that a worker locks while it runs tests: position -> files."""
        host = self.crew.context.host_slots
        if host is None or not starts_here(worker.link.spec):
            return {}
        return {
            position: locks for position, slots in places.items() if (locks := host.locks_of(slots))
        }
