"""Checks that the attempts of a run log are the ends of tests that its events tell of."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from itertools import groupby

from tests.support.records import Json, worker_name

_DURATIONS = ("setup", "call", "teardown")
_BAD = ("failed", "error", "crashed")


@dataclass
class _End:
    outcome: str
    worker: str | None
    #: The event or command that says so.
    cause: Json


def check_attempts(records: list[Json], *, finished: bool = True) -> list[str]:
    """The violations: the last attempt of a test fits its end, numbers count from 0 on each worker.

    Attempts before the last one, which another plugin has repeated, are bad. An attempt may stand
    before the event or command that it belongs to, or after it. With ``finished``, attempts and
    ends have each other; a test that was interrupted may have none.
    """
    books = _Books(records[0].get("mode", "workers") if records else "workers")
    for line, record in enumerate(records, 1):
        kind = record.get("record")
        if kind in ("event", "command"):
            books.on_step(record[kind])
        elif kind == "amend":
            books.amends.append((record["worker"], record["test"]))
        elif kind == "attempt":
            books.on_attempt(line, record)
    books.compare(finished)
    if finished:
        books.look_for_gaps()
    return books.violations


class _Books:
    def __init__(self, mode: str) -> None:
        self.violations: list[str] = []
        self.amends: list[tuple[str, int]] = []
        self._mode = mode
        self._tests: list[tuple[str, int]] = []
        self._ends: dict[int, _End] = {}
        self._started: dict[int, str] = {}
        self._amended: list[tuple[str, int]] = []
        #: Test -> its attempts and their lines.
        self._attempted: dict[int, list[tuple[int, Json]]] = {}
        self._attempts: dict[str, list[int]] = defaultdict(list)

    def on_step(self, step: Json) -> None:
        kind = step.get("event") or step.get("command")
        number = step.get("worker")
        name = "nobody" if number is None else worker_name(number, self._mode)
        if kind == "TestsCollected":
            self._tests += [(test["nodeid"], test.get("occurrence", 0)) for test in step["tests"]]
        elif kind == "TestStarted":
            self._started.setdefault(step["test"], name)
        elif kind == "TestFinished":
            self._ends.setdefault(step["test"], _End(step["outcome"], name, step))
        elif kind == "EndTest":
            place = self._started.get(step["test"])
            self._ends.setdefault(step["test"], _End(step["outcome"], place, step))
        elif kind == "TestAmended":
            self._amended.append((name, step["test"]))

    def on_attempt(self, line: int, record: Json) -> None:
        test, here = record["test"], self._attempts[record["worker"]]
        if record["order"] != len(here):
            self._blame(line, test, f"its order is {record['order']} where {len(here)} is due")
        known = self._attempted.setdefault(test, [])
        if known and known[-1][1]["outcome"] not in _BAD:
            self._blame(line, test, "it has one already that was not bad")
        if known and here[-1:] != [test]:
            self._blame(line, test, "its attempts do not follow on each other")
        known.append((line, record))
        here.append(test)

    def _blame(self, line: int, test: int, fault: str) -> None:
        self.violations.append(f"line {line}: attempt of test {test}: {fault}")

    def compare(self, finished: bool) -> None:
        for test, attempts in self._attempted.items():
            line, record = attempts[-1]
            if not 0 <= test < len(self._tests):
                self._blame(line, test, "it was never collected")
            elif (record["nodeid"], record["occurrence"]) != self._tests[test]:
                self._blame(line, test, f"it names {record['nodeid']} #{record['occurrence']}")
            end = self._ends.get(test)
            if end is not None:
                for fault in _differences([record for _, record in attempts], end):
                    self._blame(line, test, fault)
            elif finished:
                self._blame(line, test, "it never ended")
        self._compare_orders(finished)

    def _compare_orders(self, finished: bool) -> None:
        due: dict[str, list[int]] = defaultdict(list)
        for test, end in self._ends.items():
            if end.worker is not None and test in self._attempted:
                due[end.worker].append(test)
        for name in sorted(due.keys() | self._attempts.keys()):
            attempts = [test for test, _ in groupby(self._attempts[name])]
            if not finished:
                attempts = [test for test in attempts if test in self._ends]
            if attempts != due[name]:
                self.violations.append(
                    f"attempts on {name} are of {attempts}, the ends of {due[name]}"
                )

    def look_for_gaps(self) -> None:
        for test, end in self._ends.items():
            if end.worker and end.outcome != "interrupted" and test not in self._attempted:
                self.violations.append(f"test {test} ended {end.outcome} without an attempt")
        if sorted(self.amends) != sorted(self._amended):
            self.violations.append(
                f"amend records {self.amends} for TestAmended of {self._amended}"
            )


def _differences(attempts: list[Json], end: _End) -> list[str]:
    faults: list[str] = []
    if end.outcome == "interrupted":  # these are those before the one that was cut off
        return faults
    record = attempts[-1]
    if record["outcome"] != end.outcome:
        faults.append(f"it ended {end.outcome}, not {record['outcome']}")
    if "event" in end.cause:
        faults += [
            f"its {key} took {end.cause.get(key, 0.0)} s, not {taken}"
            for key in _DURATIONS
            if abs((taken := sum(each[key] for each in attempts)) - end.cause.get(key, 0.0)) > 1e-6
        ]
    return faults
