"""Time until the one failing test of a suite runs, in each order, and what the order costs in all.

    python -m benchmarks.first_failure [--rounds N] [--workers N]

300 tests in 30 files wait between 5 and 200 ms (log-normal, seeded), 8 s in all; the one that fails
has failed before. The ways take turns. Printed are medians.
"""

from __future__ import annotations

import argparse
import random
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

#: Into this the failing test writes when it began.
BEGAN = "began"

ORDERS = ("fastest", "declared", "failures-first")


def write_suite(folder: Path) -> None:
    """Write the tests; the failing one is the fourth of file 17."""
    draws = random.Random(20)
    waits = [min(0.5, max(0.005, draws.lognormvariate(-4.0, 0.9))) for _ in range(300)]
    for file in range(30):
        tests = [
            f"def test_{n}():\n    time.sleep({waits[file * 10 + n]:.4f})\n" for n in range(10)
        ]
        if file == 17:
            tests[3] = (
                f"def test_3():\n    pathlib.Path({BEGAN!r}).write_text(str(time.time()))\n"
                "    assert 0\n"
            )
        text = "import pathlib, time\n\n" + "\n".join(tests)
        (folder / f"test_{file:02}.py").write_text(text, encoding="utf-8")


def run(folder: Path, order: str, workers: int) -> tuple[float, float]:
    """Return the seconds until the failing test began, and those of the whole run."""
    launched, began = time.time(), time.perf_counter()
    options = (f"--workers={workers}", f"--orchestrate-order={order}")
    subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "orchestrate", "-p", "no:xdist", *options],
        cwd=folder,
        stdout=subprocess.DEVNULL,
        check=False,
    )
    elapsed = time.perf_counter() - began
    return float((folder / BEGAN).read_text(encoding="utf-8")) - launched, elapsed


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.first_failure", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--workers", type=int, default=2)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="benchmark-") as scratch:
        folder = Path(scratch)
        (folder / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
        write_suite(folder)
        run(folder, "fastest", given.workers)  # warms the caches, and makes a history
        found: dict[str, list[tuple[float, float]]] = {order: [] for order in ORDERS}
        for _ in range(given.rounds):
            for order in ORDERS:
                found[order].append(run(folder, order, given.workers))
    print(f"| {given.workers} workers, {given.rounds} rounds | until the failure | whole run |")
    print("|---|---|---|")
    for order, runs in found.items():
        until, elapsed = (statistics.median(column) for column in zip(*runs, strict=True))
        print(f"| {order} | {until:.2f} s | {elapsed:.2f} s |")


if __name__ == "__main__":
    main()
