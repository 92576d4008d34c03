"""Telling of tests that take far longer than expected, each once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_orchestrate.report.progress import lasting, slow_after

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew


class Overdue:
    """Knows which of the running tests are slow.

    Where nothing is expected of a test, nobody can say so: of a worker that is silent for long
    others tell.
    """

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.slow: set[int] = set()

    def look(self, now: float) -> None:
        """Tell of those that have become slow."""
        for worker in self.crew.workers.values():
            test = worker.running
            if test is None or test in self.slow or worker.has_left:
                continue
            context = self.crew.context
            expected = context.expected[test]
            if expected is None:
                continue
            nodeid, file = context.tests[test].nodeid, context.tests[test].file
            lasts = now - worker.running_since
            if lasts > slow_after(expected, context.entry_costs.get(file, 0.0)):
                self.slow.add(test)
                usual = lasting(expected) if expected >= 1 else "less than 1 s"
                self.crew.voice.say(
                    f"SLOW {nodeid} has been running for {lasting(lasts)} on {worker.id}, "
                    f"where {usual} was expected"
                )
