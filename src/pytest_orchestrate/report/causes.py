"""Failures that seem to have one cause, as a run goes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pytest_orchestrate.report.summary import Cause


class Causes:
    """Takes the records of attempts that did not end well, and tells what they have in common."""

    __slots__ = ("_bad",)

    def __init__(self) -> None:
        #: Test -> the record of its last attempt.
        self._bad: dict[int, Mapping[str, Any]] = {}

    def add(self, record: Mapping[str, Any]) -> None:
        """Take the record of an attempt that did not end well."""
        self._bad[record["test"]] = record

    def shared(self, outcomes: Mapping[int, str]) -> tuple[Cause, ...]:
        """What several tests failed of, the most frequent first.

        ``outcomes``: how tests ended; one that was good at last does not count.
        """
        from pytest_orchestrate.model.outcome import BAD

        records = [record for test, record in self._bad.items() if outcomes.get(test) in BAD]
        if len(records) < 2:
            return ()
        from pytest_orchestrate.report.attempts import Attempt, TestReport
        from pytest_orchestrate.report.failures import failure_of
        from pytest_orchestrate.report.grouping import groups

        tests = []
        for record in records:
            outcome, nodeid = record["outcome"], record["nodeid"]
            failure = failure_of(record)
            attempt = Attempt(record["worker"], 0, outcome, 0.0, 0.0, 0.0, 0.0, 0.0, failure)
            file = nodeid.partition("::")[0]
            tests.append(TestReport(nodeid, 0, file, None, outcome, (attempt,)))
        found = [Cause(len(group.tests), group.title) for group in groups(tests)]
        return tuple(cause for cause in found if cause.count > 1)
