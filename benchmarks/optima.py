"""How far schedules of small suites are from the best possible ones.

    python -m benchmarks.optima [--n TESTS ...] [--workers N ...] [--seeds K] [--seconds S]
                                [--families FAMILY ...]

OR-tools' CP-SAT looks for the shortest schedule of each instance, with all durations known, for so
many seconds. Per family: in how many instances it was proven that there is no shorter one;
makespan over the optimum in these (geometric mean, worst); makespan over what is proven in any case
(of all instances); and by how much the optimum lies above ``lower_bound``. The exit status is 1 if
a bound of ours turns out to be above a schedule that was found.

Needs the dependency group ``optima``.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from importlib.util import find_spec
from itertools import product
from statistics import geometric_mean

from benchmarks.instances import FAMILIES, instance
from pytest_orchestrate.engine.bounds import lower_bound
from pytest_orchestrate.engine.instance import Instance, parsed
from pytest_orchestrate.engine.simulator import Simulation

#: Ticks of the solver in our makespan. Durations are rounded down to ticks, so what is proven for
#: these is proven for the instance, too.
TICKS = 1_000_000
#: A schedule is as good as optimal if it takes no more than this share longer than the bound.
CLOSE = 1e-3
#: Ticks per second are more than that for no instance, or sums overflow.
FINEST = 1e9


@dataclass
class Found:
    """What the solver found for one instance, in seconds."""

    #: No schedule is shorter.
    bound: float
    #: The shortest schedule that is known.
    shortest: float

    @property
    def is_optimal(self) -> bool:
        """Whether the shortest schedule is proven to be so, or as good as that."""
        return self.shortest <= self.bound * (1.0 + CLOSE)


@dataclass
class Compared:
    """Our schedules of a family and the best ones."""

    instances: int = 0
    #: Makespan over the optimum, where that is proven, and the instance.
    to_optimum: list[tuple[float, str]] = field(default_factory=list)
    #: Makespan over what is proven.
    to_proven: list[float] = field(default_factory=list)
    #: The optimum over our bound, where the optimum is proven.
    lacking: list[float] = field(default_factory=list)

    def add(self, other: Compared) -> None:
        """Count the other's instances here too."""
        self.instances += other.instances
        self.to_optimum += other.to_optimum
        self.to_proven += other.to_proven
        self.lacking += other.lacking

    def row(self, name: str) -> str:
        """One line of the table."""
        worst, where = max(self.to_optimum, default=(1.0, "-"))
        mean = geometric_mean([ratio for ratio, _ in self.to_optimum] or [1.0])
        return (
            f"{name:<24} {self.instances:>9} {len(self.to_optimum):>6} {mean:>8.4f} {worst:>8.4f}"
            f" {geometric_mean(self.to_proven or [1.0]):>9.4f}"
            f" {geometric_mean(self.lacking or [1.0]):>11.4f}  {where}"
        )


HEAD = (
    f"{'family':<24} {'instances':>9} {'proven':>6} {'mean':>8} {'worst':>8} {'to proven':>9}"
    f" {'above bound':>11}  worst (tests workers seed)"
)


def solve(problem: Instance, known: float, seconds: float) -> Found:
    """Look for the shortest schedule.

    :param known: Makespan of a schedule.
    :param seconds: For how long.
    """
    ours = lower_bound(problem)
    if known <= ours * (1.0 + CLOSE):
        return Found(ours, known)
    from ortools.sat.python import cp_model

    scale = min(TICKS / known, FINEST)
    model = cp_model.CpModel()
    tests = range(len(problem.durations))
    lasts = [int(each * scale) for each in problem.durations]
    entries = [int(problem.entries[file] * scale) for file in problem.files]
    # The known schedule fits: rounding down makes nothing longer.
    end = int(known * scale) + 1
    makespan = model.new_int_var(int(ours * scale) - len(lasts) * 2, end, "end")
    begins = [model.new_int_var(entry, end, "") for entry in entries]
    spans = [model.new_fixed_size_interval_var(begins[test], lasts[test], "") for test in tests]
    for test in tests:
        model.add(makespan >= begins[test] + lasts[test])
        for target in problem.requires.get(test, ()):
            model.add(begins[test] >= begins[target] + lasts[target])
    # Each worker goes from node 0 along its tests and back.
    arcs = []
    firsts = []
    for test in tests:
        firsts.append(model.new_bool_var(""))
        arcs += [(0, test + 1, firsts[-1]), (test + 1, 0, model.new_bool_var(""))]
        for before in tests:
            if before != test:
                follows = model.new_bool_var("")
                arcs.append((before + 1, test + 1, follows))
                entry = entries[test] if problem.files[before] != problem.files[test] else 0
                model.add(begins[test] >= begins[before] + lasts[before] + entry).only_enforce_if(
                    follows
                )
    model.add_multiple_circuit(arcs)
    model.add(sum(firsts) <= problem.workers)
    model.add_cumulative(spans, [1] * len(spans), problem.workers)
    for name, capacity in problem.capacities.items():
        users = [
            (spans[test], demand.amount)
            for test, demands in problem.demands.items()
            for demand in demands
            if demand.name == name
        ]
        if users:
            model.add_cumulative([u for u, _ in users], [amount for _, amount in users], capacity)
    model.minimize(makespan)
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = seconds
    solver.parameters.num_workers = 2
    solver.parameters.relative_gap_limit = CLOSE / 2
    status = solver.solve(model)
    bound = max(ours, solver.best_objective_bound / scale)
    if status in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        known = min(known, solver.objective_value / scale)
    return Found(bound, known)


def compare(problem: Instance, where: str, seconds: float) -> tuple[Compared, str]:
    """Schedule one instance and look for its optimum; and what is wrong with our bound."""
    makespan = Simulation(problem).schedule().makespan
    bound = lower_bound(problem)
    if not bound:
        return Compared(), ""
    found = solve(problem, makespan, seconds)
    compared = Compared(1, to_proven=[makespan / found.bound])
    if found.is_optimal:
        compared.to_optimum.append((makespan / found.bound, where))
        compared.lacking.append(found.bound / bound)
    # Rounding takes no more than a tick of each duration and each entry.
    slack = 2 * len(problem.durations) * makespan / TICKS
    if bound > found.shortest + slack:
        return compared, f"bound {bound} above a schedule of {found.shortest}"
    return compared, ""


def main() -> int:
    """Print a line for each family; returns the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.optima")
    parser.add_argument("--n", type=int, nargs="+", default=[20, 60], metavar="TESTS")
    parser.add_argument("--workers", type=int, nargs="+", default=[2, 8], metavar="N")
    parser.add_argument("--seeds", type=int, default=1, metavar="K")
    parser.add_argument("--seconds", type=float, default=10.0, metavar="S")
    parser.add_argument(
        "--families", nargs="+", default=list(FAMILIES), choices=FAMILIES, metavar="FAMILY"
    )
    options = parser.parse_args()
    if find_spec("ortools") is None:
        sys.stderr.write("OR-tools is missing: pip install --group optima\n")
        return 2
    print(HEAD)
    every = Compared()
    wrong: list[str] = []
    for family in options.families:
        of_family = Compared()
        for tests, workers, seed in product(options.n, options.workers, range(options.seeds)):
            where = f"{tests} {workers} {seed}"
            problem = parsed(instance(family, tests, workers, seed))
            compared, sentence = compare(problem, where, options.seconds)
            of_family.add(compared)
            if sentence:
                wrong.append(f"{family} {where}: {sentence}")
        print(of_family.row(family), flush=True)
        every.add(of_family)
    print(every.row("all"))
    for sentence in wrong:
        print(sentence)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
