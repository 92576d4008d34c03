"""Tests that are flaky, by their record or in this very run."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FlakyTest
from pytest_orchestrate.report.words import count_of, percent


class Flaky(NamedTuple):
    """A flaky test; without a record, it failed and passed in this run for the first time."""

    test: TestReport
    on_record: FlakyTest | None

    @property
    def told(self) -> str:
        """How often it was bad: ``2 of 4 attempts``."""
        each = self.on_record
        if each is not None:
            return f"{each.bad} of {count_of(each.attempts, 'attempt')}"
        bad = sum(attempt.failure is not None for attempt in self.test.attempts)
        return f"{bad} of {count_of(len(self.test.attempts), 'attempt')}"

    @property
    def rate(self) -> str:
        """Its rate of failures with the bounds of the interval, or nothing without a record."""
        each = self.on_record
        if each is None:
            return ""
        return f"{percent(each.rate)} ({percent(each.rate_low)} to {percent(each.rate_high)})"


def flaky(report: Report) -> Iterator[Flaky]:
    """Those with a record in its order, then those of this run only."""
    yield from (Flaky(report.tests[each.test], each) for each in report.flaky)
    known = {each.test for each in report.flaky}
    for position, test in enumerate(report.tests):
        if test.outcome == "flaky" and position not in known:
            yield Flaky(test, None)
