"""How workers leave, and what is said of it."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Literal

import execnet

from pytest_orchestrate.controller import leavings, starting
from pytest_orchestrate.controller.evidence import cut_off
from pytest_orchestrate.internals.session import write_to_log_file
from pytest_orchestrate.model.events import WorkerLeft

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState
    from pytest_orchestrate.model.commands import EndTest
    from pytest_orchestrate.transport.gateways import Exited

Reason = Literal["closed", "crashed", "stopped"]


class Departures:
    """Takes leave of workers."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        #: worker whose crash is being told, how it ended, what it had printed
        self._dying: tuple[WorkerState, str, list[tuple[str, str]]] | None = None

    def exited(self, worker: WorkerState, exited: Exited) -> None:
        """A worker's process has ended: hear its last words, and say how it ended."""
        if worker.has_left:
            return
        self._hear_the_rest(worker)
        self._depart(worker, exited.status)

    def _hear_the_rest(self, worker: WorkerState) -> None:
        """Take in what the process, now gone, has left behind."""
        rest = worker.link.unsent()
        if rest is not None:
            self.crew.messages.handle(worker, rest)
        if self.crew.pipes is not None:
            for stream, data in self.crew.pipes.remove(worker.number):
                self.crew.output(worker, stream, data)
        for stream in (1, 2):
            self.crew.voice.relay(worker, stream, worker.output[stream].end())

    def _depart(self, worker: WorkerState, status: int | None) -> None:
        why = starting.exit_text(status)
        if worker.outdated_since is not None:
            self._depart_outdated(worker)
            return
        if worker.farewell is not None and worker.asked_to_leave is not None:
            if status not in (0, None) and worker.killed is None:
                self.crew.faults.append(f"{worker.id} ended badly after its session: {why}")
            self.gone(worker, None, "closed")
        elif worker.killed is not None or worker.trouble is not None:
            self.gone(worker, worker.killed or why, "stopped")
        elif worker.unstarted is not None:
            self.crew.faults.append(
                f"{worker.id} could not be configured: pytest ended there with exit code "
                f"{worker.unstarted}; what it printed is above"
            )
            self.gone(worker, self.crew.faults[-1], "crashed")
        elif worker.farewell is not None:  # nobody had asked it to leave
            self._crashed(worker, f"it had lost its connection to the controller; {why}")
        else:
            self._crashed(worker, why)

    def _depart_outdated(self, worker: WorkerState) -> None:
        """A fresh process takes its place, unless the run has no need of it any more.

        To the engine both are one worker. Asked to leave, neither is there: what was said to the
        old process the fresh one would never hear.
        """
        if self.crew.stopping.is_stopping or worker.asked_to_leave is not None:
            self.gone(worker, None, "closed")
            return
        try:
            self._take_leave(worker, None)
        finally:
            self.crew.replacing.replace(worker)

    def _crashed(self, worker: WorkerState, why: str) -> None:
        running = worker.running
        if running is None:
            moment = (
                "while it was being started"
                if not worker.is_ready
                else "while it collected"
                if worker.digest is None
                else "while it finished its session"
                if worker.asked_to_leave is not None
                else "between tests"
            )
            text = f"{worker.id} crashed {moment}: {why}"
            self.crew.faults.append(text)
            self.crew.voice.say(text)
            self.crew.context.note(text)
        sections = [
            (f"Captured {stream} until the crash", text) for stream, text in worker.link.captured()
        ]
        if worker.stderr_tail:
            sections.append((f"Last words of {worker.id}", "\n".join(worker.stderr_tail) + "\n"))
        self._dying = (worker, why, sections)
        self.gone(worker, why, "crashed")
        self._dying = None

    def gone(self, worker: WorkerState, why: str | None, reason: Reason) -> None:
        """Tell everybody that a worker has left; ``why`` is None if it left as asked."""
        if worker.has_left:
            return
        self._gather_log(worker)
        try:
            self._take_leave(worker, why)
        finally:  # whatever a hook does, the worker is gone
            self.crew.context.tell(
                WorkerLeft(now=self.crew.context.now(), worker=worker.number, reason=reason)
            )
            self.crew.collecting.look()

    def _take_leave(self, worker: WorkerState, why: str | None) -> None:
        worker.has_left = True
        self.crew.holding.discard(worker.number)
        self.crew.collecting.lost(worker)
        if worker.farewell is not None:
            worker.node.workeroutput = execnet.loads(worker.farewell.output)
        hook = self.crew.config.hook
        hook.pytest_testnodedown(node=worker.node, error=why)
        hook.pytest_orchestrate_worker_down(worker=worker.facts, reason=why)

    def _gather_log(self, worker: WorkerState) -> None:
        folder = worker.link.folder
        if folder is None:
            return
        with suppress(OSError):
            text = (folder / "log").read_text(encoding="utf-8", errors="replace")
            if text:
                write_to_log_file(self.crew.config, text)

    def test_ended(self, command: EndTest) -> None:
        """A test ended with its worker; report it, if it is not simply not run."""
        if command.outcome == "interrupted":
            known = self.crew.relay.open_test(command.test)
            if known is not None and command.worker is not None:
                worker = self.crew.workers[command.worker].id
                record = cut_off(command.test, worker, known.started, known.clock)
                self.crew.context.write(record)
        if command.outcome == "interrupted" and not self.crew.stopping.is_stopping:
            nodeid = self.crew.context.tests[command.test].nodeid
            self.crew.faults.append(f"{nodeid} did not come to its end: {command.reason}")
        if command.outcome == "crashed":
            self._report_crash(command.test)

    def _report_crash(self, test: int) -> None:
        assert self._dying is not None
        worker, why, sections = self._dying
        text = f"{worker.id} crashed while it ran this test: {why}"
        began = self.crew.relay.open_test(test)
        started = began.started if began is not None else time.time()
        duration = max(0.0, time.time() - started)
        leavings.keep_of_crashed(self.crew.context, test, worker.id)
        evidence = self.crew.relay.crashed(test, worker.node, text, sections, duration)
        self.crew.relay.closed(test)
        self.crew.context.attempt(
            test,
            worker.id,
            worker.order,
            "crashed",
            (0.0, duration, 0.0),
            started=started,
            clock=began.clock if began is not None else None,
            evidence=evidence,
        )
        self.crew.stopping.obey_session()
