"""The workers of a run, and the loop that hears them and tells them what to do."""

from __future__ import annotations

import queue
import shutil
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate import wire, xdist_contract
from pytest_orchestrate.controller import critical, starting
from pytest_orchestrate.controller.borrowing import Borrowing
from pytest_orchestrate.controller.collecting import Collecting
from pytest_orchestrate.controller.departures import Departures
from pytest_orchestrate.controller.hiring import Hiring
from pytest_orchestrate.controller.live import Live
from pytest_orchestrate.controller.memory import LongLived, are_imports_aside
from pytest_orchestrate.controller.messages import Messages
from pytest_orchestrate.controller.obeying import Obeying
from pytest_orchestrate.controller.refusing import Refusing
from pytest_orchestrate.controller.relay import Relay
from pytest_orchestrate.controller.replacing import Replacing
from pytest_orchestrate.controller.stopping import Stopping
from pytest_orchestrate.controller.vigil import Vigil
from pytest_orchestrate.controller.voice import Voice
from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.internals.output import GatheredTerminal
from pytest_orchestrate.internals.session import show_all_selected
from pytest_orchestrate.model.events import (
    RunBegan,
    TimePassed,
    WorkerJoined,
)
from pytest_orchestrate.sharding.claims import Claims
from pytest_orchestrate.transport.gateways import (
    Arrival,
    Exited,
    Gateways,
    Hung,
    Received,
    Said,
    Unborn,
    Unforked,
)
from pytest_orchestrate.transport.output import OutputPipes

if TYPE_CHECKING:
    from pytest_orchestrate.controller.collect_mode import CollectMode
    from pytest_orchestrate.controller.fleet_size import Decision
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.controller.start_choice import StartChoice
    from pytest_orchestrate.controller.worker_state import WorkerState

#: Seconds between looks at clocks while nothing arrives.
TICK = 0.25


class Wake:
    """Put into the queue when a signal has to be seen."""


class Crew:
    """Starts workers, hears them, ends them. One thread, one queue."""

    def __init__(
        self,
        config: pytest.Config,
        context: RunContext,
        decision: Decision,
        sys_path: list[str],
        start: StartChoice,
        collect_mode: CollectMode,
    ) -> None:
        self.config = config
        self.context = context
        self.decision = decision
        self.collect_mode = collect_mode
        self.workers: dict[int, WorkerState] = {}
        self.relay = Relay(config, xdist_contract.uid(config, context.run_id))
        self.refusing = Refusing(config, context)
        self.voice = Voice(config)
        self.borrowing = Borrowing(context, self.voice.say, self._fail)
        self._terminal = GatheredTerminal(config)
        self.live = Live(self, self._terminal)
        self.collecting = self._new_collecting()
        self.faults: list[str] = []
        self.messages = Messages(self)
        self.stopping = Stopping(self)
        self.departures = Departures(self)
        self.vigil = Vigil(self)
        self.hiring = Hiring(self, sys_path)
        self.replacing = Replacing(self)
        self._queue: queue.SimpleQueue[Arrival | int | Wake] = queue.SimpleQueue()
        self.gateways = Gateways(self._queue.put, start.server)
        self._start_choice = start
        self.pipes: OutputPipes | None = None
        self.folder: Path | None = None  #: of the run, until it ends
        self.claims: Claims | None = None  #: of files, if each worker collects a share
        self._session: pytest.Session | None = None
        #: workers that the engine keeps waiting
        self.holding: set[int] = set()
        self._long_lived = LongLived(beside_imports=are_imports_aside(config))
        config.add_cleanup(self._long_lived.end)
        self._flushed = self._ticked = 0.0
        self._is_unforked = False
        #: the engine knows of the run and of its workers
        self._has_begun = False
        self._is_given_up = False  #: not even its end could be told

    def _new_collecting(self) -> Collecting:
        if self.context.options.run_on == "one":
            return Collecting(self)
        from pytest_orchestrate.controller.collecting_each import CollectingEach

        return CollectingEach(self)

    @property
    def session(self) -> pytest.Session:
        """Pytest's session; there is one from :meth:`begin` on."""
        assert self._session is not None
        return self._session

    # --- starting ---

    def begin(self, session: pytest.Session) -> None:
        """Begin the run: start every worker, in parallel."""
        self._session = session
        self.stopping.own_interrupts()
        self.config.pluginmanager.register(self.relay, "orchestrate-relay")
        critical.register(self.config, self.context)
        self.folder = Path(tempfile.mkdtemp(prefix="pytest-orchestrate-"))
        if self.collect_mode.mode != "full":
            folder = self.folder / "claims"
            folder.mkdir()
            self.claims = Claims(folder)
        if OutputPipes.is_possible():
            self.pipes = OutputPipes(self._queue.put)
        started: list[int] = []
        with self.stopping.heeding():
            try:
                self.hiring.begin()
                for number in range(self.decision.workers):
                    self.hiring.start(number)
                    started.append(number)
            finally:  # told afterwards: what that needs is imported while workers start
                self._begin_run(started)
        self.stopping.raise_what_was_heard()

    def _begin_run(self, started: list[int]) -> None:
        context, option, count = self.context, self.config.option, self.decision.workers
        context.execute = Obeying(self).execute
        context.begin("workers", count)
        context.look_for_failures()
        if self._start_choice.story is not None:
            context.note(self._start_choice.story)
        if self._start_choice.refusal is not None:
            self.voice.say(f"workers are not forked: {self._start_choice.refusal}", worry=False)
        context.tell(
            RunBegan(
                now=context.now(),
                workers=count,
                max_crashes=context.options.max_crashes.in_all(count),
                keep_order=bool(
                    getattr(option, "failedfirst", False)
                    or getattr(option, "newfirst", False)
                    or context.options.order == "declared"
                ),
            )
        )
        for number in started:
            context.tell(WorkerJoined(now=context.now(), worker=number))
        self._has_begun = bool(started)
        context.open_history()  # now, while workers start, and not when tests are to be sent

    # --- the two parts of a run ---

    def collect(self) -> None:
        """Wait until one worker has collected, and replay what it found."""
        session = self.session
        with self.stopping.heeding(), self._long_lived:
            while self.collecting.collection is None:
                if self.context.has_ended:
                    self.collecting.replay_trouble(session)
                    self.stopping.conclude()
                    self.stopping.fail("no worker is left, and no tests were collected")
                self._turn()
        self.stopping.raise_what_was_heard()
        self.collecting.replay(session)
        because = self.collecting.full_because
        if because is not None:
            self.voice.say(f"every worker has collected everything: {because}", worry=False)

    def run(self) -> None:
        """Hand out the tests and hear of them, until every worker has left."""
        with self.stopping.heeding(), self._long_lived, self._terminal, self.live:
            self.relay.end_configuration()
            self.collecting.open()
            self.live.begin()
            while not self.context.has_ended:
                self._turn()
                self.live.look()
        self.stopping.conclude()

    def only_collect(self) -> None:
        """Let every worker say what it has collected, and leave; no test is known to the engine."""
        with self.stopping.heeding(), self._long_lived:
            self.relay.end_configuration()
            self.collecting.open()
            while not self.context.has_ended and not self.collecting.is_complete:
                self._turn()
        show_all_selected(self.config, len(self.context.tests))
        self.abandon("a plan runs no test")
        self.stopping.conclude()

    def abandon(self, reason: str = "the session ended early") -> None:
        """End the run early, whatever state it is in; returns when no worker is left."""
        if self._session is None:
            return
        try:
            if self._has_begun and not self.context.has_ended and not self._is_given_up:
                self.stopping.stop(reason)
                self.vigil.hurry()
                with self.stopping.heeding():
                    while not self.context.has_ended:
                        self._turn()
        except Exception as error:  # noqa: BLE001  # a hook that has failed fails again: no third time
            self._is_given_up = True
            self.voice.say(f"while the run was ended: {type(error).__name__}: {error}")
        finally:
            self.clean_up()

    # --- one turn of the loop ---

    def _turn(self) -> None:
        pause = self.borrowing.pause
        try:
            arrival = self._queue.get(timeout=TICK if pause is None else min(TICK, pause))
        except queue.Empty:
            pass
        else:
            self._handle(arrival)
            while not self.context.has_ended:
                try:
                    arrival = self._queue.get_nowait()
                except queue.Empty:
                    break
                self._handle(arrival)
            self.stopping.obey_session()
            self._ticked = time.monotonic()
        now = time.monotonic()
        if self.holding and now - self._ticked >= TICK:  # what was not worth moving may be by now
            self._ticked = now
            self.context.tell(TimePassed(now=self.context.now()))
        if pause is not None:
            self.borrowing.look()
        if now - self._flushed > 0.2:
            self._flushed = now
            self.context.flush()
            self.vigil.look(now)

    def _handle(self, arrival: Arrival | int | Wake) -> None:
        match arrival:
            case int():
                self._hear(self.workers[arrival])
            case Wake():
                self.stopping.interrupted()
            case _ if self.workers[arrival.link.number].link is not arrival.link:
                return  # of a process in whose place there is another one
            case Received():
                worker = self.workers[arrival.link.number]
                self._hear(worker)  # what it printed before it sent this comes first
                self.messages.handle(worker, arrival.data)
            case Unforked():
                if not self._is_unforked:
                    self._is_unforked = True
                    text = f"workers are not forked: {arrival.reason}"
                    self.voice.say(text, worry=False)
                    self.context.note(text)
            case _:
                self._handle_life(self.workers[arrival.link.number], arrival)

    def _handle_life(self, worker: WorkerState, arrival: Said | Hung | Exited | Unborn) -> None:
        match arrival:
            case Said():
                self._said(worker, arrival)
            case Hung():
                worker.hung_up = True
                if arrival.error is not None:
                    self.voice.say(f"{worker.id}: {arrival.error}")
            case Exited():
                self.departures.exited(worker, arrival)
            case Unborn():
                why = arrival.error
                if arrival.status is not None:
                    why = f"{starting.exit_text(arrival.status)} before it could be told anything"
                self._refused(worker, f"could not be started: {why}")
            case _:
                assert_never(arrival)

    def _said(self, worker: WorkerState, said: Said) -> None:
        if said.word == "refused":
            self._refused(worker, f"cannot be used: {said.value}")
        elif said.word == "unstarted":
            worker.unstarted = int(said.value)
        elif said.word == "hello":
            worker.is_configuring = True

    def _refused(self, worker: WorkerState, why: str) -> None:
        text = f"worker {worker.id} ({worker.link.spec}) {why}"
        self.departures.gone(worker, text, reason="stopped")
        self.stopping.stop(text, pytest.UsageError(text))
        self.vigil.hurry()

    def _hear(self, worker: WorkerState) -> None:
        if self.pipes is not None:
            for stream, data in self.pipes.take(worker.number):
                self.output(worker, stream, data)

    def output(self, worker: WorkerState, stream: int, data: bytes) -> None:
        """Show what a worker printed."""
        if worker.is_hushed and stream == 2:
            return
        lines = worker.output[stream].add(data)
        if stream == 2:
            worker.stderr_tail = (worker.stderr_tail + lines)[-200:]
        self.voice.relay(worker, stream, lines)

    def _fail(self, error: pytest.UsageError) -> None:
        self.stopping.stop(str(error), error)

    # --- ending a worker ---

    def interrupt(self, worker: WorkerState) -> None:
        """Let a worker break off what it does, tear down and leave."""
        if worker.is_ready:
            worker.link.send(wire.Interrupt())
        elif worker.is_configuring and worker.link.pid is not None:
            worker.killed = "interrupted while it was being started"
            worker.is_hushed = True  # pytest is not there yet, and Python would show a traceback
            self.gateways.interrupt(worker.link)
        else:
            self.kill(worker, "not needed any more before it had started")

    def kill(self, worker: WorkerState, why: str) -> None:
        """End a worker's process by force."""
        worker.killed = why
        self.gateways.kill(worker.link)

    # --- the end ---

    def wake(self) -> None:
        """Make the loop look at what a signal handler has noted."""
        self._queue.put(Wake())

    def clean_up(self) -> None:
        """Leave no process, pipe or folder behind."""
        self.stopping.let_go_of_interrupts()
        self.relay.end_configuration()
        if self.context.host_slots is not None:
            self.context.host_slots.close()
        self.gateways.kill_all_left(w.link for w in self.workers.values() if not w.has_left)
        self.gateways.forget(w.link for w in self.workers.values() if w.has_left)
        if self.pipes is not None:
            self.pipes.close()
            self.pipes = None
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)
            self.folder = None
