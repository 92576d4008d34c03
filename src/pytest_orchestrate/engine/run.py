"""The run: events in, commands out.

:meth:`Run.handle` is the only entrance. There is no clock, no randomness and no I/O: the
same events give the same commands.

What the controller owes:

- ``RunBegan`` first, then a ``WorkerJoined`` for every worker of the start, before anything
  else is said of a worker; later one for each ``StartWorker`` (or a ``WorkerLeft``, when the
  replacement could not even be started).
- What a worker says in the order in which it said it, and ``WorkerLeft`` as the last of it.
- One ``TestsReturned`` for each ``Recall``, in order, even when nothing comes back.

Races that are no fault: a recalled test starts before the recall arrives (its start may be
reported before the answer or after it); a worker that was closed still reports that it has
collected; tests are collected after a stop; a stop is asked for twice, or after the end.
Tests of later ``TestsCollected`` can be run by all workers, unless ``missing`` says otherwise.
Anything else out of order raises :class:`~pytest_orchestrate.errors.IllegalMove`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pytest_orchestrate.engine.dispatch import Dispatch
from pytest_orchestrate.engine.endings import Endings
from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.lifecycle import told
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.commands import AnyCommand, EndRun, StartWorker
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import (
    AnyEvent,
    RunBegan,
    StopRequested,
    TestAmended,
    TestFinished,
    TestsCollected,
    TestsLacking,
    TestsReturned,
    TestStarted,
    TimePassed,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
    WorkerPrepared,
)

NO_WORKER_LEFT = "no worker is left that could run it"
NOT_COLLECTED = "no worker that is left has collected it"


class Run:
    """One run from its first event to ``EndRun``."""

    __slots__ = (
        "_began",
        "_dispatch",
        "_ended",
        "_endings",
        "_fleet",
        "_handlers",
        "_lives",
        "_max_crashes",
        "_stop_reason",
        "_workers",
    )

    def __init__(self) -> None:
        self._dispatch = Dispatch()
        self._lives = self._dispatch.lives
        self._fleet = self._dispatch.fleet
        self._workers = 0
        self._max_crashes = 0
        self._endings = Endings(self._dispatch)
        self._began = False
        self._ended = False
        self._stop_reason: str | None = None
        self._handlers: dict[type, Callable[[Any], None]] = {
            RunBegan: self._run_began,
            WorkerJoined: self._worker_joined,
            TestsCollected: self._tests_collected,
            WorkerCollected: self._worker_collected,
            WorkerPrepared: self._worker_prepared,
            TestStarted: self._test_started,
            TestFinished: self._test_finished,
            TestAmended: self._test_amended,
            TestsReturned: self._tests_returned,
            TestsLacking: self._tests_lacking,
            WorkerLeft: self._worker_left,
            StopRequested: self._stop_requested,
            TimePassed: self._time_passed,
            **self._dispatch.hosting.handlers,
            **self._dispatch.scoped.handlers,
        }

    def handle(self, event: AnyEvent) -> list[AnyCommand]:
        """Take in one event; returns what is to be done now, in order.

        Raises IllegalMove when the event contradicts what happened so far.
        """
        if self._ended:
            if isinstance(event, StopRequested | TimePassed):
                return []
            raise IllegalMove(f"the run has ended, but was told of {event!r}")
        if not self._began and type(event) is not RunBegan:
            raise IllegalMove(f"the first event of a run is RunBegan, not {event!r}")
        dispatch = self._dispatch
        dispatch.now = event.now
        out = dispatch.out = []
        self._handlers[type(event)](event)
        if (dispatch.fleet.idle or dispatch.conductor) and self._stop_reason is None:
            dispatch.feed_idle()
        if dispatch.hosting:
            dispatch.hosting.settle(stopped=self._stop_reason is not None)
        if not self._lives.unfinished or not self._fleet.ready:
            self._conclude()
        return out

    def story(self, test: int) -> list[str]:
        """What happened to a test, line by line, for messages about errors."""
        return self._lives.story(test)

    def story_of_worker(self, worker: int) -> list[str]:
        """What happened to a worker, line by line, for messages about errors."""
        return told(self._fleet[worker].story)

    @property
    def unfinished(self) -> int:
        """How many of the known tests have not ended."""
        return self._lives.unfinished

    def _run_began(self, event: RunBegan) -> None:
        if self._began:
            raise IllegalMove(f"the run has begun already, but was told of {event!r}")
        self._began = True
        self._workers = event.workers
        self._max_crashes = event.max_crashes
        self._dispatch.begin(event)

    def _worker_joined(self, event: WorkerJoined) -> None:
        worker = self._fleet.join(event.worker, event.now)
        if self._stop_reason is not None:
            self._dispatch.close(worker)

    def _tests_collected(self, event: TestsCollected) -> None:
        tests = event.tests
        if len(event.estimates) != len(tests):
            raise IllegalMove(
                f"{len(tests)} tests were collected, but {len(event.estimates)} estimates given"
            )
        dispatch = self._dispatch
        estimates, maker, lives = dispatch.estimates, dispatch.maker, self._lives
        first = len(lives.states)
        for name, seconds in event.setup_costs.items():
            estimates.files[estimates.file(name)].entry = seconds
        for name, seconds in event.collect_costs.items():
            estimates.files[estimates.file(name)].collect = seconds
        for name, owner in event.owners.items():
            if self._fleet[owner].state in ("joined", "ready"):
                dispatch.pending.own(estimates.file(name), owner)
        for test, history in zip(tests, event.estimates, strict=True):
            nodeid = test.nodeid
            estimates.add(estimates.file(nodeid.partition("::")[0]), history)
            maker.add(test)
            lives.add(nodeid)
        dispatch.tests_known = True
        dispatch.course.know(event.course)
        new: Iterable[int] = range(first, first + len(tests))
        if self._stop_reason is not None:
            self._endings.without_run(new, self._stop_reason)
            return
        if event.constraints or event.likely:
            self._endings.blocked(dispatch.constrain(event))
            new = [test for test in new if lives.states[test] == "pending"]
        dispatch.plan(new, self._workers, event)
        for worker in self._fleet.ready:
            dispatch.refill(worker)
        self._give_up_uncollected()

    def _worker_collected(self, event: WorkerCollected) -> None:
        worker = self._fleet[event.worker]
        self._fleet.move(worker, "collect", event.now)
        if worker.state == "ready":
            worker.missing = frozenset(event.missing)
            if event.files is not None:
                worker.collected = {self._dispatch.estimates.file(name) for name in event.files}
            self._fleet.set_idle(worker)
            if self._dispatch.course and worker.missing:
                self._dispatch.put_back(self._dispatch.course.let_go(worker), counted=True)
            self._give_up_uncollected()

    def _worker_prepared(self, event: WorkerPrepared) -> None:
        self._dispatch.prepared(self._fleet.expect_alive(event.worker, "prepare"))

    def _test_started(self, event: TestStarted) -> None:
        dispatch = self._dispatch
        test = event.test
        worker = self._fleet.expect_alive(event.worker, "start a test")
        if worker.running >= 0 or test not in worker.costs:
            queue = list(worker.queue)[:20]
            raise IllegalMove(
                self._lives.complaint(test, "start", event.worker)
                + f". The worker runs test {worker.running} and has {queue} queued"
            )
        self._lives.move(test, "start", event.now, event.worker)
        worker.begin(test, dispatch.estimates.file_of[test], event.now)
        if dispatch.scoped:
            dispatch.scoped.began(worker, test)
        if worker.state == "ready":
            dispatch.refill(worker)

    def _test_finished(self, event: TestFinished) -> None:
        dispatch = self._dispatch
        test = event.test
        worker = self._fleet.expect_alive(event.worker, "finish a test")
        if worker.running != test:
            raise IllegalMove(self._lives.complaint(test, "finish", event.worker))
        self._lives.move(test, "finish", event.now, event.worker)
        worker.running = -1
        dispatch.estimates.learn(
            test,
            event.setup,
            event.call + event.teardown,
            enters=worker.running_enters,
            first_of_worker=worker.running_first,
        )
        dispatch.pending.follow_drift(dispatch.estimates.file_of[test])
        self._endings.settle(test, event.outcome, event.worker)
        if dispatch.constrained:
            self._give_up_uncollected()
        if not worker.queue:
            self._has_emptied(worker)

    def _test_amended(self, event: TestAmended) -> None:
        self._fleet.expect_alive(event.worker, "amend a test")
        self._lives.move(event.test, "amend", event.now, event.worker)

    def _tests_returned(self, event: TestsReturned) -> None:
        worker = self._fleet.expect_alive(event.worker, "return tests")
        if not worker.recalls:
            raise IllegalMove(self._fleet.complaint(worker, "return tests that nobody recalled"))
        asked, thief = worker.recalls.popleft()
        returned = frozenset(event.tests)
        strange = sorted(returned.difference(asked))
        if strange:
            raise IllegalMove(self._lives.complaint(strange[0], "return", event.worker))
        for test in asked:
            if test in returned:
                self._lives.move(test, "return", event.now, event.worker)
            elif test in worker.costs and self._lives.states[test] == "recalled":
                self._lives.move(test, "keep", event.now, event.worker)
        dispatch = self._dispatch
        dispatch.lose(worker, event.tests)
        last = worker.queue[-1] if worker.queue else worker.last_started
        if last >= 0:
            worker.last_file = dispatch.estimates.file_of[last]
            dispatch.pending.stay_on_lane(worker, dispatch.maker.lane_of[last])
        worker.remember(event.now, f"gave {count_of(len(returned), 'test')} back")
        if self._stop_reason is not None:
            self._endings.without_run(event.tests, self._stop_reason)
            return
        self._dispatch.hand_over(event.tests, thief)
        if worker.is_empty:
            self._has_emptied(worker)
        self._give_up_uncollected()

    def _tests_lacking(self, event: TestsLacking) -> None:
        """Tests that a worker cannot run after all are somebody else's."""
        worker = self._fleet.expect_alive(event.worker, "lack tests")
        for test in event.tests:
            if test not in worker.costs:
                raise IllegalMove(self._lives.complaint(test, "lose", event.worker))
            self._lives.move(test, "lose", event.now, event.worker)
        worker.missing |= frozenset(event.tests)
        dispatch = self._dispatch
        dispatch.lose(worker, event.tests)
        worker.remember(event.now, f"lacks {count_of(len(event.tests), 'test')}")
        if self._stop_reason is not None:
            self._endings.without_run(event.tests, self._stop_reason)
            return
        dispatch.put_back(self._endings.without_stranded(event.tests))
        if worker.is_empty:
            self._has_emptied(worker)
        self._give_up_uncollected()

    def _worker_left(self, event: WorkerLeft) -> None:
        fleet, dispatch = self._fleet, self._dispatch
        worker = fleet[event.worker]
        asked_to = worker.state == "closing"
        fleet.move(worker, "leave", event.now)
        worker.remember(event.now, event.reason)
        dispatch.pending.move_lane(worker, -1)
        dispatch.pending.disown(worker.number)
        if worker.running >= 0:
            self._endings.cut_off(worker, event)
        lost = list(worker.queue)
        for test in lost:
            self._lives.move(test, "lose", event.now, event.worker)
        if worker.unit is not None:
            lost += worker.unit.tests[worker.unit.at :]
            worker.unit = None
        dispatch.lose(worker, list(worker.queue))
        worker.recalls.clear()
        died = event.reason == "crashed" or (event.reason == "closed" and not asked_to)
        if died:
            fleet.crashes += 1
            if fleet.crashes > self._max_crashes and (
                self._lives.unfinished or not dispatch.tests_known
            ):
                died_so_far = f"{fleet.crashes} worker{'s' * (fleet.crashes != 1)} died"
                self._stop(f"{died_so_far}; {self._max_crashes} may be replaced")
        if self._stop_reason is not None:
            self._endings.without_run(lost, self._stop_reason)
            return
        lost += dispatch.constrained.worker_left(worker.number)
        lost = list(self._endings.without_stranded(lost))
        if lost:
            dispatch.put_back(lost)
            if not dispatch.course:  # what has a place there waits for the worker that comes
                dispatch.feed_idle()
        if died and dispatch.needs_another(worker):
            replacement = fleet.ask(event.now)
            dispatch.course.hand_on(event.worker, replacement.number)
            dispatch.out.append(StartWorker(worker=replacement.number, replaces=event.worker))
        self._give_up_uncollected()

    def _stop_requested(self, event: StopRequested) -> None:
        self._stop(event.reason)

    def _time_passed(self, event: TimePassed) -> None:
        """Idle workers are looked at after every event; nothing else is to be done."""

    def _has_emptied(self, worker: Worker) -> None:
        """A worker has run all that it was sent."""
        if worker.state == "ready" and not self._dispatch.refill(worker):
            self._fleet.set_idle(worker)

    def _stop(self, reason: str) -> None:
        """Send nothing more; get back what has not started; let all workers go."""
        if self._stop_reason is not None:
            return
        self._stop_reason = reason
        dispatch = self._dispatch
        self._endings.without_run(dispatch.clear(), reason)
        for worker in self._fleet:
            if worker.state == "ready":
                if worker.unit is not None:
                    self._endings.without_run(worker.unit.tests[worker.unit.at :], reason)
                    worker.unit = None
                sent = [test for test in worker.queue if self._lives.states[test] == "sent"]
                if sent:
                    dispatch.relief.recall(worker, sent)
            if worker.state in ("ready", "joined"):
                dispatch.close(worker)

    def _give_up_uncollected(self) -> None:
        """End pending tests that no live or coming worker can run."""
        dispatch, fleet = self._dispatch, self._fleet
        if not dispatch.has_unsent or fleet.coming or not fleet.ready:
            return
        missing = [worker.missing for worker in fleet.ready]
        if not all(missing):
            return
        lost = True
        while lost:  # what one of them held up may be such a test, too
            tests = sorted(dispatch.take_out_ready())
            gone = frozenset(test for test in tests if all(test in each for each in missing))
            dispatch.put_back([test for test in tests if test not in gone], counted=True)
            self._endings.without_run(sorted(gone), NOT_COLLECTED)
            lost = bool(gone) and bool(dispatch.constrained)

    def _conclude(self) -> None:
        """Let workers go that nobody needs, give up what nobody can run, and end the run."""
        fleet, dispatch = self._fleet, self._dispatch
        known = dispatch.tests_known
        if known and not fleet.ready and not fleet.coming and dispatch.has_unsent:
            self._endings.without_run(dispatch.clear(), self._stop_reason or NO_WORKER_LEFT)
            if self._stop_reason is None:
                self._stop_reason = "no worker was left"
        if known and not self._lives.unfinished:
            for worker in fleet:
                if worker.state in ("ready", "joined"):
                    dispatch.close(worker)
        if not fleet.unleft and fleet.next_number:
            reason = self._stop_reason
            if reason is None and not known:
                reason = "all workers left before any test was known"
            self._ended = True
            dispatch.out.append(EndRun(not_run=self._endings.not_run, reason=reason))
