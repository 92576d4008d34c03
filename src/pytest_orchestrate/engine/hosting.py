"""Resources of the machine, which other runs share: what the run wants, uses and returns.

The run holds a slot only while one of its tests uses it. So it never holds one and waits for
another: all that a test needs is wanted, granted and put to use together, or it goes back.

A worker that is about to choose what to do next, and would take a test that lacks such slots
only, waits for the answer, which comes at once. If the machine has none to spare, the worker
does something else, and is not kept from it again for a while. Who has nothing else to do is
given the test as soon as the slots can be had.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.leases import Signature
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.commands import ReturnSlots, WantSlots
from pytest_orchestrate.model.events import SlotsBusy, SlotsGranted

if TYPE_CHECKING:
    from pytest_orchestrate.engine.dispatch import Dispatch

#: Seconds after a refusal in which workers choose without asking for the same again.
AGAIN = 1.0


class Hosting:
    """Asks for slots of the machine, on behalf of a ``Dispatch``."""

    __slots__ = ("_choosing", "_dispatch", "_leases", "_refused", "_wanted", "handlers")

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        self._leases = dispatch.constrained.leases
        #: What was wanted last, the most urgent first.
        self._wanted: list[Signature] = []
        #: Worker that waits for an answer before it chooses -> what it would take.
        self._choosing: dict[int, list[Signature]] = {}
        #: What the machine could not spare -> when.
        self._refused: dict[Signature, float] = {}
        self.handlers: dict[type, Callable[[Any], None]] = {
            SlotsGranted: self._slots_granted,
            SlotsBusy: self._slots_busy,
        }

    def __bool__(self) -> bool:
        """Whether there are any resources of the machine."""
        return self._leases.has_hosted

    def is_refused(self) -> bool:
        """Whether nothing can be done but to wait for the machine."""
        return bool(self._wanted) and not self._choosing

    def is_asked_by(self, worker: Worker) -> bool:
        """Whether a worker has to wait for an answer before it chooses."""
        return worker.number in self._choosing

    def ask_for(self, worker: Worker, *, ahead: bool) -> bool:
        """A worker chooses. Whether it has to wait for an answer first.

        :param ahead: It has so much to do that it does not choose what others may want.
        """
        if ahead or not self:
            return False
        soonest = self._dispatch.now - AGAIN
        fresh = [
            needs
            for needs in self._wishes_of(worker)
            if needs not in self._wanted and self._refused.get(needs, soonest) <= soonest
        ]
        if fresh:
            self._choosing[worker.number] = fresh
        return bool(fresh)

    def settle(self, *, stopped: bool) -> None:
        """At the end of each event: return what nobody uses, say what is wanted."""
        dispatch = self._dispatch
        unused = self._leases.surrender()
        if unused:
            dispatch.out.append(ReturnSlots(slots=unused))
        wanted = [] if stopped else self._wishes()
        if wanted != self._wanted:
            self._wanted = wanted
            any_of = [[Demand(*need) for need in needs] for needs in wanted]
            dispatch.out.append(WantSlots(any_of=any_of))

    def _wishes(self) -> list[Signature]:
        """What workers would take that choose, or have nothing to do."""
        fleet = self._dispatch.fleet
        choosing = self._choosing.items()
        wishes = [n for number, each in choosing if fleet[number].state == "ready" for n in each]
        for number in fleet.idle:
            wishes += self._wishes_of(fleet[number])
        if fleet.idle and len(fleet.idle) == len(fleet.ready):
            constrained = self._dispatch.constrained
            alone = [constrained.needs_of(test) for _, test in sorted(constrained.exclusive)]
            wishes += map(self._of_machine, filter(self._leases.could_fit, alone))
        return list(dict.fromkeys(wishes))

    def _wishes_of(self, worker: Worker) -> list[Signature]:
        """What a worker would take before all that it can have, if the machine granted it."""
        constrained, leases = self._dispatch.constrained, self._leases
        if leases.is_held_by(worker.number) or constrained.alone_on not in (-1, worker.number):
            return []
        wishes: list[Signature] = []
        tests = constrained.kept_for(worker)
        if self._dispatch.course:
            tests = self._dispatch.course.waiting_for_leases(worker) + tests
        for needs in map(constrained.needs_of, tests):
            if leases.fits(needs, worker.number):
                return wishes
            if leases.could_fit(needs, worker.number):
                wishes.append(self._of_machine(needs))
        return [*wishes, *map(self._of_machine, constrained.scarce.wishes(worker))]

    def _of_machine(self, needs: Signature) -> Signature:
        """Of what a test needs, that which the machine has to grant."""
        return tuple(need for need in needs if self._leases.is_hosted(need[0]))

    def _slots_granted(self, event: SlotsGranted) -> None:
        self._leases.add(event.slots, event.shared)
        self._let_choose()

    def _slots_busy(self, event: SlotsBusy) -> None:
        self._refused.update((needs, event.now) for needs in self._wanted)
        self._let_choose()

    def _let_choose(self) -> None:
        """Who waited for the answer goes on; idle workers are looked at after every event."""
        choosing, self._choosing = self._choosing, {}
        for number in choosing:
            worker = self._dispatch.fleet[number]
            if worker.state == "ready" and not worker.is_idle:
                self._dispatch.refill(worker)
