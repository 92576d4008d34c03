"""Which tests the run has: those of one worker, or what the shares of all amount to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate import foreign_groups, wire, xdist_contract
from pytest_orchestrate.controller.merging import Merged, merge, own_nodeids
from pytest_orchestrate.internals.cache import note_collected, set_last_failed_status
from pytest_orchestrate.internals.reports import report_id
from pytest_orchestrate.internals.session import show_collected
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.model.events import WorkerCollected

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState


class Collecting:
    """Takes in what workers collect.

    Where each has collected its share, the tests of the run are all shares together, once every
    worker has collected. Else they are those of the worker that is first to have collected,
    without an error if there is such a worker. Another one may have collected others (random
    parameter ids, sets, a port that only one can have): it is given those that it has.
    """

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.context = crew.context
        self.leader: WorkerState | None = None
        self.collection: wire.Collection | None = None
        #: why workers have collected everything that were to collect a share
        self.full_because: str | None = None
        self._waiting: list[WorkerState] = []
        #: what the first worker had collected that ran into trouble
        self._unfinished: wire.Collection | None = None
        #: the most that any of them had found until then
        self._found = 0
        self._is_whole = False
        self._index_of: dict[tuple[str, int], int] = {}
        self._merged: Merged | None = None
        #: part of the tree -> its tests
        self._tests_of: dict[str, list[int]] = {}
        self.is_open = False
        #: workers of which the engine knows what they have collected
        self._told: set[int] = set()

    @property
    def is_complete(self) -> bool:
        """Whether nobody is left who might still say what it has collected."""
        workers = self.crew.workers.values()
        return all(worker.has_left or worker.number in self._told for worker in workers)

    def reported(self, worker: WorkerState, errors: int, full_because: str | None) -> None:
        """A worker has collected."""
        worker.errors = errors
        if full_because is not None and self.full_because is None:
            self.full_because = full_because
        if self.is_open:
            self._admit(worker)
            return
        self._waiting.append(worker)
        self._choose()

    def _choose(self) -> None:
        """Let a worker lead that has collected all: one without errors, or the best there is.

        A plugin may want to hear of all before the first test runs. What shares amount to shows
        when all have collected, and only if nobody leads.
        """
        if self.leader is not None or self.collection is not None or not self._waiting:
            return
        all_there = not any(
            worker.digest is None and not worker.has_left for worker in self.crew.workers.values()
        )
        complete = [worker for worker in self._waiting if worker.share is None]
        if complete:
            best = min(complete, key=lambda worker: worker.errors)
            waits = best.errors or xdist_contract.hears_of_collections(self.crew.config)
            if waits and not all_there:
                return
            self._waiting.remove(best)
            self.leader = best
            best.link.send(wire.SendCollection())
        elif all_there:
            self._merge()

    def _merge(self) -> None:
        shares = {
            worker.number: worker.share
            for worker in self.crew.workers.values()
            if worker.share is not None
        }
        self._merged = merged = merge(shares)
        self.collection = merged.collection
        for file in merged.orphans:
            self.crew.faults.append(f"{file} was collected by no worker")

    def arrived(self, worker: WorkerState, collection: wire.Collection) -> None:
        """A worker has sent its whole list."""
        if worker is self.leader:
            self.collection = collection
            return
        if worker.digest is None:
            self._unfinished = self._unfinished or collection
            self._found = max(self._found, collection.found)
            return
        missing = worker.map_tests(collection.nodeids, self._index_of)
        if worker.errors and self._is_whole:
            count = worker.errors
            self.crew.voice.say(
                f"{worker.id} could not collect everything that "
                f"{self.leader.id if self.leader else 'another worker'} could "
                f"({count_of(count, 'error')}); "
                "the tests concerned run elsewhere"
            )
        self._tell(worker, missing)

    def shared(self, worker: WorkerState, share: wire.Share) -> None:
        """A worker has sent its share; that it has collected is the next that it says."""
        worker.share = share

    def forget(self) -> bool:
        """Forget what workers have collected; False if the tests of the run are known already."""
        if self.leader is not None or self.collection is not None:
            return False
        self._waiting.clear()
        self.full_because = None
        return True

    def lost(self, worker: WorkerState) -> None:
        """A worker is gone."""
        if worker.digest is None and self.crew.claims is not None:
            self.crew.claims.drop(worker.number)
        if worker in self._waiting:
            self._waiting.remove(worker)
        if worker is self.leader and self.collection is None:
            self.leader = None

    def look(self) -> None:
        """A worker is gone, and its replacement, if it gets one, is known."""
        if not self.is_open:
            self._choose()

    def replay(self, session: pytest.Session) -> None:
        """Let pytest in this process know what was collected, as if it had done so itself.

        :raises session.Failed: where ``-x`` would have stopped plain pytest while it collected.
        """
        collection, config = self.collection, self.crew.config
        assert collection is not None
        self._is_whole = self.leader is not None and self.leader.errors == 0
        failed_files = set()
        for problem in collection.problems:
            report = self.crew.relay.collect_report(problem.report)
            if report.failed:
                failed_files.add(report.nodeid)
            if session.shouldfail and problem.more:
                show_collected(config, session, problem.found)
                raise session.Failed(session.shouldfail)
        for warning in collection.warnings:
            self.crew.relay.warned(warning)
        deselected = collection.requirable.deselected
        if deselected:
            config.hook.pytest_deselected(
                items=[Deselected(nodeid, config) for nodeid in deselected]
            )
        session.testscollected = len(collection.nodeids)
        note_collected(
            config,
            collection.nodeids,
            [file for file in collection.costs if file not in failed_files],
        )
        set_last_failed_status(config, collection.last_failed_status)
        show_collected(config, session, collection.found)
        for remark in collection.remarks:
            self.crew.voice.say(remark, worry=False)

    def replay_trouble(self, session: pytest.Session) -> None:
        """Replay what a worker had collected when it ran into what ends the run."""
        collection = self._unfinished
        if collection is None:
            return
        for problem in collection.problems:
            self.crew.relay.collect_report(problem.report)
        for warning in collection.warnings:
            self.crew.relay.warned(warning)
        show_collected(self.crew.config, session, self._found)

    def open(self) -> None:
        """Hand the tests to the engine; they may be run from now on."""
        collection = self.collection
        assert collection is not None
        seen: dict[str, int] = {}
        tests = []
        groups = foreign_groups.united(collection.groups)
        for position, nodeid in enumerate(collection.nodeids):
            occurrence = seen.get(nodeid, 0)
            seen[nodeid] = occurrence + 1
            self._index_of[nodeid, occurrence] = position
            tests.append(
                CollectedTest(
                    nodeid,
                    occurrence,
                    groups.get(position),
                    collection.affinities.get(position),
                )
            )
        self.crew.relay.know(collection.nodeids)
        merged = self._merged
        self.context.constraining.know(collection.requirable)
        if merged is None:
            self.context.collected(tests, collection.annotations)
        else:
            for test, key in enumerate(merged.part_of):
                self._tests_of.setdefault(key, []).append(test)
            self.context.collected(tests, collection.annotations, merged.owners, collection.costs)
        if self.context.failures_first is not None:
            self.crew.voice.say(self.context.failures_first.story, worry=False)
        self.is_open = True
        if self.leader is not None and not self.leader.has_left:
            self._tell(self.leader, [])
        waiting, self._waiting = self._waiting, []
        for worker in waiting:
            self._admit(worker)

    def _admit(self, worker: WorkerState) -> None:
        if worker.share is not None:
            self._admit_share(worker, worker.share)
        elif self.leader is not None and worker.digest == self.leader.digest:
            self._tell(worker, [])
        else:
            worker.link.send(wire.SendCollection())

    def _admit_share(self, worker: WorkerState, share: wire.Share) -> None:
        missing = worker.map_tests(own_nodeids(share), self._index_of)
        if self._merged is None:  # somebody else has collected all
            self._tell(worker, missing)
            return
        has = {part.key for part in share.parts if part.nodeids is not None}
        modules = [name for name in self._merged.modules if name not in share.modules]
        if modules:
            worker.link.send(wire.ImportModules(modules))
        part_of = self._merged.part_of
        missing = [test for test in missing if part_of[test] in has]
        self._tell(worker, missing, sorted(has))

    def collect_for(self, worker: WorkerState, tests: list[int]) -> None:
        """Let a worker collect the files of these tests that it has not collected."""
        if self._merged is None:
            return
        for test in tests:
            if not worker.has_position(test):
                key = self._merged.part_of[test]
                there = self._tests_of[key]
                names = [
                    (t.nodeid, t.occurrence) for t in map(self.context.tests.__getitem__, there)
                ]
                worker.link.send(wire.CollectFile(key, worker.append(there), names))

    def _tell(
        self, worker: WorkerState, missing: list[int], files: list[str] | None = None
    ) -> None:
        self._told.add(worker.number)
        assert self.collection is not None
        xdist_contract.tell_collected(worker.node, self.collection.nodeids, missing)
        self.context.tell(
            WorkerCollected(
                now=self.context.now(), worker=worker.number, missing=missing, files=files
            )
        )


class Deselected:
    """Stands for a deselected item; plugins read its node id, some look into its ``__dict__``.

    pytest-sugar gets to the terminal through its ``config``.
    """

    def __init__(self, nodeid: str, config: pytest.Config) -> None:
        self.nodeid = nodeid
        self.config = config
        self.id = report_id(nodeid)
        self.name = nodeid.rpartition("::")[2]

    def __repr__(self) -> str:
        return f"<deselected {self.nodeid}>"
