"""How good the schedules are, and what deciding on them costs.

    python -m benchmarks.placement [--n TESTS ...] [--workers N ...] [--seeds K]
                                   [--families FAMILY ...]

Per family: makespan over lower bound (geometric mean, 95th percentile, worst), processor
seconds (simulating it all, of one plan at most, of one bound at most), and microseconds for
each event that the engine decides on. Every schedule is checked against the rules of the
format, and the decisions are made twice and compared. The exit status is 1 if anything was
wrong; ``python -m benchmarks.instances`` prints the instance.

The ratios hold on any machine; they contain what the bound lacks.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import product
from statistics import geometric_mean
from time import process_time
from typing import Any

from benchmarks.instances import FAMILIES, instance
from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import parsed
from pytest_orchestrate.engine.rehearsal import Schedule
from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.engine.simulator import Simulation, described
from pytest_orchestrate.errors import OrchestrateError
from pytest_orchestrate.model.events import TestsCollected
from tests.support.schedule_checker import violations

WORKERS = (2, 4, 8, 16, 32, 64)
#: Of what is wrong with one schedule, so much is printed.
SHOWN = 3


@dataclass
class Measured:
    """What the instances of a family gave. Times are seconds."""

    ratios: list[tuple[float, str]] = field(default_factory=list)
    simulating: float = 0.0
    deciding: float = 0.0
    decisions: int = 0
    longest_plan: float = 0.0
    longest_bound: float = 0.0
    wrong: list[str] = field(default_factory=list)

    def add(self, other: Measured) -> None:
        """Count the other's instances here too."""
        self.ratios += other.ratios
        self.simulating += other.simulating
        self.deciding += other.deciding
        self.decisions += other.decisions
        self.longest_plan = max(self.longest_plan, other.longest_plan)
        self.longest_bound = max(self.longest_bound, other.longest_bound)
        self.wrong += other.wrong

    def row(self, name: str) -> str:
        """One line of the table."""
        if not self.ratios:
            return f"{name:<24} {0:>9}"
        ratios = sorted(self.ratios)
        late = ratios[int(len(ratios) * 0.95)][0]
        worst, where = ratios[-1]
        mean = geometric_mean([ratio for ratio, _ in ratios])
        return (
            f"{name:<24} {len(ratios):>9} {mean:>8.4f} {late:>8.4f} {worst:>8.4f}"
            f" {self.simulating:>9.2f} {self.longest_plan:>7.3f} {self.longest_bound:>7.3f}"
            f" {self.deciding / self.decisions * 1e6:>11.1f}  {where}"
        )


HEAD = (
    f"{'family':<24} {'instances':>9} {'mean':>8} {'p95':>8} {'worst':>8}"
    f" {'simulate':>9} {'plan':>7} {'bound':>7} {'µs/decision':>11}  worst (tests workers seed)"
)


def measure(document: dict[str, Any], where: str) -> Measured:
    """Schedule one instance."""
    found = Measured()
    problem = parsed(document)
    began = process_time()
    try:
        schedule = Simulation(problem).schedule()
    except OrchestrateError as error:
        found.wrong.append(f"{type(error).__name__}: {error}")
        return found
    found.simulating = process_time() - began
    began = process_time()
    bound = lower_bound(problem)
    found.longest_bound = process_time() - began
    result = described(problem, schedule, bound)
    found.wrong += violations(document, result)[:SHOWN]
    if not decide_again(schedule, found):
        found.wrong.append("the same events gave other commands")
    if bound > 0.0:
        found.ratios.append((schedule.makespan / bound, where))
    return found


def decide_again(schedule: Schedule, found: Measured) -> bool:
    """Time the decisions alone; whether they are the same."""
    handle = Run().handle
    commands = []
    for event in schedule.events:
        began = process_time()
        commands.append(handle(event))
        seconds = process_time() - began
        if isinstance(event, TestsCollected):
            found.longest_plan = seconds
        else:
            found.deciding += seconds
            found.decisions += 1
    return [each for some in commands for each in some] == schedule.commands


def cases(options: argparse.Namespace) -> Iterator[tuple[int, int, int]]:
    """Tests, workers and seed of each instance; there are more tests than workers."""
    for tests, workers, seed in product(options.n, options.workers, range(options.seeds)):
        if tests > 2 * workers:
            yield tests, workers, seed


def main() -> int:
    """Print a line for each family; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.placement")
    parser.add_argument("--n", type=int, nargs="+", default=[60, 500, 5000], metavar="TESTS")
    parser.add_argument("--workers", type=int, nargs="+", default=WORKERS, metavar="N")
    parser.add_argument("--seeds", type=int, default=1, metavar="K")
    parser.add_argument(
        "--families", nargs="+", default=list(FAMILIES), choices=FAMILIES, metavar="FAMILY"
    )
    options = parser.parse_args()
    print(HEAD)
    every = Measured()
    for family in options.families:
        of_family = Measured()
        for tests, workers, seed in cases(options):
            where = f"{tests} {workers} {seed}"
            found = measure(instance(family, tests, workers, seed), where)
            found.wrong = [f"{family} {where}: {sentence}" for sentence in found.wrong]
            of_family.add(found)
        print(of_family.row(family), flush=True)
        every.add(of_family)
    print(every.row("all"))
    for sentence in every.wrong:
        print(sentence)
    return 1 if every.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
