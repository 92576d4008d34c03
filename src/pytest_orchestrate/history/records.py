"""The records of a run's log that history is made of, typed.

Only the keys that history uses are here; what tests printed is passed over unread.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from pytest_orchestrate.history.log import VERSION, damaged, lines


class RunRecord(msgspec.Struct):
    """First line: what was run, how, and in which surroundings."""

    run: str
    started: float
    mode: str
    workers: int
    version: int = VERSION
    #: What was selected, in a canonical form: equal strings mean the same question.
    selection: str = ""
    #: Of these, history keeps ``revision``, ``dirty`` (of CI jobs: no) and ``branch``.
    facts: dict[str, object] = {}


class WorkerRecord(msgspec.Struct):
    """What it cost to get a worker ready. Seconds."""

    worker: str
    start: float | None = None
    collect: float | None = None
    collected: int | None = None


class FilesRecord(msgspec.Struct):
    """Seconds that a worker needed to collect (import) each file."""

    worker: str
    costs: dict[str, float | None]


class FixtureRecord(msgspec.Struct, gc=False):
    """One set-up of a fixture of higher than function scope, in seconds.

    Stands before the attempt in whose set-up it happened.
    """

    worker: str
    name: str
    scope: str
    file: str | None = None
    setup: float | None = None


class AttemptRecord(msgspec.Struct, gc=False):
    """One execution of a test. ``order`` counts from 0 on its worker; durations in seconds."""

    nodeid: str
    worker: str
    order: int
    outcome: str
    setup: float | None = None
    call: float | None = None
    teardown: float | None = None
    started: float | None = None
    occurrence: int = 0


class InterruptedRecord(msgspec.Struct):
    """A test that was cut off: by Ctrl-C, ``pytest.exit``, or the end of its worker."""

    test: int


class AmendRecord(msgspec.Struct):
    """A tear-down that failed after its test had been reported."""

    nodeid: str
    worker: str
    outcome: str


class EndRecord(msgspec.Struct):
    """Last line; missing when the run was cut off."""

    exitstatus: int
    duration: float | None = None
    not_run: int = 0


Record = (
    RunRecord
    | WorkerRecord
    | FilesRecord
    | FixtureRecord
    | AttemptRecord
    | InterruptedRecord
    | AmendRecord
    | EndRecord
)

_OPENING = b'{"record":"'
_PASSED_OVER = (b'{"record":"event"', b'{"record":"command"')
_KINDS: dict[bytes, msgspec.json.Decoder[Record]] = {
    b"run": msgspec.json.Decoder(RunRecord),
    b"worker": msgspec.json.Decoder(WorkerRecord),
    b"files": msgspec.json.Decoder(FilesRecord),
    b"fixture": msgspec.json.Decoder(FixtureRecord),
    b"attempt": msgspec.json.Decoder(AttemptRecord),
    b"interrupted": msgspec.json.Decoder(InterruptedRecord),
    b"amend": msgspec.json.Decoder(AmendRecord),
    b"end": msgspec.json.Decoder(EndRecord),
}


def record_of(line: bytes) -> Record | None:
    """What a line says for history. Events, commands and unknown kinds are not even parsed.

    Raises ValueError when it is no line of a log.
    """
    if line.startswith(_PASSED_OVER):  # most lines
        return None
    if not line.startswith(_OPENING):
        raise ValueError('its first key is not "record"')
    start = len(_OPENING)
    decoder = _KINDS.get(line[start : line.find(b'"', start)])
    return None if decoder is None else decoder.decode(line)


def records(path: Path) -> Iterator[Record]:
    """What a log says for history.

    Raises OSError when the log cannot be read, HistoryError at the first damaged line.
    """
    for number, line in enumerate(lines(path), 1):
        try:
            record = record_of(line)
        except ValueError as error:  # msgspec's and that of odd bytes are such
            raise damaged(path, number, error) from error
        if record is not None:
            yield record
