"""Looking after workers that are silent, slow, or slow to leave, or to be hurried."""

from __future__ import annotations

import contextlib
import functools
import time
from typing import TYPE_CHECKING

import msgspec

from pytest_orchestrate import wire

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState
    from pytest_orchestrate.report.overdue import Overdue

#: Seconds that a process may take to end after its session has.
LEAVING = 10.0
#: Seconds that a worker has to answer a question.
ANSWER = 2.0


class Vigil:
    """Looks at clocks on behalf of the controller's loop."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.options = crew.context.options
        self._deadline: float | None = None
        self._step = 0

    @functools.cached_property
    def overdue(self) -> Overdue:
        """Which of the running tests are slow."""
        from pytest_orchestrate.report.overdue import Overdue

        context = self.crew.context
        return Overdue(context.tests, context.expected, context.entry_costs)

    def hurry(self) -> None:
        """From now on running tests have the grace period, then are interrupted, then killed.

        Grace is for tests: who still starts or collects is interrupted at once.
        """
        if self._deadline is not None:
            return
        self._deadline = time.monotonic() + self.options.grace
        for worker in self.crew.workers.values():
            if worker.digest is None and worker.trouble is None and not worker.has_left:
                self.crew.interrupt(worker)

    def look(self, now: float) -> None:
        """Act on what is overdue."""
        left = [worker for worker in self.crew.workers.values() if not worker.has_left]
        for worker in left:
            self._clock(worker, now)
        if self._deadline is not None and now > self._deadline:
            self._deadline = now + self.options.grace
            self._step += 1
            for worker in left:
                self._press(worker)
        for worker in left:
            if worker.outdated_since is not None:
                self._press_outdated(worker, worker.outdated_since, now)
            if worker.farewell is not None or worker.hung_up:
                self._see_out(worker, now)
            elif self.options.silence:
                self._listen(worker, now)

    def _clock(self, worker: WorkerState, now: float) -> None:
        test, seconds = worker.running, now - worker.running_since
        if test is not None and self.overdue.is_new(test, seconds):
            self.crew.voice.say(self.overdue.notice(test, seconds, worker.id))

    def _press(self, worker: WorkerState) -> None:
        if self._step == 1 and worker.is_ready:
            self.crew.interrupt(worker)
        else:
            self.crew.kill(worker, f"did not end within {self.options.grace:g} s of being asked to")

    def _press_outdated(self, worker: WorkerState, since: float, now: float) -> None:
        """What it still collects is of no use: it has the grace period, then is interrupted."""
        if self._deadline is not None:
            return  # all are pressed
        grace = self.options.grace
        if not worker.is_pressed and now - since > grace:
            worker.is_pressed = True
            self.crew.interrupt(worker)
        elif worker.killed is None and now - since > 2 * grace:
            self._end(
                worker, f"{worker.id} had not begun anew after {2 * grace:g} s; it was killed"
            )

    def _see_out(self, worker: WorkerState, now: float) -> None:
        if worker.leaving_since is None:
            worker.leaving_since = now
        elif now - worker.leaving_since > LEAVING and worker.killed is None:
            since = "its session had" if worker.farewell is not None else "its connection had"
            text = (
                f"{worker.id} had not ended {LEAVING:g} s after {since} (a thread or an "
                "exit handler still runs); it was killed"
            )
            self._end(worker, text)

    def _end(self, worker: WorkerState, text: str) -> None:
        self.crew.voice.say(text)
        self.crew.context.note(text)
        self.crew.kill(worker, text)

    def _listen(self, worker: WorkerState, now: float) -> None:
        silent = now - worker.last_word
        if worker.stacks_asked is not None and now - worker.stacks_asked > ANSWER:
            worker.stacks_asked = None
            state = (
                "its process is stopped by a signal"
                if worker.link.is_stopped()
                else "something in it holds the interpreter's lock"
            )
            self.crew.voice.say(f"{worker.id} does not answer: {state}")
        if silent < max(self.options.silence, worker.silence_shown * 2):
            if silent < self.options.silence:
                worker.silence_shown = 0.0
            return
        doing = self._doing(worker, now)
        if doing is None:
            return
        worker.silence_shown = silent
        text = f"{worker.id} has said nothing for {silent:.0f} s: {doing}"
        self.crew.voice.say(text)
        self.crew.context.note(text)
        if worker.is_ready:
            worker.stacks_asked = now
            worker.link.send(wire.ShowStacks())

    def _doing(self, worker: WorkerState, now: float) -> str | None:
        if worker.running is not None:
            test = self.crew.context.tests[worker.running]
            return f"it has been running {test.nodeid} for {now - worker.running_since:.0f} s"
        if not worker.is_ready:
            return "it is being started"
        if worker.digest is None:
            return "it collects"
        if worker.asked_to_leave is not None:
            return "it tears down and leaves"
        if not self.crew.collecting.is_open or worker.number in self.crew.holding:
            return None  # it is not its turn to say anything
        begun = self._begun(worker)
        if begun is not None:
            return f"it has begun {self.crew.context.tests[begun].nodeid}"
        return "it has been sent tests and runs none (it may be tearing down after the last one)"

    def _begun(self, worker: WorkerState) -> int | None:
        """Return the test that a worker wanted to say it has begun, when it fell silent."""
        begun: int | None = None
        with contextlib.suppress(msgspec.MsgspecError):  # it may be writing just now
            for message in wire.decode_from_worker(worker.link.unsent() or wire.batch([])):
                if isinstance(message, wire.TestBegan):
                    begun = message.test
                elif isinstance(message, wire.TestDone):
                    begun = None
        return None if begun is None else worker.index(begun)
