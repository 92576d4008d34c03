"""Tests that end without having finished, and what the end of a test means for others."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from pytest_orchestrate.engine.dispatch import Dispatch
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.verdicts import STRANDED, Verdict
from pytest_orchestrate.model.commands import EndTest
from pytest_orchestrate.model.events import WorkerLeft
from pytest_orchestrate.model.outcome import GOOD


class Endings:
    """Ends tests, on behalf of a run."""

    __slots__ = ("_dispatch", "_lives", "not_run")

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._lives = dispatch.lives
        #: How many did not run, but for those that were blocked.
        self.not_run = 0

    def settle(self, test: int, outcome: str, worker: int = -1) -> None:
        """A test has ended: what waits for it may run, or is blocked."""
        dispatch = self._dispatch
        if dispatch.conductor is not None:
            if outcome in GOOD:
                dispatch.constrained.give_back(test, worker)
                dispatch.constrained.readiness.settle(test, outcome)
                dispatch.conductor.ended(test, worker)
                return
            dispatch.disband()
        if not dispatch.constrained:
            dispatch.constrained.readiness.note(test, outcome)
            return
        ended = dispatch.constrained.ended(test, outcome, worker)
        self.blocked(ended.blocked)
        if ended.free:
            dispatch.put_back(ended.free)

    def blocked(self, verdicts: Iterable[Verdict]) -> None:
        """These tests will not run, each for a reason; what follows from that is settled."""
        for each in verdicts:
            self._lives.move(each.test, "end", self._dispatch.now, -1)
            cause = each.cause if each.cause >= 0 else None
            self._dispatch.out.append(
                EndTest(test=each.test, outcome=each.outcome, reason=each.reason, cause=cause)
            )

    def without_stranded(self, tests: Sequence[int]) -> Sequence[int]:
        """Tests that came back, but for those that can run nowhere any more: these end."""
        constrained = self._dispatch.constrained
        stranded = [test for test in tests if constrained.is_stranded(test)]
        for test in stranded:
            self.blocked([Verdict(test, STRANDED)])
            self.settle(test, "blocked")
        return [test for test in tests if test not in stranded] if stranded else tests

    def without_run(self, tests: Iterable[int], reason: str) -> None:
        """These tests do not run, and no test is to blame for it."""
        dispatch = self._dispatch
        for test in tests:
            self._lives.move(test, "end", dispatch.now, -1)
            self.not_run += 1
            dispatch.out.append(EndTest(test=test, outcome="not run", reason=reason))
            self.settle(test, "not run")

    def cut_off(self, worker: Worker, event: WorkerLeft) -> None:
        """The worker left under a test."""
        test, worker.running = worker.running, -1
        self._lives.move(test, "end", event.now, event.worker)
        outcome: Literal["crashed", "interrupted"]
        outcome = "crashed" if event.reason == "crashed" else "interrupted"
        reason = f"gw{worker.number} {_FATES[event.reason]} while it ran this test"
        self._dispatch.out.append(
            EndTest(test=test, outcome=outcome, reason=reason, worker=worker.number)
        )
        self.settle(test, outcome, worker.number)


_FATES = {"crashed": "died", "closed": "left", "stopped": "was stopped"}
