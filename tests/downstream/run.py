"""Run the test suites of real projects plainly and distributed, and compare test by test.

    python tests/downstream/run.py [--quick] [--workers 2] [PROJECT ...]

Needs nothing but Python and a package index. README.md beside this file says more.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.downstream.checkout import ROOT, Checkout, CheckoutError, prepare
from tests.downstream.comparison import Difference, Verdict, compare, judge, reasons
from tests.downstream.matrix import ACTIVE, HEADINGS, Row, examine_in_every_way
from tests.downstream.project import Group, Project
from tests.downstream.projects import PROJECTS
from tests.downstream.suite import WITHOUT_US, SuiteRun, SuiteRunner, Way
from tests.downstream.times import PLAIN, Runs, as_text, run_in_rounds, table, xdist_ways

SHOWN = 20
QUICK_SECONDS = 10.0
XDIST = "pytest-xdist"


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    projects: tuple[Project, ...]
    against: tuple[str, ...]
    repeat: int
    times: bool
    xdist: bool
    ignore: frozenset[str]
    cache: Path
    pytest: str
    extra: tuple[str, ...]
    workers: int

    @property
    def other(self) -> str:
        """What to call the runs that are compared with plain pytest."""
        return "other" if WITHOUT_US[1] in self.against else "ours"

    @property
    def ways(self) -> list[Way]:
        """What is run in each round, plain pytest first."""
        found = [Way(PLAIN, WITHOUT_US), Way(self.other, self.against)]
        if self.times:
            # it knows the suite from the run before it
            found.append(Way("auto", (*ACTIVE, "--workers=auto"), keep_history=True))
        return [*found, *(xdist_ways(self.workers) if self.xdist else ())]


def main(argv: list[str] | None = None) -> int:
    """Return 0 when every project behaves as under plain pytest, else 1."""
    options = parser().parse_args(argv)
    # A run in progress is in a session of its own, and has to be ended by us.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    settings = settings_from(options)
    with tempfile.TemporaryDirectory(prefix="downstream-") as scratch:
        folder = Path(options.keep or scratch).resolve()
        runner = SuiteRunner(folder, options.limit, options.keep_history, options.memory)
        if options.matrix:
            return show_matrix([row_of(each, settings, runner) for each in settings.projects])
        results = [(each, examine(each, settings, runner)) for each in settings.projects]
    same = [(project.title, runs) for project, runs in results if runs is not None]
    if settings.times or len(same) > 1:
        say(f"\n{table(same)}")
    say(f"{len(same)} passed, {len(results) - len(same)} failed")
    return 0 if len(same) == len(results) else 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(description="Compare the suites of real projects.")
    add = result.add_argument
    names = [project.name for project in PROJECTS]
    add(
        "project",
        nargs="*",
        metavar="PROJECT",
        help=f"of: {', '.join(names)} (default: the larger)",
    )
    add("--quick", action="store_true", help=f"only suites below {QUICK_SECONDS:.0f} s")
    add("--small", action="store_true", help="ten suites that take about a second")
    add("--kinds", action="store_true", help="those of other kinds, about a quarter of an hour")
    add(
        "--matrix",
        action="store_true",
        help="in every way, as a table; by default all larger",
    )
    add("--workers", type=int, default=2, help="how many workers (default: 2)")
    add("--repeat", type=int, default=1, metavar="N", help="pairs of runs (default: 1)")
    add("--times", action="store_true", help="measure --workers=auto too, that knows the suite")
    add("--xdist", action="store_true", help="measure pytest-xdist too: the best of its modes")
    add("--short", action="store_true", help="of long suites a part, as --matrix does")
    add("--memory", action="store_true", help="measure memory too, which takes time")
    add("--against", metavar="ARGS", help="compare with these arguments instead of ours")
    add("--ignore", action="append", default=[], metavar="KIND", help="do not compare this kind")
    add("--with", action="append", default=[], dest="extra", metavar="REQ", help="install too")
    add("--pytest", default="pytest>=8.4", metavar="REQ", help="which pytest (pytest>=8.4)")
    add("--keep-history", action="store_true", help="let our history live between the runs")
    add("--limit", type=float, default=900.0, metavar="SECONDS", help="of one run (default: 900)")
    add("--keep", metavar="DIR", help="keep the outputs and the records here")
    add("--cache", metavar="DIR", help="where environments are kept between calls")
    return result


def settings_from(options: argparse.Namespace) -> Settings:
    """Check and complete what was given on the command line."""
    known = {project.name: project for project in PROJECTS}
    unknown = [name for name in options.project if name not in known]
    if unknown:
        sys.exit(f"unknown project {unknown[0]!r}: choose from {', '.join(known)}")
    groups = groups_from(options)
    chosen = tuple(known[name] for name in options.project) or tuple(
        project for project in PROJECTS if project.group in groups
    )
    if options.quick:
        chosen = tuple(project for project in chosen if project.seconds < QUICK_SECONDS)
    if options.short or options.matrix:
        chosen = tuple(project.shortened for project in chosen)
    ours = (*ACTIVE, f"--workers={options.workers}")
    against = ours if options.against is None else tuple(shlex.split(options.against))
    if "orchestrate" not in against:
        against = (*WITHOUT_US, *against)
    return Settings(
        projects=chosen,
        against=against,
        repeat=max(1, options.repeat),
        times=options.times,
        xdist=options.xdist,
        ignore=frozenset(options.ignore),
        cache=Path(options.cache).resolve() if options.cache else default_cache(),
        pytest=options.pytest,
        extra=(*options.extra, *([XDIST] if options.xdist else [])),
        workers=options.workers,
    )


def groups_from(options: argparse.Namespace) -> tuple[Group, ...]:
    """Return which projects are run where none is named."""
    if options.small:
        return ("small",)
    if options.kinds:
        return ("kinds",)
    return ("usual", "kinds") if options.matrix else ("usual",)


def default_cache() -> Path:
    """Return a folder beside tox's own environments, or a temporary one if that is read-only."""
    beside = ROOT / ".tox" if (ROOT / ".tox").exists() else ROOT
    if os.access(beside, os.W_OK):
        return ROOT / ".tox" / "downstream-cache"
    return Path(tempfile.gettempdir()) / "downstream-cache"


def examine(project: Project, settings: Settings, runner: SuiteRunner) -> Runs | None:
    """Compare one project, and print what was found.

    Returns the runs; None unless all is equal.
    """
    try:
        checkout = prepare(project, settings.cache, settings.pytest, settings.extra, say)
    except CheckoutError as error:
        say(f"{project.name} {project.version}: FAILED to prepare: {error}")
        return None
    runs = run_in_rounds(checkout, runner, settings.ways, settings.repeat)
    for name, its in runs.items():
        say_memory(name, its)
    plain = runs[PLAIN]
    other = [run for name in (settings.other, "auto") for run in runs.get(name, ())]
    verdict = verdict_on(checkout, plain, other, settings, runner)
    count = len(verdict.differences)
    said = f"FAILED: {count} differ" if count else "same"
    say(f"{project.title}: {plain[0].tests} tests, {said} | {as_text(runs)}")
    causes = {name: why for run in other for name, why in reasons(run.record).items()}
    show("", verdict.differences, causes)
    for line in next((run.last_words for run in (*plain, *other) if run.last_words), []):
        say(f"        {line}")
    show("unstable in plain pytest, not counted: ", verdict.unstable, causes)
    return None if verdict.differences else runs


def verdict_on(
    checkout: Checkout,
    plain: Sequence[SuiteRun],
    other: Sequence[SuiteRun],
    settings: Settings,
    runner: SuiteRunner,
) -> Verdict:
    """Compare every run with the first plain one; a difference has the plain run repeated."""
    reference = plain[0].facts()
    if plain[0].says_nothing:
        # Nothing equals nothing, and a failure everywhere is the same everywhere.
        end = Difference(("tests", ""), plain[0].says_nothing, "not looked at: see --keep")
        return Verdict((end,))
    found: dict[object, Difference] = {}
    for run in other:
        for difference in compare(reference, run.facts()):
            if difference.fact[0] not in settings.ignore:
                found.setdefault(difference.fact, difference)
    if not found:
        return Verdict(())
    again = [*plain[1:], runner.run(checkout, "plain-again", WITHOUT_US)]
    between_plain = tuple(d for run in again for d in compare(reference, run.facts()))
    return judge(tuple(found.values()), between_plain)


def row_of(project: Project, settings: Settings, runner: SuiteRunner) -> Row | None:
    """Run one project in every way; None if it could not be prepared."""
    try:
        checkout = prepare(project, settings.cache, settings.pytest, settings.extra, say)
    except CheckoutError as error:
        say(f"{project.name} {project.version}: FAILED to prepare: {error}")
        return None
    say(f"{project.name} {project.version}:")
    row = examine_in_every_way(
        checkout, runner, settings.workers, settings.repeat, settings.ignore, say
    )
    say(str(row))
    return row


def show_matrix(rows: list[Row | None]) -> int:
    """Print the table; return 1 if a project differs, or could not be prepared."""
    say(f"\n{HEADINGS}")
    there = [row for row in rows if row is not None]
    for row in there:
        say(str(row))
    return int(len(there) < len(rows) or any(row.differences for row in there))


def say_memory(name: str, runs: Sequence[SuiteRun]) -> None:
    """Print the largest peak of these runs, if it was measured."""
    peaks = [run.memory for run in runs if run.memory is not None]
    if peaks:
        say(f"        memory, {name}: {max(peaks) / 1e6:.0f} MB")


def say(line: str) -> None:
    """Print one line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def show(prefix: str, differences: tuple[Difference, ...], causes: dict[str, str]) -> None:
    """Print the first differences, one a line, with the reason of a failure below."""
    for difference in differences[:SHOWN]:
        kind, name = difference.fact
        say(f"    {prefix}{kind} {name}: plain {difference.plain}, here {difference.other}")
        if kind == "test" and name in causes:
            say(f"        {causes[name]}")
    if len(differences) > SHOWN:
        say(f"    {prefix}... and {len(differences) - SHOWN} more")


if __name__ == "__main__":
    sys.exit(main())
