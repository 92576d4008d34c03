"""Runs whose workers can prepare for a test: every decision is made on a roster.

This is what :class:`~pytest_orchestrate.engine.dispatch.Dispatch` hands over to where nothing
has to be sent ahead, and a worker can enter a file before it is told to begin with a test there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_orchestrate.engine.guesses import Guesses
from pytest_orchestrate.engine.leases import signature
from pytest_orchestrate.engine.matching import decide
from pytest_orchestrate.engine.moves import Move
from pytest_orchestrate.engine.outlook import outlook
from pytest_orchestrate.engine.roster import Roster
from pytest_orchestrate.engine.stock import READY, WAITING
from pytest_orchestrate.engine.tactics import Tactics
from pytest_orchestrate.engine.trials import best_tactics
from pytest_orchestrate.model.commands import Assign, Prepare
from pytest_orchestrate.model.events import TestsCollected

if TYPE_CHECKING:
    from pytest_orchestrate.engine.dispatch import Dispatch

#: Tests that are played before the first decision, in all rehearsals; and rehearsals at most.
REHEARSED = 30_000
REHEARSALS = 60
#: So often is rehearsed again in the course of a run; and as above, each time.
AGAIN = 20
REHEARSED_AGAIN = 2_000
#: So many different needs make a test take twice as long to play.
KINDS = 32
REHEARSALS_AGAIN = 12
#: Tests without history are expected to take another time when it has changed by this factor.
DRIFT = 1.1
#: What is expected in each of so many files is looked up all the time; in more, now and then.
GUESSED = 64
WAITS = "nothing that may run now is worth entering its file"


class Conductor:
    """Decides for a ``Dispatch``, from the time on when the tests are known."""

    __slots__ = (
        "_dispatch",
        "_effort",
        "_ended",
        "_guesses",
        "_look_again",
        "_roster",
        "_start",
        "_unseen",
        "_usual",
    )

    def __init__(self, dispatch: Dispatch, collected: TestsCollected) -> None:
        self._dispatch = dispatch
        estimates = dispatch.estimates
        constraints = collected.constraints
        facts = outlook(
            len(dispatch.fleet.ready),
            estimates.file_of,
            {file: estimates.entry(file) for file in dict.fromkeys(estimates.file_of)},
            {
                each.test: list(dict.fromkeys(t for need in each.needs for t in need.targets))
                for each in constraints
            },
            {
                each.test: [(name, units) for name, units, _ in signature(each.demands)]
                for each in constraints
                if each.demands
            },
            dispatch.constrained.leases.capacities,
            {each.test: each.priority for each in constraints},
        )
        tests = len(estimates.file_of)
        unseen = [test for test in range(tests) if estimates.history[test] < 0.0]
        self._guesses = Guesses(estimates, facts.entries[1:], len(dispatch.fleet.ready))
        #: File -> its tests without history.
        self._unseen: dict[int, list[int]] = {}
        for test in unseen:
            self._unseen.setdefault(estimates.file_of[test], []).append(test)
        #: File -> what these were expected to take when that was looked up last.
        self._usual = dict(zip(self._unseen, self._guesses.of([*self._unseen], 0.0), strict=True))
        seconds = [
            history if history >= 0.0 else self._usual[estimates.file_of[test]]
            for test, history in enumerate(estimates.history)
        ]
        # Where most have no history, there is nothing to tell them from.
        doubtful = unseen if 2 * len(unseen) < tests else ()
        #: What it takes to play a test: all that tests need in different ways is looked at.
        self._effort = 1 + len(set(facts.needs_of)) // KINDS
        self._roster = Roster(facts, seconds, Tactics(), doubtful)
        self._ended = 0
        #: It is rehearsed again when so many tests have ended.
        self._look_again = 0
        #: Where the next rehearsals go on among the variants of tactics.
        self._start = 0

    @property
    def has_unsent(self) -> bool:
        """Whether there are tests that no worker was given."""
        return self._roster.unsent > 0

    def unsent(self) -> list[int]:
        """Tests that may run as far as their requirements go, and that no worker was sent."""
        roster = self._roster
        prepared = [
            test
            for worker, test in enumerate(roster.test_of_worker)
            if test >= 0 and not roster.running[worker] and not roster.unmet[test]
        ]
        return sorted([t for t, state in enumerate(roster.state) if state == READY] + prepared)

    def ended(self, test: int, worker: int) -> None:
        """A worker has done with a test."""
        self._ended += 1
        self._roster.finished(worker, test)
        if self._unseen:
            self._guesses.end(worker)
            self._learn(self._dispatch.estimates.file_of[test])

    def prepared(self, worker: int) -> None:
        """A worker has entered the file of the test for which it was to prepare."""
        self._roster.prepared(worker)

    def feed(self) -> None:
        """Find something to do for idle workers and for those that have prepared."""
        now = self._dispatch.now
        roster = self._roster
        if 0 < len(self._unseen) <= GUESSED:
            self._learn(*self._unseen)
        if self._ended >= self._look_again and roster.unsent:
            self._rehearse()
        for move in decide(roster, now):
            self._obey(move)
        fleet = self._dispatch.fleet
        for number in tuple(fleet.idle):
            if roster.unsent:
                self._dispatch.hold(fleet[number], WAITS)
            elif roster.test_of_worker[number] < 0:
                self._dispatch.close(fleet[number])

    def _obey(self, move: Move) -> None:
        dispatch = self._dispatch
        test = move.test
        worker = dispatch.fleet[move.worker]
        dispatch.fleet.set_busy(worker)
        if move.prepares:
            worker.remember(dispatch.now, "prepares")
            dispatch.out.append(Prepare(worker=move.worker, test=test))
            return
        if self._unseen:
            file = dispatch.estimates.file_of[test]
            self._guesses.begin(move.worker, file, dispatch.now + move.entry)
        seconds = self._roster.seconds[test] + move.entry
        worker.queue.append(test)
        worker.costs[test] = seconds
        worker.queued_cost = seconds
        worker.last_file = dispatch.estimates.file_of[test]
        dispatch.lives.move(test, "send", dispatch.now, move.worker)
        constrained = dispatch.constrained
        slots = {}
        if self._roster.outlook.needs_of[test]:
            constrained.grant(worker, test)
            slots = constrained.slots([test])
        dispatch.out.append(Assign(worker=move.worker, tests=[test], slots=slots))

    def _learn(self, *files: int) -> None:
        """Look up what is expected of the tests without history of these files."""
        files = tuple(file for file in files if file in self._unseen)
        roster, now = self._roster, self._dispatch.now
        history = self._dispatch.estimates.history
        for file, usual in zip(files, self._guesses.of(files, now), strict=True):
            before = self._usual[file]
            if before / DRIFT <= usual <= before * DRIFT:
                continue
            self._usual[file] = usual
            for worker, begun in self._guesses.running_in(file):
                if history[roster.test_of_worker[worker]] < 0.0:
                    roster.until[worker] = max(now, begun + usual)
            left = [t for t in self._unseen[file] if roster.state[t] in (WAITING, READY)]
            for test in left:
                roster.expect(test, usual)
            if left:
                self._unseen[file] = left
            else:
                del self._unseen[file]

    def _rehearse(self) -> None:
        """Try other tactics on what is left."""
        roster = self._roster
        now = self._dispatch.now
        tests = len(roster.seconds)
        first = not self._look_again
        self._look_again = self._ended + max(1, tests // AGAIN)
        for worker, test in enumerate(roster.test_of_worker):
            over = now - roster.until[worker]
            if test >= 0 and roster.running[worker] and over > 0.0:
                roster.until[worker] = now + over * 0.5
        if self._unseen:
            self._learn(*self._unseen)
        steps = roster.unsent * self._effort
        if first:
            rehearsals = min(REHEARSALS, REHEARSED // steps)
        else:
            rehearsals = min(REHEARSALS_AGAIN, REHEARSED_AGAIN // steps)
        if rehearsals > 1:
            tactics = best_tactics(roster, now, rehearsals, self._start)
            self._start += 32 * rehearsals
            if tactics is not roster.tactics:
                roster.adopt(tactics)


def suits(dispatch: Dispatch, collected: TestsCollected) -> bool:
    """Whether a conductor knows all that matters for these tests."""
    fleet, maker = dispatch.fleet, dispatch.maker
    return (
        len(fleet.ready) == fleet.unleft
        and [worker.number for worker in fleet.ready] == list(range(len(fleet.ready)))
        and all(worker.is_empty for worker in fleet.ready)
        and not any(worker.missing or worker.collected is not None for worker in fleet.ready)
        and not dispatch.pending.in_order
        and not dispatch.course
        and len(dispatch.lives.states) == len(collected.tests)
        and max(maker.lane_of, default=-1) < 0
        and max(maker.group_of, default=-1) < 0
        and not any(
            each.exclusive
            or each.refused is not None
            or any(need.any or need.colocate for need in each.needs)
            or any(demand.shared or demand.scope for demand in each.demands)
            for each in collected.constraints
        )
    )
