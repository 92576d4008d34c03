"""Time whole runs of pytest: plain, on our workers, and on those of pytest-xdist.

    python -m benchmarks [--pairs N] [--workers N] [--slow-start] [SUITE ...]

The ways take turns (A B C A B C ...), so that what else the machine does meets them alike.
Printed are medians and their ratios to plain pytest; compare ratios, never seconds. Where tests
note when the first of them began, the time until then is printed, too. "In parts" are as many plain
runs at once, each with its share of the files and with a report of its own: what remains when
distributing costs nothing at all. Real projects are timed by ``python tests/downstream/run.py
--times``.
"""

from __future__ import annotations

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path

from benchmarks.suites import FIRST, SUITES

#: In many container images both are set; they cost pytest-xdist and us more than plain pytest.
SLOWING = ("PYTHONDONTWRITEBYTECODE", "PYTHONUNBUFFERED")


@dataclass
class Way:
    """One way of running a suite, and what its runs took, in seconds."""

    name: str
    arguments: tuple[str, ...]
    forgets: bool = False
    #: Processes that each run their share of the files.
    parts: int = 1
    elapsed: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    until_first: list[float] = field(default_factory=list)


def ways(workers: int) -> list[Way]:
    """Plain pytest first; xdist where it is installed."""
    ours = ("-p", "orchestrate", "-p", "no:xdist")
    plain = ("-p", "no:orchestrate", "-p", "no:xdist")
    found = [
        Way("plain", plain),
        Way(f"plain, in {workers} parts", plain, parts=workers),
        Way("ours, first run", (*ours, f"--workers={workers}"), forgets=True),
        Way("ours, later run", (*ours, f"--workers={workers}")),
        Way("ours, auto", ours),
    ]
    if find_spec("xdist") is not None:
        found += [
            Way(f"xdist, {mode}", ("-p", "no:orchestrate", f"-n{workers}", f"--dist={mode}"))
            for mode in ("load", "worksteal", "loadfile")
        ]
    return found


def shares(folder: Path, parts: int) -> list[list[str]]:
    """The arguments of each part: nothing for one, which finds its files itself."""
    if parts == 1:
        return [[]]
    files = sorted(path.name for path in folder.glob("test_*.py"))
    return [share for part in range(parts) if (share := files[part::parts])]


def run(way: Way, folder: Path, environ: dict[str, str]) -> None:
    """Run the suite once, and note what it took."""
    history, kept = folder / ".pytest_orchestrate", folder / ".kept"
    if way.forgets and history.exists():
        history.rename(kept)
    first = folder / FIRST
    first.unlink(missing_ok=True)
    launched = time.time()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    processes = [
        subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", *way.arguments, *files],
            cwd=folder,
            env=environ,
            stdout=subprocess.DEVNULL,
        )
        for files in shares(folder, way.parts)
    ]
    codes = [process.wait() for process in processes]
    way.elapsed.append(time.perf_counter() - began)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    way.processor.append(
        after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
    )
    if first.exists():
        way.until_first.append(float(first.read_text()) - launched)
    if any(codes):
        sys.exit(f"{way.name}: exit code {max(codes, key=abs)}")
    if kept.exists():
        shutil.rmtree(history)
        kept.rename(history)


def table(suite: str, found: list[Way], pairs: int) -> str:
    """The medians and ratios as a table in Markdown."""
    plain = found[0]
    lines = [
        f"| {suite}, {pairs} rounds | seconds | ratio | processor seconds |",
        "|---|---|---|---|",
    ]
    if plain.until_first:
        lines = [lines[0] + " until the first test | ratio |", lines[1] + "---|---|"]
    for way in found:
        ratio = statistics.median(
            mine / theirs for mine, theirs in zip(way.elapsed, plain.elapsed, strict=True)
        )
        lines.append(
            f"| {way.name} | {statistics.median(way.elapsed):.2f} | {ratio:.2f} "
            f"| {statistics.median(way.processor):.2f} |"
        )
        if plain.until_first:
            first = statistics.median(way.until_first)
            ratio = first / statistics.median(plain.until_first)
            lines[-1] += f" {first:.2f} | {ratio:.2f} |"
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print a table for each suite."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("suites", nargs="*", metavar="SUITE", help=f"of: {', '.join(SUITES)}")
    parser.add_argument("--pairs", type=int, default=5, help="rounds (default: 5)")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--slow-start", action="store_true", help=f"set {' and '.join(SLOWING)}")
    options = parser.parse_args()
    environ = {name: value for name, value in os.environ.items() if name not in SLOWING}
    if options.slow_start:
        environ |= dict.fromkeys(SLOWING, "1")
    for name in options.suites or SUITES:
        if name not in SUITES:
            parser.error(f"{name}: no such suite; there are {', '.join(SUITES)}")
        with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
            folder = Path(scratch)
            (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
            SUITES[name](folder)
            # pytest clears away what is old there: what others have left is not timed
            temporary = folder / ".temporary"
            temporary.mkdir()
            environ["PYTEST_DEBUG_TEMPROOT"] = str(temporary)
            found = ways(options.workers)
            for way in found:  # warms the caches
                run(way, folder, environ)
                for noted in (way.elapsed, way.processor, way.until_first):
                    noted.clear()
            for _ in range(options.pairs):
                for way in found:
                    run(way, folder, environ)
            print(table(name, found, options.pairs), flush=True)


if __name__ == "__main__":
    main()
