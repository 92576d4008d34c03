"""What planning and deciding cost with many tests.

    python -m benchmarks.engine

The goals: 100,000 tests planned in 2 seconds, a decision at most 40 microseconds on average.
Times are processor time on this machine. How good the schedules are, and what constraints cost,
is the matter of ``python -m benchmarks.placement``.
"""

from __future__ import annotations

import random
from statistics import median
from time import process_time

from pytest_orchestrate.engine.instance import Instance
from pytest_orchestrate.engine.rehearsal import Rehearsal, Truth
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.engine.simulator import Simulation
from pytest_orchestrate.model.annotations import Demand
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import (
    AnyEvent,
    Constraint,
    RunBegan,
    TestsCollected,
    WorkerCollected,
    WorkerJoined,
)


def main() -> None:
    print("Planning: TestsCollected, until every worker has its first tests\n")
    print(f"{'tests':>9} {'files':>7} {'workers':>8} {'history':>8} {'seconds':>8}")
    for tests, files, workers, known in (
        (10_000, 200, 2, True),
        (100_000, 2_000, 16, True),
        (100_000, 2_000, 16, False),
        (100_000, 100_000, 16, True),
        (100_000, 1, 64, True),
    ):
        seconds = median(planning(tests, files, workers, known) for _ in range(3))
        history = "yes" if known else "no"
        print(f"{tests:>9,} {files:>7,} {workers:>8} {history:>8} {seconds:>8.2f}")

    print("\nDeciding: each event of a whole run\n")
    head = f"{'tests':>9} {'files':>7} {'workers':>8} {'events':>9} {'µs/event':>9}"
    print(f"{head} {'µs/command':>11} {'simulated':>10}")
    for tests, files, workers in (
        (10_000, 200, 2),
        (20_000, 400, 16),
        (100_000, 2_000, 16),
        (100_000, 2_000, 64),
        (20_000, 20_000, 64),
        (20_000, 1, 64),
    ):
        deciding(suite("bench", tests, files, workers, sigma=0.2))

    print("\nEach test needs one of so many resources, and every third one of a few; 8 workers\n")
    print(f"{'tests':>9} {'resources':>9} {'seconds':>8} {'makespan by work':>17}")
    for tests, resources in ((3_000, 10), (3_000, 100), (3_000, 3_000), (10_000, 10_000)):
        with_resources(tests, resources, 8)


def planning(tests: int, files: int, workers: int, known: bool) -> float:
    chance = random.Random(1)
    collected = [
        CollectedTest(nodeid=f"tests/test_{n * files // tests}.py::test_{n}") for n in range(tests)
    ]
    estimates = [chance.expovariate(100) if known else None for _ in range(tests)]
    costs = {f"tests/test_{file}.py": chance.random() for file in range(files)} if known else {}
    run = Run()
    run.handle(RunBegan(now=0.0, workers=workers))
    for worker in range(workers):
        run.handle(WorkerJoined(now=0.0, worker=worker))
        run.handle(WorkerCollected(now=0.0, worker=worker))
    event = TestsCollected(now=0.0, tests=collected, estimates=estimates, setup_costs=costs)
    began = process_time()
    run.handle(event)
    return process_time() - began


def suite(seed: str, tests: int, files: int, workers: int, sigma: float) -> Instance:
    """Files of very different size, tests of very different length."""
    chance = random.Random(seed)
    weights = [chance.paretovariate(1.1) for _ in range(files)]
    instance = Instance(workers)
    for file, weight in enumerate(weights):
        instance.entries.append(chance.uniform(0.0, 0.3))
        usual = chance.lognormvariate(-4.0, 1.0)
        for _ in range(max(1, round(tests * weight / sum(weights)))):
            seconds = usual * chance.lognormvariate(0.0, 0.8)
            instance.ids.append(f"{file}::test_{len(instance.ids)}")
            instance.files.append(file)
            instance.durations.append(seconds)
            instance.estimates.append(seconds * chance.lognormvariate(0.0, sigma))
    return instance


def deciding(instance: Instance) -> None:
    schedule = Simulation(instance).schedule()
    run = Run()
    handle = run.handle
    began = process_time()
    for event in schedule.events:
        handle(event)
    seconds = process_time() - began
    began = process_time()
    Simulation(instance).schedule()
    whole = process_time() - began
    events, commands = len(schedule.events), len(schedule.commands)
    print(
        f"{len(instance.ids):>9,} {len(instance.entries):>7,} {instance.workers:>8} {events:>9,}"
        f" {seconds / events * 1e6:>9.1f} {seconds / commands * 1e6:>11.1f} {whole:>9.2f}s"
    )


def with_resources(tests: int, resources: int, workers: int) -> None:
    chance = random.Random(1)
    durations = [chance.expovariate(100) for _ in range(tests)]
    files = [test * 100 // tests for test in range(tests)]
    capacities = {f"own {n}": 1 for n in range(resources)} | {f"few {n}": 2 for n in range(7)}
    constraints = [
        Constraint(
            test=test,
            demands=tuple(
                Demand(name=name, amount=1)
                for name in (f"own {test % resources}", f"few {test % 7}")[: 1 + (test % 3 == 0)]
            ),
        )
        for test in range(tests)
    ]
    opening: list[AnyEvent] = [
        RunBegan(now=0.0, workers=workers),
        *(WorkerJoined(now=0.0, worker=number) for number in range(workers)),
        *(WorkerCollected(now=0.0, worker=number) for number in range(workers)),
        TestsCollected(
            now=0.0,
            tests=[CollectedTest(nodeid=f"{file}::{n}") for n, file in enumerate(files)],
            estimates=[seconds * chance.lognormvariate(0.0, 0.2) for seconds in durations],
            setup_costs={str(file): 0.02 for file in range(100)},
            constraints=constraints,
            resources=capacities,
        ),
    ]
    began = process_time()
    truth = Truth(durations, files, [0.02] * 100)
    schedule = Rehearsal(opening, workers, truth).schedule()
    seconds = process_time() - began
    ratio = schedule.makespan / (sum(durations) / workers)
    print(f"{tests:>9,} {resources:>9,} {seconds:>8.2f} {ratio:>17.2f}")


if __name__ == "__main__":
    main()
