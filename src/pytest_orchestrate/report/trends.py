"""How a suite has changed over the recorded runs."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.changes import (
    differs,
    is_below,
    own_fault,
    skipped_whole,
)
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import TrendPoint
from pytest_orchestrate.report.flakiness import is_both
from pytest_orchestrate.report.past import Code, Past, PastAttempt, code_of, ends, has_bad


def trend(report: Report, past: Past) -> list[TrendPoint]:
    """One point a run on this branch, the oldest first; this run is the last.

    ``past``: of the line.

    A test is added in the first run that has it, after one that was complete, and removed in the
    one after the last: those that a run left out, because it was stopped or because they were
    blocked, are neither.
    """
    counts = _Counts(report, past)
    for name, attempts in past.attempts.items():
        counts.take(name, attempts)
    counts.take_new()
    return [*counts.earlier(), counts.now()]


class _Counts:
    """What is counted of all runs at a time; a list has a place for each."""

    def __init__(self, report: Report, past: Past) -> None:
        self._report = report
        self._past = past
        self._here = {
            (test.nodeid, test.occurrence): test for test in report.tests if not test.is_collection
        }
        #: Files and folders that skipped themselves in this run.
        self._skipped = tuple(skipped_whole(report))
        self._codes: list[Code] = [past.code(run) for run in range(len(past.runs))]
        self._codes.append(code_of(report.run))
        size = len(self._codes)
        self._failed = [0] * size
        self._flaky = [0] * size
        self._added = [0] * size
        whole = [number for number, run in enumerate(past.runs) if run.is_complete]
        #: The first run of which it is known what it left out: until then no test is new.
        self._first_whole = whole[0] if whole else size
        #: One more: what is still there is removed in a run to come.
        self._removed = [0] * (size + 1)

    def take(self, name: tuple[str, int], attempts: Sequence[PastAttempt]) -> None:
        """A test that ran before."""
        test = self._here.get(name)
        self._added[attempts[0].run] += 1
        is_there = test is not None or is_below(name[0], self._skipped)
        self._removed[len(self._codes) if is_there else attempts[-1].run + 1] += 1
        now = [] if test is None else [(len(self._codes) - 1, a.outcome) for a in test.attempts]
        if has_bad(attempts) or (test is not None and has_bad(test.attempts)):
            for run, is_bad in ends(attempts).items():
                self._failed[run] += is_bad
            self._count_flaky([*((each.run, each.outcome) for each in attempts), *now])

    def take_new(self) -> None:
        """Those that did not."""
        now = len(self._codes) - 1
        for name, test in self._here.items():
            if test.attempts and name not in self._past.attempts:
                self._added[now] += 1
                if len(test.attempts) > 1:
                    self._count_flaky([(now, each.outcome) for each in test.attempts])
        self._failed[now] = sum(test.outcome in BAD for test in self._here.values())

    def _count_flaky(self, outcomes: list[tuple[int, str]]) -> None:
        """A test that was both good and bad counts in each run of that code from then on."""
        seen: dict[Code, list[str]] = {}
        flaky_in = set()
        for run, outcome in outcomes:
            told = seen.setdefault(self._codes[run], [])
            told.append(outcome)
            if run not in flaky_in and is_both(told):
                flaky_in.add(run)
                self._flaky[run] += 1

    def earlier(self) -> list[TrendPoint]:
        """The points of the recorded runs on this branch."""
        branch = self._report.run.branch
        return [
            TrendPoint(
                run=run.run,
                started=run.started,
                revision=run.revision,
                tests=run.tests,
                failed=self._failed[number] if run.failed is None else run.failed,
                flaky=max(self._flaky[number], run.flaky or 0),
                wall=run.wall,
                serial=run.serial,
                added=self._added[number] if number > self._first_whole else 0,
                removed=self._removed[number],
                unlike=differs(self._report, self._past, run),
            )
            for number, run in enumerate(self._past.runs)
            if run.branch == branch
        ]

    def now(self) -> TrendPoint:
        """The point of this run."""
        now = len(self._codes) - 1
        facts, summary = self._report.run, self._report.summary
        return TrendPoint(
            run=facts.run,
            started=facts.started,
            revision=facts.revision,
            # of an attempt that was cut off nothing is on record
            tests=sum(
                any(each.outcome not in ("interrupted", "running") for each in test.attempts)
                for test in self._here.values()
            ),
            failed=self._failed[now],
            flaky=self._flaky[now],
            wall=summary.wall,
            serial=summary.serial,
            added=self._added[now] if now > self._first_whole else 0,
            removed=self._removed[now],
            unlike=own_fault(self._report),
        )
