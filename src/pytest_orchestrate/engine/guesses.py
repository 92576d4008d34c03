"""What tests without history are expected to take, as a run goes on."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_orchestrate.engine.estimates import BLIND_GUESS, Estimates

#: A file's tests are expected to take what all tests take, as if it had so many that did.
SHRUNK = 1.5


class Guesses:
    """Learns from the tests of this run: those that have ended, and those that run still.

    A test that runs has not ended before now, and this is known of it. Seconds by ends, with the
    seconds of what runs still among the former, is the maximum-likelihood estimate of the mean of
    an exponential distribution; without these, what takes long would be underestimated until it
    has ended.
    """

    __slots__ = ("_begun", "_blind", "_estimates", "_file_of_worker")

    def __init__(self, estimates: Estimates, entries: Sequence[float], workers: int) -> None:
        """``entries``: seconds to enter each place that costs something."""
        self._estimates = estimates
        #: Where nothing is known but entries, tests are expected to take as long as these.
        self._blind = max(BLIND_GUESS, sum(entries) / max(1, len(entries)))
        #: Worker -> when it began with its test, and the file of that; or -1.
        self._begun = [0.0] * workers
        self._file_of_worker = [-1] * workers

    def begin(self, worker: int, file: int, when: float) -> None:
        """A worker begins with a test of a file then (having entered it)."""
        self._begun[worker] = when
        self._file_of_worker[worker] = file

    def end(self, worker: int) -> None:
        """It has ended."""
        self._file_of_worker[worker] = -1

    def running_in(self, file: int) -> list[tuple[int, float]]:
        """The workers that run a test of a file, and when they began with it."""
        return [(w, self._begun[w]) for w, each in enumerate(self._file_of_worker) if each == file]

    def of(self, files: Sequence[int], now: float) -> list[float]:
        """Seconds that a test without history is expected to take, in each of these files."""
        running: dict[int, float] = {}
        for file, begun in zip(self._file_of_worker, self._begun, strict=True):
            if file >= 0 and now > begun:
                running[file] = running.get(file, 0.0) + now - begun
        estimates = self._estimates
        run = estimates.run
        ends = run.bodies + run.foreseen
        seconds = run.bodies * run.seen_mean() if run.bodies else 0.0
        seconds += run.foreseen_sum + sum(running.values())
        usual = (seconds if ends else seconds + self._blind) / max(1, ends)
        found = []
        for file in files:
            costs = estimates.files[file]
            ends = costs.bodies + costs.foreseen
            seconds = costs.bodies * costs.seen_mean() if costs.bodies else 0.0
            seconds += costs.foreseen_sum + running.get(file, 0.0)
            found.append((seconds + SHRUNK * usual) / (ends + SHRUNK))
        return found
