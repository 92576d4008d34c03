"""What one execution of a test amounts to, put together from its phase reports."""

from __future__ import annotations

from typing import Protocol

from pytest_orchestrate.model.outcome import Outcome

#: Outcome of a report of pytest-rerunfailures: the phase failed, and the test is run once more.
RERUN = "rerun"

#: Outcomes that pytest itself knows.
_OWN = ("passed", "failed", "skipped")

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


def may_be_repeated(report: PhaseLike) -> bool:
    """Whether a call has an outcome of another plugin's own, such as ``retried``.

    Of pytest-retry that means that it has failed and is run again: the report of the last call
    follows, without another set-up. Where none follows, the outcome is one that a plugin has given
    to a test, and says nothing here.
    """
    return report.when == "call" and report.outcome not in (*_OWN, RERUN)


class Attempt:
    """Collects the reports of one execution of a test. Durations are seconds."""

    __slots__ = ("_may_be_repeated", "call", "is_repeated", "outcome", "setup", "teardown")

    def __init__(self) -> None:
        self.outcome: Outcome = "passed"
        self.setup = 0.0
        self.call = 0.0
        self.teardown = 0.0
        #: Another plugin runs the test again: its next set-up is that of another attempt.
        self.is_repeated = False
        self._may_be_repeated = False

    def ends_before(self, report: PhaseLike) -> bool:
        """Whether a report is the first of another attempt; if so, this one was bad."""
        if self.is_repeated and report.when == "setup":
            return True
        if self._may_be_repeated and report.when == "call":
            self.outcome = "failed"
            return True
        return False

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
        if report.outcome == "passed" and when != "call":
            return
        if report.outcome in ("failed", RERUN):
            if self.outcome != "failed":
                self.outcome = "failed" if when == "call" else "error"
            if report.outcome == RERUN:
                self.is_repeated = True
        elif may_be_repeated(report):
            self._may_be_repeated = True
        elif self.outcome not in ("failed", "error"):
            self._add_good(report)

    def _add_good(self, report: PhaseLike) -> None:
        was_expected_to_fail = hasattr(report, "wasxfail")
        if report.outcome == "skipped":
            self.outcome = "xfailed" if was_expected_to_fail else "skipped"
        elif report.outcome == "passed" and report.when == "call":
            self.outcome = "xpassed" if was_expected_to_fail else "passed"
