"""Run the test suites of real projects plainly and distributed, and compare test by test.

    python tests/downstream/run.py [--quick] [--workers 2] [PROJECT ...]

Needs nothing but Python and a package index. README.md beside this file says more.
"""

from __future__ import annotations

import argparse
import os
import shlex
import signal
import statistics
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from tests.downstream.checkout import ROOT, Checkout, CheckoutError, prepare
from tests.downstream.comparison import Difference, Verdict, compare, judge, reasons
from tests.downstream.kinds import KINDS
from tests.downstream.matrix import HEADINGS, WITHOUT_US, Row, examine_in_every_way
from tests.downstream.projects import PROJECTS, QUICK_SECONDS, SMALL_PROJECTS, Project
from tests.downstream.suite import SuiteRun, SuiteRunner

SHOWN = 20
ALL = PROJECTS + KINDS + SMALL_PROJECTS
XDIST = "pytest-xdist"
XDIST_MODES = ("load", "worksteal", "loadfile")


@dataclass(frozen=True)
class Settings:
    """What the command line asks for."""

    projects: tuple[Project, ...]
    against: tuple[str, ...]
    repeat: int
    times: bool
    ignore: frozenset[str]
    cache: Path
    pytest: str
    extra: tuple[str, ...]
    workers: int

    @property
    def other(self) -> str:
        """What to call the runs that are compared with plain pytest."""
        return "other" if WITHOUT_US[1] in self.against else "ours"


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
        ratios = [examine(project, settings, runner) for project in settings.projects]
    same = [ratio for ratio in ratios if ratio is not None]
    said = f"{len(same)} passed, {len(ratios) - len(same)} failed"
    if len(same) > 1:
        said += f"; geometric mean of the ratios: {statistics.geometric_mean(same):.2f}"
    say(said)
    return 0 if len(same) == len(ratios) else 1


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    result = argparse.ArgumentParser(description="Compare the suites of real projects.")
    add = result.add_argument
    names = [project.name for project in ALL]
    add(
        "project",
        nargs="*",
        metavar="PROJECT",
        help=f"of: {', '.join(names)} (default: the larger)",
    )
    add("--quick", action="store_true", help=f"only suites below {QUICK_SECONDS:.0f} s")
    add("--small", action="store_true", help="ten suites that take about a second")
    add("--kinds", action="store_true", help="those of other kinds, about a quarter of an hour")
    add("--matrix", action="store_true", help="in every way, as a table; of all kinds by default")
    add("--workers", type=int, default=2, help="how many workers (default: 2)")
    add("--repeat", type=int, default=1, metavar="N", help="pairs of runs (default: 1)")
    add("--times", action="store_true", help="measure pytest-xdist too: the best of its modes")
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
    known = {project.name: project for project in ALL}
    unknown = [name for name in options.project if name not in known]
    if unknown:
        sys.exit(f"unknown project {unknown[0]!r}: choose from {', '.join(known)}")
    chosen = tuple(known[name] for name in options.project)
    if not chosen:
        larger = KINDS if options.kinds else PROJECTS + KINDS if options.matrix else PROJECTS
        chosen = SMALL_PROJECTS if options.small else larger
    if options.quick:
        chosen = tuple(project for project in chosen if project.seconds < QUICK_SECONDS)
    ours = ("-p", "orchestrate", f"--workers={options.workers}")
    against = ours if options.against is None else tuple(shlex.split(options.against))
    if "orchestrate" not in against:
        against = (*WITHOUT_US, *against)
    return Settings(
        projects=chosen,
        against=against,
        repeat=max(1, options.repeat),
        times=options.times,
        ignore=frozenset(options.ignore),
        cache=Path(options.cache).resolve() if options.cache else default_cache(),
        pytest=options.pytest,
        extra=(*options.extra, *([XDIST] if options.times else [])),
        workers=options.workers,
    )


def default_cache() -> Path:
    """Return a folder beside tox's own environments, or a temporary one if that is read-only."""
    beside = ROOT / ".tox" if (ROOT / ".tox").exists() else ROOT
    if os.access(beside, os.W_OK):
        return ROOT / ".tox" / "downstream-cache"
    return Path(tempfile.gettempdir()) / "downstream-cache"


def examine(project: Project, settings: Settings, runner: SuiteRunner) -> float | None:
    """Compare one project, and print what was found.

    Returns the ratio of the times to those of plain pytest; None unless all is equal.
    """
    try:
        checkout = prepare(project, settings.cache, settings.pytest, settings.extra, say)
    except CheckoutError as error:
        say(f"{project.name} {project.version}: FAILED to prepare: {error}")
        return None
    plain, other = [], []
    for _ in range(settings.repeat):
        plain.append(runner.run(checkout, "plain", WITHOUT_US))
        other.append(runner.run(checkout, settings.other, settings.against))
    say_memory("plain", plain)
    say_memory(settings.other, other)
    verdict = verdict_on(checkout, plain, other, settings, runner)
    best = best_of_xdist(checkout, settings, runner) if settings.times else None
    times = compared_times(settings.other, plain, other, best)
    count = len(verdict.differences)
    said = f"FAILED: {count} differ" if count else "same"
    say(f"{project.name} {project.version}: {plain[0].tests} tests, {said} | {times}")
    causes = {name: why for run in other for name, why in reasons(run.record).items()}
    show("", verdict.differences, causes)
    for line in next((run.last_words for run in (*plain, *other) if run.last_words), []):
        say(f"        {line}")
    show("unstable in plain pytest, not counted: ", verdict.unstable, causes)
    return None if verdict.differences else ratio(plain, other)


def verdict_on(
    checkout: Checkout,
    plain: list[SuiteRun],
    other: list[SuiteRun],
    settings: Settings,
    runner: SuiteRunner,
) -> Verdict:
    """Compare every run with the first plain one; a difference has the plain run repeated."""
    reference = plain[0].facts()
    if plain[0].record is None or not plain[0].tests:
        # Nothing equals nothing: a suite that did not run proves nothing.
        end = Difference(("tests", ""), "none ran", "not looked at: use --keep to see why")
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


def best_of_xdist(checkout: Checkout, settings: Settings, runner: SuiteRunner) -> tuple[float, str]:
    """Return the seconds of pytest-xdist's fastest mode for this suite, and its name.

    Infinite when no mode brought the suite to its end.
    """
    results = [(float("inf"), "none ended")]
    for mode in XDIST_MODES:
        args = (*WITHOUT_US, f"-n{settings.workers}", f"--dist={mode}")
        runs = [runner.run(checkout, f"xdist-{mode}", args) for _ in range(settings.repeat)]
        if all(run.exit_code in (0, 1) for run in runs):
            results.append((seconds_of(runs), mode))
            say_memory(f"xdist, {mode}", runs)
    return min(results)


def say_memory(name: str, runs: list[SuiteRun]) -> None:
    """Print the largest peak of these runs, if it was measured."""
    peaks = [run.memory for run in runs if run.memory is not None]
    if peaks:
        say(f"        memory, {name}: {max(peaks) / 1e6:.0f} MB")


def ratio(plain: list[SuiteRun], other: list[SuiteRun]) -> float:
    """Return the median of the ratios, each of two runs that were made one after the other."""
    return statistics.median(b.seconds / a.seconds for a, b in zip(plain, other, strict=True))


def seconds_of(runs: list[SuiteRun]) -> float:
    """Return the median of the whole processes' wall times."""
    return statistics.median(run.seconds for run in runs)


def compared_times(
    name: str, plain: list[SuiteRun], other: list[SuiteRun], best: tuple[float, str] | None
) -> str:
    """Return the seconds of all that was run, with their ratios to plain pytest."""
    base, seconds = seconds_of(plain), seconds_of(other)
    times = f"plain {base:.2f} s, {name} {seconds:.2f} s ({ratio(plain, other):.2f})"
    if best is None:
        return times
    return f"{times}, xdist {best[0]:.2f} s ({best[0] / base:.2f}, {best[1]})"


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
