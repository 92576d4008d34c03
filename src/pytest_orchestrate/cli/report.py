"""``pytest-orchestrate report``: a recorded run shown, or written in any format."""

from __future__ import annotations

import argparse
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_orchestrate.cli.place import STANDARD_OUTPUT, add_directory, directory_of
from pytest_orchestrate.cli.saying import failed
from pytest_orchestrate.errors import SettingError

if TYPE_CHECKING:
    from pytest_orchestrate.cli import Commands
    from pytest_orchestrate.controller.report_files import ReportFiles


def add_to(commands: Commands) -> None:
    """Add ``report`` to the command."""
    report = commands.add_parser("report", help="what happened in a run")
    actions = report.add_subparsers(title="commands", required=True, metavar="COMMAND")

    show = actions.add_parser("show", help="print what a run amounts to")
    show.add_argument(
        "run",
        nargs="?",
        default="last",
        metavar="RUN",
        help="the run, or how its id begins (default: the last one)",
    )
    show.add_argument(
        "--format", metavar="FORMAT", help="print all of it in this format, not just the outcome"
    )
    show.set_defaults(action=_show)

    convert = actions.add_parser(
        "convert",
        help="write a recorded run in any format",
        description="Writes what --orchestrate-report would have written, from the log of a run.",
    )
    convert.add_argument(
        "destinations",
        nargs="+",
        metavar="[RUN] FORMAT:PATH",
        help="formats and files, of which - is standard output; before them the run, its id or"
        " how that begins (default: the last one)",
    )
    convert.set_defaults(action=_convert)

    failed_tests = actions.add_parser(
        "failed",
        help="list the tests that failed in a run, to run them again",
        description="One a line, as pytest takes them where the run was started: write them to a"
        " file, and pytest -p orchestrate @FILE runs them.",
    )
    failed_tests.add_argument(
        "run", nargs="?", default="last", metavar="RUN", help="as above (default: the last one)"
    )
    failed_tests.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="write them to a file; - is standard output, as without it",
    )
    failed_tests.set_defaults(action=_failed)

    for action in (report, show, convert, failed_tests):
        add_directory(action)


@contextmanager
def _files(chosen: argparse.Namespace, run: str) -> Iterator[ReportFiles]:
    from pytest_orchestrate.controller.report_files import ReportFiles
    from pytest_orchestrate.history.course import began_next, find_log
    from pytest_orchestrate.history.directory import NAME
    from pytest_orchestrate.history.store import History

    directory = directory_of(chosen).absolute()
    log = find_log(directory, run)
    # where it has another name, it may be anywhere
    root = directory.parent if directory.name == NAME else None
    history = History.open(directory)
    try:
        known = history if history.usable else None
        until = began_next(directory, log)
        yield ReportFiles(log, directory, history=known, root=root, until=until)
    finally:
        history.close()
        for text in history.warnings:
            print(f"pytest-orchestrate: warning: {text}", file=sys.stderr)


def _show(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.report.formats import text

    if chosen.format is not None:
        return _show_as(chosen)
    with _files(chosen, chosen.run) as files:
        report = files.report
    print(text.render(report, width=shutil.get_terminal_size().columns), end="")
    return 0


def _show_as(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.report.formats import RENDERERS

    if chosen.format not in RENDERERS:
        return _refused(
            f"report show --format: {chosen.format!r} is not accepted."
            f" Accepted: {', '.join(RENDERERS)}."
        )
    with _files(chosen, chosen.run) as files:
        rendered = files.rendered(chosen.format)
    sys.stdout.flush()
    sys.stdout.buffer.write(rendered)
    return 0


def _convert(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.options.destinations import parse_destinations
    from pytest_orchestrate.options.table import REPORT_FORMATS
    from pytest_orchestrate.options.values import Place

    first, *others = chosen.destinations
    run, wanted = ("last", chosen.destinations) if ":" in first else (first, others)
    formats = ", ".join(REPORT_FORMATS)
    accepted = f"FORMAT:PATH, where FORMAT is one of {formats}"
    if not wanted:
        return _refused(f"report convert {run}: what to write is missing: {accepted}")
    try:
        destinations = parse_destinations(Place("report convert", accepted), wanted)
    except SettingError as error:
        return _refused(str(error))
    is_shown = any(destination.is_standard_output for destination in destinations)
    with _files(chosen, run) as files:
        for destination in destinations:
            if destination.is_standard_output:
                sys.stdout.flush()
                sys.stdout.buffer.writelines(files.chunks(destination))
                continue
            files.write(destination)
            told = f"{destination.format} report: {destination.path}"
            print(told, file=sys.stderr if is_shown else sys.stdout)
    return 0


def _failed(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history.course import find_log
    from pytest_orchestrate.history.retelling import report_of, start_of
    from pytest_orchestrate.report.next_commands import UNPLACED
    from pytest_orchestrate.report.next_commands import failed as failed_in

    directory = directory_of(chosen).absolute()
    log = find_log(directory, chosen.run)
    report = report_of(log, directory)
    so_far = ""
    if report.summary.goes_on:
        so_far = " so far"
        print(f"pytest-orchestrate: the run {log.stem} goes on", file=sys.stderr)
    found = failed_in(report.tests, start_of(log))
    if found is None:
        return failed(f"run {log.stem} cannot be told so: {UNPLACED}")
    named = [each for each in found if "\n" not in each]
    for each in found:
        if each not in named:
            told = f"warning: left out, because its name has several lines: {each!r}"
            print(f"pytest-orchestrate: {told}", file=sys.stderr)
    if not named:
        # without arguments, pytest would run everything
        return failed(f"no test failed{so_far} in run {log.stem}")
    text = "".join(f"{each}\n" for each in named)
    if chosen.output in (None, STANDARD_OUTPUT):
        print(text, end="")
    else:
        chosen.output.write_text(text, encoding="utf-8")
    return 0


def _refused(text: str) -> int:
    """Say that arguments make no sense; returns the exit status for that."""
    failed(text)
    return 2
