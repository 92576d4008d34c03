"""From a worker's message to what it means: an event for the engine, a replayed report."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from pytest_orchestrate import wire
from pytest_orchestrate.controller import leavings
from pytest_orchestrate.internals.junit import junit_xml
from pytest_orchestrate.model.attempt import Phases, added
from pytest_orchestrate.model.events import (
    TestFinished,
    TestsLacking,
    TestsReturned,
    TestStarted,
    TornDown,
)

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.relay import OpenTest
    from pytest_orchestrate.controller.worker_state import WorkerState
    from pytest_orchestrate.model.outcome import Outcome

#: What is heard of a worker whose place a fresh process takes.
OF_OUTDATED = (wire.Printed, wire.Stacks, wire.Farewell)


class Messages:
    """Dispatches the messages of workers by their class."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.context = crew.context
        self.relay = crew.relay
        self._handlers: dict[type, Callable[[WorkerState, Any], None]] = {
            wire.Ready: self._ready,
            wire.WarningRecord: self._warning,
            wire.Collected: self._collected,
            wire.Collection: self._collection,
            wire.Share: self._share,
            wire.Lacking: self._lacking,
            wire.TestBegan: self._began,
            wire.PhasePassed: self._phase_passed,
            wire.PhaseReport: self._phase_report,
            wire.AttemptDone: self._attempt_done,
            wire.TestDone: self._done,
            wire.TestClosed: self._closed,
            wire.TestAmendment: self._amendment,
            wire.XmlAttributes: self._xml_attributes,
            wire.GivenBack: self._given_back,
            wire.TornDown: self._torn_down,
            wire.FixtureCost: self._fixture_cost,
            wire.Trouble: self._trouble,
            wire.Stacks: self._stacks,
            wire.Printed: self._printed,
            wire.Farewell: self._farewell,
        }

    def handle(self, worker: WorkerState, data: bytes) -> None:
        """Handle a batch."""
        worker.last_own_word, worker.last_word = worker.last_word, time.monotonic()
        for message in wire.decode_from_worker(data):
            if type(message) is wire.BatchNumber:
                worker.link.last_batch = message.number
                continue
            if worker.outdated_since is not None and type(message) not in OF_OUTDATED:
                continue
            self._handlers[type(message)](worker, message)

    # --- a worker's own life ---

    def _ready(self, worker: WorkerState, message: wire.Ready) -> None:
        worker.is_ready = True
        worker.start_seconds = time.monotonic() - worker.started
        worker.node.know(message.info)
        hook = self.crew.config.hook
        hook.pytest_testnodeready(node=worker.node)
        hook.pytest_orchestrate_worker_ready(worker=worker.facts)

    def _collected(self, worker: WorkerState, message: wire.Collected) -> None:
        worker.digest = message.digest
        worker.collected_tests = message.tests
        worker.collect_seconds = message.seconds
        self.context.write(
            {
                "record": "worker",
                "worker": worker.id,
                "start": worker.start_seconds,
                "collect": message.seconds,
                "collected": message.tests,
                "imports": message.imports,
                "at": self.context.now(),
            }
        )
        self.crew.collecting.reported(worker, message.errors, message.full_because)

    def _collection(self, worker: WorkerState, message: wire.Collection) -> None:
        self.context.write({"record": "files", "worker": worker.id, "costs": message.costs})
        self.crew.collecting.arrived(worker, message)

    def _share(self, worker: WorkerState, message: wire.Share) -> None:
        costs = {
            part.key: part.cost
            for part in message.parts
            if part.is_file and part.nodeids is not None
        }
        self.context.write({"record": "files", "worker": worker.id, "costs": costs})
        self.crew.collecting.shared(worker, message)

    def _lacking(self, worker: WorkerState, message: wire.Lacking) -> None:
        tests = [worker.index(test) for test in message.tests]
        self.context.tell(TestsLacking(now=self.context.now(), worker=worker.number, tests=tests))

    def _trouble(self, worker: WorkerState, message: wire.Trouble) -> None:
        if message.kind == "share":
            self.crew.replacing.begin(worker, message.texts[0])
            return
        if worker.trouble is None:
            worker.trouble = message
        self.crew.stopping.trouble(worker, message)

    def _farewell(self, worker: WorkerState, message: wire.Farewell) -> None:
        worker.farewell = message
        if worker.outdated_since is not None:
            return  # its successor has the same properties
        xml = junit_xml(self.crew.config)
        if xml is not None:
            for name, value in message.properties:
                xml.add_global_property(name, value)

    def _stacks(self, worker: WorkerState, message: wire.Stacks) -> None:
        worker.stacks_asked = None
        worker.last_word = worker.last_own_word  # it was asked
        self.crew.voice.say(f"stacks of {worker.id}:\n{message.text}")

    def _printed(self, worker: WorkerState, message: wire.Printed) -> None:
        self.crew.output(worker, message.stream, message.data)

    def _warning(self, _worker: WorkerState, message: wire.WarningRecord) -> None:
        self.relay.warned(message)

    def _fixture_cost(self, worker: WorkerState, message: wire.FixtureCost) -> None:
        self.context.fixture(worker.id, message.file, message.name, message.scope, message.seconds)

    # --- tests ---

    def _began(self, worker: WorkerState, message: wire.TestBegan) -> None:
        test = worker.index(message.test)
        worker.running, worker.running_since = test, time.monotonic()
        self.context.tell(TestStarted(now=self.context.now(), worker=worker.number, test=test))
        self.relay.began(test, message, shares_clock=worker.shares_clock)

    def _phase_passed(self, worker: WorkerState, message: wire.PhasePassed) -> None:
        self.relay.phase_passed(worker.index(message.test), worker.node, message)

    def _phase_report(self, worker: WorkerState, message: wire.PhaseReport) -> None:
        self.relay.phase(worker.index(message.test), worker.node, message.report)
        self.crew.stopping.obey_session()

    def _done(self, worker: WorkerState, message: wire.TestDone) -> None:
        test = worker.index(message.test)
        worker.running = None
        spent = (message.setup, message.call, message.teardown)
        known = self._attempt(worker, test, message.outcome, spent)
        self.crew.live.ended(test)
        setup, call, teardown = spent if known is None else added(known.earlier, spent)
        self.context.tell(
            TestFinished(
                now=self.context.now(),
                worker=worker.number,
                test=test,
                outcome=cast("Outcome", message.outcome),
                setup=setup,
                call=call,
                teardown=teardown,
            )
        )

    def _attempt_done(self, worker: WorkerState, message: wire.AttemptDone) -> None:
        test = worker.index(message.test)
        spent = (message.setup, message.call, message.teardown)
        known = self._attempt(worker, test, message.outcome, spent)
        if known is not None:
            known.begin_again(spent)

    def _attempt(
        self, worker: WorkerState, test: int, outcome: str, spent: Phases
    ) -> OpenTest | None:
        """Record an attempt; return what is known of its test."""
        known = self.relay.open_test(test)
        if known is not None and known.left is not None:
            leavings.keep(self.context, test, worker.id, known.left)
        self.context.attempt(
            test,
            worker.id,
            worker.order,
            outcome,
            spent,
            started=known.started if known is not None else time.time(),
            clock=known.clock if known is not None else None,
            evidence=known.evidence if known is not None else None,
        )
        worker.order += 1
        return known

    def _closed(self, worker: WorkerState, message: wire.TestClosed) -> None:
        self.relay.closed(worker.index(message.test))

    def _amendment(self, worker: WorkerState, message: wire.TestAmendment) -> None:
        test = worker.index(message.test)
        report = self.relay.phase(test, worker.node, message.report, late=not message.replaces)
        self.context.amend(test, worker.number, worker.id, report)
        self.crew.stopping.obey_session()

    def _xml_attributes(self, worker: WorkerState, message: wire.XmlAttributes) -> None:
        self.relay.attributes(worker.index(message.test), message.pairs)

    def _given_back(self, worker: WorkerState, message: wire.GivenBack) -> None:
        tests = [worker.index(test) for test in message.tests]
        self.context.tell(TestsReturned(now=self.context.now(), worker=worker.number, tests=tests))

    def _torn_down(self, worker: WorkerState, _message: wire.TornDown) -> None:
        self.context.tell(TornDown(now=self.context.now(), worker=worker.number))
