"""The machine's resources as the engine may meet them: other runs hold some, and let go of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.commands import ReturnSlots, WantSlots
from pytest_orchestrate.model.events import SlotsBusy, SlotsGranted

#: Resource -> its slots on this machine.
HOSTED = {"board": 2, "disk": 1}


class Machine:
    """Grants slots; holds the run to it that it has those only that it uses."""

    def __init__(self) -> None:
        self.of_others: set[tuple[str, int]] = set()
        self.of_run: dict[tuple[str, int], bool] = {}
        self.wanted: list[list[Demand]] = []
        self.owes_answer = False
        #: Test -> the slots that it was sent with.
        self.used_by: dict[int, set[tuple[str, int]]] = {}

    def obey(self, command: WantSlots | ReturnSlots) -> None:
        if isinstance(command, ReturnSlots):
            self._take_back(command)
            return
        assert command.any_of != self.wanted
        self.wanted = command.any_of
        self.owes_answer = bool(self.wanted)
        assert all(HOSTED[demand.name] for demands in self.wanted for demand in demands)

    def _take_back(self, command: ReturnSlots) -> None:
        assert command.slots
        for name, numbers in command.slots.items():
            for number in numbers:
                del self.of_run[name, number]

    def taken_by(self, others: Iterable[tuple[str, int]]) -> None:
        """Other runs have these now, as far as this one has not."""
        self.of_others = set(others) - set(self.of_run)

    def answer(self, now: float) -> SlotsGranted | SlotsBusy:
        self.owes_answer = False
        for demands in self.wanted:
            slots: dict[str, list[int]] = {}
            for demand in demands:
                free = [
                    number
                    for number in range(HOSTED[demand.name])
                    if not {(demand.name, number)} & (self.of_others | set(self.of_run))
                ]
                slots[demand.name] = free[: demand.amount]
            if all(len(slots[demand.name]) == demand.amount for demand in demands):
                shared = [demand.name for demand in demands if demand.shared]
                for name, numbers in slots.items():
                    self.of_run.update(((name, number), name in shared) for number in numbers)
                return SlotsGranted(now=now, slots=slots, shared=shared)
        return SlotsBusy(now=now)

    def sent(self, test: int, slots: Mapping[str, list[int]]) -> None:
        self.used_by[test] = {
            (name, number) for name in HOSTED for number in slots.get(name, ()) if name in slots
        }

    def check(
        self, has: Iterable[Iterable[int]], demands: Mapping[int, tuple[Demand, ...]]
    ) -> None:
        """The run has what its tests use, and nothing else; no slot is used by two workers."""
        used: dict[tuple[str, int], list[bool]] = {}
        for tests in has:
            of_worker: dict[tuple[str, int], bool] = {}
            for test in tests:
                needs = [demand for demand in demands.get(test, ()) if demand.name in HOSTED]
                slots = self.used_by.get(test, set())
                assert {name for name, _ in slots} == {demand.name for demand in needs}
                for slot in slots:
                    alone = any(not d.shared for d in needs if d.name == slot[0])
                    of_worker[slot] = of_worker.get(slot, False) or alone
            for slot, alone in of_worker.items():
                used.setdefault(slot, []).append(alone)
        assert used.keys() == self.of_run.keys()
        for slot, workers in used.items():
            assert len(workers) == 1 or not any(workers), f"{slot} is used by two"
            assert not (self.of_run[slot] and any(workers)), f"{slot} was granted to be shared"
