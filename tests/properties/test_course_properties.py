"""Following a recorded course, while messages cross, workers die and tests are lacking."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint
from pytest_orchestrate.model.need import Need
from tests.properties.world import World

RESOURCES = {"db": 1, "port": 3}
DEMANDS = (
    (),
    (Demand("db"),),
    (Demand("db", shared=True),),
    (Demand("port", 2),),
    (Demand("port"), Demand("db")),
    (Demand("port", 3),),
    (Demand("disk"),),
    (Demand("disk", shared=True), Demand("db")),
    (Demand("board", 2),),
)
#: A course has too many choices for hypothesis to make each of them.
SEEDED = st.integers(0, 2**32 - 1).map(Random)
#: Things that may happen in a run of a dozen tests; more means that it goes round in circles.
STEPS = 20_000


def needs(random: Random, before: list[int]) -> tuple[Need, ...]:
    if not before or random.random() < 0.4:
        return ()
    targets = random.sample(before, random.randint(1, min(3, len(before))))
    is_any = len(targets) > 1 and random.random() < 0.3
    return (Need(tuple(sorted(targets)), random.choice(["passed", "ran"]), is_any),)


def constraints(random: Random, order: list[int]) -> list[Constraint]:
    """Of some tests; what one requires comes before it in the order."""
    return [
        Constraint(
            test,
            needs=needs(random, order[:at]),
            demands=random.choice(DEMANDS),
            exclusive=random.random() < 0.15,
            priority=random.choice([0, 5]),
        )
        for at, test in enumerate(order)
        if random.random() < 0.6
    ]


class Recorded:
    """A suite and the course of a run of it."""

    def __init__(self, random: Random, *, share: float) -> None:
        self.workers = random.randint(1, 4)
        self.order = list(range(random.randint(1, 14)))
        random.shuffle(self.order)
        self.tests = [
            CollectedTest(
                f"test_{test % 3}.py::t{test}",
                group=random.choice([None, None, "x"]),
                affinity=random.choice([None, "p"]),
            )
            for test in range(len(self.order))
        ]
        self.estimates = [random.choice([None, 0.1, 1.0]) for _ in self.tests]
        self.constraints = constraints(random, self.order)
        self.course = [
            (random.randrange(self.workers), test) for test in self.order if random.random() < share
        ]

    def world(self, random: Random, max_crashes: int) -> World:
        """It is collected at any time before workers have begun, or while they do."""
        lookahead = random.choice([0.0, 0.1, 10.0])
        world = World(self.workers, RESOURCES, max_crashes=max_crashes, lookahead=lookahead)
        for _ in range(random.choice([0, 10])):
            if world.busy:
                world.advance(random.choice(world.busy), random.randrange(6))
        return world

    def collect(self, world: World) -> None:
        world.collect(
            self.tests,
            self.estimates,
            {},
            constraints=self.constraints,
            course=self.course,
        )


@given(random=SEEDED)
def test_every_worker_runs_its_own_tests_in_their_order(random: Random) -> None:
    recorded = Recorded(random, share=1.0)
    world = recorded.world(random, 0)
    recorded.collect(world)
    for _ in range(STEPS):
        if world.end is not None:
            break
        world.advance(random.choice(world.busy), random.randrange(6))
    assert set(world.ended.values()) == {"passed"}
    for worker in range(recorded.workers):
        mine = [test for test, place in world.started.items() if place == worker]
        assert mine == [test for place, test in recorded.course if place == worker]
    world.check_replay()


@given(random=SEEDED)
def test_tests_on_one_resource_start_in_their_order(random: Random) -> None:
    recorded = Recorded(random, share=1.0)
    recorded.constraints = [Constraint(test, demands=(Demand("db"),)) for test in recorded.order]
    world = recorded.world(random, 0)
    recorded.collect(world)
    for _ in range(STEPS):
        if world.end is not None:
            break
        world.advance(random.choice(world.busy), random.randrange(6))
    assert list(world.started) == recorded.order


@given(random=SEEDED)
def test_nothing_is_lost_when_workers_die_or_lack_tests(random: Random) -> None:
    recorded = Recorded(random, share=random.choice([1.0, 0.8]))
    world = recorded.world(random, random.choice([0, 3, 20]))
    for number in range(8):
        if random.random() < 0.2 and not getattr(
            world.workers.get(number), "told_collected", False
        ):
            world.missing_of[number] = frozenset(
                test for test in recorded.order if random.random() < 0.3
            )
    recorded.collect(world)
    for _ in range(STEPS):
        while world.to_start and random.random() < 0.5:
            world.start_replacement(fails=random.random() < 0.1)
        if world.end is not None:
            break
        busy = world.busy
        if not busy:
            assert world.to_start, "everybody waits, and the run has not ended"
            continue
        worker = random.choice(busy)
        if random.random() < 0.02 and not worker.gone:
            world.leave(worker, "crashed", heard=random.randint(0, 3))
        elif random.random() < 0.003:
            world.stop()
        else:
            world.advance(worker, random.randrange(6))
    assert world.end is not None
    world.check_replay()
