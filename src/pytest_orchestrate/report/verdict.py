"""What a run comes to, in one sentence and one share."""

from __future__ import annotations

from typing import Literal

from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.summary import Summary

Verdict = Literal["passed", "failed", "unfinished", "empty"]

#: Outcomes of tests that were carried out and came to an end that says something about them.
DECIDED = ("passed", "flaky", "xfailed", "xpassed", "failed", "error", "crashed")
#: All outcomes, in the order in which they are of interest to somebody who looks for trouble.
OUTCOMES = (
    "failed",
    "error",
    "crashed",
    "blocked",
    "interrupted",
    "running",
    "not run",
    "flaky",
    "xpassed",
    "passed",
    "xfailed",
    "skipped",
)

#: Outcomes of tests of which neither can be said that they passed nor that they failed.
_WITHOUT_VERDICT = ("blocked", "interrupted", "running", "not run", "skipped")


def verdict(summary: Summary) -> Verdict:
    """How a run ended.

    ``unfinished``: nothing failed, but not all tests had their turn: cut off, or it goes on.
    ``empty``: nothing was tested; there were no tests, or all of them were skipped.
    """
    if summary.uncollected or _count(summary, *BAD):
        return "failed"
    if summary.exitstatus is None or _count(summary, "interrupted", "not run"):
        return "unfinished"
    if _count(summary, "skipped") == summary.collected:
        return "empty" if summary.exitstatus in (0, 5) else "failed"
    return "passed" if summary.exitstatus == 0 else "failed"


def sentence(summary: Summary) -> str:
    """``7 of 300 tests failed, 3 blocked``; the first thing that a reader wants to know.

    What could not be collected stands before that, what skipped itself behind.
    """
    told = _of_tests(summary)
    if summary.skipped_files:
        told += f", {skipped_themselves(summary)}"
    if summary.uncollected:
        told = f"{not_collected(summary)}; {told[0].lower()}{told[1:]}"
    return f"The run goes on: so far {told[0].lower()}{told[1:]}" if summary.goes_on else told


def beside(summary: Summary) -> list[str]:
    """What is told beside the tests: of files that have none for that."""
    return [each for each in (not_collected(summary), skipped_themselves(summary)) if each]


def not_collected(summary: Summary) -> str:
    """``1 file could not be collected``; empty if there is none."""
    count = summary.uncollected
    return f"{count_of(count, 'file')} could not be collected" if count else ""


def skipped_themselves(summary: Summary) -> str:
    """``2 files skipped themselves``; empty if there are none."""
    count = summary.skipped_files
    themselves = "itself" if count == 1 else "themselves"
    return f"{count_of(count, 'file')} skipped {themselves}" if count else ""


def _of_tests(summary: Summary) -> str:
    total = summary.collected
    if not total:
        return "There were no tests to run"
    bad = _count(summary, *BAD)
    others = ", ".join(
        f"{number:,} {outcome}{' yet' if summary.goes_on and outcome == 'not run' else ''}"
        for outcome in ("blocked", "interrupted", "running", "not run", "flaky", "skipped")
        if (number := summary.outcomes.get(outcome, 0))
    )
    tail = f", {others}" if others else ""
    all_tests = "1 test" if total == 1 else f"{total:,} tests"
    if bad:
        return f"{bad:,} of {all_tests} failed{tail}"
    if summary.outcomes.get("skipped") == total:
        return "The only test was skipped" if total == 1 else f"All {all_tests} were skipped"
    passed = total - _count(summary, *_WITHOUT_VERDICT)
    if passed == total:
        all_of_them = "The only test" if passed == 1 else f"All {all_tests}"
        return f"{all_of_them} passed{tail}"
    return f"{passed:,} of {all_tests} passed{tail}"


def pass_rate(summary: Summary) -> float | None:
    """Of the tests that came to a verdict of their own, how many did not fail, 0 to 1.

    Skipped tests and those that never had their turn say nothing about the code. None without any.
    """
    of = decided(summary)
    return 1 - _count(summary, *BAD) / of if of else None


def decided(summary: Summary) -> int:
    """How many tests came to a verdict of their own."""
    return _count(summary, *DECIDED)


def _count(summary: Summary, *outcomes: str) -> int:
    return sum(summary.outcomes.get(outcome, 0) for outcome in outcomes)
