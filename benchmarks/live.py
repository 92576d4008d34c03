"""What the status region costs: empty tests on a terminal, with it and with pytest's letters.

    python -m benchmarks.live [--pairs N] [--workers N]

The two ways take turns. Printed are medians: the processor time of the controller, which draws, and
of all processes, and their ratios. POSIX only.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import os
import pty
import resource
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
from pathlib import Path

from benchmarks.suites import SUITES

#: Into this the controller writes the processor time that it took.
OWN = "own"

CONFTEST = f"""
import resource
from pathlib import Path

def pytest_unconfigure(config):
    if not hasattr(config, "workerinput"):
        used = resource.getrusage(resource.RUSAGE_SELF)
        Path({OWN!r}).write_text(str(used.ru_utime + used.ru_stime))
"""


def run(folder: Path, live: str, workers: int) -> tuple[float, float]:
    """Return the processor seconds of the controller, and of all processes."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    master, slave = pty.openpty()
    fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    options = (f"--workers={workers}", f"--orchestrate-live={live}")
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest", "-p", "orchestrate", "-p", "no:xdist", *options],
        cwd=folder,
        env={**os.environ, "TERM": "xterm"},
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
    )
    os.close(slave)
    with contextlib.suppress(OSError):  # the terminal is closed with the last process
        while os.read(master, 65536):
            pass
    os.close(master)
    process.wait()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    used = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return float((folder / OWN).read_text(encoding="utf-8")), used


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        SUITES["empty"](folder)
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        run(folder, "off", given.workers)  # warms the caches, and makes a history
        found: dict[str, list[tuple[float, float]]] = {"off": [], "on": []}
        for pair in range(given.pairs):
            for live in ("off", "on") if pair % 2 else ("on", "off"):
                found[live].append(run(folder, live, given.workers))
    for which, name in enumerate(("controller", "all processes")):
        off, on = ([each[which] for each in found[live]] for live in ("off", "on"))
        ratio = statistics.median(mine / theirs for mine, theirs in zip(on, off, strict=True))
        print(
            f"{name}: {statistics.median(off):.2f} s with letters, "
            f"{statistics.median(on):.2f} s with the region, ratio {ratio:.2f}"
        )


if __name__ == "__main__":
    main()
