"""What constraints forbid, told anew, so that the engine is held to it at every command."""

from __future__ import annotations

from collections.abc import Mapping

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.events import Constraint
from pytest_orchestrate.model.need import Need

GOOD = ("passed", "xpassed")


#: Resource -> demand and slots of what fixtures of classes and modules use on a worker.
Up = Mapping[str, tuple[Demand, list[int]]]


class Rules:
    """The constraints of a run. ``ended``: outcome by test; ``has``: tests by worker."""

    def __init__(self, resources: Mapping[str, int], *, serial: bool) -> None:
        self.resources = resources
        self.serial = serial
        self.of: dict[int, Constraint] = {}

    def know(self, constraints: list[Constraint]) -> None:
        self.of.update((each.test, each) for each in constraints)

    def check_assigned(
        self,
        test: int,
        number: int,
        ended: Mapping[int, str],
        has: Mapping[int, list[int]],
        places: Mapping[int, int],
        up: Mapping[int, Up],
    ) -> None:
        """A worker was sent a test; ``has`` holds that already. ``up``: what fixtures use."""
        each = self.of.get(test)
        for need in each.needs if each else ():
            assert self.is_met(need, ended), f"test {test} is sent before {need} is met"
            if need.colocate and not self.serial:
                there = {places[target] for target in need.targets if target in places}
                assert number in there, f"test {test} has to run on one of {there}"
        if self.serial:
            return
        for name, capacity in self.resources.items():
            taken = [self.share(name, tests, up[worker]) for worker, tests in has.items()]
            writers = sum(amount for amount, shared in taken if not shared)
            readers = any(amount for amount, shared in taken if shared)
            assert writers + readers <= capacity, f"{name} is used by {taken}"
        alone = [
            worker
            for worker, tests in has.items()
            if any(self.of[test].exclusive for test in tests if test in self.of)
        ]
        busy = [worker for worker, tests in has.items() if tests]
        assert not alone or busy == alone, f"gw{alone[0]} wants to be alone, but {busy} are busy"

    def check_slots(
        self,
        has: Mapping[int, list[int]],
        slots: Mapping[int, Mapping[str, list[int]]],
        up: Mapping[int, Up],
    ) -> None:
        """No two workers have the same slot, unless they share it."""
        for name in self.resources:
            used: set[int] = set()
            for worker, tests in has.items():
                if self.serial or self.share(name, tests, up[worker])[1]:
                    continue
                mine = {slot for test in tests for slot in slots[test].get(name, ())}
                mine |= set(up[worker][name][1]) if name in up[worker] else set()
                assert not mine & used, f"slots {mine & used} of {name} are used twice"
                used |= mine

    def share(self, name: str, tests: list[int], up: Up) -> tuple[int, bool]:
        """How much of a resource a worker holds, and whether it shares it."""
        demands = [
            demand
            for test in tests
            if test in self.of
            for demand in self.of[test].demands
            if demand.name == name
        ]
        demands += [up[name][0]] if name in up else []
        if not demands:
            return 0, True
        return max(demand.amount for demand in demands), all(demand.shared for demand in demands)

    def is_met(self, need: Need, ended: Mapping[int, str]) -> bool:
        good = [self.is_good(need, ended.get(target)) for target in need.targets]
        return any(good) if need.any else all(good)

    def is_hopeless(self, need: Need, ended: Mapping[int, str]) -> bool:
        bad = [target in ended and not self.is_good(need, ended[target]) for target in need.targets]
        return all(bad) if need.any else any(bad)

    @staticmethod
    def is_good(need: Need, outcome: str | None) -> bool:
        if need.when == "ran":
            return outcome not in (None, "not run")
        return outcome in GOOD
