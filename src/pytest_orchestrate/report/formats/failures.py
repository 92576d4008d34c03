"""Failures, what caused them and what to do about it, in words that all formats share."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Failure, Place, TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup, Recommendation
from pytest_orchestrate.report.formats.changes import run_at
from pytest_orchestrate.report.words import count_of, seconds


def headline(failure: Failure) -> str:
    """Exception and message in a line: ``ValueError: no such item``."""
    name = failure.exception.rpartition(".")[2]
    message = failure.message.partition("\n")[0]
    # what is recorded may have the class in the message; that of a bare assert says nothing
    begins = message.partition(":")[0].rpartition(".")[2]
    if not name or begins == name or message.startswith("assert "):
        return message or "failed"
    return f"{failure.exception}: {message}" if message else failure.exception


def located(place: Place) -> str:
    """``tests/test_a.py:12``."""
    return place.path if place.line is None else f"{place.path}:{place.line}"


def failure_of(test: TestReport) -> Failure | None:
    """Why a test did not end well, if that was in its last attempt."""
    return test.attempts[-1].failure if test.attempts else None


def causes(report: Report) -> list[FailureGroup]:
    """All groups, and each test that ended badly and is in none as a group of its own."""
    grouped = {test for group in report.groups for test in group.tests}
    found = list(report.groups)
    for position, test in enumerate(report.tests):
        if test.outcome in BAD and position not in grouped:
            failure = failure_of(test)
            title: str = test.outcome
            if failure is not None:
                title = headline(failure)
                if failure.place is not None:
                    title += f" in {located(failure.place)}"
            found.append(FailureGroup("place", title, failure, (position,)))
    return found


def members(report: Report, positions: Collection[int]) -> str:
    """``2 tests``, ``1 file``, ``3 tests and 1 file``: a file that has no tests is none itself."""
    files = sum(report.tests[position].is_collection for position in positions)
    tests = len(positions) - files
    told = [count_of(tests, "test")] if tests or not files else []
    return " and ".join([*told, *([count_of(files, "file")] if files else [])])


def whereabouts(group: FailureGroup) -> tuple[str, str]:
    """``in`` or, of failures that were not all raised there, ``first in``; and the place.

    Both are empty where that is not known, or is in the title already.
    """
    place = group.failure.place if group.failure is not None else None
    if place is None or located(place) in group.title:
        return "", ""
    several = group.kind != "place" and len(group.tests) > 1
    return "first in" if several else "in", located(place)


def known_since(group: FailureGroup) -> str:
    """``new``, ``failing since run 2030...``, or nothing if nothing is known."""
    if group.status != "still":
        return group.status or ""
    if group.since is None:
        return "still failing"
    at_least = "at least " if group.since_at_least else ""
    where = f" on {group.since_branch}" if group.since_branch else ""
    return f"failing {at_least}since {run_at(group.since, group.since_revision)}{where}"


def why(tests: Sequence[TestReport], test: TestReport) -> str:
    """Why a test was skipped, blocked, interrupted or not run; names the root of the trouble."""
    reason = test.reason
    if not reason and test.attempts:
        reason = test.attempts[-1].reason
    if test.cause is not None:
        root = tests[test.cause]
        by = f"blocked by {root.nodeid} ({root.outcome})"
        # who is blocked directly has the root in the reason
        return by if not reason or root.nodeid in reason else f"{by}: {reason}"
    return reason or test.outcome


def told_gain(recommendation: Recommendation) -> str:
    """What is recommended, with the gain if it is not in the text already."""
    gain, text = recommendation.gain, recommendation.text
    return text if gain is None or seconds(gain) in text else f"{text} (-{seconds(gain)})"
