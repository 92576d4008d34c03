from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint
from pytest_orchestrate.model.need import Need
from tests.properties.machine import HOSTED
from tests.properties.retold import check_retold
from tests.properties.world import World

SECONDS = st.one_of(st.sampled_from([0.0, 0.001, 0.05, 1.0]), st.floats(0, 100))


@st.composite
def collections(draw: st.DrawFn) -> dict[str, Any]:
    tests: list[CollectedTest] = []
    for number in range(draw(st.integers(0, 5))):
        tests += [
            CollectedTest(
                nodeid=f"test_{number}.py::{'AB'[position % 2]}::test_{position}",
                group=draw(st.sampled_from([None, None, None, "x", "y"])),
                affinity=draw(st.sampled_from([None, None, "p", "q"])),
            )
            for position in range(draw(st.integers(1, 8)))
        ]
    return {
        "tests": tests,
        "estimates": draw(st.lists(st.none() | SECONDS, min_size=len(tests), max_size=len(tests))),
        "setup_costs": draw(
            st.dictionaries(st.sampled_from([f"test_{n}.py" for n in range(6)]), SECONDS)
        ),
    }


RESOURCES = {"db": 1, "port": 3}


@st.composite
def needs(draw: st.DrawFn, before: list[int]) -> tuple[Need, ...]:
    """Requirements on some of these tests."""
    found = [
        Need(
            targets=tuple(sorted(targets)),
            when=draw(st.sampled_from(["passed", "passed", "ran"])),
            any=draw(st.booleans()) and len(targets) > 1,
        )
        for targets in draw(st.lists(st.sets(st.sampled_from(before), min_size=1), max_size=2))
    ]
    if draw(st.integers(0, 6)) == 0:
        found.append(Need((draw(st.sampled_from(before)),), colocate=True))
    return tuple(found)


@st.composite
def scoped(draw: st.DrawFn, demand: Demand, nodeid: str) -> Demand:
    """A demand of a test that may be for its class or module, unless others share it."""
    if demand.name in HOSTED:
        return demand
    file, _, rest = nodeid.partition("::")
    scope = draw(st.sampled_from(["", file, f"{file}::{rest.partition('::')[0]}"]))
    return msgspec.structs.replace(demand, scope=scope)


@st.composite
def constraints(
    draw: st.DrawFn, first: int, size: int, nodeids: Sequence[str] = ()
) -> list[Constraint]:
    """Of some of the tests from ``first`` on; what is required comes earlier in ``order``.

    :param nodeids: Of these tests, if what they need may be for their class or module.
    """
    order = draw(st.permutations(range(first, first + size)))
    found = []
    for at, test in enumerate(order):
        if draw(st.integers(0, 2)):
            continue
        before = [*range(first), *order[:at]]
        demands = draw(
            st.lists(
                st.sampled_from(
                    [
                        Demand("db"),
                        Demand("db", shared=True),
                        Demand("port"),
                        Demand("port", 2),
                        Demand("port", 3),
                        Demand("unlisted"),
                        Demand("disk"),
                        Demand("disk", shared=True),
                        Demand("board"),
                        Demand("board", 2),
                    ]
                ),
                max_size=2,
            )
        )
        if nodeids:
            demands = [draw(scoped(demand, nodeids[test - first])) for demand in demands]
        found.append(
            Constraint(
                test,
                needs=draw(needs(before)) if before else (),
                demands=tuple(demands),
                exclusive=draw(st.integers(0, 8)) == 0,
                priority=draw(st.sampled_from([0, 0, 0, 5, -3])),
            )
        )
    return found


class Course(RuleBasedStateMachine):
    """Messages cross in any order; the promises hold all the time."""

    world: World

    @initialize(
        workers=st.integers(1, 4),
        max_crashes=st.integers(0, 5),
        lookahead=st.sampled_from([0.0, 0.1, 10.0]),
        keep_order=st.booleans(),
    )
    def begin(self, **options: Any) -> None:
        self.world = World(**options, resources=RESOURCES)

    def _pick(self, number: int) -> Any:
        busy = self.world.busy
        return busy[number % len(busy)]

    @precondition(lambda self: len(self.world.collections) < 3)
    @rule(collection=collections(), data=st.data())
    def collect(self, collection: dict[str, Any], data: st.DataObject) -> None:
        known = self.world.collections
        if self.world.end is not None or (known and not self.world.run.unfinished):
            return
        size = len(collection["tests"])
        for number in range(8):
            if size and not known and data.draw(st.integers(0, 5)) == 0:
                lacking = data.draw(st.frozensets(st.integers(0, size - 1)))
                if not getattr(self.world.workers.get(number), "told_collected", False):
                    self.world.missing_of[number] = lacking
        owners = None
        if not known and data.draw(st.booleans()):
            # each worker has collected a share; what nobody has is anybody's
            owners = {
                test.file: owner
                for test in collection["tests"]
                if (owner := data.draw(st.integers(-1, len(self.world.workers) - 1))) >= 0
            }
            for number in range(8):
                if size and data.draw(st.integers(0, 3)) == 0:
                    lacking = data.draw(st.frozensets(st.integers(0, size - 1)))
                    self.world.lacking_of[number] = lacking
        limits: list[Constraint] = []
        if size and data.draw(st.booleans()):
            nodeids = [test.nodeid for test in collection["tests"]]
            limits = data.draw(constraints(len(self.world.tests), size, nodeids))
        likely: dict[int, int] = {}
        if size and data.draw(st.booleans()):
            first = len(self.world.tests)
            tests = st.integers(first, first + size - 1)
            likely = data.draw(st.dictionaries(tests, st.integers(1, 63)))
        self.world.collect(**collection, owners=owners, constraints=limits, likely=likely)

    @precondition(lambda self: self.world.busy)
    @rule(which=st.integers(0, 7), choices=st.lists(st.integers(0, 5), min_size=1, max_size=12))
    def go_on(self, which: int, choices: list[int]) -> None:
        worker = self._pick(which)
        for choice in choices:
            if worker in self.world.busy and self.world.end is None:
                self.world.advance(worker, choice)

    @precondition(lambda self: self.world.busy)
    @rule(steps=st.integers(1, 40), seed=st.randoms(use_true_random=False))
    def all_go_on(self, steps: int, seed: Any) -> None:
        for _ in range(steps):
            busy = self.world.busy
            if busy and self.world.end is None:
                self.world.advance(seed.choice(busy), seed.randrange(6))

    @precondition(lambda self: self.world.busy)
    @rule(which=st.integers(0, 7))
    def overtake(self, which: int) -> None:
        self.world.overtake(self._pick(which))

    @rule(slots=st.sets(st.sampled_from([("disk", 0), ("board", 0), ("board", 1)])))
    def others_hold(self, slots: set[tuple[str, int]]) -> None:
        self.world.machine.taken_by(slots)
        if self.world.machine.wanted and self.world.end is None:
            self.world.let_in()

    @rule(seconds=st.sampled_from([0.0, 0.1, 60.0]))
    def tick(self, seconds: float) -> None:
        self.world.tick(seconds)

    def teardown(self) -> None:
        if hasattr(self, "world"):
            if self.world.end is None:
                self.world.complete()
            self.world.check_replay()
            check_retold(self.world.events, self.world.answers, self.world.ended)


class AnyCourse(Course):
    """Workers die, replacements fail, stops are asked for, at any time."""

    @precondition(lambda self: any(not w.gone for w in self.world.workers.values()))
    @rule(
        which=st.integers(0, 7),
        reason=st.sampled_from(["crashed", "crashed", "stopped", "closed"]),
        heard=st.none() | st.integers(0, 3),
    )
    def lose_worker(self, which: int, reason: str, heard: int | None) -> None:
        alive = [worker for worker in self.world.workers.values() if not worker.gone]
        self.world.leave(alive[which % len(alive)], reason, heard)

    @precondition(lambda self: self.world.to_start)
    @rule(fails=st.booleans())
    def start_replacement(self, fails: bool) -> None:
        self.world.start_replacement(fails)

    @precondition(lambda self: self.world.tests)
    @rule()
    def stop(self) -> None:
        if self.world.end is None:
            self.world.stop()


class WithoutLosses(Course):
    """Nobody dies and nobody stops: every test runs, and groups stay on one worker."""

    def teardown(self) -> None:
        super().teardown()
        world = getattr(self, "world", None)
        if world is None:
            return
        lacking = [worker.missing for worker in world.workers.values()]
        for test, outcome in world.ended.items():
            assert outcome == "passed" or any(lacking) or test in world.rules.of
        if (
            world.owners is None
            and not any(lacking)
            and len(world.workers) > 1
            and len(world.collections) == 1
        ):
            torn = {  # who may have to run elsewhere than the group
                world.tests[test].group
                for test, each in world.rules.of.items()
                if any(need.colocate for need in each.needs)
            }
            for group, places in world.group_places.items():
                assert len(places) == 1 or group in torn


TestAnyCourse = AnyCourse.TestCase
TestWithoutLosses = WithoutLosses.TestCase
