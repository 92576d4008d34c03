"""Which of the running tests take far longer than expected."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.report.words import lasting

#: A test is slow when it runs so many times as long as expected, and so many seconds more.
SLOW_TIMES, SLOW_SECONDS = 3.0, 5.0


class Overdue:
    """Finds slow tests, each once.

    Where nothing is expected of a test, nobody can say so: of a worker that is silent for long
    others tell.

    :param tests: Of the run, by index; like the others it may grow.
    :param expected: Seconds of each, as far as known.
    :param entry: File -> seconds that its fixtures may take, which no test is expected to.
    """

    def __init__(
        self,
        tests: Sequence[CollectedTest],
        expected: Sequence[float | None],
        entry: Mapping[str, float],
    ) -> None:
        self._tests = tests
        self._expected = expected
        self._entry = entry
        #: All that were found.
        self.slow: set[int] = set()

    def is_new(self, test: int, seconds: float) -> bool:
        """Whether a test that has been running so long is slow now, and was not before."""
        expected = self._expected[test]
        if expected is None or test in self.slow:
            return False
        if seconds <= slow_after(expected, self._entry.get(self._tests[test].file, 0.0)):
            return False
        self.slow.add(test)
        return True

    def notice(self, test: int, seconds: float, worker: str) -> str:
        """Return what to say of a slow test."""
        expected = self._expected[test] or 0.0
        usual = lasting(expected) if expected >= 1 else "less than 1 s"
        return (
            f"SLOW {self._tests[test].nodeid} has been running for {lasting(seconds)} on {worker}, "
            f"where {usual} was expected"
        )


def slow_after(expected: float, entry: float = 0.0) -> float:
    """Return after how many seconds a test is slow.

    :param entry: Seconds that the fixtures of its file may take.
    """
    return SLOW_TIMES * (expected + entry) + SLOW_SECONDS
