"""What recommendations promise, and what it brings to follow them.

    python -m benchmarks.gains [--rounds N]

Three suites (``tests/support/advised.py``), each bounded by one thing, are run on two workers,
changed as their report recommends, and run again. Printed are medians over the rounds, in seconds
from the start of the first test to the end of the last one, and how far the real gain is from the
promise.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from pytest_orchestrate.controller.report_files import ReportFiles
from pytest_orchestrate.report.document import Report
from tests.support.advised import ADVISED, Advised, as_option, took


def main() -> None:
    """Print a line a suite."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    print(
        f"{'change':<24} {'before':>7} {'promised':>9} {'real gain':>10} {'off by':>7} {'worst':>7}"
    )
    for name, suite in ADVISED.items():
        found = [compare(suite) for _ in range(rounds)]
        before, promise, gain = map(statistics.median, zip(*found, strict=True))
        worst = max(abs(real / told - 1) for _, told, real in found)
        print(
            f"{name:<24} {before:>9.2f} {promise:>9.2f} {gain:>9.2f}"
            f" {gain / promise - 1:>+9.1%} {worst:>9.1%}"
        )


def compare(suite: Advised) -> tuple[float, float, float]:
    """Seconds before, the promised gain, and the real one."""
    with tempfile.TemporaryDirectory() as folder:
        before = run(Path(folder), suite.before)
        (promise,) = (each for each in before.recommendations if each.kind == suite.kind)
        setting = as_option(promise.setting) if promise.setting else ()
        after = run(Path(folder), suite.after, *setting)
    assert promise.gain is not None
    return took(before), promise.gain, took(before) - took(after)


def run(folder: Path, source: str, *arguments: str) -> Report:
    """Run a file, and conclude from that what can be."""
    (folder / "test_a.py").write_text(source)
    command = [sys.executable, "-m", "pytest", "-p", "orchestrate", "--workers=2"]
    command += ["--rootdir", str(folder), *arguments]
    subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, check=True)
    kept = folder / ".pytest_orchestrate"
    return ReportFiles(max(kept.glob("runs/*.jsonl")), kept, history=None, root=None).report


if __name__ == "__main__":
    main()
