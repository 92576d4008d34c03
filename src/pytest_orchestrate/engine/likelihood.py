"""How likely tests are to fail, and which of them are therefore to go first.

What is known of a test before it runs are signs: how it ended the last times, whether it is new,
whether its file has changed, whether something near it has. Elsner et al. ("Empirically evaluating
readily available information for regression test optimization in continuous integration", ISSTA
2021) found on 23 projects that such facts find most failures early, that history says more than
the change does, and that simple rules often do better than learnt models. That failures lie close
to what was changed is in Memon et al., "Taming Google-scale continuous testing" (ICSE-SEIP 2017);
that the last outcomes count for more than those before them, in Kim and Porter, "A history-based
test prioritization technique" (ICSE 2002).

The signs are added up to the logarithm of the odds that the test fails (a logistic model). Its
weights are set, not fitted: there is no public data with outcomes, changes and durations of Python
suites. What is meant to hold of them is their order: a test that failed last time before one that
is new or whose file has changed, and that before one that is merely near a change.

Tests are then ordered by the probability of a failure per second. For failures that are
independent of each other no other order finds the first one sooner, on average (Mitten, "An
analytic solution to the least cost testing sequence problem", Journal of Industrial Engineering
11, 1960).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from math import exp, floor, log2
from typing import NamedTuple

from pytest_orchestrate.engine.urgency import LEVELS

#: So many outcomes of a test count.
WINDOW = 10
#: Each outcome counts so much of the one after it.
DECAY = 0.5
#: Logarithm of the odds of a test without any sign: it fails in one of 400 runs.
BASE = -6.0
#: What is added to it: for a test that has always failed,
ALWAYS_FAILED = 8.0
#: that failed the last time,
FAILED_LAST = 2.0
#: that has never run, though others have,
NEW = 3.0
#: whose file has changed,
CHANGED = 3.0
#: that is as near as can be to another file that has.
NEAR = 2.0
#: What adds less than this to the least likely tests of a run moves nothing.
SIGN = 0.5
#: Seconds that every test costs beside its duration.
OVERHEAD = 0.02
#: The highest level stands for so many failures a second, each below it for half as many.
MOST = 64.0


class Signs(NamedTuple):
    """What is known of one test before it runs."""

    file: str
    #: Expected seconds.
    seconds: float
    #: Whether it failed, the last time first; what was skipped is not among them.
    failures: Sequence[bool] = ()
    is_new: bool = False
    #: Its file has changed, or is new.
    is_changed: bool = False
    #: To another file that has changed: 1 as near as can be, 0 not near at all.
    nearness: float = 0.0

    @property
    def has_failed_last(self) -> bool:
        """Whether it failed when it ran last."""
        return bool(self.failures and self.failures[0])


def failure_rate(failures: Sequence[bool]) -> float:
    """Share of failures among outcomes, the newest first, of which the newer count for more."""
    weights = [DECAY**age for age in range(min(len(failures), WINDOW))]
    failed = sum(weight for weight, bad in zip(weights, failures, strict=False) if bad)
    return failed / sum(weights) if weights else 0.0


def log_odds(signs: Signs) -> float:
    """Logarithm of the odds that a test fails."""
    return (
        BASE
        + ALWAYS_FAILED * failure_rate(signs.failures)
        + FAILED_LAST * signs.has_failed_last
        + NEW * signs.is_new
        + CHANGED * signs.is_changed
        + NEAR * signs.nearness
    )


def probability(odds: float) -> float:
    """The probability behind the logarithm of the odds."""
    return 1.0 / (1.0 + exp(-odds))


def levels(tests: Sequence[Signs], entry: Mapping[str, float]) -> dict[int, int]:
    """The level of each test that is to go first, by position; the highest goes first.

    Tests are left where they are that are no likelier to fail than the least likely one: what
    holds of all tests says nothing of any. A level stands for failures a second within a factor
    of two. What is known of a file only (it has changed, it is near a change) is known of all of
    its tests alike, and so these stay together: they have the level of all of them taken together.

    :param entry: File -> seconds to enter it, as far as known.
    """
    odds = [log_odds(test) for test in tests]
    least = min(odds, default=BASE) + SIGN
    found: dict[int, int] = {}
    alike: dict[tuple[str, float], list[int]] = {}
    for position, test in enumerate(tests):
        if odds[position] < least:
            continue
        if any(test.failures):
            seconds = test.seconds + entry.get(test.file, 0.0)
            found[position] = _level(probability(odds[position]) / (seconds + OVERHEAD))
        else:
            alike.setdefault((test.file, odds[position]), []).append(position)
    for (file, each), positions in alike.items():
        seconds = entry.get(file, 0.0) + sum(tests[p].seconds + OVERHEAD for p in positions)
        level = _level(len(positions) * probability(each) / seconds)
        found.update(dict.fromkeys(positions, level))
    return found


def _level(failures_per_second: float) -> int:
    below = floor(log2(MOST / failures_per_second))
    return max(1, min(LEVELS - 1, LEVELS - 1 - below))


#: Files of which no test depends, as a rule.
_PROSE = (".md", ".rst", ".adoc")


class Changed:
    """Files that have changed; tells how near a file of tests is to them.

    :param files: Relative to the root directory, with slashes; files outside begin with ``../``.
    """

    def __init__(self, files: Iterable[str]) -> None:
        self._files = frozenset(files)
        #: Folders with a conftest.py that has changed.
        self._conftests: set[str] = set()
        self._folders: set[str] = set()
        #: What the others are called: the name of the file, without what makes it one of tests.
        self._subjects: set[str] = set()
        self._folder_names: set[str] = set()
        for file in self._files:
            folder, _, name = file.rpartition("/")
            if name == "conftest.py":
                self._conftests.add(folder)
            elif not name.endswith(_PROSE) and not _is_hidden(file):
                self._folders.add(folder)
                subject = _subject(name) if name != "__init__.py" else _last(folder)
                if not _is_of_tests(name):
                    self._subjects.add(subject)
                self._folder_names.add(_last(folder))
        self._folder_names -= {"", "tests", "test", "src", "lib"}
        self._subjects.discard("")

    def has(self, file: str) -> bool:
        """Whether this file has changed."""
        return file in self._files

    def nearness(self, file: str) -> float:
        """How near a file of tests is to other files that have changed.

        1 for one that is named after a file (``test_orders.py``, ``test_orders_api.py`` after
        ``orders.py``), or has such a ``conftest.py`` in its folder or above; ½ for one in the
        same folder, or in a folder of the same name as that of a file, or as a file
        (``tests/orders/`` and ``shop/orders/models.py``, ``shop/orders.py``).
        """
        folder, _, name = file.rpartition("/")
        words = _subject(name).split("_")
        if any("_".join(words[: count + 1]) in self._subjects for count in range(len(words))):
            return 1.0
        if self._conftests and any(each in self._conftests for each in _upwards(folder)):
            return 1.0
        own = _last(folder)
        if folder in self._folders or own in self._folder_names or own in self._subjects:
            return 0.5
        return 0.0


def _subject(name: str) -> str:
    stem = name.partition(".")[0]
    return stem.removeprefix("test_").removesuffix("_tests").removesuffix("_test")


def _is_of_tests(name: str) -> bool:
    return _subject(name) != name.partition(".")[0]


def _is_hidden(file: str) -> bool:
    return any(part.startswith(".") and part != ".." for part in file.split("/"))


def _last(folder: str) -> str:
    return folder.rpartition("/")[2]


def _upwards(folder: str) -> Iterable[str]:
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""
