"""One project in every way that tests can be distributed, compared with two plain runs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from tests.downstream.checkout import Checkout
from tests.downstream.comparison import Difference, Fact, Verdict, compare, judge, reasons
from tests.downstream.suite import WITHOUT_US, SuiteRun, SuiteRunner, Way

ACTIVE = ("-p", "orchestrate")
AUTO = "auto"

#: How the head line says that test files are shared out.
SHARDED = "sharded collection"
_HEAD = re.compile(r"^orchestrate: .*", re.MULTILINE)
_FULL = re.compile(r"full collection \((.*?)(?:; orchestrate_collect = sharded overrides)?\)")
_LATE = re.compile(
    r"^orchestrate: (?:every worker has collected everything: (.*?)"
    r"(?:; orchestrate_collect = sharded overrides)?|(.* begin anew and .*))$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Row:
    """What is known of one project when it has been run in every way."""

    project: str
    kind: str
    tests: int
    #: How test files were collected when nothing was asked for.
    collection: str
    #: The ways, each with how often in a row.
    ways: str
    differences: int
    #: Differences in what two plain runs do not agree on either.
    unstable: int

    def __str__(self) -> str:
        """As a row of a Markdown table."""
        differences = str(self.differences)
        if self.unstable:
            differences += f" (and {self.unstable} between plain runs)"
        cells = (
            *(self.project, self.kind, f"{self.tests:,}", self.collection),
            *(self.ways, differences),
        )
        return f"| {' | '.join(cells)} |"


COLUMNS = ("project", "what it is", "tests", "collection chosen", "runs", "differences")
HEADINGS = f"| {' | '.join(COLUMNS)} |\n{'|---' * len(COLUMNS)}|"


def ways(workers: int, is_sharded: bool) -> list[Way]:
    """Return the ways that a suite is to be run in.

    :param is_sharded: Test files are shared out by default; else they are not at all.
    """
    collections = ("auto", "full") if is_sharded else ("auto",)
    return [
        Way(
            f"{'sharded' if is_sharded and collect == 'auto' else 'full'}-{start}",
            (
                *ACTIVE,
                f"--workers={workers}",
                f"--orchestrate-collect={collect}",
                f"--orchestrate-start={start}",
            ),
        )
        for collect in collections
        for start in ("fork", "spawn")
    ] + [Way(AUTO, (*ACTIVE, "--workers=auto"))]


def collection_of(printed: str) -> str:
    """Return how test files were collected, and why not in shares, as the run itself says it."""
    late = _LATE.search(printed)
    if late is not None:
        return f"full: {late[1] or late[2]}"
    head = _HEAD.search(printed)
    if head is None:
        return "not said"
    full = _FULL.search(head[0])
    if full is not None:
        return f"full: {full[1]}"
    return "sharded" if SHARDED in head[0] else head[0].partition(": ")[2]


def head_of(printed: str) -> str:
    """Return the first part of the head line: how many workers, and why so many."""
    head = _HEAD.search(printed)
    if head is None:
        return "not said"
    return re.split(r", (?:forked|spawned|sharded|full|no history|history)", head[0])[0].partition(
        ": "
    )[2]


def examine_in_every_way(
    checkout: Checkout,
    runner: SuiteRunner,
    workers: int,
    times: int,
    ignore: frozenset[str],
    say: Callable[[str], None],
) -> Row:
    """Run a suite plainly twice, then in each way; print the differences, and return the row.

    Within a way the history of the first run is there in those that follow.
    """
    project = checkout.project
    plain = [runner.run(checkout, f"plain-{number}", WITHOUT_US) for number in (1, 2)]
    between_plain = list(compare(plain[0].facts(), plain[1].facts()))
    first = runner.run(checkout, "first", (*ACTIVE, f"--workers={workers}"))
    collection = collection_of(first.text)
    seen = {"by itself": [first]}
    for way in ways(workers, collection == "sharded"):
        # what auto does when it knows the suite is another way
        in_a_row = max(times, 2) if way.name == AUTO else times
        seen[way.name] = [
            runner.run(checkout, f"{way.name}-{number}", way.args, keep_history=number > 1)
            for number in range(1, in_a_row + 1)
        ]
        worst = max(len(compare(plain[0].facts(), run.facts())) for run in seen[way.name])
        seconds = ", ".join(f"{run.seconds:.1f}" for run in seen[way.name])
        say(f"        {way.name}: {worst} differ; {seconds} s (plain {plain[0].seconds:.1f})")
    found = differences_of(plain[0], seen, ignore)
    if any(found.values()):
        again = runner.run(checkout, "plain-3", WITHOUT_US)
        between_plain += compare(plain[0].facts(), again.facts())
    verdict = verdict_on(plain[0], found, between_plain)
    show(verdict, found, [run for runs in seen.values() for run in runs], say)
    say(f"        auto took {'; then '.join(head_of(run.text) for run in seen[AUTO])}")
    return Row(
        project=project.title,
        kind=project.kind,
        tests=plain[0].tests,
        collection=collection,
        ways=", ".join(f"{len(runs)} {name}" for name, runs in seen.items()),
        differences=len(verdict.differences),
        unstable=len(verdict.unstable),
    )


def differences_of(
    plain: SuiteRun, seen: dict[str, list[SuiteRun]], ignore: frozenset[str]
) -> dict[Fact, dict[str, Difference]]:
    """Return what differs from a plain run: the fact, then the way in which it does."""
    found: dict[Fact, dict[str, Difference]] = {}
    reference = plain.facts()
    for way, runs in seen.items():
        for number, run in enumerate(runs, 1):
            for difference in compare(reference, run.facts()):
                if difference.fact[0] not in ignore:
                    found.setdefault(difference.fact, {})[f"{way} {number}"] = difference
    return found


def verdict_on(
    plain: SuiteRun,
    found: dict[Fact, dict[str, Difference]],
    between_plain: Sequence[Difference],
) -> Verdict:
    """Set apart what plain runs do not agree on either."""
    if plain.says_nothing:
        why = Difference(("tests", ""), plain.says_nothing, "not looked at: see --keep")
        return Verdict((why,))
    differences = tuple(next(iter(ways.values())) for ways in found.values())
    return judge(differences, tuple(between_plain))


def show(
    verdict: Verdict,
    found: dict[Fact, dict[str, Difference]],
    runs: Iterable[SuiteRun],
    say: Callable[[str], None],
    most: int = 20,
) -> None:
    """Print the first differences, with the runs in which they were seen."""
    causes = {name: why for run in runs for name, why in reasons(run.record).items()}
    for prefix, differences in (
        ("", verdict.differences),
        ("unstable in plain pytest, not counted: ", verdict.unstable),
    ):
        for difference in differences[:most]:
            kind, name = difference.fact
            say(f"    {prefix}{kind} {name}: plain {difference.plain}, here {difference.other}")
            say(f"        in {', '.join(found.get(difference.fact, {}))}")
            if kind == "test" and name in causes:
                say(f"        {causes[name]}")
        if len(differences) > most:
            say(f"    {prefix}... and {len(differences) - most} more")
