"""Tests that were both good and bad although the code was the same."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from itertools import pairwise

from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FlakyTest
from pytest_orchestrate.report.past import WELL, Code, Past, code_of, has_bad

#: Of the standard normal distribution: 95 % lie within.
_QUANTILE = 1.959964


def flaky_tests(report: Report, past: Past) -> list[FlakyTest]:
    """The flaky ones, those first that fail at least often.

    Attempts of one revision count together where no code differed from it, else only those
    of one run. Where a test was never good, the code may be what is bad: that says nothing.
    """
    here = code_of(report.run)
    codes = [past.code(run) for run in range(len(past.runs))]
    found = []
    for position, test in enumerate(report.tests):
        attempts = past.of(test)
        is_clean = test.outcome in WELL and len(test.attempts) < 2
        if is_clean and not has_bad(attempts):
            continue  # most tests
        told = [(codes[each.run], each.outcome) for each in attempts]
        told += [(here, each.outcome) for each in test.attempts]
        flaky = _flaky(position, told)
        if flaky is not None:
            found.append(flaky)
    found.sort(key=lambda each: (-each.rate_low, each.test))
    return found


def why_untold(report: Report, past: Past) -> str:
    """Of how many runs of this revision nothing is told because its code is not known; or nothing.

    Where files differed from the revision there is nothing to be known.
    """
    here = report.run
    if here.revision is None or here.dirty:
        return ""
    alike = [run for run in past.runs if run.revision == here.revision and not run.dirty]
    if code_of(here)[0] == "revision":
        unknown = sum(run.dirty is None for run in alike)
        told = f"of {unknown} of the {count_of(len(alike), 'earlier run')} of this revision"
    else:
        unknown = len(alike)
        told = "of this run"
    if not unknown:
        return ""
    return (
        f"flaky tests are not looked for across all runs of this revision: {told} it is not known "
        "whether code differed from it, as git is asked only in runs with --orchestrate-report"
    )


def is_both(outcomes: Iterable[str]) -> bool:
    """Whether there is a good one and a bad one."""
    there = set(outcomes)
    return not there.isdisjoint(BAD) and not there.isdisjoint(WELL)


def interval(bad: int, attempts: int) -> tuple[float, float]:
    """The bounds of the 95 % interval for a rate, by Wilson's score method.

    Wilson, E. B. (1927). Probable inference, the law of succession, and statistical inference.
    Journal of the American Statistical Association 22. Brown, Cai and DasGupta (2001) recommend it
    for small numbers.
    """
    square = _QUANTILE * _QUANTILE
    rate = bad / attempts
    middle = rate + square / (2 * attempts)
    margin = _QUANTILE * math.sqrt(
        rate * (1 - rate) / attempts + square / (4 * attempts * attempts)
    )
    scale = 1 + square / attempts
    # At the ends the bound is the rate itself, but for rounding.
    low = 0.0 if bad == 0 else max(0.0, (middle - margin) / scale)
    high = 1.0 if bad == attempts else min(1.0, (middle + margin) / scale)
    return low, high


def _flaky(position: int, told: list[tuple[Code, str]]) -> FlakyTest | None:
    by_code: dict[Code, list[bool]] = {}
    for code, outcome in told:
        if outcome in BAD or outcome in WELL:
            by_code.setdefault(code, []).append(outcome in BAD)
    if not any(any(bad) and not all(bad) for bad in by_code.values()):
        return None
    counting = [bad for bad in by_code.values() if not all(bad)]
    attempts = sum(map(len, counting))
    failures = sum(map(sum, counting))
    low, high = interval(failures, attempts)
    return FlakyTest(
        test=position,
        attempts=attempts,
        bad=failures,
        flips=sum(sum(_flips(bad)) for bad in counting),
        rate=failures / attempts,
        rate_low=low,
        rate_high=high,
    )


def _flips(bad: list[bool]) -> Iterator[bool]:
    return (one != other for one, other in pairwise(bad))
