"""The order ``failures-first``: gathers what is known of tests; the engine ranks them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from pytest_orchestrate.controller.changes import Changes
from pytest_orchestrate.engine.estimates import BLIND_GUESS
from pytest_orchestrate.engine.likelihood import Changed, Signs, levels
from pytest_orchestrate.history.outcomes import never_run, recent_failures

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_orchestrate.history.store import History
    from pytest_orchestrate.model.collected import CollectedTest


class FailuresFirst:
    """Made when collection begins; asked when it is over, so that git has had that time.

    :param history: None with recording off.
    """

    def __init__(self, root: Path, history: History | None) -> None:
        self._changes = Changes(root)
        self._history = history
        self._failures = recent_failures(history) if history is not None else {}
        #: What was found, in words; empty until tests were looked at.
        self.story = ""

    def close(self) -> None:
        """Nobody will ask any more."""
        self._changes.close()

    def levels(
        self,
        tests: Sequence[CollectedTest],
        estimates: Sequence[float | None],
        entry: Mapping[str, float],
    ) -> dict[int, int]:
        """Return how urgent tests are for being likely to fail, by position; of those that are.

        :param estimates: Expected seconds of each test.
        :param entry: File -> seconds to enter it, as far as known.
        """
        signs = self._signs(tests, estimates)
        found = levels(signs, entry)
        self.story = self._told(signs, found)
        return found

    def _signs(
        self, tests: Sequence[CollectedTest], estimates: Sequence[float | None]
    ) -> list[Signs]:
        changed = Changed(self._changes.files())
        nodeids = [test.nodeid for test in tests]
        new = never_run(self._history, nodeids) if self._history is not None else set()
        known = [seconds for seconds in estimates if seconds is not None]
        usual = sum(known) / len(known) if known else BLIND_GUESS
        places = {file: changed.nearness(file) for file in {test.file for test in tests}}
        return [
            Signs(
                test.file,
                usual if seconds is None else seconds,
                self._failures.get(test.nodeid, ()),
                test.nodeid in new,
                changed.has(test.file),
                places[test.file],
            )
            for test, seconds in zip(tests, estimates, strict=True)
        ]

    def _told(self, signs: Sequence[Signs], found: Mapping[int, int]) -> str:
        """Each test that was moved up is counted once, by its strongest sign."""
        counts = Counter(_strongest(signs[position]) for position in found)
        parts = [f"{counts[sign]} {sign}" for sign in _SIGNS if counts[sign]]
        text = ", ".join(parts) or "no test is likelier to fail than others"
        trouble = self._changes.trouble
        return f"order: failures-first ({text}{'; ' + trouble if trouble else ''})"


_SIGNS = ("failed last time", "failed recently", "in changed files", "new", "near changed files")


def _strongest(signs: Signs) -> str:
    held = (signs.has_failed_last, any(signs.failures), signs.is_changed, signs.is_new, True)
    return _SIGNS[held.index(True)]
