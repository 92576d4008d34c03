"""``pytest-orchestrate history``: look at what earlier runs have taught, and carry it elsewhere."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_orchestrate.cli.place import STANDARD_OUTPUT, add_directory, directory_of
from pytest_orchestrate.cli.saying import failed, number_of
from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.model.escaping import visible

if TYPE_CHECKING:
    from pytest_orchestrate.cli import Commands
    from pytest_orchestrate.history.overview import TestFacts
    from pytest_orchestrate.history.store import History, RunFacts

#: Attempts shown of a single test.
SHOWN_ATTEMPTS = 10


def add_to(commands: Commands) -> None:
    """Add ``history`` to the command."""
    history = commands.add_parser("history", help="what earlier runs have taught")
    actions = history.add_subparsers(title="commands", required=True, metavar="COMMAND")

    show = actions.add_parser("show", help="tests with what they are expected to take")
    show.add_argument(
        "pattern",
        nargs="?",
        metavar="NODEID-GLOB",
        help="only these tests; * and ? stand for any characters and any one",
    )
    show.add_argument(
        "--slowest", type=_count, default=20, metavar="N", help="show so many tests (default: 20)"
    )
    show.set_defaults(action=_show)

    export = actions.add_parser("export", help="write all of it to a JSON file")
    export.add_argument(
        "file", type=Path, metavar="FILE", help="the file to write; - is standard output"
    )
    export.set_defaults(action=_export)

    load = actions.add_parser(
        "import",
        help="merge an export of another machine, or the durations of pytest-split",
        description="Merges an export (nothing is counted twice), or takes the .test_durations"
        " of pytest-split as first estimates of tests that were never measured.",
    )
    load.add_argument("file", type=Path, metavar="FILE")
    load.set_defaults(action=_import)

    prune = actions.add_parser("prune", help="delete old logs, and on demand old measurements")
    prune.add_argument(
        "--runs", type=_count, default=20, metavar="N", help="keep so many logs (default: 20)"
    )
    prune.add_argument(
        "--size",
        type=_count,
        default=200_000_000,
        metavar="BYTES",
        help="keep so much of them (default: 200000000)",
    )
    prune.add_argument(
        "--older-than",
        type=_days,
        metavar="DAYS",
        help="delete all logs and measurements that are older",
    )
    prune.set_defaults(action=_prune)

    for action in (history, show, export, load, prune):
        add_directory(action)


def _count(text: str) -> int:
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than 0")
    return number


def _days(text: str) -> float:
    number = float(text)
    if not number > 0:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number


def _open(chosen: argparse.Namespace) -> History:
    from pytest_orchestrate.history.store import History

    history = History.open(directory_of(chosen))
    if history.database.fault is not None:  # nothing is touched, logs neither
        raise HistoryError(history.database.fault)
    history.fold_unfinished()
    return history


def _close(history: History) -> None:
    history.close()
    for text in history.warnings:
        print(f"pytest-orchestrate: warning: {text}", file=sys.stderr)


def _show(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import overview

    history = _open(chosen)
    try:
        known = overview.overview(history)
        if known is None and history.warnings:
            return failed(f"the history in {history.directory} cannot be shown")
        if known is None:
            return failed(
                f"there is no history in {history.directory}: run pytest with -p orchestrate"
                " there first, or name another directory with --dir"
            )
        print(
            f"History in {history.directory}: {number_of(known.runs, 'run')},"
            f" {number_of(known.tests, 'test')} in {number_of(known.files, 'file')}"
        )
        if known.last is not None:
            print(f"Last run: {_run_line(known.last)}")
        tests = overview.slowest(history, chosen.pattern, looks_at=chosen.slowest)
        if chosen.pattern is not None and not tests:
            return failed(
                f"no test in {history.directory} matches {chosen.pattern!r};"
                " patterns are node ids with * and ?, such as 'tests/test_cart.py::*'"
            )
        _print_tests(tests, chosen.slowest)
        if chosen.pattern is not None and len(tests) == 1:
            _print_attempts(history, tests[0].nodeid)
        return 0
    finally:
        _close(history)


def _run_line(run: RunFacts) -> str:
    how = "in-process" if run.mode == "in-process" else number_of(run.workers, "worker")
    end = "cut off" if run.duration is None else f"{run.duration:.1f} s, exit {run.exitstatus}"
    revision = f", revision {run.revision[:12]}" if run.revision else ""
    return (
        f"{_date(run.started)}, {how}, {number_of(run.tests, 'test')},"
        f" {run.work:.1f} s of work, {end}{revision}"
    )


def _print_tests(tests: list[TestFacts], shown: int) -> None:
    print()
    print(f"{'expected':>10}  {'attempts':>8}  {'last':<11}  test")
    for test in tests[:shown]:
        expected = "-" if test.estimate is None else f"{test.estimate:.3f} s"
        print(
            f"{expected:>10}  {test.attempts or 0:>8}  {test.outcome or '-':<11}"
            f"  {visible(test.nodeid)}"
        )
    if len(tests) > shown:
        print(f"... and {len(tests) - shown:,} more (--slowest N shows N)")


def _print_attempts(history: History, nodeid: str) -> None:
    from pytest_orchestrate.history import overview

    attempts = overview.attempts_of(history, nodeid)
    if not attempts:
        return
    print()
    print(f"{'started':<16}  {'outcome':<11}  {'set-up':>9}  {'call':>9}  {'tear-down':>9}  run")
    for found in reversed(attempts[-SHOWN_ATTEMPTS:]):
        attempt = found.attempt
        phases = (attempt.setup, attempt.call, attempt.teardown)
        seconds = "  ".join(f"{phase:>7.3f} s" for phase in phases)
        revision = f" at {found.revision[:12]}" if found.revision else ""
        print(
            f"{_date(attempt.started)}  {attempt.outcome:<11}  {seconds}"
            f"  {found.run} on {attempt.worker}{revision}"
        )


def _date(started: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(started))


def _export(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import transfer

    history = _open(chosen)
    try:
        if chosen.file == STANDARD_OUTPUT:
            sys.stdout.flush()
            sys.stdout.buffer.write(transfer.exported(history)[0] + b"\n")
            return 0
        tests = transfer.export_to(history, chosen.file)
    finally:
        _close(history)
    print(f"{number_of(tests, 'test')} written to {chosen.file}")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import transfer

    history = _open(chosen)
    try:
        merged = transfer.import_from(history, chosen.file)
    finally:
        _close(history)
    if merged.durations is not None:
        print(f"first estimates of {number_of(merged.durations, 'test')} taken from {chosen.file}")
    else:
        brought = f"{number_of(merged.runs, 'run')} and {number_of(merged.attempts, 'attempt')}"
        print(f"{brought} added from {chosen.file}")
    return 0


def _prune(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import forget, log

    before = None if chosen.older_than is None else time.time() - chosen.older_than * 86_400
    history = _open(chosen)
    try:
        pruned = log.prune(history.directory, chosen.runs, chosen.size, older_than=before)
        print(f"{number_of(len(pruned.deleted), 'log')} deleted in {history.directory}")
        if before is not None:
            gone = forget.forget(history, before)
            went = f"{number_of(gone.attempts, 'attempt')} and {number_of(gone.tests, 'test')}"
            print(f"{went} forgotten")
    finally:
        _close(history)
    for fault in pruned.faults:
        failed(fault)
    return 1 if pruned.faults else 0
