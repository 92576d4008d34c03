"""The records of a run, reduced to one :class:`Summary`.

The builder takes the records of the run log in their order, whether or not a log is
written: the controller hands each one over as it makes it, a reader of old runs feeds the
lines of the file. ``event`` and ``command`` may hold the Struct itself or its dict form.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from pytest_orchestrate.model.commands import AnyCommand, Assign, EndRun, EndTest, StartWorker
from pytest_orchestrate.model.events import (
    AnyEvent,
    StopRequested,
    TestsCollected,
    WorkerCollected,
    WorkerJoined,
    WorkerLeft,
)
from pytest_orchestrate.model.outcome import BAD, GOOD
from pytest_orchestrate.report.causes import Causes
from pytest_orchestrate.report.limits import busy_share
from pytest_orchestrate.report.slowest import Slowest
from pytest_orchestrate.report.summary import (
    HEAVY,
    Blocked,
    Crash,
    HeavyImport,
    NotRun,
    SlowTest,
    Summary,
    WorkerSummary,
)
from pytest_orchestrate.report.testing_phase import TestingPhase


class _Worker(msgspec.Struct):
    tests: int = 0
    busy: float = 0.0
    joined: float | None = None
    left: float | None = None
    start: float | None = None
    collect: float | None = None
    imports: Mapping[str, float] = msgspec.field(default_factory=dict)
    collected: bool = False
    crashed: bool = False
    replacement: bool = False


class _Death(msgspec.Struct):
    """A worker's; what the controller saw of it says more than what the engine made of it."""

    test: int | None = None
    #: The first line of what the crashed attempt tells.
    seen: str = ""
    #: The engine's word.
    ruled: str = ""
    #: What is left to say if it was in no test.
    moment: str = "died"


class _Ended(msgspec.Struct):
    reasons: Counter[str] = msgspec.field(default_factory=Counter)
    interrupted: list[int] = msgspec.field(default_factory=list)
    #: By the test that began it, or by the reason.
    blocked: Counter[int | str] = msgspec.field(default_factory=Counter)


class SummaryBuilder:
    """Takes the records of one run, in order, and tells at any time what they amount to."""

    __slots__ = (
        "_causes",
        "_deaths",
        "_end",
        "_end_run",
        "_ended",
        "_failed",
        "_handlers",
        "_is_sharded",
        "_last_event",
        "_nodeids",
        "_notes",
        "_outcomes",
        "_phase",
        "_run",
        "_serial",
        "_slowest",
        "_stop",
        "_telling_commands",
        "_telling_events",
        "_without_tests",
        "_workers",
    )

    def __init__(self) -> None:
        self._run: Mapping[str, Any] = {}
        self._end: Mapping[str, Any] = {}
        self._last_event: Any = None
        self._end_run: EndRun | None = None
        self._stop: str | None = None
        self._workers: dict[str, _Worker] = {}
        self._nodeids: list[str] = []
        self._is_sharded = False
        self._outcomes: dict[int, str] = {}
        #: Test that did not end well -> its worker.
        self._failed: dict[int, str] = {}
        self._causes = Causes()
        self._serial = 0.0
        self._slowest = Slowest()
        self._deaths: dict[str, _Death] = {}
        self._ended = _Ended()
        self._notes: list[str] = []
        self._without_tests: Counter[str] = Counter()  #: kind of record -> files
        self._phase = phase = TestingPhase()
        self._handlers: dict[str, Callable[[Mapping[str, Any]], None]] = {
            "run": self._on_run,
            "event": self._on_event,
            "command": self._on_command,
            "attempt": self._on_attempt,
            "fixture": phase.fixture,
            "amend": self._on_amend,
            "interrupted": phase.cut_off_began,
            "worker": self._on_worker,
            "note": self._on_note,
            "uncollected": lambda _: self._without_tests.update(["uncollected"]),
            "skipped": lambda _: self._without_tests.update(["skipped"]),
            "end": self._on_end,
        }
        self._telling_events: dict[str, Callable[[Any], None]] = {
            "TestsCollected": self._on_tests_collected,
            "TestStarted": phase.started,
            "TestFinished": phase.finished,
            "WorkerJoined": self._on_worker_joined,
            "WorkerCollected": self._on_worker_collected,
            "WorkerLeft": self._on_worker_left,
            "StopRequested": self._on_stop_requested,
        }
        self._telling_commands: dict[str, Callable[[Any], None]] = {
            "StartWorker": self._on_start_worker,
            "EndTest": self._on_end_test,
            "EndRun": self._on_end_run,
        }

    def add(self, record: Mapping[str, Any]) -> None:
        """Takes one record; kinds that say nothing about the summary are passed over."""
        handle = self._handlers.get(record["record"])
        if handle is not None:
            handle(record)

    # -- records ----------------------------------------------------------------------

    def _on_run(self, record: Mapping[str, Any]) -> None:
        self._run = record
        self._phase.run_began = record.get("started") or 0.0

    def _on_end(self, record: Mapping[str, Any]) -> None:
        self._end = record

    def _on_note(self, record: Mapping[str, Any]) -> None:
        self._notes.append(record["text"])

    def _on_worker(self, record: Mapping[str, Any]) -> None:
        worker = self._worker(record["worker"])
        worker.start = record.get("start")
        worker.collect = record.get("collect")
        worker.imports = record.get("imports") or {}

    def _on_attempt(self, record: Mapping[str, Any]) -> None:
        # Once a test: keep it short.
        seconds = record["setup"] + record["call"] + record["teardown"]
        self._serial += seconds
        name = record["worker"]
        worker = self._workers.get(name)
        if worker is None:
            worker = self._worker(name)
        worker.tests += 1
        worker.busy += seconds
        test, outcome, outcomes = record["test"], record["outcome"], self._outcomes
        in_all = self._phase.attempt(test, record["started"], seconds)
        if test in outcomes and outcomes[test] in BAD and outcome in GOOD:
            outcome = "flaky"
        outcomes[test] = outcome
        if in_all > self._slowest.floor:
            self._slowest.add(SlowTest(record["nodeid"], in_all, name))
        if outcome in BAD:
            self._failed[test] = name
            self._causes.add(record)
            if outcome == "crashed":
                self._on_crashed_attempt(record)

    def _on_crashed_attempt(self, record: Mapping[str, Any]) -> None:
        death = self._death(record["worker"])
        death.test = record["test"]
        death.seen = _first_line(record.get("longrepr"))

    def _on_amend(self, record: Mapping[str, Any]) -> None:
        if self._outcomes[record["test"]] not in BAD:  # as in a report of its own: first come
            self._outcomes[record["test"]] = record["outcome"]
        self._failed[record["test"]] = record["worker"]

    def _on_event(self, record: Mapping[str, Any]) -> None:
        event = record["event"]
        self._last_event = event
        is_dict = type(event) is dict
        handle = self._telling_events.get(event["event"] if is_dict else type(event).__name__)
        if handle is not None:
            handle(msgspec.convert(event, AnyEvent, str_keys=True) if is_dict else event)

    def _on_command(self, record: Mapping[str, Any]) -> None:
        command = record["command"]
        is_dict = type(command) is dict
        handle = self._telling_commands.get(
            command["command"] if is_dict else type(command).__name__
        )
        if handle is not None:
            handle(msgspec.convert(command, AnyCommand, str_keys=True) if is_dict else command)

    # -- events and commands -------------------------------------------------------------

    def _on_tests_collected(self, event: TestsCollected) -> None:
        self._phase.collected(event, len(self._nodeids))
        if self._phase.has_resources:
            self._telling_commands["Assign"] = self._on_assign
            self._telling_events["TestsReturned"] = self._phase.returned
            self._telling_events["TestsLacking"] = self._phase.returned
        self._nodeids.extend(test.nodeid for test in event.tests)
        self._is_sharded |= bool(event.owners)

    def _on_worker_joined(self, event: WorkerJoined) -> None:
        self._worker(self._name(event.worker)).joined = event.now

    def _on_worker_collected(self, event: WorkerCollected) -> None:
        self._worker(self._name(event.worker)).collected = True

    def _on_worker_left(self, event: WorkerLeft) -> None:
        self._phase.left(event)
        name = self._name(event.worker)
        worker = self._worker(name)
        worker.left = event.now
        if event.reason == "crashed":
            worker.crashed = True
            moment = "died between tests" if worker.collected else "died before it had collected"
            if self._notes and self._notes[-1].startswith(f"{name} "):
                # Written by who saw it, directly before.
                moment = _first_line(self._notes[-1])
            self._death(name).moment = moment

    def _on_stop_requested(self, event: StopRequested) -> None:
        if self._stop is None:
            self._stop = event.reason

    def _on_assign(self, command: Assign) -> None:
        self._phase.assigned(self._now(), command)

    def _on_start_worker(self, command: StartWorker) -> None:
        self._worker(self._name(command.worker)).replacement = True

    def _on_end_test(self, command: EndTest) -> None:
        self._outcomes[command.test] = command.outcome
        if command.worker is not None:
            self._phase.ended_with(self._now(), command.worker, command)
        if command.outcome == "not run":
            self._ended.reasons[command.reason] += 1
        elif command.outcome == "interrupted":
            self._ended.interrupted.append(command.test)
        elif command.outcome == "blocked":
            cause = command.cause
            self._ended.blocked[command.reason if cause is None else cause] += 1
        elif command.worker is not None:
            death = self._death(self._name(command.worker))
            death.test = command.test
            death.ruled = command.reason

    def _on_end_run(self, command: EndRun) -> None:
        self._end_run = command

    # -- the result ---------------------------------------------------------------------

    def summary(self) -> Summary:
        """What the records so far amount to; may be asked for more than once."""
        wall = max(self._now(), self._end.get("duration") or 0.0)
        cut_off = self._phase.cut_off(self._now(), self._outcomes)
        limits = self._phase.limits(self._places(), self._nodeids, wall, cut_off)
        testing = limits.testing if limits is not None else 0.0
        lost: Counter[str] = Counter()
        for each in cut_off:
            lost[self._name(each.worker)] += each.seconds  # type: ignore[assignment]  # seconds are counted
        serial = self._serial + sum(lost.values())
        per_worker = tuple(
            WorkerSummary(
                name=name,
                tests=worker.tests + sum(self._name(each.worker) == name for each in cut_off),
                busy=worker.busy + lost[name],
                busy_share=busy_share(worker.busy + lost[name], 1, testing),
                alive=self._lifetime(worker, wall),
                start=worker.start,
                collect=worker.collect,
                crashes=int(worker.crashed),
            )
            for name, worker in sorted(self._workers.items(), key=lambda item: _rank(item[0]))
        )
        outcomes = Counter(self._outcomes.values())
        return Summary(
            run=self._run.get("run", ""),
            mode=self._run.get("mode", "workers"),
            started=self._places(),
            workers=min(self._places(), sum(worker.tests > 0 for worker in per_worker)),
            sharded=self._is_sharded,
            collected=max(len(self._nodeids), len(self._outcomes)),
            ran=len(self._outcomes) - outcomes["not run"],
            uncollected=self._without_tests["uncollected"],
            skipped_files=self._without_tests["skipped"],
            outcomes=dict(sorted(outcomes.items())),
            wall=wall,
            serial=serial,
            busy_share=busy_share(serial, self._places(), testing),
            per_worker=per_worker,
            slowest=self._slowest.beside(
                SlowTest(self._nodeid(each.test), self._phase.spent(each), self._name(each.worker))
                for each in cut_off
            ),
            heavy_imports=tuple(self._heavy_imports()),
            crashes=tuple(
                Crash(
                    None if death.test is None else self._nodeid(death.test),
                    name,
                    death.seen or death.ruled or death.moment,
                )
                for name, death in self._deaths.items()
            ),
            failed_on=self._failed_on(),
            interrupted=tuple(self._nodeid(test) for test in self._ended.interrupted),
            not_run=tuple(NotRun(count, reason) for reason, count in self._ended.reasons.items()),
            blocked=tuple(self._blocked(by, n) for by, n in self._ended.blocked.items()),
            notes=tuple(self._notes),
            reason=self._reason(),
            exitstatus=self._end.get("exitstatus"),
            limits=limits,
            causes=self._causes.shared(self._outcomes),
        )

    def _blocked(self, by: int | str, count: int) -> Blocked:
        if isinstance(by, str):
            return Blocked(count, None, by)
        return Blocked(count, self._nodeid(by), self._outcomes.get(by, "not run"))

    def _failed_on(self) -> dict[str, int]:
        places = Counter(name for test, name in self._failed.items() if self._outcomes[test] in BAD)
        return dict(sorted(places.items(), key=lambda item: _rank(item[0])))

    def _heavy_imports(self) -> list[HeavyImport]:
        paid = [worker.imports for worker in self._workers.values() if worker.collected]
        if len(paid) < 2:
            return []
        in_all = {name: min(each.get(name, 0.0) for each in paid) for name in paid[0]}
        heavy = [HeavyImport(name, seconds) for name, seconds in in_all.items() if seconds >= HEAVY]
        return sorted(heavy, key=lambda one: -one.seconds)

    def _worker(self, name: str) -> _Worker:
        return self._workers.setdefault(name, _Worker())

    def _death(self, name: str) -> _Death:
        return self._deaths.setdefault(name, _Death())

    def _name(self, number: int) -> str:
        return "main" if self._run.get("mode") == "in-process" else f"gw{number}"

    def _nodeid(self, test: int) -> str:
        return self._nodeids[test] if test < len(self._nodeids) else f"test {test}"

    def _now(self) -> float:
        event = self._last_event
        at = event["now"] if type(event) is dict else getattr(event, "now", 0.0)
        return float(at)

    def _lifetime(self, worker: _Worker, wall: float) -> float:
        left = wall if worker.left is None else worker.left
        return 0.0 if worker.joined is None else max(0.0, left - worker.joined)

    def _places(self) -> int:
        return sum(not worker.replacement for worker in self._workers.values())

    def _reason(self) -> str | None:
        ended = self._end_run.reason if self._end_run is not None else None
        return self._end.get("reason") or ended or self._stop


def _first_line(text: str | None) -> str:
    return next((line.strip() for line in (text or "").splitlines() if line.strip()), "")


def _rank(name: str) -> tuple[int, str]:
    digits = name[2:]
    return (int(digits) if digits.isdigit() else -1, name)
