"""Checks the log of a run against the promises made for every run.

Written from the promises, not from the engine: it reads plain JSON and imports nothing of
the package. Each violation is a sentence with the line of the log that it was seen at.

What it holds a log to, beside the format itself:

- a test ends exactly once: finished by a worker, or ended by the engine;
- it is started at most once, only by the worker that has it assigned, never by one that did
  not collect it, and it is finished where it was started; a worker runs one at a time;
- a worker gets tests only between its collection and its close, its leaving, or a stop;
- a test lies with one worker at a time until that has finished it, returned it, or left;
- a collected, unclosed worker with an empty queue is held for a reason that is written down;
  never are all held while a test that one of them could run lies with nobody, unless that waits
  for what other runs on the machine have;
- ``crashed`` and ``interrupted`` are said of tests that were started and not finished,
  ``not run`` of tests that were never started;
- every finished or crashed test has an attempt, with the same worker and outcome, numbered in the
  order of ending from 0 on each worker; others before it were bad; the test took all their times;
- when the run ends, every worker has left.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from tests.support.attempts import check_attempts
from tests.support.constraints import Constraints
from tests.support.records import Json, read_records, worker_name


def check(path: Path, *, workers: int | None = None, finished: bool = True) -> list[str]:
    """The violations in a run log, in order; none is a sound log.

    ``workers``: so many, replacements aside, must have joined. ``finished``: whether the run
    is expected to have come to its end; a log of a killed run is checked as far as it goes.
    """
    checker = _Checker()
    records = list(read_records(path))
    checker.check_all(records)
    if finished:
        checker.check_end(records)
    if workers is not None:
        joined = len(checker.workers) - len(checker.replacements)
        if joined != workers:
            checker.blame(f"{joined} workers joined, replacements aside, not {workers}")
    return checker.violations + check_attempts(records, finished=finished)


@dataclass
class _Worker:
    collected: bool = False
    closed: bool = False
    left: bool = False
    held: bool = False
    missing: set[int] = field(default_factory=set)
    #: Assigned, and neither finished nor given back.
    queue: dict[int, None] = field(default_factory=dict)
    running: int | None = None
    #: Tests in the order in which they ended here.
    ended: list[int] = field(default_factory=list)

    @property
    def available(self) -> bool:
        return self.collected and not self.closed and not self.left


class _Checker:
    def __init__(self) -> None:
        self.violations: list[str] = []
        self.workers: dict[int, _Worker] = {}
        self.replacements: set[int] = set()
        self._line = 0
        self._mode = "workers"
        self._began: Json | None = None
        self._now = float("-inf")
        self._tests: list[tuple[str, int]] = []
        self._free: set[int] = set()
        self._place: dict[int, int] = {}
        self._started: dict[int, int] = {}
        #: Test -> how it ended.
        self._ended: dict[int, str] = {}
        self._constraints = Constraints()
        self._stopped = False
        self._awaited: set[int] = set()
        self._end_run: Json | None = None

    # -- telling ------------------------------------------------------------------------

    def blame(self, text: str) -> None:
        self.violations.append(f"line {self._line}: {text}" if self._line else text)

    def _title(self, test: int) -> str:
        if not 0 <= test < len(self._tests):
            return f"test {test} (never collected)"
        nodeid, occurrence = self._tests[test]
        return f"test {test} ({nodeid}{f' #{occurrence}' if occurrence else ''})"

    def _name(self, number: int) -> str:
        return worker_name(number, self._mode)

    # -- walking through ------------------------------------------------------------------

    def check_all(self, records: list[Json]) -> None:
        self._check_first(records)
        for line, record in enumerate(records, 1):
            self._line = line
            kind = record.get("record")
            if kind == "event":
                self._settle()
                self._on_event(record["event"])
            elif kind == "command":
                self._on_command(record["command"])
            elif kind == "run" and self._line > 1:
                self.blame("a second run record")
        self._settle()
        self._line = 0

    def _knows_all(self, records: list[Json]) -> bool:
        """Whether no tests were collected that are not named: something else could not be."""
        return bool(self._tests) or all(each.get("record") != "uncollected" for each in records)

    def check_end(self, records: list[Json]) -> None:
        """What holds once a run is over."""
        if not records or records[-1].get("record") != "end":
            self.blame("the last record is no end record")
            return
        if self._began is None:
            return
        if self._end_run is None:
            self.blame("the last command is no EndRun")
            return
        not_run = list(self._ended.values()).count("not run")
        if self._end_run["not_run"] != not_run:
            self.blame(f"EndRun counts {self._end_run['not_run']} tests not run, not {not_run}")
        if self._knows_all(records) and records[-1].get("not_run") != not_run:
            self.blame(f"the end counts {records[-1].get('not_run')} tests not run, not {not_run}")
        for test in range(len(self._tests)):
            if test not in self._ended:
                self.blame(f"{self._title(test)} never ended")
        for number in sorted(self.workers):
            if not self.workers[number].left:
                self.blame(f"{self._name(number)} never left")

    def _check_first(self, records: list[Json]) -> None:
        first = records[0] if records else {}
        if first.get("record") != "run" or first.get("version") != 1:
            self.blame("the first record is no run record of version 1")
        for key in ("run", "started", "mode", "workers", "selection", "args", "facts"):
            if key not in first:
                self.blame(f"the run record has no {key!r}")
        self._mode = first.get("mode", "workers")

    def _settle(self) -> None:
        """Called when the commands of an event are through."""
        has = {number: list(worker.queue) for number, worker in self.workers.items()}
        for name, number in self._constraints.idle_slots(has):
            self.blame(f"the run keeps slot {number} of {name}, which nobody uses")
        available = [worker for worker in self.workers.values() if worker.available]
        for number, worker in self.workers.items():
            if worker.available and not worker.queue:
                self._check_idle(number, worker)
        if not available or any(worker.queue for worker in available) or self._goes_on():
            return
        for test in sorted(self._free):
            if not self._constraints.may_run(test, self._ended):
                continue
            if self._constraints.waits_for_machine(test):
                continue
            if any(test not in worker.missing for worker in available):
                self.blame(f"every worker is held while {self._title(test)} could run")
                self._free.clear()
                return

    def _goes_on(self) -> bool:
        """Whether something will happen yet, whatever workers run: they come, leave, tear down."""
        coming = any(not (worker.collected or worker.left) for worker in self.workers.values())
        return self._stopped or coming or bool(self._awaited or self._constraints.tearing)

    def _check_idle(self, number: int, worker: _Worker) -> None:
        if not worker.held:
            self.blame(f"{self._name(number)} idles without Hold, Close or work")
            worker.held = True
        if not self._stopped and self._constraints.keeps_in_vain(number):
            self.blame(f"{self._name(number)} idles and is not told to tear down what it keeps")

    # -- events -------------------------------------------------------------------------

    def _on_event(self, event: Json) -> None:
        kind = event["event"]
        if event["now"] < self._now:
            self.blame(f"{kind}: the clock went back from {self._now} to {event['now']}")
        self._now = event["now"]
        if kind == "TimePassed" or (kind == "StopRequested" and self._end_run is not None):
            return  # nothing happened, or it came too late to matter
        if self._end_run is not None:
            self.blame(f"{kind} after EndRun")
        if kind == "RunBegan" or self._began is None:
            self._on_run_began(event)
        elif kind == "TestsCollected":
            self._on_tests_collected(event)
        elif kind == "StopRequested":
            self._stopped = True
        elif kind == "WorkerJoined":
            self._on_worker_joined(event)
        elif kind in ("SlotsGranted", "SlotsBusy"):
            self._on_answer(event)
        else:
            self._on_word_of_worker(kind, event)

    def _on_run_began(self, event: Json) -> None:
        if event["event"] != "RunBegan" or self._began is not None:
            self.blame(f"{event['event']} out of place: RunBegan stands first, and only there")
        self._began = event
        self._constraints.know(event)

    def _on_answer(self, event: Json) -> None:
        for fault in self._constraints.answer(event):
            self.blame(fault)

    def _on_word_of_worker(self, kind: str, event: Json) -> None:
        number = event["worker"]
        worker = self.workers.get(number)
        if worker is None:
            # A replacement that could not even be started leaves without joining.
            if kind != "WorkerLeft" or number not in self._awaited:
                self.blame(f"{kind} of {self._name(number)}, which never joined")
            self._awaited.discard(number)
            worker = self.workers[number] = _Worker()
        if worker.left:
            self.blame(f"{kind} of {self._name(number)} after it had left")
        {
            "WorkerCollected": self._on_worker_collected,
            "TestStarted": self._on_test_started,
            "TestFinished": self._on_test_finished,
            "TestAmended": self._on_test_amended,
            "TestsReturned": self._on_tests_returned,
            "TestsLacking": self._on_tests_lacking,
            "TornDown": self._on_torn_down,
            "WorkerLeft": self._on_worker_left,
        }[kind](number, worker, event)

    def _on_tests_collected(self, event: Json) -> None:
        if len(event["estimates"]) != len(event["tests"]):
            self.blame("TestsCollected: as many estimates as tests are needed")
        self._constraints.know(event)
        for test in event["tests"]:
            identity = (test["nodeid"], test.get("occurrence", 0))
            if identity in self._tests:
                self.blame(f"{identity} was collected twice")
            self._free.add(len(self._tests))
            self._tests.append(identity)

    def _on_worker_joined(self, event: Json) -> None:
        number = event["worker"]
        if number in self.workers:
            self.blame(f"{self._name(number)} joined twice")
        self._awaited.discard(number)
        self.workers[number] = _Worker()
        alive = sum(not worker.left for worker in self.workers.values())
        limit = (self._began or {}).get("workers", 1)
        if alive > limit:
            self.blame(f"{alive} workers at one time, {limit} allowed")
        elif len(self.workers.keys() - self.replacements) > limit:
            self.blame(f"{self._name(number)} joined, which no StartWorker asked for")

    def _on_worker_collected(self, number: int, worker: _Worker, event: Json) -> None:
        worker.collected = True
        worker.missing = set(event.get("missing", ()))

    def _on_test_started(self, number: int, worker: _Worker, event: Json) -> None:
        test, name = event["test"], self._name(number)
        if test in self._started:
            first = self._name(self._started[test])
            self.blame(f"{self._title(test)} started on {name}, after it had on {first}")
        if test in self._ended:
            self.blame(f"{self._title(test)} started on {name} after its end")
        if test not in worker.queue:
            self.blame(f"{self._title(test)} started on {name}, where it is not assigned")
        if worker.running is not None:
            self.blame(f"{name} started {self._title(test)} inside {self._title(worker.running)}")
        self._started[test] = number
        worker.running = test
        if 0 <= test < len(self._tests):
            self._constraints.begin(number, test, self._tests[test][0])

    def _on_test_finished(self, number: int, worker: _Worker, event: Json) -> None:
        test, name = event["test"], self._name(number)
        if worker.running != test:
            self.blame(f"{self._title(test)} finished on {name}, which was not running it")
        else:
            worker.running = None
        worker.queue.pop(test, None)
        worker.held = False
        self._end(test, event["outcome"])
        worker.ended.append(test)

    def _on_test_amended(self, number: int, worker: _Worker, event: Json) -> None:
        test = event["test"]
        if test not in worker.ended:
            self.blame(f"{self._title(test)} amended by {self._name(number)}, where it never ended")

    def _on_tests_lacking(self, number: int, worker: _Worker, event: Json) -> None:
        worker.missing.update(event["tests"])
        self._on_tests_returned(number, worker, event)

    def _on_tests_returned(self, number: int, worker: _Worker, event: Json) -> None:
        name = self._name(number)
        for test in event["tests"]:
            if test not in worker.queue or test == worker.running:
                self.blame(f"{name} returned {self._title(test)}, which it has not waiting")
            else:
                self._release(test, worker)

    def _on_torn_down(self, number: int, worker: _Worker, event: Json) -> None:
        for fault in self._constraints.torn_down(number):
            self.blame(f"TornDown of {self._name(number)}, {fault}")

    def _on_worker_left(self, number: int, worker: _Worker, event: Json) -> None:
        worker.left = True
        self._constraints.leave(number)
        if event["reason"] == "closed" and not worker.closed:
            self.blame(f"{self._name(number)} left as closed, and was not")
        for test in list(worker.queue):
            if test != worker.running:
                self._release(test, worker)

    def _release(self, test: int, worker: _Worker) -> None:
        worker.queue.pop(test, None)
        worker.held = False
        self._place.pop(test, None)
        if test not in self._ended:
            self._free.add(test)

    def _end(self, test: int, outcome: str) -> None:
        if not 0 <= test < len(self._tests):
            self.blame(f"the end of {self._title(test)}")
        if test in self._ended:
            self.blame(f"{self._title(test)} ended {outcome} after {self._ended[test]}")
            return
        self._ended[test] = outcome
        self._place.pop(test, None)
        self._free.discard(test)

    # -- commands -----------------------------------------------------------------------

    def _on_command(self, command: Json) -> None:
        kind = command["command"]
        if self._end_run is not None:
            self.blame(f"{kind} after EndRun")
        if kind == "EndRun":
            self._end_run = command
        elif kind == "EndTest":
            self._on_end_test(command)
        elif kind == "WantSlots":
            self._constraints.want(command)
        elif kind == "ReturnSlots":
            for fault in self._constraints.take_back(command):
                self.blame(fault)
        elif kind == "StartWorker":
            self._on_start_worker(command)
        else:
            number = command["worker"]
            worker = self.workers.get(number)
            if worker is None or worker.left:
                self.blame(f"{kind} to {self._name(number)}, which is not there")
                return
            {
                "Assign": self._on_assign,
                "Recall": self._on_recall,
                "Hold": self._on_hold,
                "TearDown": self._on_tear_down,
                "Close": self._on_close,
            }[kind](number, worker, command)

    def _on_assign(self, number: int, worker: _Worker, command: Json) -> None:
        name = self._name(number)
        if not worker.collected:
            self.blame(f"Assign to {name} before it has collected")
        if worker.closed:
            self.blame(f"Assign to {name} after Close")
        if self._stopped:
            self.blame(f"Assign to {name} after StopRequested")
        for test in command["tests"]:
            if test in self._ended or test in self._started:
                self.blame(f"Assign of {self._title(test)} to {name} after its start or end")
            if test in self._place:
                other = self._name(self._place[test])
                self.blame(f"Assign of {self._title(test)} to {name} while it lies with {other}")
            if test in worker.missing or not 0 <= test < len(self._tests):
                self.blame(f"Assign of {self._title(test)} to {name}, which does not have it")
            self._place[test] = number
            worker.queue[test] = None
            self._free.discard(test)
            has = {each: list(one.queue) for each, one in self.workers.items()}
            slots = command.get("slots", {}).get(str(test), {})
            faults = self._constraints.send(test, slots)
            for fault in faults + self._constraints.violations(test, self._ended, has):
                self.blame(f"Assign of {self._title(test)} to {name} {fault}")
        worker.held = False

    def _on_recall(self, number: int, worker: _Worker, command: Json) -> None:
        for test in command["tests"]:
            if test not in worker.queue:
                self.blame(
                    f"Recall of {self._title(test)} from {self._name(number)}, which has it not"
                )

    def _on_hold(self, number: int, worker: _Worker, command: Json) -> None:
        if not command["reason"].strip():
            self.blame(f"Hold of {self._name(number)} without a reason")
        worker.held = True

    def _on_tear_down(self, number: int, worker: _Worker, command: Json) -> None:
        for fault in self._constraints.tear_down(number):
            self.blame(f"TearDown of {self._name(number)}, {fault}")
        if worker.queue or worker.closed:
            self.blame(f"TearDown of {self._name(number)}, which does not wait")

    def _on_close(self, number: int, worker: _Worker, command: Json) -> None:
        if worker.closed:
            self.blame(f"Close of {self._name(number)} for the second time")
        worker.closed = True

    def _on_start_worker(self, command: Json) -> None:
        number, replaced = command["worker"], command["replaces"]
        if number in self.workers or number in self.replacements:
            self.blame(f"StartWorker takes the number of {self._name(number)} again")
        if replaced not in self.workers or not self.workers[replaced].left:
            self.blame(f"StartWorker replaces {self._name(replaced)}, which has not left")
        self.replacements.add(number)
        self._awaited.add(number)
        limit = (self._began or {}).get("max_crashes", 0)
        if len(self.replacements) > limit:
            self.blame(f"{len(self.replacements)} workers replaced, {limit} allowed")

    def _on_end_test(self, command: Json) -> None:
        test, outcome = command["test"], command["outcome"]
        title = self._title(test)
        if not command["reason"].strip():
            self.blame(f"EndTest of {title} without a reason")
        place = self._started.get(test)
        if outcome in ("blocked", "error"):
            if not self._constraints.is_hopeless(test, self._ended):
                self.blame(f"{title} is said to be {outcome}, but nothing stands against it")
        elif outcome == "not run":
            if place is not None:
                self.blame(f"{title} is said not to have run, but started on {self._name(place)}")
        elif place is None or self.workers[place].running != test:
            self.blame(f"{title} is said to have {outcome}, but no worker was running it")
        else:
            if outcome == "crashed":
                if command.get("worker") != place:
                    self.blame(f"{title} crashed on {self._name(place)}, EndTest names another")
                if not self.workers[place].left:
                    self.blame(f"{title} is said to have crashed, but {self._name(place)} lives")
            worker = self.workers[place]
            worker.running = None
            worker.queue.pop(test, None)
            worker.ended.append(test)
        self._end(test, outcome)
