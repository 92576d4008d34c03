"""The ``pytest-orchestrate`` command: what can be done without running tests.

Exit status: 0 when it was done, 1 when it could not be (standard error says why), 2 for
arguments that make no sense.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from pytest_orchestrate.cli import doctor, explain, history, report
from pytest_orchestrate.cli.place import add_directory, place_of_command
from pytest_orchestrate.cli.saying import failed
from pytest_orchestrate.errors import OrchestrateError

if TYPE_CHECKING:
    #: To which each module adds its part.
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]  # noqa: SLF001 - it has no public name


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit status. ``arguments`` default to ``sys.argv[1:]``."""
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="backslashreplace")
    given = list(sys.argv[1:] if arguments is None else arguments)
    command = place_of_command(given)
    if given[command : command + 1] == [doctor.NAME]:
        given[command + 1 :] = doctor.separated(given[command + 1 :])
    chosen = _parser().parse_args(given)
    try:
        status: int = chosen.action(chosen)
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # the reader, perhaps "head", has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return failed(f"{where}{error.strerror or error}")
    except OrchestrateError as error:
        return failed(str(error))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pytest-orchestrate",
        description="Look into a project, look at the history of its tests, carry it elsewhere,"
        " explain a run, report it, simulate one.",
    )
    parser.add_argument("--version", action=_Version)
    add_directory(parser, is_first=True)
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")
    doctor.add_to(commands)
    history.add_to(commands)
    explain.add_to(commands)
    report.add_to(commands)

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


def _simulate(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.engine import simulator

    return simulator.main(chosen.file)
