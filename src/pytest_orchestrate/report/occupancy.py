"""How long what there is of each resource was held, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_orchestrate.model.annotations import Demand

#: Resource -> how much of it, and whether it is shared with others that share it.
Needed = dict[str, tuple[int, bool]]


def needed(demands: Iterable[Demand]) -> Needed:
    """What a test needs: the largest of each resource, exclusive if one demand of it is."""
    amounts: Needed = {}
    for demand in demands:
        amount, shared = amounts.get(demand.name, (0, True))
        amounts[demand.name] = (max(amount, demand.amount), shared and demand.shared)
    return amounts


class Occupancy:
    """Adds up what workers hold of each resource.

    A lease begins when a worker is sent a test that needs something, and ends with the last of
    the tests that it was sent for: they all need the same, and run one after another.
    """

    __slots__ = ("_capacities", "_held", "_readers", "_seconds", "_since", "_tests", "_used")

    def __init__(self, capacities: Mapping[str, int]) -> None:
        self._capacities = capacities
        #: Worker -> the tests for which it holds anything.
        self._tests: dict[int, set[int]] = {}
        #: Worker -> what it holds.
        self._held: dict[int, Needed] = {}
        self._readers: dict[str, int] = {}
        self._used: dict[str, int] = {}
        self._since: dict[str, float] = {}
        self._seconds: dict[str, float] = {}

    def hold(self, now: float, worker: int, test: int, amounts: Needed) -> None:
        """A worker was sent a test."""
        tests = self._tests.setdefault(worker, set())
        if not tests:
            self._held[worker] = amounts
            for name, (amount, shared) in amounts.items():
                if shared:
                    readers = self._readers[name] = self._readers.get(name, 0) + 1
                    if readers > 1:
                        continue
                self._change(now, name, amount)
        tests.add(test)

    def let_go(self, now: float, worker: int, test: int) -> None:
        """A worker has no more to do with a test, of which nothing may be known."""
        tests = self._tests.get(worker)
        if tests is None or test not in tests:
            return
        tests.remove(test)
        if not tests:
            self._release(now, worker)

    def leave(self, now: float, worker: int) -> None:
        """A worker is gone."""
        if self._tests.pop(worker, None):
            self._release(now, worker)

    def seconds(self) -> dict[str, float]:
        """Resource -> for how many seconds all of it, or twice as long half of it, was held."""
        return {name: held / self._capacities[name] for name, held in self._seconds.items()}

    def _release(self, now: float, worker: int) -> None:
        for name, (amount, shared) in self._held.pop(worker).items():
            if shared:
                self._readers[name] -= 1
                if self._readers[name]:
                    continue
            self._change(now, name, -amount)

    def _change(self, now: float, name: str, amount: int) -> None:
        used = self._used.get(name, 0)
        passed = now - self._since.get(name, now)
        self._seconds[name] = self._seconds.get(name, 0.0) + used * passed
        self._since[name] = now
        self._used[name] = used + amount
