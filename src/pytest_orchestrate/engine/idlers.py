"""Workers that have nothing to do: something for each of them, or a reason why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_orchestrate.engine.constrained import NOBODY
from pytest_orchestrate.engine.fleet import Worker

if TYPE_CHECKING:
    from pytest_orchestrate.engine.dispatch import Dispatch


class Idlers:
    """Feeds, holds or closes idle workers, on behalf of a ``Dispatch``."""

    __slots__ = ("_dispatch",)

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch

    def feed(self) -> None:
        """Find something to do for each idle worker, or say why not, or let it go."""
        fleet = self._dispatch.fleet
        if not self._dispatch.tests_known:
            for number in fleet.idle:
                self._dispatch.hold(fleet[number], "no tests are known yet")
            return
        idle = [fleet[number] for number in fleet.idle]
        constrained = self._dispatch.constrained
        if constrained and len(idle) > 1:  # first those who need not enter another file
            near = [worker for worker in idle if self._is_near(worker)]
            idle = near + [worker for worker in idle if worker not in near]
        if self._dispatch.pending or constrained.takeable or self._dispatch.course.left:
            idle = [worker for worker in idle if not self._dispatch.refill(worker)]
        if not idle:
            return
        if constrained and self._is_alone(idle):
            return
        victims = [] if self._dispatch.course else self._dispatch.relief.victims()
        refused: list[tuple[int, frozenset[int], int]] = []
        for worker in idle:
            who = -1 if worker.collected is None else worker.number
            circumstances = (worker.last_file, worker.missing, who)
            if victims and circumstances not in refused:
                moved = self._dispatch.relief.steal(worker, victims)
                if moved:
                    victims = self._dispatch.relief.victims()
                    continue
                refused.append(circumstances)
            self._leave_waiting(worker, victims)

    def _is_near(self, worker: Worker) -> bool:
        """Whether there may be something to do in the file that a worker is in."""
        file = worker.last_file
        return self._dispatch.constrained.scarce.has_file(file) or self._dispatch.pending.continues(
            worker
        )

    def _is_alone(self, idle: list[Worker]) -> bool:
        """Whether somebody runs a test that wants to be alone, now or from now on."""
        if self._dispatch.constrained.alone_on == NOBODY and not self._begin_alone(idle):
            return False
        for worker in idle:
            if worker.is_idle:
                self._dispatch.hold(worker, self._dispatch.constrained.why_held())
        return True

    def _begin_alone(self, idle: list[Worker]) -> bool:
        """Send a test that wants to be alone, if there is one and nobody has anything else."""
        dispatch = self._dispatch
        takeable = dispatch.constrained.takeable and not dispatch.hosting.is_refused()
        if dispatch.pending or takeable or len(idle) < len(dispatch.fleet.ready):
            return False
        for worker in idle:
            test = self._dispatch.constrained.take_alone(worker)
            if test is not None:
                self._dispatch.unsent_work += self._dispatch.estimates.of(test)
                worker.unit = self._dispatch.maker.single(test)
                return self._dispatch.refill(worker)
        return False

    def _leave_waiting(self, worker: Worker, victims: list[tuple[float, int]]) -> None:
        """Nothing can be done by this worker now: hold or close it."""
        course = self._dispatch.course
        if course.has_turn(worker):
            self._dispatch.hold(worker, course.why_held(worker))
            return
        if self._dispatch.constrained.left:
            self._dispatch.hold(worker, self._dispatch.constrained.why_held())
            return
        if victims:
            busiest = -victims[0][1]
            reason = f"moving the tests that gw{busiest} has would cost more than waiting"
            self._dispatch.hold(worker, reason)
            return
        to_come = self._what_may_come(worker)
        if to_come is not None:
            self._dispatch.hold(worker, to_come)
        else:
            self._dispatch.close(worker)

    def _what_may_come(self, worker: Worker) -> str | None:
        """Why there may be something to do for a worker yet, though nothing is left; else None."""
        fleet = self._dispatch.fleet
        for other in fleet.ready:
            if other.recalls:
                return f"tests recalled from gw{other.number} are on their way"
        for other in fleet:
            if other.state == "joined" and self._dispatch.pending.of(other.number):
                return f"gw{other.number} has collected the rest, and is about to begin"
        if worker.collected is not None:
            for other in fleet.ready:
                if other.queue:  # it may lack what it has to collect first, and others have it
                    return f"gw{other.number} has not begun all it was sent"
        return None
