"""The ``pytest-orchestrate`` command: what can be done without running tests.

Exit status: 0 when it was done, 1 when it could not be (standard error says why), 2 for
arguments that make no sense.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_orchestrate.errors import OrchestrateError

if TYPE_CHECKING:
    from pytest_orchestrate.history.overview import TestFacts
    from pytest_orchestrate.history.store import History, RunFacts

#: Attempts shown of a single test.
SHOWN_ATTEMPTS = 10


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status. ``arguments`` default to ``sys.argv[1:]``."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    chosen = _parser().parse_args(arguments)
    try:
        status: int = chosen.action(chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, perhaps "head", has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}")
    except OrchestrateError as error:
        return _failed(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-orchestrate",
        description="Look at the history of a test suite, carry it elsewhere, simulate a run.",
    )
    parser.add_argument("--version", action=_Version)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

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
    export.add_argument("file", type=Path, metavar="FILE")
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

    for action in (show, export, load, prune):
        action.add_argument(
            "--dir",
            type=Path,
            metavar="DIR",
            help="where the history is (default: the nearest .pytest_orchestrate, upwards)",
        )

    simulate = commands.add_parser("simulate", help="schedule a described suite without running it")
    simulate.add_argument("file", metavar="FILE")
    simulate.set_defaults(action=_simulate)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"pytest-orchestrate {version('pytest-orchestrate')}")
        parser.exit()


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


def _number(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _failed(text: str) -> int:
    print(f"pytest-orchestrate: error: {text}", file=sys.stderr)
    return 1


def _open(chosen: argparse.Namespace) -> History:
    from pytest_orchestrate.history import directory
    from pytest_orchestrate.history.store import History

    given: Path | None = chosen.dir
    if given is None:
        folder = directory.find(Path.cwd())
    else:
        folder = given / directory.NAME if (given / directory.NAME).is_dir() else given
    history = History.open(folder)
    if history.usable:
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
        if known is None:
            return _failed(
                f"there is no history in {history.directory}: run pytest with -p orchestrate"
                " there first, or name another directory with --dir"
            )
        print(
            f"History in {history.directory}: {_number(known.runs, 'run')},"
            f" {_number(known.tests, 'test')} in {_number(known.files, 'file')}"
        )
        if known.last is not None:
            print(f"Last run: {_run_line(known.last)}")
        tests = overview.slowest(history, chosen.pattern)
        if chosen.pattern is not None and not tests:
            return _failed(
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
    how = "in-process" if run.mode == "in-process" else _number(run.workers, "worker")
    end = "cut off" if run.duration is None else f"{run.duration:.1f} s, exit {run.exitstatus}"
    revision = f", revision {run.revision[:12]}" if run.revision else ""
    return (
        f"{_date(run.started)}, {how}, {_number(run.tests, 'test')},"
        f" {run.work:.1f} s of work, {end}{revision}"
    )


def _print_tests(tests: list[TestFacts], shown: int) -> None:
    print()
    print(f"{'expected':>10}  {'attempts':>8}  {'last':<11}  test")
    for test in tests[:shown]:
        expected = "-" if test.estimate is None else f"{test.estimate:.3f} s"
        print(f"{expected:>10}  {test.attempts:>8}  {test.outcome or '-':<11}  {test.nodeid}")
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
        tests = transfer.export_to(history, chosen.file)
    finally:
        _close(history)
    print(f"{_number(tests, 'test')} written to {chosen.file}")
    return 0


def _import(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import transfer

    history = _open(chosen)
    try:
        merged = transfer.import_from(history, chosen.file)
    finally:
        _close(history)
    if merged.durations is not None:
        print(f"first estimates of {_number(merged.durations, 'test')} taken from {chosen.file}")
    else:
        brought = f"{_number(merged.runs, 'run')} and {_number(merged.attempts, 'attempt')}"
        print(f"{brought} added from {chosen.file}")
    return 0


def _prune(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import forget, log

    before = None if chosen.older_than is None else time.time() - chosen.older_than * 86_400
    history = _open(chosen)
    try:
        pruned = log.prune(history.directory, chosen.runs, chosen.size, older_than=before)
        print(f"{_number(len(pruned.deleted), 'log')} deleted in {history.directory}")
        if before is not None:
            gone = forget.forget(history, before)
            went = f"{_number(gone.attempts, 'attempt')} and {_number(gone.tests, 'test')}"
            print(f"{went} forgotten")
    finally:
        _close(history)
    for fault in pruned.faults:
        _failed(fault)
    return 1 if pruned.faults else 0


def _simulate(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.engine import simulator

    return simulator.main(chosen.file)


if __name__ == "__main__":
    sys.exit(main())
