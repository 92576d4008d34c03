"""What it costs to write a report in each of its formats.

    python -m benchmarks.reports [TESTS [FAILURES]]

The goal: all formats together below 3 seconds and 300 MB for 20,000 tests with 2,000 failures and
their output; those here take less than one of these seconds. Times are processor time on this
machine, the fastest of three; memory is what one format needs at most, beside the report.
"""

from __future__ import annotations

import sys
import tracemalloc
from collections.abc import Callable
from time import process_time

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats import ctrf, github, html, junit, markdown, text
from tests.support.reports import big_report

FORMATS: dict[str, Callable[[Report], str | bytes]] = {
    "junit": junit.render,
    "ctrf": ctrf.render,
    "markdown": markdown.render,
    "markdown, 1 MiB": lambda report: markdown.render(report, 2**20),
    "markdown, 20 kB": lambda report: markdown.render(report, 20_000),
    "annotations": github.annotations,
    "html": html.render,
    "text": lambda report: text.render(report, width=100),
}


def main() -> None:
    tests, failures = [*map(int, sys.argv[1:]), 20_000, 2_000][:2]
    report = big_report(tests, failures)
    print(f"{tests:,} tests, {failures:,} failures with output\n")
    print(f"{'format':<16} {'seconds':>8} {'MB':>8} {'peak MB':>8}")
    total = 0.0
    for name, render in FORMATS.items():
        seconds, size = min(timed(render, report) for _ in range(3))
        total += seconds
        print(f"{name:<16} {seconds:>8.3f} {size / 1e6:>8.1f} {peak(render, report) / 1e6:>8.0f}")
    print(f"{'all':<16} {total:>8.3f}")


def timed(render: Callable[[Report], str | bytes], report: Report) -> tuple[float, int]:
    """Seconds, and the size of what was written."""
    began = process_time()
    written = render(report)
    return process_time() - began, len(written)


def peak(render: Callable[[Report], str | bytes], report: Report) -> int:
    """Bytes that are in use at once."""
    tracemalloc.start()
    render(report)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


if __name__ == "__main__":
    main()
