"""What recording costs: 10,000 empty tests with the log and the history, and without.

    python -m benchmarks.recording [--pairs N] [--workers N] [--source FOLDER ...]

The ways take turns: plain pytest, ours with ``--orchestrate-record=off``, and ours with recording,
on a history of earlier runs. Printed is processor time: that of the controller alone, which is the
one that records, and that of all processes; of each the least and the median, and their ratios to
``off``. With ``--workers=0`` there is only one process.

``--source``: a folder with the package ``pytest_orchestrate``, such as the ``src`` of another
checkout; each gets ways of its own, so that before and after are compared within one run. Linux
only.
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.__main__ import SLOWING
from benchmarks.suites import SUITES


@dataclass
class Way:
    """One way of running the suite, and what its runs took, in seconds of processor time."""

    name: str
    arguments: tuple[str, ...]
    #: Where the package is; None: where this interpreter finds it.
    source: str | None = None
    controller: list[float] = field(default_factory=list)
    everything: list[float] = field(default_factory=list)

    def run(self, folder: Path) -> None:
        """Run the suite once, and note what it took."""
        environ = {name: value for name, value in os.environ.items() if name not in SLOWING}
        environ["PYTEST_DEBUG_TEMPROOT"] = str(folder / ".temporary")
        if self.source is not None:
            environ["PYTHONPATH"] = self.source
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        process = subprocess.Popen(
            [sys.executable, "-m", "pytest", "-q", "-p", "no:xdist", *self.arguments],
            cwd=folder,
            env=environ,
            stdout=subprocess.DEVNULL,
        )
        own = own_seconds(process.pid)
        if process.wait():
            sys.exit(f"{self.name}: exit code {process.returncode}")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        self.controller.append(own)
        self.everything.append(
            after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime,
        )


def own_seconds(process: int) -> float:
    """Wait for the end of a child; return the processor time of its threads, to 0.01 s.

    Not that of its own children. What the system tells of a child that is waited for has both; but
    as long as nobody does, ``/proc`` still tells them apart.
    """
    os.waitid(os.P_PID, process, os.WEXITED | os.WNOWAIT)
    # the name in parentheses may have spaces; the two times are fields 14 and 15 of proc(5)
    fields = Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def ways(workers: int, sources: list[str]) -> list[Way]:
    """Plain pytest first, then ours without recording and with it."""
    found = [Way("plain", ("-p", "no:orchestrate"))]
    for source in sources or [None]:
        label = f" ({source})" if source else ""
        for record in ("off", "on"):
            options = ("-p", "orchestrate", f"--workers={workers}")
            recorded = (f"--orchestrate-record={record}",)
            found.append(Way(f"record {record}{label}", (*options, *recorded), source))
    return found


def table(found: list[Way], rounds: int) -> str:
    """Least, median and ratios as a table in Markdown."""
    columns = "least | ratio | median | ratio"
    head = f"| {rounds} rounds | controller, {columns} | all processes, {columns} |"
    lines = [head, "|---" * 9 + "|"]
    off = found[1]
    for way in found:
        if way.name.startswith("record off"):
            off = way
        cells = [way.name]
        for mine, theirs in ((way.controller, off.controller), (way.everything, off.everything)):
            pairs = statistics.median(a / b for a, b in zip(mine, theirs, strict=True))
            cells += [f"{min(mine):.2f}", f"{min(mine) / min(theirs):.3f}"]
            cells += [f"{statistics.median(mine):.2f}", f"{pairs:.3f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__)
    parser.add_argument("--pairs", type=int, default=11)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--source", action="append", default=[], metavar="FOLDER")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        (folder / ".temporary").mkdir()
        SUITES["empty"](folder)
        found = ways(given.workers, given.source)
        for index, way in enumerate(found):
            way.arguments += (f"--orchestrate-dir=history-{index}",) if index else ()
            for _ in range(2):  # warms the caches, and makes a history
                way.run(folder)
            way.controller.clear()
            way.everything.clear()
        for _ in range(given.pairs):
            for way in found:
                way.run(folder)
        print(table(found, given.pairs))


if __name__ == "__main__":
    main()
