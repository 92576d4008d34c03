"""Leases that outlive tests: what fixtures of a class or module use until they are torn down.

Such a lease begins like any other one. When its test has begun, the worker keeps what the test
needs for a class or module, for fixtures use it from now on. It has it until it begins a test of
another class or module, for pytest tears down before that; or until it has torn down because it
was told to, or is gone.

A worker that has nothing to do is told to as soon as it is left waiting. So whoever waits for what
a worker keeps, waits for a worker that runs tests, and nobody waits for ever.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.commands import TearDown
from pytest_orchestrate.model.events import TornDown

if TYPE_CHECKING:
    from pytest_orchestrate.engine.dispatch import Dispatch


class Scoped:
    """Follows the workers into classes and modules and out of them, on behalf of a ``Dispatch``."""

    __slots__ = ("_asked", "_dispatch", "_leases", "handlers")

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._leases = dispatch.constrained.leases
        #: Workers that have been told to tear down, and have not answered.
        self._asked: set[int] = set()
        self.handlers: dict[type, Callable[[Any], None]] = {TornDown: self._torn_down}

    def __bool__(self) -> bool:
        """Whether any test needs something for its class or module."""
        return bool(self._dispatch.constrained.scopes)

    def began(self, worker: Worker, test: int) -> None:
        """A worker begins a test: it has left classes and modules, and uses what the test needs."""
        constrained = self._dispatch.constrained
        self._leases.move_on(worker.number, self._dispatch.lives.names[test])
        if test in constrained.scopes:
            self._leases.keep(worker.number, test, constrained.scopes[test])

    def waits(self, worker: Worker) -> None:
        """A worker is left waiting."""
        if self._leases.is_kept_by(worker.number) and worker.number not in self._asked:
            self._asked.add(worker.number)
            worker.remember(self._dispatch.now, "was told to tear down")
            self._dispatch.out.append(TearDown(worker=worker.number))

    def _torn_down(self, event: TornDown) -> None:
        worker = self._dispatch.fleet.expect_alive(event.worker, "tear down")
        if event.worker not in self._asked:
            raise IllegalMove(self._dispatch.fleet.complaint(worker, "tear down unasked"))
        self._asked.remove(event.worker)
        worker.remember(event.now, "has torn down")
        self._leases.leave(event.worker)
