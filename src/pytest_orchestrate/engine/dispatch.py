"""Giving work to workers: sending ahead, splitting, recalling, holding, closing."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import nlargest

from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Fleet, Worker
from pytest_orchestrate.engine.lifecycle import TestLives
from pytest_orchestrate.engine.planning import split
from pytest_orchestrate.engine.shelves import Shelves
from pytest_orchestrate.engine.stealing import MOVING, at_class_boundary, tail_to_move
from pytest_orchestrate.engine.units import Unit, UnitMaker
from pytest_orchestrate.model.commands import AnyCommand, Assign, Close, Hold, Recall

#: Tests that are sent ahead at least, as far as the unit in hand has them.
AHEAD = 2
#: Victims that are weighed for one thief: those with the most work left.
VICTIMS = 3
#: Of the work that is left for each worker, the share below which the next unit is taken
#: ahead: so early a choice does no harm then.
EARLY = 0.02
#: Seconds that it counts to go back to an affinity: fixtures are set up again that were torn down,
#: and who has parametrised a session fixture expects it to be dear.
RETURN = 2.0
#: A worker with this many times its fair share is relieved while units are still pending.
OVERLOAD = 2.0


class Dispatch:
    """Decides what ready workers do next; appends commands to :attr:`out`."""

    __slots__ = (
        "_next_look",
        "estimates",
        "fleet",
        "lives",
        "lookahead",
        "maker",
        "now",
        "out",
        "pending",
        "tests_known",
        "unsent_work",
    )

    def __init__(self) -> None:
        self.lives = TestLives()
        self.fleet = Fleet()
        self.estimates = Estimates()
        self.maker = UnitMaker(self.estimates)
        self.pending = Shelves(self.estimates)
        self.lookahead = 0.0
        self.now = 0.0
        self.tests_known = False
        #: Seconds of tests that were not sent, by the estimates of the time they came in.
        self.unsent_work = 0.0
        self.out: list[AnyCommand] = []
        #: Overload is not looked for before this time: rarely, for it concerns all workers.
        self._next_look = 0.0

    def plan(self, tests: Iterable[int], workers: int) -> None:
        """Make new tests pending."""
        units = self.maker.units(tests)
        if not self.pending.in_order:
            units = split(units, self.estimates, workers)
        self.pending.add(units)
        self.unsent_work += sum(unit.work(self.estimates) for unit in units)

    def put_back(self, tests: Iterable[int], *, counted: bool = False) -> None:
        """Make tests pending. ``counted``: they were just before."""
        tests = sorted(tests)
        self.pending.add(self.maker.units(tests))
        if not counted:
            self.unsent_work += sum(map(self.estimates.of, tests))

    def hand_over(self, tests: list[int], thief: int) -> None:
        """Tests came back that this thief (or nobody, -1) had asked for."""
        units = self.maker.units(sorted(tests))
        self.unsent_work += sum(unit.work(self.estimates) for unit in units)
        worker = self.fleet[thief] if thief >= 0 else None
        if units and worker is not None and worker.is_idle:
            unit = units.pop(0)
            self.pending.move_lane(worker, unit.lane)
            worker.unit = unit
            self.refill(worker)
        self.pending.add(units)

    def needs_another(self) -> bool:
        """Whether a further worker would find work."""
        if not self.tests_known or self.pending:
            return True
        return any(each.unit is not None and not each.unit.together for each in self.fleet.ready)

    # Sending ahead

    def refill(self, worker: Worker) -> bool:
        """Send tests ahead if few are left; whether any were sent.

        Sent are about :attr:`lookahead` seconds of work and no fewer than two tests, once less
        than half of that is left: few messages, each with many tests.
        """
        queue = worker.queue
        count = len(queue)
        work = worker.queued_cost
        lookahead = self.lookahead
        if count >= AHEAD and work >= lookahead * 0.5:
            return False
        estimates = self.estimates
        unit = worker.unit
        batch: list[int] = []
        while count < AHEAD or work < lookahead:
            if unit is None or not unit.left:
                unit = self._next_unit(worker, work)
                if unit is None:
                    break
            test = unit.pop(estimates)
            file = estimates.file_of[test]
            seconds = estimates.of(test)
            self.unsent_work -= seconds
            if file != worker.last_file:
                seconds += self.entry(worker, file)
                worker.last_file = file
                if worker.collected is not None:
                    worker.collected.add(file)
            work += seconds
            worker.costs[test] = seconds
            batch.append(test)
            queue.append(test)
            count += 1
        worker.unit = unit if unit is not None and unit.left else None
        if not batch:
            return False
        worker.queued_cost = work
        move = self.lives.move
        for test in batch:
            move(test, "send", self.now, worker.number)
        if worker.is_idle:
            self.fleet.set_busy(worker)
        worker.remember(self.now, f"was sent {len(batch)} tests")
        self.out.append(Assign(worker=worker.number, tests=batch))
        return True

    def _next_unit(self, worker: Worker, queued: float) -> Unit | None:
        """What the worker goes on with when its unit is used up; ``queued`` seconds wait there."""
        if not self.pending or not (worker.is_empty or self._wants_unit(worker, queued)):
            return None
        if self.now >= self._next_look and self._relieve(worker):
            return worker.unit
        return self.pending.take(worker)

    def paid(self, thief: Worker, file: int, lane: int) -> float:
        """Expected seconds that a worker pays before it begins with what it takes over."""
        seconds = self.entry(thief, file) if thief.last_file != file else 0.0
        return seconds + RETURN if lane in thief.left_lanes else seconds

    def entry(self, worker: Worker, file: int) -> float:
        """Expected seconds to enter a file on a worker, which may have to collect it first."""
        seconds = self.estimates.entry(file)
        if worker.collected is not None and file not in worker.collected:
            seconds += self.estimates.collect(file)
        return seconds

    def _relieve(self, worker: Worker) -> bool:
        """Take over a part of the work of somebody who has far too much, though units are pending.

        That shows when tests without history turn out to be long: the rest of their file would
        be split in the end anyhow, and long tests are better started early.
        """
        self._next_look = max(self.now * 1.005, self.now + 0.01)
        fleet = self.fleet
        run = self.estimates.run
        if not run.bodies:
            return False  # nothing has turned out yet
        rests = [(self.rest(each), -each.number) for each in fleet.ready]
        usual = run.seen_mean()
        fair_end = (sum(rest for rest, _ in rests) + self.pending.common.tests * usual) / (
            len(rests) + fleet.coming
        )
        rest, negative = max(rests)
        victim = fleet[-negative]
        unit = victim.unit
        if rest < fair_end * OVERLOAD or unit is None or unit.together or not unit.unseen:
            return False
        return self._split(worker, victim, rest, fair_end)

    def _wants_unit(self, worker: Worker, queued: float) -> bool:
        """Whether a worker that has something to do is to choose its next unit already.

        Not while others have nothing at all, unless it has units of its own. In collection order
        there is nothing to choose. Else it waits until little is left to do, for until then
        others may be free for the longest unit.
        """
        fleet = self.fleet
        if len(fleet.idle) > worker.is_idle and not self.pending.of(worker.number):
            return False
        if self.pending.in_order:
            return True
        ahead = queued + worker.running_rest(self.now)
        share = self.unsent_work / (len(fleet.ready) or 1)
        return ahead <= self.lookahead or ahead < share * EARLY

    # Idle workers

    def feed_idle(self) -> None:
        """Find something to do for each idle worker, or say why not, or let it go."""
        fleet = self.fleet
        if not self.tests_known:
            for number in fleet.idle:
                self._hold(fleet[number], "no tests are known yet")
            return
        idle = [fleet[number] for number in fleet.idle]
        if self.pending:
            idle = [worker for worker in idle if not self.refill(worker)]
        if not idle:
            return
        victims = self._victims()
        refused: list[tuple[int, frozenset[int], int]] = []
        for worker in idle:
            who = -1 if worker.collected is None else worker.number
            circumstances = (worker.last_file, worker.missing, who)
            if victims and circumstances not in refused:
                moved = self._steal(worker, victims)
                if moved:
                    victims = self._victims()
                    continue
                refused.append(circumstances)
            self._leave_waiting(worker, victims)

    def _victims(self) -> list[tuple[float, int]]:
        """Workers with unstarted tests that others could run: seconds left, -number."""
        found = []
        for worker in self.fleet.ready:
            unit = worker.unit
            if (
                (unit is not None and not unit.together)
                or self.pending.of(worker.number)
                or self._recallable(worker)
            ):
                found.append((self.rest(worker), -worker.number))
        return nlargest(VICTIMS, found)

    def rest(self, worker: Worker) -> float:
        """Seconds until the worker has done all that it has."""
        seconds = worker.running_rest(self.now) + worker.queued_cost
        if worker.unit is not None:
            seconds += worker.unit.work(self.estimates)
        shelf = self.pending.of(worker.number)
        return seconds if shelf is None else seconds + shelf.work()

    def _fair_end(self) -> float:
        """Seconds until all would be done if what is left could be shared out evenly."""
        fleet = self.fleet
        work = sum(self.rest(worker) for worker in fleet.ready)
        return work / (len(fleet.ready) + fleet.coming)

    def _steal(self, thief: Worker, victims: list[tuple[float, int]]) -> bool:
        """Take over, or ask back, a part of the work of one of the victims, if that gains."""
        fair_end = self._fair_end()
        for rest, negative in victims:
            victim = self.fleet[-negative]
            unit = victim.unit
            if self._take_over(thief, victim, rest, fair_end):
                return self.refill(thief)
            if unit is not None and not unit.together:
                if self._split(thief, victim, rest, fair_end):
                    return self.refill(thief)
            elif self._recall(thief, victim, rest, fair_end):
                return True
        return False

    def _take_over(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Move a unit, or the end of one, from the victim's shelf to the thief."""
        shelf = self.pending.of(victim.number)
        unit = shelf.choose(thief) if shelf is not None else None
        if shelf is None or unit is None:
            return False
        paid = self.paid(thief, unit.file, unit.lane)
        work = unit.work(self.estimates)
        # (an idle victim leaves on its shelf what it turned out to lack)
        if paid + work + MOVING >= rest and victim.number not in self.fleet.idle:
            return False
        count = unit.left
        if not unit.together and paid + work > rest - work:
            costs = map(self.estimates.of, reversed(unit.unsent))
            count = tail_to_move(costs, rest, paid, fair_end + paid) or count
        unit = shelf.take(thief)
        assert unit is not None
        if 0 < count < unit.left:
            shelf_unit, unit = unit, unit.cut(count, self.estimates)
            self.pending.add([shelf_unit])
        self.pending.move_lane(thief, unit.lane)
        thief.unit = unit
        thief.remember(self.now, f"took over {unit.left} tests", victim.number)
        return True

    def _split(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Move the last unsent tests of the victim's unit to the thief."""
        unit = victim.unit
        assert unit is not None
        estimates = self.estimates
        usable = unit.unsent
        stay: list[int] = []
        if thief.missing and not thief.missing.isdisjoint(usable):
            stay = [test for test in usable if test in thief.missing]
            usable = [test for test in usable if test not in thief.missing]
        paid = self.paid(thief, unit.file, unit.lane)
        count = tail_to_move(map(estimates.of, reversed(usable)), rest, paid, fair_end + paid)
        if not count:
            return False
        if stay:
            going = set(usable[len(usable) - count :])
            unit.tests = [test for test in unit.tests[unit.at :] if test not in going]
            unit.tests += usable[len(usable) - count :]
            unit.at = 0
        elif count < unit.left:
            count = at_class_boundary(self.lives.names, usable, count)
        self.pending.move_lane(thief, unit.lane)
        thief.unit = unit.cut(count, estimates)
        if not unit.left:
            victim.unit = None
        thief.remember(self.now, f"took over {count} tests", victim.number)
        return True

    def _recallable(self, victim: Worker) -> list[int]:
        """Tests in the victim's queue that could be asked back, the last one first."""
        group_of = self.maker.group_of
        states = self.lives.states
        return [
            test for test in reversed(victim.queue) if states[test] == "sent" and group_of[test] < 0
        ]

    def _recall(self, thief: Worker, victim: Worker, rest: float, fair_end: float) -> bool:
        """Ask the victim for the last tests of its queue; the thief waits for them."""
        tests = self._recallable(victim)
        if thief.missing:
            tests = [test for test in tests if test not in thief.missing]
        if not tests:
            return False
        file = self.estimates.file_of[tests[0]]
        paid = self.paid(thief, file, self.maker.lane_of[tests[0]])
        count = tail_to_move([victim.costs[test] for test in tests], rest, paid, fair_end + paid)
        if not count:
            return False
        self.recall(victim, tests[count - 1 :: -1], thief.number)
        self._hold(thief, f"tests recalled from gw{victim.number} are on their way")
        return True

    def recall(self, victim: Worker, tests: list[int], thief: int = -1) -> None:
        """Ask for these tests, all of them sent, on behalf of a thief that waits for them."""
        for test in tests:
            self.lives.move(test, "recall", self.now, victim.number)
        victim.recalls.append((tests, thief))
        victim.remember(self.now, f"was asked for {len(tests)} tests")
        self.out.append(Recall(worker=victim.number, tests=tests))

    def _leave_waiting(self, worker: Worker, victims: list[tuple[float, int]]) -> None:
        """Nothing can be done by this worker now: hold or close it."""
        if victims:
            busiest = -victims[0][1]
            reason = f"moving the tests that gw{busiest} has would cost more than waiting"
            self._hold(worker, reason)
            return
        for other in self.fleet.ready:
            if other.recalls:
                self._hold(worker, f"tests recalled from gw{other.number} are on their way")
                return
        for other in self.fleet:
            if other.state == "joined" and self.pending.of(other.number):
                self._hold(
                    worker, f"gw{other.number} has collected the rest, and is about to begin"
                )
                return
        self.close(worker)

    def _hold(self, worker: Worker, reason: str) -> None:
        if worker.hold != reason:
            worker.hold = reason
            worker.remember(self.now, f"is held: {reason}")
            self.out.append(Hold(worker=worker.number, reason=reason))

    def close(self, worker: Worker) -> None:
        """Nothing more will come for this worker."""
        self.pending.move_lane(worker, -1)
        self.pending.disown(worker.number)
        self.fleet.move(worker, "close", self.now)
        self.out.append(Close(worker=worker.number))
