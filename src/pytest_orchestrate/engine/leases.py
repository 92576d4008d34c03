"""Who holds what of the resources.

A worker runs one test at a time, so tests that it was sent and that need the same share one
lease: it holds as much as one of them does, from the first that is sent to the last that ends.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from pytest_orchestrate.model.annotations import Demand

#: Name of a resource, how much of it, and whether it is shared.
Need = tuple[str, int, bool]
#: What a test needs, in a form that is equal for tests that need the same.
Signature = tuple[Need, ...]
#: Resource -> the numbers of the slots that a test has.
Slots = dict[str, list[int]]


def signature(demands: tuple[Demand, ...]) -> Signature:
    """What these demands amount to: the largest of each resource, exclusive if one of them is."""
    needed: dict[str, tuple[int, bool]] = {}
    for demand in demands:
        amount, shared = needed.get(demand.name, (0, True))
        needed[demand.name] = (max(amount, demand.amount), shared and demand.shared)
    return tuple(sorted((name, amount, shared) for name, (amount, shared) in needed.items()))


def scopes(demands: tuple[Demand, ...]) -> dict[str, str]:
    """What is needed for longer than a test: resource -> class or module, the widest named."""
    found: dict[str, str] = {}
    for demand in demands:
        if demand.scope:
            found[demand.name] = min(found.get(demand.name, demand.scope), demand.scope, key=len)
    return found


#: Of more than this the slots are not numbered: bytes of memory, say.
NUMBERED = 4096


class _Lease:
    __slots__ = ("needs", "slots", "tests")

    def __init__(self, needs: Signature, slots: Slots) -> None:
        self.needs = needs
        self.slots = slots
        self.tests: set[int] = set()


class _Kept:
    """What fixtures of a class or module use on a worker; the last test that they were for."""

    __slots__ = ("need", "scope", "slots", "test")

    def __init__(self, need: Need, slots: list[int]) -> None:
        self.need = need
        self.slots = slots
        self.scope = ""
        self.test = -1


class Leases:
    """Grants leases to workers, all of a test's demands at once or none."""

    __slots__ = (
        "_free",
        "_granted",
        "_kept",
        "_of_worker",
        "_readers",
        "_shared_only",
        "_slots",
        "capacities",
        "version",
    )

    def __init__(self) -> None:
        #: Resource -> how much of it there is.
        self.capacities: dict[str, int] = {}
        #: Resource -> how much of it is free.
        self._free: dict[str, int] = {}
        #: Resource -> free slots, ascending; of those that are numbered.
        self._slots: dict[str, list[int]] = {}
        #: Resource -> how many workers share it.
        self._readers: dict[str, int] = {}
        self._of_worker: dict[int, _Lease] = {}
        #: Worker -> resource -> what outlives the tests there.
        self._kept: dict[int, dict[str, _Kept]] = {}
        #: Resource of the machine -> how many of its slots this run has, in use or free.
        self._granted: dict[str, int] = {}
        #: Resources of the machine that other runs share with this one.
        self._shared_only: set[str] = set()
        #: How often something became free.
        self.version = 0

    def provide(self, capacities: Mapping[str, int], hosted: Collection[str] = ()) -> None:
        """Say what there is; what was said before stays.

        :param hosted: Resources of the machine, of which the run has nothing until it is granted.
        """
        for name, amount in capacities.items():
            if name in self.capacities:
                continue
            self.capacities[name] = amount
            if name in hosted:
                self._free[name], self._slots[name], self._granted[name] = 0, [], 0
                continue
            self._free[name] = amount
            if amount <= NUMBERED:
                self._slots[name] = list(range(amount))

    def capacity(self, name: str) -> int:
        """How much there is of a resource; 1 if nobody has said."""
        if name not in self.capacities:
            self.provide({name: 1})
        return self.capacities[name]

    def fits(self, needs: Signature, worker: int = -1) -> bool:
        """Whether all of this can be had now, by this worker or by one that keeps nothing.

        A worker has what it keeps, and can have no more and no less of it.
        """
        kept = self._kept.get(worker)
        for need in needs:
            name, amount, shared = need
            self.capacity(name)
            if kept is not None and name in kept:
                if kept[name].need != need:
                    return False
                continue
            if shared and self._readers.get(name):
                continue
            if self._free[name] < amount or (name in self._shared_only and not shared):
                return False
        return True

    def held_by(self, worker: int) -> Signature:
        """What a worker holds for its tests."""
        lease = self._of_worker.get(worker)
        return () if lease is None else lease.needs

    def has(self, worker: int, needs: Signature) -> bool:
        """Whether a worker holds exactly this already."""
        return worker in self._of_worker and self.held_by(worker) == needs

    def is_held_by(self, worker: int) -> bool:
        """Whether a worker holds anything for its tests."""
        return worker in self._of_worker

    def grant(self, worker: int, test: int, needs: Signature) -> Slots:
        """Let a worker have what a test needs; it :meth:`fits`, or the worker has it."""
        lease = self._of_worker.get(worker)
        if lease is None:
            lease = self._of_worker[worker] = _Lease(needs, self._taken(needs, worker))
        lease.tests.add(test)
        return lease.slots

    def release(self, worker: int, test: int) -> bool:
        """A test needs its lease no more; whether that has freed anything."""
        lease = self._of_worker.get(worker)
        if lease is None or test not in lease.tests:
            return False
        lease.tests.remove(test)
        if lease.tests:
            return False
        del self._of_worker[worker]
        kept = self._kept.get(worker, ())
        for need in lease.needs:
            if need[0] not in kept:
                self._put_back(need, lease.slots[need[0]])
        return True

    def _put_back(self, need: Need, slots: list[int]) -> None:
        self.version += 1
        name, amount, shared = need
        if shared:
            self._readers[name] -= 1
            if self._readers[name]:
                return
        self._free[name] += amount
        if name in self._slots:
            self._slots[name] = sorted(self._slots[name] + slots)

    def short(self, needs: Signature) -> list[str]:
        """The resources of this run of which there is not enough now."""
        own = [need for need in needs if need[0] not in self._granted]
        return [need[0] for need in own if not self.fits((need,))]

    def lacking(self, needs: Signature) -> tuple[str, list[int]]:
        """A resource that is not free for this, and the tests that hold it."""
        for need in needs:
            if not self.fits((need,)):
                holders = [
                    test
                    for lease in self._of_worker.values()
                    if any(held[0] == need[0] for held in lease.needs)
                    for test in sorted(lease.tests)[:1]
                ]
                keepers = [kept[need[0]] for kept in self._kept.values() if need[0] in kept]
                return need[0], holders + [kept.test for kept in keepers]
        return "", []

    # What outlives tests

    def is_kept_by(self, worker: int) -> bool:
        """Whether a worker keeps anything for fixtures of classes and modules."""
        return worker in self._kept

    def kept_by(self, worker: int) -> Collection[str]:
        """The resources that a worker keeps."""
        return self._kept.get(worker, ())

    def keep(self, worker: int, test: int, scopes: Mapping[str, str]) -> None:
        """A test begins whose worker needs these resources for longer: resource -> until when."""
        lease = self._of_worker.get(worker)
        if lease is None or test not in lease.tests:
            return
        kept = self._kept.setdefault(worker, {})
        for need in lease.needs:
            name = need[0]
            if name in scopes:
                each = kept.setdefault(name, _Kept(need, lease.slots[name]))
                each.scope = min(each.scope or scopes[name], scopes[name], key=len)
                each.test = test

    def move_on(self, worker: int, nodeid: str) -> None:
        """A worker begins a test, and has left the classes and modules that this is not of."""
        kept = self._kept.get(worker, {})
        self._let_go(worker, [n for n in kept if not nodeid.startswith(f"{kept[n].scope}::")])

    def leave(self, worker: int) -> None:
        """No fixture of a class or module is up on a worker."""
        self._let_go(worker, list(self._kept.get(worker, ())))

    def _let_go(self, worker: int, names: list[str]) -> None:
        lease = self._of_worker.get(worker)
        used = () if lease is None else [need[0] for need in lease.needs]
        for name in names:
            each = self._kept[worker].pop(name)
            if name not in used:
                self._put_back(each.need, each.slots)
        if names and not self._kept[worker]:
            del self._kept[worker]

    # Resources of the machine

    @property
    def has_hosted(self) -> bool:
        """Whether there are any resources of the machine."""
        return bool(self._granted)

    def is_hosted(self, name: str) -> bool:
        """Whether a resource is the machine's, which other runs share."""
        return name in self._granted

    def needs_machine(self, needs: Signature) -> bool:
        """Whether any of this is the machine's."""
        return any(name in self._granted for name, _, _ in needs)

    def could_fit(self, needs: Signature, worker: int = -1) -> bool:
        """Whether all of this could be had now, as by :meth:`fits`, if the machine granted more."""
        lacks = False
        for need in needs:
            name, amount, _ = need
            if self.fits((need,), worker):
                continue
            if name not in self._granted or self._granted[name] + amount > self.capacities[name]:
                return False
            lacks = True
        return lacks

    def add(self, slots: Mapping[str, list[int]], shared: Collection[str]) -> None:
        """The machine has granted these slots."""
        for name, numbers in slots.items():
            self._free[name] += len(numbers)
            self._granted[name] += len(numbers)
            self._slots[name] = sorted(self._slots[name] + numbers)
            if name in shared:
                self._shared_only.add(name)
        self.version += 1

    def surrender(self) -> Slots:
        """Take out the slots of the machine that nobody here uses."""
        slots = {name: self._slots[name] for name in self._granted if self._slots[name]}
        for name, numbers in slots.items():
            self._slots[name] = []
            self._free[name] -= len(numbers)
            self._granted[name] -= len(numbers)
            self._shared_only.discard(name)
        return slots

    def _taken(self, needs: Signature, worker: int) -> Slots:
        slots: Slots = {}
        kept = self._kept.get(worker, {})
        for name, amount, shared in needs:
            if name in kept:
                slots[name] = kept[name].slots
                continue
            if shared:
                readers = self._readers.get(name, 0)
                self._readers[name] = readers + 1
                if readers:
                    slots[name] = [0]
                    continue
            self._free[name] -= amount
            free = self._slots.get(name, [])
            slots[name] = free[:amount]
            del free[:amount]
        return slots
