"""Tests that may not run whenever a worker is free: requirements, resources, exclusiveness.

What is ready and needs nothing but a worker is not kept here; the rest is, until it is.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from heapq import heapify, heappush

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Fleet, Worker
from pytest_orchestrate.engine.leases import NUMBERED, Leases, Signature, Slots, scopes, signature
from pytest_orchestrate.engine.lifecycle import TestLives
from pytest_orchestrate.engine.readiness import Readiness
from pytest_orchestrate.engine.scarce import Scarce
from pytest_orchestrate.engine.urgency import Urgency, urgency
from pytest_orchestrate.engine.verdicts import STRANDED, Ended, Verdict
from pytest_orchestrate.model.events import Constraint

NOBODY = -1  #: no worker


class Constrained:
    """Keeps tests back until they may run."""

    __slots__ = (
        "_alone",
        "_colocated",
        "_constraints",
        "_fleet",
        "_floating",
        "_group_of",
        "_groups",
        "_likely",
        "_lives",
        "_pinned",
        "_places",
        "_ran_on",
        "_slots",
        "alone_on",
        "exclusive",
        "is_serial",
        "leases",
        "led",
        "readiness",
        "scarce",
        "scopes",
        "urgency",
    )

    def __init__(
        self, lives: TestLives, fleet: Fleet, estimates: Estimates, group_of: list[int]
    ) -> None:
        self._lives = lives
        self._fleet = fleet
        self._constraints: dict[int, Constraint] = {}
        self.readiness = Readiness(lives)
        self.leases = Leases()
        self.scarce = Scarce(estimates, self.leases)
        self.exclusive: list[tuple[int, int]] = []  #: ready, want to be alone: -priority, test
        self._alone = -1
        self.alone_on = NOBODY  #: the worker that runs a test which wants to be alone
        self._pinned: dict[int, list[tuple[int, int]]] = {}  #: worker -> those that run there
        self._colocated: dict[int, list[int]] = {}  #: test -> tests on whose worker it runs
        self._ran_on: dict[int, int] = {}  #: of those, where they ran
        self._group_of = group_of  #: test -> its group, or -1
        #: Groups of which a test has constraints; so its tests become ready one by one.
        self._groups: set[int] = set()
        self._places: dict[int, int] = {}  #: of those, the worker that runs them
        #: Of those without a worker, the ready tests: -priority, test.
        self._floating: dict[int, list[tuple[int, int]]] = {}
        #: Test -> its level of urgency for being likely to fail; of those that are.
        self._likely: dict[int, int] = {}
        self.urgency: Urgency = {}
        self.is_serial = False  #: tests run one at a time, so nothing is ever taken
        #: Tests whose turn is known; nothing but what they require keeps them back here.
        self.led: Container[int] = ()
        self._slots: dict[int, Slots] = {}
        #: Test -> resource -> the class or module for which it needs that; of those with any.
        self.scopes: dict[int, dict[str, str]] = {}

    def __bool__(self) -> bool:
        """Whether any test has constraints at all."""
        return bool(self._constraints)

    @property
    def left(self) -> bool:
        """Whether anything is kept back."""
        return bool(
            self.readiness or self.scarce or self.exclusive or self._pinned or self._floating
        )

    @property
    def takeable(self) -> bool:
        """Whether a worker may find something here now."""
        return bool(self.scarce or self._pinned or self._floating)

    def know(
        self, constraints: Iterable[Constraint], likely: Mapping[int, int], estimates: Estimates
    ) -> list[Verdict]:
        """Constraints of tests that are known. Returns which of them will not run, and why.

        :param likely: Which tests are urgent for being likely to fail.
        """
        refused = [each for constraint in constraints for each in self._take_in(constraint)]
        for verdict in tuple(refused):
            self.readiness.forget(verdict.test)
        for verdict in tuple(refused):
            settled = self.readiness.settle(verdict.test, verdict.outcome)
            refused += [self._verdict(*each) for each in settled.blocked]
        self.readiness.measure(estimates.of)
        self._likely.update(likely)
        self.urgency = urgency(self._constraints, self._likely, self.readiness.behind)
        return refused

    @property
    def top_priority(self) -> int:
        """The highest priority of what may run as soon as it can have what it needs."""
        kept = [*self._pinned.values(), *self._floating.values()]
        return max([self.scarce.top_priority, *(-min(entries)[0] for entries in kept)])

    def _take_in(self, each: Constraint) -> Iterator[Verdict]:
        """Take note of constraints; yields why the test will not run, if that shows already."""
        test = each.test
        self._constraints[test] = each
        if of := scopes(each.demands):
            self.scopes[test] = of
        if self._group_of[test] >= 0:
            self._groups.add(self._group_of[test])
        reason = self.readiness.add(test, each.needs) if each.needs else None
        there = [t for need in each.needs if need.colocate for t in need.targets]
        if there:
            self._colocated[test] = there
            self._ran_on.update((target, self._lives.ran_on(target)) for target in there)
            if reason is None and not self.readiness.is_waiting(test) and self.is_stranded(test):
                reason = STRANDED
        if each.refused is not None:
            yield Verdict(test, each.refused, outcome="error" if each.is_error else "blocked")
        elif reason is not None:
            yield self._verdict(test, reason)

    def admit(self, tests: Iterable[int]) -> list[int]:
        """Keep back what has to be; returns the tests that need nothing but a worker."""
        if not self._constraints:
            return list(tests)
        return [test for test in tests if not self._keeps(test)]

    def take(self, worker: Worker, *, ahead: bool) -> int | None:
        """A test for a worker, with what it needs granted; None if there is none for it.

        :param ahead: The worker has so much to do that others should have the resources first.
        """
        holds = self.leases.is_held_by(worker.number)
        if self._pinned or self._floating:
            test = self._take_pinned(worker, holds=holds)
            if test is not None:
                return test
        if not self.scarce or (ahead and not holds):
            return None
        fleet = self._fleet
        alone = not fleet.coming and len(fleet.idle) <= worker.is_idle
        taken = self.scarce.take(worker, inherit=holds, alone=alone)
        if taken is not None:
            self.grant(worker, taken)
        return taken

    def take_here(self, worker: Worker, least: int) -> int | None:
        """A test of the file that a worker is in, with what it needs granted, if there is one."""
        if not self.scarce or self.leases.is_held_by(worker.number):
            return None
        taken = self.scarce.take_here(worker, least)
        if taken is not None:
            self.grant(worker, taken)
        return taken

    def take_alone(self, worker: Worker) -> int | None:
        """A test that wants to be alone, now that nobody runs anything."""
        usable = [
            entry
            for entry in self.exclusive
            if entry[1] not in worker.missing
            and self._place(entry[1]) in (NOBODY, worker.number)
            and self.leases.fits(self.needs_of(entry[1]), worker.number)
        ]
        if not usable:
            return None
        entry = min(usable)
        self.exclusive.remove(entry)
        self.begin_alone(entry[1], worker)
        if self._group_of[entry[1]] >= 0:
            self._settle_group(self._group_of[entry[1]], worker)
        return self._alone

    def begin_alone(self, test: int, worker: Worker) -> None:
        """From now on nobody runs anything, but for this test on this worker."""
        self._alone, self.alone_on = test, worker.number
        if self.needs_of(test):
            self.grant(worker, test)

    def is_exclusive(self, test: int) -> bool:
        """Whether a test wants to be alone."""
        each = self._constraints.get(test)
        return each is not None and each.exclusive

    def kept_for(self, worker: Worker) -> list[int]:
        """Tests for this worker alone, or of groups that have none, the most urgent first."""
        entries = [*self._pinned.get(worker.number, ()), *map(min, self._floating.values())]
        return [test for _, test in sorted(entries) if test not in worker.missing]

    def slots(self, tests: Iterable[int]) -> dict[int, Slots]:
        """The slots of tests that are being sent."""
        if self.is_serial:
            return {
                test: self._slots.pop(test, {})
                or {
                    name: list(range(amount)) if amount <= NUMBERED else []
                    for name, amount, _ in self.needs_of(test)
                }
                for test in tests
                if test in self._constraints and self._constraints[test].demands
            }
        return {test: self._slots.pop(test) for test in tests if test in self._slots}

    def is_fixed(self, test: int) -> bool:
        """Whether a test that was sent has to stay where it is, or could not run elsewhere now."""
        each = self._constraints.get(test)
        if each is None:
            return False
        if each.exclusive or test in self._colocated:
            return True
        return bool(each.demands) and not self.leases.fits(self.needs_of(test))

    def ended(self, test: int, outcome: str, worker: int) -> Ended:
        """A test has ended, on a worker or on none."""
        self.give_back(test, worker)
        if test in self._ran_on:
            self._ran_on[test] = worker
        settled = self.readiness.settle(test, outcome)
        blocked = [self._verdict(*each) for each in settled.blocked]
        free = []
        for ready in settled.ready:
            if self.is_stranded(ready):
                blocked.append(Verdict(ready, STRANDED))
                more = self.ended(ready, "blocked", NOBODY)
                free += more.free
                blocked += more.blocked
            elif not self._keeps(ready):
                free.append(ready)
        return Ended(free, blocked)

    def give_back(self, test: int, worker: int) -> None:
        """A test is no longer on a worker."""
        self.leases.release(worker, test)
        if test == self._alone:
            self._alone, self.alone_on = -1, NOBODY

    def worker_left(self, worker: int) -> list[int]:
        """A worker is gone; returns the tests that were kept for it."""
        self.leases.leave(worker)
        self._places = {group: at for group, at in self._places.items() if at != worker}
        here = [entry for entry in self.exclusive if self._place(entry[1]) == worker]
        self.exclusive = [entry for entry in self.exclusive if entry not in here]
        return [test for _, test in (*self._pinned.pop(worker, []), *here)]

    def clear(self) -> list[int]:
        """Keep nothing back any more; returns what was."""
        pinned = [test for tests in self._pinned.values() for _, test in tests]
        self._pinned.clear()
        return self.readiness.clear() + self.take_out_ready() + pinned

    def take_out_ready(self) -> list[int]:
        """Take out what may run on any worker as soon as resources and others allow."""
        tests = self.scarce.clear() + [test for _, test in self.exclusive]
        tests += [test for floating in self._floating.values() for _, test in floating]
        self.exclusive.clear()
        self._floating.clear()
        return tests

    def why_held(self) -> str:
        """Why a worker finds nothing here."""
        if self.alone_on != NOBODY:
            return f"{self._lives.names[self._alone]} runs alone"
        if self.scarce:
            return self.scarce.why_not(self._lives.names)
        if self.exclusive:
            return f"{self._lives.names[min(self.exclusive)[1]]} waits until nobody runs anything"
        if self._pinned or self._floating:
            return "what is left has to run on other workers"
        return "what is left waits for tests that it requires"

    def _keeps(self, test: int) -> bool:
        """Keep a test back, if it has to be."""
        group = self._group_of[test]
        each = self._constraints.get(test)
        if each is None and group not in self._groups:
            return False
        if self.readiness.is_waiting(test):
            return True
        never_waits = self.is_serial and not self.leases.needs_machine(self.needs_of(test))
        if never_waits or test in self.led:
            return False
        priority, behind = self.urgency.get(test, (0, 0.0))
        entry = (-priority, test)
        if each is not None and each.exclusive:
            self.exclusive.append(entry)
        elif self._place(test) != NOBODY:
            heappush(self._pinned.setdefault(self._place(test), []), entry)
        elif group in self._groups:
            heappush(self._floating.setdefault(group, []), entry)
        elif each is not None and each.demands:
            self.scarce.add(test, self.needs_of(test), priority, behind, self._class_of(test))
        else:
            return False
        return True

    def _place(self, test: int) -> int:
        """The worker on which a test has to run, or nobody if any will do."""
        if test in self._colocated:
            return self._worker_for(test)
        place = self._places.get(self._group_of[test], NOBODY)
        if place != NOBODY and test in self._fleet[place].missing:
            return NOBODY  # it cannot be with its group
        return place

    def _take_pinned(self, worker: Worker, *, holds: bool) -> int | None:
        """A test that has to run on this worker, or of a group that has no worker yet."""
        test = self._pop_pinned(worker, holds=holds)
        if test is None and self._floating:
            usable = [
                (entries[0], group)
                for group, entries in self._floating.items()
                if any(test not in worker.missing for _, test in entries)
            ]
            if usable:
                self._settle_group(min(usable)[1], worker)
                test = self._pop_pinned(worker, holds=holds)
        return test

    def _settle_group(self, group: int, worker: Worker) -> None:
        """From now on a group runs on this worker, but for the tests that it lacks."""
        self._places[group] = worker.number
        rest = []
        for entry in self._floating.pop(group, []):
            if entry[1] in worker.missing:
                rest.append(entry)
            else:
                heappush(self._pinned.setdefault(worker.number, []), entry)
        if rest:
            self._floating[group] = rest

    def _pop_pinned(self, worker: Worker, *, holds: bool) -> int | None:
        pinned = self._pinned.get(worker.number, [])
        for entry in sorted(pinned):
            test = entry[1]
            needs = self.needs_of(test)
            has = self.leases.has(worker.number, needs)
            if test in worker.missing or (
                needs and not has and (holds or not self.leases.fits(needs, worker.number))
            ):
                continue
            if needs:
                self.grant(worker, test)
            pinned.remove(entry)
            heapify(pinned)
            if not pinned:
                del self._pinned[worker.number]
            return test
        return None

    def grant(self, worker: Worker, test: int) -> None:
        """Let a worker have what a test needs; that can be had."""
        self._slots[test] = self.leases.grant(worker.number, test, self.needs_of(test))
        self.scarce.last_class[worker.number] = self._class_of(test)

    def _class_of(self, test: int) -> str:
        """The class for which a test needs something, or nothing."""
        return max(self.scopes.get(test, {}).values(), key=len, default="")

    def _verdict(self, test: int, reason: str) -> Verdict:
        return Verdict(test, reason, self.readiness.root(test))

    def needs_of(self, test: int) -> Signature:
        """The resources that a test needs."""
        each = self._constraints.get(test)
        return signature(each.demands) if each is not None else ()

    def _worker_for(self, test: int) -> int:
        """The worker on which a colocated test has to run."""
        return next((self._ran_on[each] for each in self._colocated[test]), NOBODY)

    def is_stranded(self, test: int) -> bool:
        """Whether the worker on which a test has to run is gone, or lacks the test."""
        if test not in self._colocated:
            return False
        number = self._worker_for(test)
        if number == NOBODY:
            return True
        return self._fleet[number].state != "ready" or test in self._fleet[number].missing
