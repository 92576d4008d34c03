"""Which tests of a run have ended, folder by folder, and how long the rest may take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

#: Seconds for which the speed that workers should have counts as if it had been measured.
TRUST = 2.0
#: Folders are told apart as deep as there are no more of them than this.
MOST_FOLDERS = 8


class Folder(NamedTuple):
    """How far the tests of one folder are."""

    name: str
    ended: int
    total: int


class Tally:
    """What is expected of each test, and which have ended.

    :param files: Of each test, relative to the root directory.
    :param expected: Seconds of each test, None where that is not known.
    :param workers: How many of them run tests.
    """

    def __init__(
        self, files: Sequence[str], expected: Sequence[float | None], workers: int
    ) -> None:
        known = [seconds for seconds in expected if seconds is not None]
        typical = sum(known) / len(known) if sum(known) else 0.0
        #: There is nothing to expect: all tests weigh the same.
        self._is_blind = not typical
        self._weights = [
            1.0 if self._is_blind else typical if seconds is None else seconds
            for seconds in expected
        ]
        self._is_known = bytearray(seconds is not None for seconds in expected)
        self._familiar = sum(self._is_known)
        self._work = sum(self._weights)
        self._worked = 0.0
        self._has_ended = bytearray(len(files))
        self._workers = workers
        self.total = len(files)
        self.ended = 0
        self._folder_of, names = by_folder(files)
        self._totals = [0] * len(names)
        for folder in self._folder_of:
            self._totals[folder] += 1
        self._names = names
        self._ended_in = [0] * len(names)

    def end(self, tests: Iterable[int]) -> None:
        """Take in tests that have ended; one that has done so before makes no difference."""
        for test in tests:
            if not self._has_ended[test]:
                self._has_ended[test] = 1
                self.ended += 1
                self._ended_in[self._folder_of[test]] += 1
                self._worked += self._weights[test]
                self._familiar += not self._is_known[test]

    def folders(self) -> list[Folder]:
        """Return all folders, in the order of their first tests; one alone says nothing new."""
        if len(self._names) < 2:
            return []
        return [
            Folder(name, ended, total)
            for name, ended, total in zip(self._names, self._ended_in, self._totals, strict=True)
        ]

    def left(self, elapsed: float, running: Mapping[int, float]) -> float | None:
        """Return in how many seconds the last test may end; None where that cannot be told.

        Work is what the tests are expected to take; what has none weighs as much as the others
        do on average. The speed is the work that was done a second, so that costs that no test
        has (fixtures of files, waiting) count, too. In the beginning, where little has been
        done, it is rather what as many workers should do. It is told once half of the tests
        have either an expectation or an end, and not when all that is left is tests that run
        and of which nothing is known.

        :param elapsed: Seconds since the first test may have begun.
        :param running: Test -> seconds since it began.
        """
        if self._familiar * 2 < self.total:
            return None
        done = self._worked
        longest = 0.0
        waiting = self.total - self.ended
        for test, seconds in running.items():
            if not self._has_ended[test]:
                waiting -= not self._is_known[test]
                weight = self._weights[test]
                done += min(seconds, weight) if not self._is_blind else 0.0
                if self._is_known[test]:
                    longest = max(longest, weight - seconds)
        trust = 0.0 if self._is_blind else TRUST
        speed = (done + trust * self._workers) / max(elapsed + trust, 1e-9)
        rest = self._work - done
        if speed <= 0.0 or not waiting or rest <= 1e-9 * self._work:
            return None
        return max(rest / speed, longest)


def by_folder(files: Sequence[str], most: int = MOST_FOLDERS) -> tuple[list[int], list[str]]:
    """Return the folder of each file, as an index, and the names of the folders.

    Folders are told apart as deep as there are at most ``most`` of them, but at least at the
    first level where they differ.
    """
    parts = {file: tuple(file.split("/")[:-1]) for file in dict.fromkeys(files)}
    deepest = max(map(len, parts.values()), default=0)
    chosen = 0
    for depth in range(1, deepest + 1):
        different = len({each[:depth] for each in parts.values()})
        if different > most and chosen:
            break
        if different > 1:
            chosen = depth
            if different > most:
                break
    index: dict[tuple[str, ...], int] = {}
    of_file = {file: index.setdefault(each[:chosen], len(index)) for file, each in parts.items()}
    return [of_file[file] for file in files], ["/".join(each) or "." for each in index]
