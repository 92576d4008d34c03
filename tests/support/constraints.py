"""Checks the log of a run against requirements, resources and exclusiveness.

Written from the promises, and imports nothing of the package: a test is sent to a worker only
when what it requires has ended as it has to; what workers have been sent and not finished never
needs more of a resource than there is, where the tests of one worker count as the neediest of
them, because they run one after another; and nobody has anything beside an exclusive test.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.support.records import Json

GOOD = ("passed", "xpassed")


class Constraints:
    """What is known of the constraints of a run's tests."""

    def __init__(self) -> None:
        self._of: dict[int, Json] = {}
        self._capacities: dict[str, int] = {}
        self._workers = 1

    def know(self, event: Json) -> None:
        """Take in a ``RunBegan`` or ``TestsCollected``."""
        if event["event"] == "RunBegan":
            self._workers = event["workers"]
            return
        for name, amount in event.get("resources", {}).items():
            self._capacities.setdefault(name, amount)
        for each in event.get("constraints", ()):
            self._of[each["test"]] = each

    def may_run(self, test: int, ended: Mapping[int, str]) -> bool:
        """Whether nothing that a test requires stands against it."""
        each = self._of.get(test, {})
        if each.get("refused"):
            return False
        return all(self._is_met(need, ended) for need in each.get("needs", ()))

    def is_hopeless(self, test: int, ended: Mapping[int, str]) -> bool:
        """Whether a test is refused, or requires what has not ended well, or a lost place."""
        each = self._of.get(test, {})
        if each.get("refused"):
            return True
        for need in each.get("needs", ()):
            bad = [t in ended and not _is_good(need, ended[t]) for t in need["targets"]]
            if need.get("colocate") or (all(bad) if need.get("any") else any(bad)):
                return True
        return False

    def violations(
        self, test: int, ended: Mapping[int, str], has: Mapping[int, list[int]]
    ) -> list[str]:
        """What is wrong with sending a test. ``has``: what each worker has, this included."""
        found = []
        if not self.may_run(test, ended):
            found.append("before what it requires has ended well")
        if self._workers == 1:
            return found
        for name in {demand["name"] for demand in self._of.get(test, {}).get("demands", ())}:
            taken = [self._taken(name, tests) for tests in has.values()]
            writers = sum(amount for amount, shared in taken if not shared)
            readers = any(amount for amount, shared in taken if shared)
            if writers + readers > self._capacities.get(name, 1):
                found.append(f"though there is not enough of {name}")
        alone = [number for number, tests in has.items() if any(map(self._is_exclusive, tests))]
        busy = [number for number, tests in has.items() if tests]
        if alone and busy != alone:
            found.append(f"though workers {busy} are busy and {alone} to be alone")
        return found

    def _is_exclusive(self, test: int) -> bool:
        return bool(self._of.get(test, {}).get("exclusive"))

    def _taken(self, name: str, tests: list[int]) -> tuple[int, bool]:
        demands = [
            demand
            for test in tests
            for demand in self._of.get(test, {}).get("demands", ())
            if demand["name"] == name
        ]
        amounts = [demand.get("amount", 1) for demand in demands]
        return max(amounts, default=0), all(demand.get("shared", False) for demand in demands)

    @staticmethod
    def _is_met(need: Json, ended: Mapping[int, str]) -> bool:
        good = [test in ended and _is_good(need, ended[test]) for test in need["targets"]]
        return any(good) if need.get("any") else all(good)


def _is_good(need: Mapping[str, Any], outcome: str) -> bool:
    return outcome in GOOD or (need.get("when") == "ran" and outcome != "not run")
