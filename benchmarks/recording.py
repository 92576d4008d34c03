"""What recording costs the controller: empty tests, with the run recorded and without.

    python -m benchmarks.recording [--pairs N] [--workers N]

The two ways take turns. Printed are medians of the controller's processor time and of their ratios:
log, history and what both say of the next run are in it. POSIX only.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.live import CONFTEST, OWN
from benchmarks.suites import SUITES

WAYS = ("off", "on")


def run(folder: Path, record: str, workers: int) -> float:
    """Return the processor seconds of the controller."""
    options = (f"--workers={workers}", f"--orchestrate-record={record}")
    command = [sys.executable, "-m", "pytest", "-p", "orchestrate", "-p", "no:xdist", "-q"]
    subprocess.run([*command, *options], cwd=folder, stdout=subprocess.DEVNULL, check=True)
    return float((folder / OWN).read_text(encoding="utf-8"))


def main() -> None:
    """Print the medians."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.recording", description=__doc__)
    parser.add_argument("--pairs", type=int, default=7)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        SUITES["empty"](folder)
        (folder / "conftest.py").write_text(CONFTEST, encoding="utf-8")
        for way in WAYS:  # warms the caches, and makes a history
            run(folder, way, given.workers)
        found: dict[str, list[float]] = {way: [] for way in WAYS}
        for pair in range(given.pairs):
            for way in WAYS if pair % 2 else reversed(WAYS):
                found[way].append(run(folder, way, given.workers))
    off, on = (found[way] for way in WAYS)
    ratio = statistics.median(mine / theirs for mine, theirs in zip(on, off, strict=True))
    print(
        f"controller: {statistics.median(off):.2f} s without a record, "
        f"{statistics.median(on):.2f} s with it, ratio {ratio:.3f}"
    )


if __name__ == "__main__":
    main()
