"""What one execution of a test amounts to, put together from its phase reports."""

from __future__ import annotations

from typing import Protocol

from pytest_orchestrate.model.outcome import Outcome

#: Outcome of a report of pytest-rerunfailures: the phase failed, and the test is run once more.
RERUN = "rerun"

#: Seconds of set-up, call and tear-down.
Phases = tuple[float, float, float]


def added(one: Phases, other: Phases) -> Phases:
    """Both together."""
    return one[0] + other[0], one[1] + other[1], one[2] + other[2]


def shared_part(fixtures: float, setup: float) -> float:
    """The seconds of a set-up that the fixtures of higher scopes account for that it included.

    None of it when they took longer than the whole: then they were not set up for this test.
    """
    return min(fixtures, setup) if fixtures <= 1.05 * setup + 0.001 else 0.0


class PhaseLike(Protocol):
    """The part of ``pytest.TestReport`` that is needed here."""

    @property
    def when(self) -> str | None:
        """``setup``, ``call`` or ``teardown``."""

    @property
    def outcome(self) -> str:
        """``passed``, ``failed``, ``skipped`` or :data:`RERUN`."""

    @property
    def duration(self) -> float:
        """Seconds."""


class Attempt:
    """Collects the reports of one execution of a test. Durations are seconds."""

    __slots__ = ("call", "is_repeated", "outcome", "setup", "teardown")

    def __init__(self) -> None:
        self.outcome: Outcome = "passed"
        self.setup = 0.0
        self.call = 0.0
        self.teardown = 0.0
        #: Another plugin runs the test again: its next set-up is that of another attempt.
        self.is_repeated = False

    def add(self, report: PhaseLike) -> None:
        """Take in one report.

        The rules are pytest's own categories: a failure in set-up or tear-down is an
        ``error``, in the call ``failed``; ``wasxfail`` turns skipped into xfailed and passed
        into xpassed. A later phase never makes an outcome better.
        """
        if hasattr(report, "context"):  # a subtest: its time is part of the call's
            if report.outcome == "failed":
                self.outcome = "failed"
            return
        when = report.when
        if when in ("setup", "call", "teardown"):
            setattr(self, when, getattr(self, when) + report.duration)
        if report.outcome in ("failed", RERUN):
            if self.outcome != "failed":
                self.outcome = "failed" if when == "call" else "error"
            if report.outcome == RERUN:
                self.is_repeated = True
        elif self.outcome not in ("failed", "error"):
            self._add_good(report)

    def _add_good(self, report: PhaseLike) -> None:
        was_expected_to_fail = hasattr(report, "wasxfail")
        if report.outcome == "skipped":
            self.outcome = "xfailed" if was_expected_to_fail else "skipped"
        elif report.outcome == "passed" and report.when == "call":
            self.outcome = "xpassed" if was_expected_to_fail else "passed"
