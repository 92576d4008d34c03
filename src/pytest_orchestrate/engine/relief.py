"""Work for idle workers: a part of what busy ones have, where moving it gains."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING

from pytest_orchestrate.engine.fleet import Worker
from pytest_orchestrate.engine.stealing import MOVING, at_class_boundary, tail_to_move
from pytest_orchestrate.engine.units import Unit
from pytest_orchestrate.model.commands import Recall
from pytest_orchestrate.model.counting import count_of

if TYPE_CHECKING:
    from pytest_orchestrate.engine.dispatch import Dispatch

#: Victims that are weighed for one thief: those with the most work left.
VICTIMS = 3
#: A worker with this many times its fair share is relieved while units are still pending.
OVERLOAD = 2.0
#: Seconds that it counts to go back to an affinity: fixtures are set up again that were torn down,
#: and who has parametrised a session fixture expects it to be dear.
RETURN = 2.0
#: The same for a file. What it sets up for all of its tests is written to be done once: without
#: workers nobody ever comes back to a file.
RETURN_TO_FILE = 0.1


class Relief:
    """Takes over, splits and recalls, on behalf of a ``Dispatch``."""

    __slots__ = ("_dispatch", "_horizon", "_horizon_until", "next_look")

    def __init__(self, dispatch: Dispatch) -> None:
        self._dispatch = dispatch
        #: Overload is not looked for before this time: rarely, for it concerns all workers.
        self.next_look = 0.0
        self._horizon = 0.0
        self._horizon_until = 0.0

    def relieve(self, worker: Worker) -> bool:
        """Take over a part of the work of somebody who has far too much, though units are pending.

        That shows when tests without history turn out to be long: the rest of their file would
        be split in the end anyhow, and long tests are better started early.
        """
        self.next_look = max(self._dispatch.now * 1.005, self._dispatch.now + 0.01)
        fleet = self._dispatch.fleet
        run = self._dispatch.estimates.run
        if not run.bodies:
            return False  # nothing has turned out yet
        rests = [(self.rest(each), -each.number) for each in fleet.ready]
        usual = run.seen_mean()
        fair_end = (
            sum(rest for rest, _ in rests) + self._dispatch.pending.common.tests * usual
        ) / (len(rests) + fleet.coming)
        rest, negative = max(rests)
        victim = fleet[-negative]
        unit = victim.unit
        if rest < fair_end * OVERLOAD or unit is None or unit.together or not unit.unseen:
            return False
        return self._split(worker, victim, rest, fair_end)

    def victims(self) -> list[tuple[float, int]]:
        """Workers with unstarted tests that others could run: seconds left, -number."""
        found = []
        for worker in self._dispatch.fleet.ready:
            unit = worker.unit
            if (
                (unit is not None and not unit.together)
                or self._dispatch.pending.of(worker.number)
                or self._recallable(worker)
            ):
                found.append((self.rest(worker), -worker.number))
        return nlargest(VICTIMS, found)

    def rest(self, worker: Worker) -> float:
        """Seconds until the worker has done all that it has."""
        seconds = worker.running_rest(self._dispatch.now) + worker.queued_cost
        if worker.unit is not None:
            seconds += worker.unit.work(self._dispatch.estimates)
        shelf = self._dispatch.pending.of(worker.number)
        return seconds if shelf is None else seconds + shelf.work()

    def horizon(self) -> float:
        """About how many seconds the run will still take; looked up rarely."""
        dispatch = self._dispatch
        if dispatch.now >= self._horizon_until:
            self._horizon_until = max(dispatch.now * 1.005, dispatch.now + 0.001)
            fleet = dispatch.fleet
            work = sum(self.rest(worker) for worker in fleet.ready)
            work += dispatch.pending.common.work() + dispatch.constrained.scarce.work
            self._horizon = work / (len(fleet.ready) + fleet.coming)
        return self._horizon

    def is_late(self, unit: Unit) -> bool:
        """Whether something that is more urgent would come too late if it came after a unit."""
        top = self._dispatch.pending.common.most_urgent()
        if top is None or top.priority < unit.priority:
            return False
        if top.priority > unit.priority:
            return True
        if top.behind <= unit.behind:
            return False
        rest = top.behind + top.work(self._dispatch.estimates) + unit.work(self._dispatch.estimates)
        return rest > self.horizon()

    def _fair_end(self) -> float:
        """Seconds until all would be done if what is left could be shared out evenly."""
        fleet = self._dispatch.fleet
        work = sum(self.rest(worker) for worker in fleet.ready)
        return work / (len(fleet.ready) + fleet.coming)

    def steal(self, thief: Worker, victims: list[tuple[float, int]]) -> bool:
        """Take over, or ask back, a part of the work of one of the victims, if that gains."""
        fair_end = self._fair_end()
        for rest, negative in victims:
            victim = self._dispatch.fleet[-negative]
            unit = victim.unit
            if self._take_over(thief, victim, rest, fair_end):
                return self._dispatch.refill(thief)
            if unit is not None and not unit.together:
                if self._split(thief, victim, rest, fair_end):
                    return self._dispatch.refill(thief)
            elif self._recall(thief, victim, rest, fair_end):
                return True
        return False

    def _take_over(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Move a unit, or the end of one, from the victim's shelf to the thief."""
        shelf = self._dispatch.pending.of(victim.number)
        unit = shelf.choose(thief) if shelf is not None else None
        if shelf is None or unit is None:
            return False
        paid = self._paid(thief, unit.file, unit.lane)
        work = unit.work(self._dispatch.estimates)
        # (an idle victim leaves on its shelf what it turned out to lack)
        if paid + work + MOVING >= rest and victim.number not in self._dispatch.fleet.idle:
            return False
        count = unit.left
        if not unit.together and paid + work > rest - work:
            costs = map(self._dispatch.estimates.of, reversed(unit.unsent))
            count = tail_to_move(costs, rest, paid, fair_end + paid) or count
        unit = shelf.take(thief)
        assert unit is not None
        if 0 < count < unit.left:
            shelf_unit, unit = unit, unit.cut(count, self._dispatch.estimates)
            self._dispatch.pending.add([shelf_unit])
        self._dispatch.pending.move_lane(thief, unit.lane)
        thief.unit = unit
        taken = f"took over {count_of(unit.left, 'test')}"
        thief.remember(self._dispatch.now, taken, victim.number)
        return True

    def _split(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Move the last unsent tests of the victim's unit to the thief."""
        unit = victim.unit
        assert unit is not None
        estimates = self._dispatch.estimates
        usable = unit.unsent
        stay: list[int] = []
        if thief.missing and not thief.missing.isdisjoint(usable):
            stay = [test for test in usable if test in thief.missing]
            usable = [test for test in usable if test not in thief.missing]
        paid = self._paid(thief, unit.file, unit.lane)
        count = tail_to_move(map(estimates.of, reversed(usable)), rest, paid, fair_end + paid)
        if not count:
            return False
        if stay:
            going = set(usable[len(usable) - count :])
            unit.tests = [test for test in unit.tests[unit.at :] if test not in going]
            unit.tests += usable[len(usable) - count :]
            unit.at = 0
        elif count < unit.left:
            count = at_class_boundary(self._dispatch.lives.names, usable, count)
        self._dispatch.pending.move_lane(thief, unit.lane)
        thief.unit = unit.cut(count, estimates)
        if not unit.left:
            victim.unit = None
        thief.remember(self._dispatch.now, f"took over {count_of(count, 'test')}", victim.number)
        return True

    def _recallable(self, victim: Worker) -> list[int]:
        """Tests in the victim's queue that could be asked back, the last one first.

        Not what it is about to begin: it would be given that again, having nothing else to do.
        """
        group_of = self._dispatch.maker.group_of
        states = self._dispatch.lives.states
        tests = [
            test for test in reversed(victim.queue) if states[test] == "sent" and group_of[test] < 0
        ]
        if victim.running < 0 and tests and tests[-1] == victim.queue[0]:
            tests.pop()
        constrained = self._dispatch.constrained
        return [test for test in tests if not constrained.is_fixed(test)] if constrained else tests

    def _recall(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Ask the victim for the last tests of its queue; the thief waits for them."""
        tests = self._recallable(victim)
        if thief.missing:
            tests = [test for test in tests if test not in thief.missing]
        if not tests:
            return False
        file = self._dispatch.estimates.file_of[tests[0]]
        paid = self._paid(thief, file, self._dispatch.maker.lane_of[tests[0]])
        count = tail_to_move([victim.costs[test] for test in tests], rest, paid, fair_end + paid)
        if not count:
            return False
        count = at_class_boundary(self._dispatch.lives.names, tests[::-1], count)
        self.recall(victim, tests[count - 1 :: -1], thief.number)
        self._dispatch.hold(thief, f"tests recalled from gw{victim.number} are on their way")
        return True

    def recall(self, victim: Worker, tests: list[int], thief: int = -1) -> None:
        """Ask for these tests, all of them sent, on behalf of a thief that waits for them."""
        for test in tests:
            self._dispatch.lives.move(test, "recall", self._dispatch.now, victim.number)
        victim.recalls.append((tests, thief))
        victim.remember(self._dispatch.now, f"was asked for {count_of(len(tests), 'test')}")
        self._dispatch.out.append(Recall(worker=victim.number, tests=tests))

    def _paid(self, thief: Worker, file: int, lane: int) -> float:
        """Expected seconds that a worker pays before it begins with what it takes over."""
        seconds = 0.0
        if thief.last_file != file:
            seconds = self._dispatch.entry(thief, file)
            if file in thief.left_files:
                seconds += RETURN_TO_FILE
        return seconds + RETURN if lane in thief.left_lanes else seconds
