"""What one execution of a test amounts to, put together from its phase reports."""

from __future__ import annotations

from typing import Protocol

from pytest_orchestrate.model.outcome import Outcome


class PhaseLike(Protocol):
    """The part of ``pytest.TestReport`` that is needed here."""

    @property
    def when(self) -> str | None:
        """``setup``, ``call`` or ``teardown``."""

    @property
    def outcome(self) -> str:
        """``passed``, ``failed`` or ``skipped``."""

    @property
    def duration(self) -> float:
        """Seconds."""


class Attempt:
    """Collects the reports of one test until it is over. Durations are seconds."""

    __slots__ = ("call", "outcome", "setup", "teardown")

    def __init__(self) -> None:
        self.outcome: Outcome = "passed"
        self.setup = 0.0
        self.call = 0.0
        self.teardown = 0.0

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
        if report.outcome == "failed":
            if self.outcome != "failed":
                self.outcome = "failed" if when == "call" else "error"
        elif self.outcome not in ("failed", "error"):
            self._add_good(report)

    def _add_good(self, report: PhaseLike) -> None:
        was_expected_to_fail = hasattr(report, "wasxfail")
        if report.outcome == "skipped":
            self.outcome = "xfailed" if was_expected_to_fail else "skipped"
        elif report.outcome == "passed" and report.when == "call":
            self.outcome = "xpassed" if was_expected_to_fail else "passed"
