"""Scheduling instances that are made for measuring, by family, size, workers and seed.

    python -m benchmarks.instances FAMILY TESTS WORKERS SEED

prints one, in the format that ``pytest-orchestrate simulate`` reads. The same arguments give
the same instance, on any machine.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import Any

#: What estimates are usually off by: the standard deviation of their logarithm.
USUAL_ERROR = 0.2


class Suite:
    """An instance in the making."""

    def __init__(self, tests: int, workers: int, chance: Random) -> None:
        #: How many tests it is to have.
        self.size = tests
        self.workers = workers
        self.chance = chance
        #: Standard deviation of the logarithm of what estimates are off by; None: no estimates.
        self.error: float | None = USUAL_ERROR
        self.tests: list[dict[str, Any]] = []
        self.groups: dict[str, dict[str, float]] = {}
        self.resources: dict[str, int] = {}

    @property
    def left(self) -> int:
        """How many tests it still lacks."""
        return self.size - len(self.tests)

    @property
    def fair_share(self) -> float:
        """Seconds of test for each worker."""
        seconds: float = sum(test["duration"] for test in self.tests)
        return seconds / self.workers

    def add(self, seconds: float, group: str | None = None, requires: Sequence[str] = ()) -> str:
        """One more test; returns its id."""
        name = f"{group or 'alone.py'}::test_{len(self.tests)}"
        test: dict[str, Any] = {"id": name, "group": group, "estimate": None, "duration": seconds}
        if requires:
            test["requires"] = sorted(set(requires))
        if self.error is not None:
            test["estimate"] = seconds * self.chance.lognormvariate(0.0, self.error)
        self.tests.append(test)
        return name

    def file(self, tests: int, dearest: float = 0.3, *, heavy: bool = False) -> list[str]:
        """One more file, as long as tests are lacking; returns their ids.

        ``dearest``: the highest possible set-up, in seconds. ``heavy``: a few of its tests take
        far longer than the others.
        """
        chance = self.chance
        group = f"tests/test_{len(self.groups)}.py"
        self.groups[group] = {"setup": chance.uniform(0.0, dearest)}
        usual = chance.lognormvariate(-3.0, 0.7)
        return [
            self.add(
                usual * (chance.paretovariate(1.3) if heavy else chance.lognormvariate(0.0, 0.8)),
                group,
            )
            for _ in range(min(tests, self.left))
        ]

    def fill(self, most: int = 40, dearest: float = 0.3, *, heavy: bool = False) -> None:
        """Files of up to so many tests, until no test is lacking."""
        while self.left > 0:
            self.file(self.chance.randint(1, most), dearest, heavy=heavy)

    def document(self) -> dict[str, Any]:
        """The instance."""
        return {
            "format": 1,
            "workers": self.workers,
            "resources": self.resources,
            "groups": self.groups,
            "tests": self.tests,
        }


# What suites are like


def heavy_tails(suite: Suite) -> None:
    """Some tests take many times as long as their siblings."""
    suite.fill(heavy=True)


def few_giants(suite: Suite) -> None:
    """A few tests take a good part of the whole run each."""
    suite.fill()
    add_giants(suite)


def add_giants(suite: Suite) -> None:
    fair = suite.fair_share
    for _ in range(max(1, suite.workers // 3)):
        test = suite.chance.choice(suite.tests)
        test["duration"] = fair * suite.chance.uniform(0.3, 0.9)
        if test["estimate"] is not None:
            test["estimate"] = test["duration"]


def big_files(suite: Suite) -> None:
    """Some files hold a quarter of all tests, and files are dear to enter."""
    while suite.left > 0:
        size = min(int(suite.chance.paretovariate(0.8) * 10), max(suite.size // 4, 1))
        suite.file(size, 2.0)


def one_big_file(suite: Suite) -> None:
    """Half of all tests are in one file."""
    suite.file(suite.size // 2, 1.0)
    suite.fill()


def small_files(suite: Suite) -> None:
    """Many files of a few tests."""
    suite.fill(8)


def dear_files(suite: Suite) -> None:
    """To enter a file costs far more than one of its tests."""
    while suite.left > 0:
        suite.file(suite.chance.randint(5, 80), 3.0)


def few_requirements(suite: Suite) -> None:
    """Some tests require the one before in their file, and a few any earlier one of the suite."""
    suite.fill()
    last: dict[str, int] = {}
    for number, test in enumerate(suite.tests):
        before = last.get(test["group"])
        if before is not None and suite.chance.random() < 0.1:
            require(test, suite.tests[before])
        elif number and suite.chance.random() < 0.02:
            require(test, suite.tests[suite.chance.randrange(number)])
        last[test["group"]] = number


def first_steps(suite: Suite) -> None:
    """A few tests are required by many, all over the suite."""
    suite.fill()
    steps = max(1, len(suite.tests) // 50)
    for test in suite.tests[steps:]:
        if suite.chance.random() < 0.3:
            require(test, suite.tests[suite.chance.randrange(steps)])


def files_in_order(suite: Suite) -> None:
    """In half of the files each test requires the one before."""
    while suite.left > 0:
        first = len(suite.tests)
        suite.file(suite.chance.randint(3, 20))
        if suite.chance.random() < 0.5:
            for before, after in pairwise(suite.tests[first:]):
                require(after, before)


def chains(suite: Suite) -> None:
    """Tests that require the one before, within a file and across files."""
    suite.fill()
    add_chains(suite, 0.3)


def add_chains(suite: Suite, part: float) -> None:
    """Chains over this part of the tests, up to so long that they decide when the run ends."""
    chance = suite.chance
    longest = max(3, min(suite.size // suite.workers * 2, 200))
    at = 0
    while at < len(suite.tests) - 1:
        length = min(chance.randint(2, longest), len(suite.tests) - at)
        if chance.random() < part:
            if chance.random() < 0.5:
                links = list(range(at, at + length))
            else:
                links = sorted(chance.sample(range(len(suite.tests)), length))
            for before, after in pairwise(links):
                require(suite.tests[after], suite.tests[before])
        at += length


def require(test: dict[str, Any], target: dict[str, Any]) -> None:
    """The test requires the target too."""
    test["requires"] = sorted({*test.get("requires", ()), target["id"]})


def diamonds(suite: Suite) -> None:
    """One test is required by several, which are required by one, again and again."""
    suite.fill()
    add_diamonds(suite, 0.5)


def add_diamonds(suite: Suite, part: float) -> None:
    """Diamonds and chains of diamonds over this part of the tests."""
    chance, tests = suite.chance, suite.tests
    at = 0
    source: int | None = None
    while at < len(tests) - 3:
        width = min(chance.randint(2, 2 * suite.workers), len(tests) - at - 2)
        if chance.random() < part:
            first = at if source is None or chance.random() < 0.3 else source
            last = at + width + 1
            for middle in range(at + 1, last):
                require(tests[middle], tests[first])
                require(tests[last], tests[middle])
            source = last
        at += width + 2


def one_gate(suite: Suite) -> None:
    """Everything requires one test, and what gathers the results requires everything."""
    gate = suite.add(suite.chance.uniform(0.2, 1.0), None)
    suite.size -= 1
    suite.fill()
    suite.size += 1
    for test in suite.tests[1:]:
        test["requires"] = [gate]
    suite.add(suite.chance.uniform(0.2, 1.0), None, [test["id"] for test in suite.tests[1:]])


def scarce(suite: Suite) -> None:
    """Many tests hold something of which there is little."""
    suite.fill()
    add_demands(suite, 0.4)


def add_demands(suite: Suite, part: float) -> None:
    """Resources of one, of a few, and of many units, held by this part of the tests."""
    chance = suite.chance
    suite.resources = {"db": 1, "port": 2, "licence": max(1, suite.workers // 2)}
    suite.resources["cpu"] = max(4, suite.workers)
    # A resource of one unit that everybody wants leaves nothing to decide.
    usual = {"db": 1.0 / suite.workers, "port": 2.0 / suite.workers, "licence": 0.4, "cpu": 0.5}
    for test in suite.tests:
        if chance.random() < part:
            held = {name: 1 for name, often in usual.items() if chance.random() < often}
            if "cpu" in held:
                held["cpu"] = chance.randint(1, suite.resources["cpu"] * 3 // 4)
            if held:
                test["resources"] = held


def single_units(suite: Suite) -> None:
    """A fifth of the tests holds one unit of something of which there are few."""
    suite.fill()
    suite.resources = {"db": 1, "port": 2, "licence": max(1, suite.workers // 2)}
    for test in suite.tests:
        if suite.chance.random() < 0.2:
            test["resources"] = {suite.chance.choice(list(suite.resources)): 1}


def scarce_by_file(suite: Suite) -> None:
    """Whole files hold the same resource, and files are dear to enter."""
    chance = suite.chance
    suite.resources = {"db": 1, "browser": max(1, suite.workers // 3)}
    while suite.left > 0:
        first = len(suite.tests)
        suite.file(chance.randint(1, 30), 1.0)
        drawn = chance.random() * suite.workers
        if drawn < 2.0:
            for test in suite.tests[first:]:
                test["resources"] = {"db" if drawn < 0.8 else "browser": 1}


def wrong_estimates(suite: Suite) -> None:
    """Estimates are off by a factor of 1.65 in the usual case."""
    suite.error = 0.5
    suite.fill(heavy=True)


def no_history(suite: Suite) -> None:
    """Nothing was ever measured."""
    suite.error = None
    suite.fill()


def longest_first_misleads(suite: Suite) -> None:
    """What fits without a gap, and not if the longest is always taken first.

    The instance for which Graham's 4/3 - 1/(3 m) is exact; where there are more tests, every
    worker's share is cut into as many random pieces.
    """
    suite.error = 0.0
    workers = suite.workers
    if suite.size < 4 * workers:
        sizes = [float(size) for size in range(workers + 1, 2 * workers) for _ in range(2)]
        sizes += [float(workers)] * 3
    else:
        sizes = []
        for worker in range(workers):
            pieces = suite.size // workers + (worker < suite.size % workers)
            cuts = sorted(suite.chance.uniform(0.0, 10.0) for _ in range(pieces - 1))
            sizes += [b - a for a, b in zip([0.0, *cuts], [*cuts, 10.0], strict=True)]
    suite.chance.shuffle(sizes)
    for seconds in sizes:
        suite.add(seconds)


def mixture(suite: Suite) -> None:
    """Something of everything, and some tests are more urgent than others."""
    chance = suite.chance
    suite.error = chance.choice([0.2, 0.5, 0.5, None])
    while suite.left > 0:
        size = min(int(chance.paretovariate(1.0) * 6), max(suite.size // 4, 1))
        suite.file(size, chance.choice([0.1, 0.5, 2.0]), heavy=chance.random() < 0.3)
    if chance.random() < 0.3:
        add_giants(suite)
    if chance.random() < 0.6:
        add_chains(suite, 0.15)
    if chance.random() < 0.5:
        add_diamonds(suite, 0.2)
    if chance.random() < 0.7:
        add_demands(suite, chance.choice([0.1, 0.3]))
    for test in suite.tests:
        if test["estimate"] is not None and chance.random() < 0.1:
            test["estimate"] = None
        if chance.random() < 0.05:
            test["priority"] = chance.choice([-1, 1, 5])


FAMILIES: dict[str, Callable[[Suite], None]] = {
    family.__name__.replace("_", "-"): family
    for family in (
        heavy_tails,
        few_giants,
        big_files,
        one_big_file,
        small_files,
        dear_files,
        no_history,
        wrong_estimates,
        longest_first_misleads,
        few_requirements,
        first_steps,
        files_in_order,
        chains,
        diamonds,
        one_gate,
        single_units,
        scarce,
        scarce_by_file,
        mixture,
    )
}


def instance(family: str, tests: int, workers: int, seed: int) -> dict[str, Any]:
    """The instance with this seed; it has about so many tests."""
    suite = Suite(tests, workers, Random(f"{family} {tests} {workers} {seed}"))
    FAMILIES[family](suite)
    return suite.document()


def main() -> None:
    """Print one instance."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.instances", description=__doc__)
    parser.add_argument("family", metavar="FAMILY", choices=FAMILIES, help=", ".join(FAMILIES))
    for name in ("tests", "workers", "seed"):
        parser.add_argument(name, metavar=name.upper(), type=int)
    options = parser.parse_args()
    print(json.dumps(instance(options.family, options.tests, options.workers, options.seed)))


if __name__ == "__main__":
    main()
