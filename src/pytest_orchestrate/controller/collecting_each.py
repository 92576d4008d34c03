"""Which tests the run has where every worker runs every test: those of one after those of another.

A test of a run is a node id and an occurrence; here a second occurrence of a node id is that of
another worker. To the engine the tests of a worker are a group that nobody else has collected. So
they run there, in the order of collection, and nowhere else; a worker that takes the place of
another takes over its tests.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.controller.collecting import Collecting
from pytest_orchestrate.controller.constraining import Constraining
from pytest_orchestrate.controller.merging import merged_warnings
from pytest_orchestrate.internals.cache import keep_last_failed
from pytest_orchestrate.internals.notice import count_every_test
from pytest_orchestrate.model.annotations import Annotations, Requirable
from pytest_orchestrate.model.collected import CollectedTest

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState
    from pytest_orchestrate.model.events import Constraint
    from pytest_orchestrate.options import Options


class CollectingEach(Collecting):
    """Takes in what workers collect, each for itself: they may have collected different tests."""

    def __init__(self, crew: Crew) -> None:
        super().__init__(crew)
        #: worker -> what it has collected, until the tests are handed out
        self._lists: dict[int, wire.Collection] = {}
        #: worker of the start -> node id and occurrence there -> index in the run
        self._own: dict[int, dict[tuple[str, int], int]] = {}

    def reported(self, worker: WorkerState, errors: int, full_because: str | None) -> None:
        """A worker has collected: what, it is asked always."""
        del full_because  # there is nothing else that it could do
        worker.errors = errors
        worker.link.send(wire.SendCollection())

    def arrived(self, worker: WorkerState, collection: wire.Collection) -> None:
        """A worker has sent its whole list."""
        if worker.digest is None:
            super().arrived(worker, collection)
        elif self.is_open:
            self._take_in(worker, collection)
        else:
            self._lists[worker.number] = collection
            self._choose()

    def lost(self, worker: WorkerState) -> None:
        """A worker is gone; who takes its place collects anew."""
        self._lists.pop(worker.number, None)

    def _choose(self) -> None:
        """Put the lists together as soon as everybody has sent one."""
        there = [worker for worker in self.crew.workers.values() if not worker.has_left]
        if self.collection is None and there and all(w.number in self._lists for w in there):
            self.collection = united([part for number, part in self._parts() if self._runs(number)])

    def _parts(self) -> list[tuple[int, wire.Collection]]:
        """Workers of the start, each with what it, or who is in its place, has collected."""
        stands_for = self.crew.hiring.stands_for
        return sorted(
            ((stands_for(number), each) for number, each in self._lists.items()),
            key=lambda part: part[0],
        )

    def _runs(self, number: int) -> bool:
        """Whether the tests of this worker of the start are run: a replay may be of one worker."""
        replay = self.context.replay
        only = None if replay is None else replay.course.only
        # one that took another's place had tests of that one: then all are there to be found
        at_start = {f"gw{each}" for each in range(self.crew.decision.workers)}
        return only not in at_start or only == f"gw{number}"

    def open(self) -> None:
        """Hand the tests to the engine; they may be run from now on."""
        collection = self.collection
        assert collection is not None
        crew, context = self.crew, self.context
        parts = self._parts()
        tests: list[CollectedTest] = []
        seen: dict[str, int] = {}
        for number, part in parts:
            runs = self._runs(number)
            own = number_tests(part, f"tests of gw{number}", tests if runs else [], seen)
            self._own[number] = own if runs else {}
        crew.relay.know(collection.nodeids)
        context.constraining = ConstrainingApart(
            crew.config,
            context.options,
            [(len(part.nodeids), part.requirable) for n, part in parts if self._runs(n)],
        )
        context.collected(tests, collection.annotations)
        crew.config.pluginmanager.register(SeveralOfAName(crew.config), "orchestrate-each")
        self.is_open = True
        for number, part in self._lists.items():
            self._take_in(crew.workers[number], part)
        self._lists = {}

    def _take_in(self, worker: WorkerState, collection: wire.Collection) -> None:
        own = self._own[self.crew.hiring.stands_for(worker.number)]
        lacks = worker.map_tests(collection.nodeids, own)
        mine = frozenset(own.values()).difference(lacks)
        others = [test for test in range(len(self.context.tests)) if test not in mine]
        self._tell(worker, others)


def number_tests(
    collection: wire.Collection, group: str, tests: list[CollectedTest], seen: dict[str, int]
) -> dict[tuple[str, int], int]:
    """Add a worker's tests to those of the run; return their indices by what they are there.

    :param seen: Node id -> how many tests of the run have it so far.
    """
    indices: dict[tuple[str, int], int] = {}
    here: dict[str, int] = {}
    for position, nodeid in enumerate(collection.nodeids):
        occurrence, own = seen.get(nodeid, 0), here.get(nodeid, 0)
        seen[nodeid], here[nodeid] = occurrence + 1, own + 1
        indices[nodeid, own] = len(tests)
        tests.append(CollectedTest(nodeid, occurrence, group, collection.affinities.get(position)))
    return indices


def united(collections: Sequence[wire.Collection]) -> wire.Collection:
    """Return what all of these workers have collected, the tests of one after those of another.

    What several of them ran into alike is told once.
    """
    nodeids: list[str] = []
    annotations: dict[int, Annotations] = {}
    requirable = Requirable([], {}, {})
    problems: dict[bytes, wire.CollectProblem] = {}
    costs: dict[str, float] = {}
    found = 0
    for each in collections:
        first = len(nodeids)
        nodeids += each.nodeids
        annotations.update((first + at, told) for at, told in each.annotations.items())
        requirable.deselected.extend(each.requirable.deselected)
        for problem in each.problems:
            at = found + problem.found
            problems.setdefault(problem.report, msgspec.structs.replace(problem, found=at))
        costs = {**each.costs, **costs}
        found += each.found
    return msgspec.structs.replace(
        collections[0],
        nodeids=nodeids,
        annotations=annotations,
        found=found,
        requirable=requirable,
        remarks=list(dict.fromkeys(line for each in collections for line in each.remarks)),
        problems=list(problems.values()),
        warnings=merged_warnings(each.warnings for each in collections),
        costs=costs,
    )


class ConstrainingApart(Constraining):
    """No test requires anything of the tests of another worker.

    :param parts: How many tests each worker has, and what may be required there beside them.
    """

    def __init__(
        self, config: pytest.Config, options: Options, parts: Sequence[tuple[int, Requirable]]
    ) -> None:
        super().__init__(config, options)
        self._parts = parts

    def constraints(
        self, tests: Sequence[CollectedTest], annotations: Mapping[int, Annotations]
    ) -> list[Constraint]:
        """Return the constraints of the tests of all workers."""
        found: list[Constraint] = []
        first = 0
        for count, requirable in self._parts:
            own = range(first, first + count)
            self.forget()
            self.know(requirable)
            found += super().constraints(
                tests[first : first + count],
                {test - first: each for test, each in annotations.items() if test in own},
            )
            first += count
        return found


class SeveralOfAName:
    """What pytest counts by node id is counted by test.

    ``--lf`` knows of what has failed on one worker, however it ended on another.
    """

    def __init__(self, config: pytest.Config) -> None:
        self._config = config
        self._failed: dict[str, None] = {}
        self._reported = count_every_test(config)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Say which test it is, and remember what failed."""
        # a test that has not run has one report that counts, and no index there
        self._reported.mark = getattr(report, "item_index", report)
        if report.failed:
            self._failed[str(report.nodeid)] = None

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Say it before it is written down."""
        keep_last_failed(self._config, self._failed)
