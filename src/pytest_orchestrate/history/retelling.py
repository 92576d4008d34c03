"""A recorded run, told again: as a report, or as its own log to be passed on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.log import VERSION, check_version, damaged, is_live, lines
from pytest_orchestrate.model.commands import AnyCommand
from pytest_orchestrate.model.events import AnyEvent
from pytest_orchestrate.report.assembly import Assembly
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.next_commands import Start
from pytest_orchestrate.report.redaction import redacted_arguments

_EVENT = b'{"record":"event","event":'
_COMMAND = b'{"record":"command","command":'
_END = b"}\n"


def report_of(path: Path, directory: Path) -> Report:
    """The report of the run of a log, as far as the log goes.

    ``directory``: that of the history, in which the artifacts are.

    Raises OSError when the log cannot be read, HistoryError when it is damaged, was written by
    a newer version, or has not come as far as to tests.
    """
    assembly = Assembly(directory.as_posix(), is_live=is_live(path))
    decoded = _Decoder(path)
    number = 0
    try:
        for number, line in enumerate(lines(path), 1):  # noqa: B007 - the error names it
            assembly.add(decoded(line))
    except (msgspec.MsgspecError, UnicodeDecodeError, LookupError, TypeError) as error:
        raise damaged(path, number, error) from error
    if not assembly.tells_anything:
        raise HistoryError(before_tests(path.stem, goes_on=assembly.goes_on))
    return assembly.report()


def before_tests(run: str, *, goes_on: bool) -> str:
    """That there is nothing to tell of a run yet, or ever."""
    if goes_on:
        return f"the run {run} goes on, and no test is known yet: try again in a moment"
    return f"the run {run} was cut off before any test was known: its log has nothing to tell"


def start_of(path: Path) -> Start:
    """Where pytest was started in the run of a log.

    Raises OSError when the log cannot be read.
    """
    first = next(iter(lines(path)), b"{}")
    return Start.of(msgspec.json.decode(first))


class _Decoder:
    """From lines to records, in which events and commands are what they are."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._decode = msgspec.json.Decoder(dict[str, Any]).decode
        self._decode_event = msgspec.json.Decoder(AnyEvent).decode
        self._decode_command = msgspec.json.Decoder(AnyCommand).decode

    def __call__(self, line: bytes) -> dict[str, Any]:
        # these two are most lines; a view saves a copy of what is in them
        if line.startswith(_EVENT):
            event = self._decode_event(memoryview(line)[len(_EVENT) : -len(_END)])
            return {"record": "event", "event": event}
        if line.startswith(_COMMAND):
            command = self._decode_command(memoryview(line)[len(_COMMAND) : -len(_END)])
            return {"record": "command", "command": command}
        record = self._decode(line)
        if record.get("record") == "run":
            check_version(self._path, record.get("version", VERSION))
        return record


def log_to_pass_on(path: Path) -> Iterator[bytes]:
    """The lines of a log, without what looks like a secret in the command line of the run.

    Raises as :func:`report_of` does.
    """
    for number, line in enumerate(lines(path), 1):
        if number > 1:
            yield line
            continue
        try:
            record = msgspec.json.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged(path, number, error) from error
        record["args"] = redacted_arguments(map(str, record.get("args", ())))
        yield msgspec.json.encode(record) + b"\n"
