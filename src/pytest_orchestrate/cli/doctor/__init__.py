"""``pytest-orchestrate doctor``: what this plugin would do in a project, before it does it."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_orchestrate.cli.place import add_directory, directory_of
from pytest_orchestrate.cli.saying import failed

if TYPE_CHECKING:
    from pytest_orchestrate.cli import Commands
    from pytest_orchestrate.cli.doctor.facts import Examination, Failure
    from pytest_orchestrate.report.findings import Recommendation

NAME = "doctor"
#: Seconds that pytest may take to collect, unless more are given.
TIME_LIMIT = 300.0
#: What of the arguments is ours: flag -> whether a value follows. The others are pytest's.
_OWN = {"--json": False, "--time-limit": True, "--dir": True, "-h": False, "--help": False}


def add_to(commands: Commands) -> None:
    """Add ``doctor`` to the command."""
    doctor = commands.add_parser(
        NAME,
        help="tell what a project's configuration means, what conflicts, and what costs time",
        description="Lets pytest collect the tests of the project in this folder, without running"
        " any, and tells how its plugins, markers and settings behave, what would make runs"
        " shorter, and what to put into its configuration file.",
        epilog="exit status: 1 where something conflicts, 0 otherwise, 2 for arguments that make"
        " no sense",
    )
    doctor.add_argument("--json", action="store_true", help="print all of it as JSON")
    doctor.add_argument(
        "--time-limit",
        type=_seconds,
        default=TIME_LIMIT,
        metavar="SECONDS",
        help=f"how long pytest may take to collect (default: {TIME_LIMIT:g})",
    )
    add_directory(doctor)
    doctor.add_argument(
        "arguments",
        nargs="*",
        metavar="ARGUMENT",
        help="an argument for pytest: a path, -p, -c, -m, --rootdir, ...",
    )
    doctor.set_defaults(action=_doctor)


def separated(arguments: Sequence[str]) -> list[str]:
    """Put our own flags before ``--``, and what is for pytest behind it, whatever the order."""
    own: list[str] = []
    others: list[str] = []
    words = iter(arguments)
    for word in words:
        if word == "--":
            others += words
        elif word.partition("=")[0] not in _OWN:
            others.append(word)
        elif _OWN[word.partition("=")[0]] and "=" not in word:
            own += [word, *([value] if (value := next(words, None)) is not None else [])]
        else:
            own.append(word)
    return [*own, "--", *others]


def _seconds(text: str) -> float:
    with suppress(ValueError):
        number = float(text)
        if 0 < number < float("inf"):
            return number
    raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds above 0")


def _doctor(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.cli.doctor.diagnosing import diagnose, of_environment
    from pytest_orchestrate.cli.doctor.examination import examine
    from pytest_orchestrate.cli.doctor.of_failure import telling_lines

    arguments: list[str] = chosen.arguments
    if chosen.dir is not None:
        arguments = [f"--orchestrate-dir={directory_of(chosen).absolute()}", *arguments]
    examined, failure = examine(arguments, limit=chosen.time_limit, as_script=not _is_module())
    if failure is not None and _is_of(failure, arguments):
        failed("\n".join(telling_lines(failure.output)).removeprefix("ERROR: "))
        return 2
    diagnosis = diagnose(
        examined,
        failure,
        recommended=_recommendations(examined),
        environment=of_environment(os.environ, sys.prefix),
    )
    if chosen.json:
        import msgspec

        from pytest_orchestrate.model.escaping import escaped

        encoded = msgspec.json.encode(escaped(msgspec.to_builtins(diagnosis)))
        print(msgspec.json.format(encoded, indent=2).decode())
    else:
        from pytest_orchestrate.cli.doctor.telling import lines_of

        for line in lines_of(diagnosis, width=shutil.get_terminal_size().columns):
            print(line)
    return 1 if diagnosis.has_conflicts else 0


def _is_module() -> bool:
    """Whether the command was started by ``python -m``, as pytest is then to be, too."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    return getattr(main, "name", "") == "pytest_orchestrate.cli.__main__"


def _is_of(failure: Failure, arguments: Sequence[str]) -> bool:
    """Whether pytest has refused one of the arguments that the command was given."""
    if failure.kind != "exit" or failure.number != 4:
        return False
    said = failure.output.rpartition("ERROR: ")[2]
    return any(word in said for word in arguments)


def _recommendations(examined: Examination) -> tuple[Recommendation, ...]:
    """What the last recorded run has taught; nothing where none can be read."""
    configured = examined.configured
    if configured is None or configured.history is None or not configured.known_tests:
        return ()
    from pytest_orchestrate.controller.report_files import ReportFiles
    from pytest_orchestrate.errors import HistoryError
    from pytest_orchestrate.history.course import LAST, find_log

    directory = Path(configured.root, configured.history)
    try:
        log = find_log(directory, LAST)
        return ReportFiles(log, directory, history=None, root=None).report.recommendations
    except (HistoryError, OSError) as error:
        print(f"pytest-orchestrate: warning: {error}", file=sys.stderr)
        return ()
