"""How many workers a run starts, decided before anything is started."""

from __future__ import annotations

import fnmatch
import os
from collections.abc import Iterable, Iterator, Sequence
from heapq import heapreplace
from pathlib import Path
from typing import Literal

import msgspec

#: Workers have to save so much, or the tests stay in one process: a share of the time, and
#: seconds. Less than that drowns in the noise of the estimates.
LEAST_SHARE_SAVED = 0.1
LEAST_SECONDS_SAVED = 0.1

#: One more worker has to bring so much of the time (a share), or it is not started.
LEAST_GAIN_OF_A_WORKER = 0.02

#: Seconds by which a test on a worker delays the others: the controller that hears of it takes
#: its time from the same cores.
RELAYED = 0.00004

#: Folder entries that the quick walk looks at, at most. A folder with more is not small.
WALK_LIMIT = 5000


class Decision(msgspec.Struct, frozen=True):
    """So many workers (0 is in-process), for this reason, which the header shows."""

    workers: int
    reason: str


class Expected(msgspec.Struct, frozen=True):
    """What history says of the tests that are about to run, in seconds."""

    tests: int
    #: All tests, one after another, with the fixtures of each.
    work: float
    #: From the start of a worker until it can collect.
    start: float
    #: Collection in one process.
    collect: float
    #: The longest that must stay on one worker; no number of workers beats it.
    longest: float = 0.0
    #: Each worker collects a share.
    sharded: bool = False
    #: Groups of tests that stay on one worker, each together.
    groups: tuple[float, ...] = ()

    def in_process(self) -> float:
        """Seconds without workers."""
        return self.collect + self.work

    def on_workers(self, workers: int) -> float:
        """Seconds on so many workers, started and collecting side by side."""
        collect = self.collect / workers if self.sharded else self.collect
        relayed = self.tests * RELAYED
        tests = max(self.work / workers, self.longest, _longest_first(self.groups, workers))
        return self.start + collect + tests + relayed


def _longest_first(groups: Sequence[float], workers: int) -> float:
    """Seconds until all groups are done, if each goes to the worker that is free first."""
    busy = [0.0] * workers
    for seconds in sorted(groups, reverse=True):
        heapreplace(busy, busy[0] + seconds)
    return max(busy)


def choose(
    workers: int | Literal["auto"],
    *,
    cores: int,
    spec_workers: int = 0,
    most: int = 0,
    in_process_because: str | None = None,
    nested: bool = False,
    expected: Expected | None = None,
    small: bool | None = None,
    each: bool = False,
    unknown: str = "durations unknown",
) -> Decision:
    """The number of workers to start.

    ``workers`` and ``spec_workers`` (how many the worker specifications make) are what the
    user asked for; ``most`` is the most that there may be, or 0; ``in_process_because`` names
    what cannot be done on workers, such as ``--pdb``; ``nested`` says that a test started this
    run; ``expected`` is None without history; ``small`` is the answer of :func:`quick_walk`,
    where it was asked; ``each`` says that every worker runs every test; ``unknown`` is
    what is said where ``expected`` is None.
    """
    if workers == 0:
        return Decision(0, "0 workers asked for")
    if in_process_because:
        return Decision(0, in_process_because)
    if spec_workers:
        if workers != "auto" and workers < spec_workers:
            return Decision(workers, f"asked for, out of {spec_workers} specified")
        return Decision(spec_workers, "as specified")
    if workers != "auto":
        if most and most < workers:
            return Decision(most, f"{workers} asked for, {most} at most")
        return Decision(workers, "asked for")
    if nested:
        return Decision(0, "started by a test")
    if each:
        number = min(cores, most or cores)
        return Decision(number, "every test on each")
    return _automatic(cores, most or cores, expected, small, unknown)


def _automatic(
    cores: int, most: int, expected: Expected | None, small: bool | None, unknown: str
) -> Decision:
    if cores < 2:
        return Decision(0, "one usable core")
    if most < 2:
        return Decision(0, "one worker at most")
    if expected is not None:
        return _by_history(expected, min(cores, most))
    if small:
        return Decision(0, f"a single file or named tests, {unknown}")
    limit = f", {most} at most" if most < cores else ""
    return Decision(min(cores, most), f"{cores} usable cores{limit}, {unknown}")


def _by_history(expected: Expected, cores: int) -> Decision:
    alone = expected.in_process()
    best = min(range(2, cores + 1), key=expected.on_workers)
    # The fewest that are about as fast as the best: each one more costs memory, and the
    # cores that it takes are missing elsewhere.
    enough = expected.on_workers(best) * (1 + LEAST_GAIN_OF_A_WORKER)
    number = next(n for n in range(2, best + 1) if expected.on_workers(n) <= enough)
    number = min(number, expected.tests)
    if number < 2:
        return Decision(0, "one test")
    together = expected.on_workers(number)
    if alone - together < max(LEAST_SECONDS_SAVED, LEAST_SHARE_SAVED * alone):
        return Decision(0, f"{_seconds(alone)} expected, {_seconds(together)} on workers")
    return Decision(number, f"{_seconds(together)} expected, {_seconds(alone)} in-process")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def quick_walk(
    arguments: Sequence[str],
    python_files: Sequence[str],
    norecursedirs: Sequence[str],
    folder: Path,
    *,
    pyargs: bool = False,
) -> bool:
    """Whether the arguments are small: a ``path::name`` among them, or at most one test file.

    The arguments are relative to ``folder``, where pytest was started. ``python_files`` are
    the patterns of test files; with ``--doctest-modules`` or ``--doctest-glob`` the caller
    adds theirs. Nothing is imported or opened; the walk ends at the second file, or at
    :data:`WALK_LIMIT` entries.
    """
    if any("::" in argument for argument in arguments):
        return True
    found = set()
    try:
        for file in walked(arguments, python_files, norecursedirs, folder, pyargs=pyargs):
            found.add(file)
            if len(found) > 1:
                return False
    except TooMuch:
        return False
    return True


class TooMuch(Exception):
    """A walk would take too long, or what it would find is not known."""


def walked(
    arguments: Sequence[str],
    python_files: Sequence[str],
    norecursedirs: Sequence[str],
    folder: Path,
    *,
    pyargs: bool = False,
) -> Iterator[Path]:
    """Test files that arguments without ``::`` mean, as in :func:`quick_walk`.

    :raises TooMuch: there are too many entries in the folders, or an argument may be a package.
    """
    budget = [WALK_LIMIT]
    for argument in arguments or (".",):
        path = folder / argument
        if path.is_dir():
            files = _test_files(path, python_files, norecursedirs, budget)
        elif path.exists():
            files = iter((path,))
        elif pyargs:
            # A package: to find it could mean to import it.
            raise TooMuch
        else:
            continue
        for file in files:
            yield file.resolve()
        if budget[0] <= 0:
            raise TooMuch


def _test_files(
    folder: Path, patterns: Sequence[str], norecursedirs: Sequence[str], budget: list[int]
) -> Iterator[Path]:
    """Test files below a folder, files before folders, while the budget of entries lasts."""
    pending = [folder]
    while pending:
        folders = []
        for entry in _entries(pending.pop()):
            budget[0] -= 1
            if budget[0] <= 0:
                return
            path = Path(entry.path)
            if not entry.is_dir():
                if _matches(path, patterns):
                    yield path
            elif not _is_left_out(path, norecursedirs):
                folders.append(path)
        pending.extend(reversed(folders))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entries, key=lambda entry: entry.name)
    except OSError:
        return []


def _is_left_out(folder: Path, norecursedirs: Sequence[str]) -> bool:
    """Whether pytest would not enter this folder, as far as names tell."""
    return (
        folder.name == "__pycache__"
        or _matches(folder, norecursedirs)
        # Signs of a virtual environment.
        or (folder / "pyvenv.cfg").is_file()
        or (folder / "conda-meta" / "history").is_file()
    )


def _matches(path: Path, patterns: Iterable[str]) -> bool:
    """As pytest matches ``python_files``: the name, or the whole path if there is a slash."""
    return any(
        fnmatch.fnmatch(path.as_posix(), f"*/{pattern.lstrip('/')}")
        if "/" in pattern
        else fnmatch.fnmatch(path.name, pattern)
        for pattern in patterns
    )
