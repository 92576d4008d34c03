"""Giving work to workers: sending ahead, splitting, recalling, holding, closing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from pytest_orchestrate.engine.constrained import NOBODY, Constrained
from pytest_orchestrate.engine.course import Course
from pytest_orchestrate.engine.estimates import Estimates
from pytest_orchestrate.engine.fleet import Fleet, Worker
from pytest_orchestrate.engine.hosting import Hosting
from pytest_orchestrate.engine.idlers import Idlers
from pytest_orchestrate.engine.lifecycle import TestLives
from pytest_orchestrate.engine.planning import split
from pytest_orchestrate.engine.relief import Relief
from pytest_orchestrate.engine.scoped import Scoped
from pytest_orchestrate.engine.shelves import Shelves
from pytest_orchestrate.engine.units import Unit, UnitMaker
from pytest_orchestrate.engine.verdicts import Verdict
from pytest_orchestrate.model.commands import AnyCommand, Assign, Close, Hold
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import RunBegan, TestsCollected

if TYPE_CHECKING:
    from pytest_orchestrate.engine.conductor import Conductor

#: Tests that are sent ahead at least, as far as the unit in hand has them.
AHEAD = 2
#: Of the work that is left for each worker, the share below which the next unit is taken
#: ahead: so early a choice does no harm then.
EARLY = 0.02


class Dispatch:
    """Decides what ready workers do next; appends commands to :attr:`out`."""

    __slots__ = (
        "_idlers",
        "conductor",
        "constrained",
        "course",
        "estimates",
        "fleet",
        "hosting",
        "is_blind",
        "lives",
        "lookahead",
        "maker",
        "now",
        "out",
        "pending",
        "prepares",
        "relief",
        "scoped",
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
        #: There are constraints, and nothing is known of how long tests take.
        self.is_blind = False
        #: Seconds of tests that were not sent, by the estimates of the time they came in.
        self.unsent_work = 0.0
        self.out: list[AnyCommand] = []
        self.relief = Relief(self)
        self._idlers = Idlers(self)
        #: Decides instead, as long as nothing happens that it does not know of.
        self.conductor: Conductor | None = None
        #: Workers can prepare for tests.
        self.prepares = False
        self.constrained = Constrained(self.lives, self.fleet, self.estimates, self.maker.group_of)
        self.course = Course(self.lives, self.fleet, self.constrained)
        self.hosting = Hosting(self)
        self.scoped = Scoped(self)

    def plan(self, tests: Iterable[int], workers: int, collected: TestsCollected) -> None:
        """Make new tests pending, those that may run."""
        self.disband()
        if self.prepares:
            # pytest's workers cannot, and no run of pytest is to wait for ten modules of rosters
            from pytest_orchestrate.engine.conductor import Conductor, suits

            if suits(self, collected):
                self.conductor = Conductor(self, collected)
                return
        units = self.maker.units(self._admit(tests))
        if not self.pending.in_order:
            units = split(units, self.estimates, workers)
        self.pending.add(units)
        self.unsent_work += sum(unit.work(self.estimates) for unit in units)

    def put_back(self, tests: Iterable[int], *, counted: bool = False) -> None:
        """Make tests pending, those that may run. ``counted``: they were just before."""
        tests = self._admit(sorted(tests))
        self.pending.add(self.maker.units(tests))
        if not counted:
            self.unsent_work += sum(map(self.estimates.of, tests))

    def _admit(self, tests: Iterable[int]) -> list[int]:
        """Keep back what has to be; returns the tests that need nothing but a worker."""
        if self.course:
            tests = self.course.add(tests)
        return self.constrained.admit(tests)

    def prepared(self, worker: Worker) -> None:
        """A worker has entered the file of the test for which it was to prepare."""
        if self.conductor is not None:
            self.conductor.prepared(worker.number)
        elif worker.is_empty and worker.state == "ready":
            self.fleet.set_idle(worker)

    def disband(self) -> None:
        """Something happened that the conductor does not know of: go on without it."""
        if self.conductor is None:
            return
        tests = self.conductor.unsent()
        self.conductor = None
        self.put_back(tests)
        for worker in self.fleet.ready:
            if worker.is_empty:
                self.fleet.set_idle(worker)

    def begin(self, began: RunBegan) -> None:
        """The run begins."""
        serial = began.workers == 1
        self.lookahead = began.lookahead
        self.prepares = began.prepares
        self.pending.in_order = self.maker.in_order = began.keep_order or serial
        self.maker.ignores_groups = serial
        self.constrained.is_serial = serial

    def constrain(self, collected: TestsCollected) -> list[Verdict]:
        """Take in constraints of tests that are known; returns which of them will not run."""
        self.constrained.leases.provide(collected.resources, collected.hosted)
        self.is_blind = all(seconds is None for seconds in collected.estimates)
        refused = self.constrained.know(collected.constraints, collected.likely, self.estimates)
        self.maker.urgency = self.constrained.urgency
        return refused

    def lose(self, worker: Worker, tests: Sequence[int]) -> None:
        """A worker does not have these tests of its queue any more."""
        worker.lose(tests)
        if self.constrained:
            for test in tests:
                self.constrained.give_back(test, worker.number)

    def take_out_ready(self) -> list[int]:
        """Take back what a worker could be given, but for what waits for other tests."""
        self.disband()
        return self.pending.clear() + self.course.take_out() + self.constrained.take_out_ready()

    def clear(self) -> list[int]:
        """Take back all that was not sent and is in no worker's hand."""
        self.disband()
        return self.pending.clear() + self.course.take_out() + self.constrained.clear()

    @property
    def has_unsent(self) -> bool:
        """Whether there is anything that no worker has been given."""
        if self.conductor is not None and self.conductor.has_unsent:
            return True
        return bool(self.pending) or self.constrained.left or self.course.left

    def hand_over(self, tests: list[int], thief: int) -> None:
        """Tests came back that this thief (or nobody, -1) had asked for."""
        if self.constrained or self.course:
            self.put_back(tests)
            return
        units = self.maker.units(sorted(tests))
        self.unsent_work += sum(unit.work(self.estimates) for unit in units)
        worker = self.fleet[thief] if thief >= 0 else None
        if units and worker is not None and worker.is_idle:
            unit = units.pop(0)
            self.pending.move_lane(worker, unit.lane)
            worker.unit = unit
            self.refill(worker)
        self.pending.add(units)

    def needs_another(self, gone: Worker) -> bool:
        """Whether a further worker would find work, in the place of one that is gone."""
        if self.course:
            return self.course.has_turn(gone)
        if not self.tests_known or self.has_unsent:
            return True
        return any(each.unit is not None and not each.unit.together for each in self.fleet.ready)

    # Sending ahead

    def refill(self, worker: Worker) -> bool:
        """Send tests ahead if few are left; whether any were sent.

        Sent are about :attr:`lookahead` seconds of work and no fewer than two tests, once less
        than half of that is left: few messages, each with many tests. With constraints and no
        lookahead, a test is sent when there is none.
        """
        if self.conductor is not None:
            return False
        queue = worker.queue
        count = len(queue)
        work = worker.queued_cost
        constrained = self.constrained
        lookahead = self._lookahead()
        least = AHEAD if lookahead or not constrained else int(worker.running < 0)
        if count >= least and work >= lookahead * 0.5:
            return False
        estimates = self.estimates
        unit = worker.unit
        batch: list[int] = []
        while count < least or work < lookahead:
            test, unit = self._pick(worker, work, unit)
            if test < 0:
                break
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
        worker.remember(self.now, f"was sent {count_of(len(batch), 'test')}")
        slots = constrained.slots(batch) if constrained else {}
        self.out.append(Assign(worker=worker.number, tests=batch, slots=slots))
        return True

    def _lookahead(self) -> float:
        """Seconds of work that are sent ahead: none where nobody knows what would wait for it."""
        blind = self.is_blind and not self.estimates.run.bodies
        return 0.0 if blind else self.lookahead

    def _pick(self, worker: Worker, queued: float, unit: Unit | None) -> tuple[int, Unit | None]:
        """The test that a worker is to run next, or -1, and the unit that it works through."""
        here = self._take_here(worker, queued, unit)
        if here is not None:
            return here, unit
        if unit is None or not unit.left or self.constrained:
            unit = self._next_unit(worker, queued, unit)
            if unit is None:
                return -1, None
        return unit.pop(self.estimates), unit

    def _take_here(self, worker: Worker, queued: float, unit: Unit | None) -> int | None:
        """The next test of a course, or one of the worker's file whose resources are free now."""
        constrained = self.constrained
        test = self.course.take(worker) if self.course else None
        is_open = bool(constrained.scarce) and constrained.alone_on == NOBODY
        if test is None and is_open and not self._is_ahead(worker, queued):
            least = self.pending.top_priority(worker.number)
            if unit is not None and unit.left:
                least = max(least, unit.priority)
            test = constrained.take_here(worker, least)
        if test is not None:
            self.unsent_work += self.estimates.of(test)
        return test

    def _next_unit(self, worker: Worker, queued: float, unit: Unit | None) -> Unit | None:
        """What the worker goes on with when its unit is used up or something is more urgent.

        :param queued: Seconds of what waits there.
        """
        if unit is not None and unit.left and self._keeps_to(worker, unit, queued):
            return unit
        if self.constrained.alone_on not in (NOBODY, worker.number):
            return None
        urgent = self._urgent_unit(worker, queued) if self.constrained else None
        if urgent is not None:
            return urgent
        if not self.constrained.takeable:
            return self._ordinary_unit(worker, queued)
        ways = (self._constrained_unit, self._ordinary_unit)
        for way in ways if self._prefers_constrained(worker) else reversed(ways):
            found = way(worker, queued)
            if found is not None or self.hosting.is_asked_by(worker):
                return found
        return None

    def _urgent_unit(self, worker: Worker, queued: float) -> Unit | None:
        """What another worker has collected and is more urgent than all that this one could do."""
        if self.pending.in_order or not (worker.is_empty or self._wants_unit(worker, queued)):
            return None
        mine = max(self.pending.top_priority(worker.number), self.constrained.top_priority)
        return self.pending.take_urgent(worker, mine)

    def _prefers_constrained(self, worker: Worker) -> bool:
        """Whether what was kept back is looked at before units are."""
        constrained = self.constrained
        priority = self.pending.top_priority(worker.number)
        if priority != constrained.top_priority:
            return priority < constrained.top_priority
        if self.pending.continues(worker):
            return False
        return constrained.scarce.rank() >= self.pending.longest(worker.number)

    def _ordinary_unit(self, worker: Worker, queued: float) -> Unit | None:
        if not self.pending or not (worker.is_empty or self._wants_unit(worker, queued)):
            return None
        is_blind = not self.estimates.run.foreseen
        if is_blind and self.maker.has_groups and len(worker.queue) >= AHEAD:
            return None  # a group that is begun stays, and what is before it may be long
        if self.now >= self.relief.next_look and self.relief.relieve(worker):
            return worker.unit
        return self.pending.take(worker)

    def _constrained_unit(self, worker: Worker, queued: float) -> Unit | None:
        ahead = self._is_ahead(worker, queued)
        waits = self.hosting.ask_for(worker, ahead=ahead)
        test = None if waits else self.constrained.take(worker, ahead=ahead)
        if test is None:
            return None
        self.unsent_work += self.estimates.of(test)
        return self.maker.single(test)

    def _is_ahead(self, worker: Worker, queued: float) -> bool:
        """Whether a worker has enough to do for now."""
        if worker.is_empty and not queued:
            return False
        return queued + worker.running_rest(self.now) > self.lookahead or not self.lookahead

    def _keeps_to(self, worker: Worker, unit: Unit, queued: float) -> bool:
        """Whether a worker goes on with its unit; if not, the unit is pending again."""
        if self.pending.in_order:
            keeps = self.pending.top_priority(worker.number) <= unit.priority
        else:
            keeps = unit.together or self._is_ahead(worker, queued) or not self.relief.is_late(unit)
        if not keeps:
            worker.unit = None  # or it would be split as that worker's, too
            self.pending.add([unit])
        return keeps

    def entry(self, worker: Worker, file: int) -> float:
        """Expected seconds to enter a file on a worker, which may have to collect it first."""
        seconds = self.estimates.entry(file)
        if worker.collected is not None and file not in worker.collected:
            seconds += self.estimates.collect(file)
        return seconds

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
        if self.conductor is not None:
            self.conductor.feed()
        else:
            self._idlers.feed()

    def hold(self, worker: Worker, reason: str) -> None:
        """Leave a worker waiting, for a reason."""
        if worker.hold != reason:
            worker.hold = reason
            worker.remember(self.now, f"is held: {reason}")
            self.out.append(Hold(worker=worker.number, reason=reason))
        self.scoped.waits(worker)

    def close(self, worker: Worker) -> None:
        """Nothing more will come for this worker."""
        self.pending.move_lane(worker, -1)
        self.pending.disown(worker.number)
        self.fleet.move(worker, "close", self.now)
        self.out.append(Close(worker=worker.number))
