"""Ending a run early, and what a run amounts to in the end."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate.controller.interrupt_signal import InterruptSignal
from pytest_orchestrate.errors import InternalFault
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import StopRequested

if TYPE_CHECKING:
    from pytest_orchestrate import wire
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState


class Stopping:
    """Knows whether the run is to end, why, and what is to be raised when it has."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        #: raised when every worker has left
        self.verdict: BaseException | None = None
        self.is_stopping = False
        self._interrupts = 0
        #: the loop runs, or will before anything else does
        self._heeds = False
        self._is_raised = False  #: by the loop, or after it
        self._signal = InterruptSignal(self._on_interrupt, self._is_unheard)

    def trouble(self, worker: WorkerState, message: wire.Trouble) -> None:
        """A worker's session wants to end early, and so the run."""
        texts = message.texts
        session = self.crew.session
        match message.kind:
            case "usage":
                self.stop("usage error", pytest.UsageError(*texts))
                self.crew.vigil.hurry()
            case "exit":
                ending = pytest.exit.Exception(texts[0], message.returncode)
                self.stop(f"pytest.exit: {texts[0]}", ending)
                self.crew.vigil.hurry()
            case "interrupt":
                if not self.is_stopping:  # else it follows from that
                    self.crew.voice.say(f"{worker.id}: {texts[0]}")
                self.stop("KeyboardInterrupt", KeyboardInterrupt())
                self.crew.vigil.hurry()
            case "stop":
                session.shouldstop = texts[0]
                self.stop(texts[0])
            case "fail":
                session.shouldfail = texts[0]
                self.stop(texts[0])
            case _:
                text = f"internal error in {worker.id}:\n{texts[0]}"
                self.crew.context.note(text)
                self.stop(f"internal error in {worker.id}", InternalFault(text))
                self.crew.vigil.hurry()

    def obey_session(self) -> None:
        """Stop if pytest's session says so (``-x``, ``--maxfail``, a plugin)."""
        session = self.crew.session
        if not self.is_stopping and (session.shouldfail or session.shouldstop):
            self.stop(str(session.shouldfail or session.shouldstop))

    def stop(self, reason: str, verdict: BaseException | None = None) -> None:
        """Hand out nothing more; the first verdict is raised when every worker has left."""
        if verdict is not None and self.verdict is None:
            self.verdict = verdict
        if not self.is_stopping:
            self.is_stopping = True
            if not self.crew.context.has_ended:
                self.crew.context.tell(StopRequested(now=self.crew.context.now(), reason=reason))

    def interrupted(self) -> None:
        """Ctrl-C was pressed: tests that run may go on for a while."""
        if isinstance(self.verdict, KeyboardInterrupt):
            return
        self.verdict = KeyboardInterrupt()
        # a test that has just begun may not be known to run yet
        if any(w.digest is not None and not w.has_left for w in self.crew.workers.values()):
            grace = self.crew.context.options.grace
            self.crew.voice.say(
                f"interrupted: running tests may go on for {grace:g} s; "
                "Ctrl-C again ends everything at once"
            )
        self.stop("interrupted")
        self.crew.vigil.hurry()

    def own_interrupts(self) -> None:
        """From now on Ctrl-C is known here, until it is let go of."""
        self._signal.take()

    def let_go_of_interrupts(self) -> None:
        """Ctrl-C is what it was before."""
        self._signal.give_back()

    @contextlib.contextmanager
    def heeding(self) -> Iterator[None]:
        """While it lasts, Ctrl-C is nothing but a message to the loop, which runs now."""
        self._heeds = True
        try:
            yield
        finally:
            self._heeds = False

    def raise_what_was_heard(self) -> None:
        """Raise what has come while the loop ran, before others take their time."""
        self._is_raised = self._is_raised or bool(self._interrupts)
        if self.verdict is not None:
            raise self.verdict
        if self._interrupts:
            raise KeyboardInterrupt

    def _on_interrupt(self) -> bool:
        """Called by the signal handler, possibly in the middle of anything.

        The loop always hears of it. Returns whether the exception is to be raised besides.
        """
        self._interrupts += 1
        if self._interrupts == 2:
            for worker in list(self.crew.workers.values()):
                worker.killed = "ended by a second Ctrl-C"
            self.crew.gateways.kill_all()
        self.crew.wake()
        # a second one would only disturb how pytest ends; a third means that something is stuck
        return self._interrupts > 2 or (self._interrupts == 1 and not self._heeds)

    def _is_unheard(self) -> bool:
        """Whether neither the loop nor what follows it has noticed Ctrl-C, or is about to."""
        return not (self._heeds or self._is_raised or self.verdict is not None)

    def conclude(self) -> None:
        """Raise what the run amounts to, if it is not simply over; every worker has left."""
        session = self.crew.session
        self.crew.clean_up()
        if self.verdict is not None:
            raise self.verdict
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        reasons = list(self.crew.faults)
        if self.crew.context.not_run:
            count = self.crew.context.not_run
            why = self.crew.context.end_reason or "no worker could run them"
            reasons.append(f"{count_of(count, 'test was', 'tests were')} not run: {why}")
        if reasons:
            self.fail("; ".join(reasons))

    def fail(self, text: str) -> None:
        """End the session as failed, for this reason."""
        session = self.crew.session
        session.shouldfail = text
        raise session.Failed(text)
