"""Ending a run early, and what a run amounts to in the end."""

from __future__ import annotations

import signal
import threading
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.errors import InternalFault
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

    def own_interrupts(self) -> OwnInterrupts:
        """Return a context in which Ctrl-C is heard here."""
        return OwnInterrupts(self)

    def on_interrupt(self) -> None:
        """Called by the signal handler, possibly in the middle of anything."""
        self._interrupts += 1
        if self._interrupts > 2:  # the loop itself seems to be stuck
            raise KeyboardInterrupt
        if self._interrupts == 2:
            for worker in list(self.crew.workers.values()):
                worker.killed = "ended by a second Ctrl-C"
            self.crew.gateways.kill_all()
        self.crew.wake()

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
            reasons.append(f"{count} test{'s were' if count != 1 else ' was'} not run: {why}")
        if reasons:
            self.fail("; ".join(reasons))

    def fail(self, text: str) -> None:
        """End the session as failed, for this reason."""
        session = self.crew.session
        session.shouldfail = text
        raise session.Failed(text)


class OwnInterrupts:
    """While it lasts, Ctrl-C is a message to the loop, and a second one ends everything."""

    def __init__(self, stopping: Stopping) -> None:
        self._stopping = stopping
        self._previous: Any = None

    def __enter__(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
            self._previous = signal.signal(signal.SIGINT, lambda *_: self._stopping.on_interrupt())

    def __exit__(self, *_exc: object) -> None:
        if self._previous is not None:
            signal.signal(signal.SIGINT, self._previous)
