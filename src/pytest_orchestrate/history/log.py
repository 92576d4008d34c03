"""The log of one run: JSON lines in ``<directory>/runs/<run id>.jsonl``.

Written as the run goes, so that whatever happens to the controller the log tells the story
up to the last flush. The first key of each line is ``record``, the kind of the line;
readers pass over kinds and keys that they do not know.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping
from os import getpid
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import directory as directories
from pytest_orchestrate.locking import is_locked, lock, unlock
from pytest_orchestrate.model.commands import AnyCommand, Command
from pytest_orchestrate.model.events import AnyEvent, Event

if TYPE_CHECKING:
    from pytest_orchestrate.report.story import Story

#: Version of the format, in the first line of every log.
VERSION = 1
#: Keys of attempts and amendments that tell how a test failed.
OUTPUT = ("longrepr", "crash", "exception")
#: So much may wait in memory for the next flush: bytes of lines, and records that are none yet.
BUFFER = 1 << 16
RECORDS = 1_000


class _EventLine(msgspec.Struct, tag_field="record", tag="event", gc=False):
    event: Event


class _CommandLine(msgspec.Struct, tag_field="record", tag="command", gc=False):
    command: Command


class RunLog:
    """Appends the records of one run to its file; a fault ends the recording, not the run.

    While it is open it holds the file's lock: see :func:`is_live`.
    """

    def __init__(self, path: Path, *, keep_output: bool) -> None:
        self.path = path
        #: Why recording has stopped, once it has; the text is for the user.
        self.fault: str | None = None
        self._keep_output = keep_output
        self._descriptor = -1
        self._owner = getpid()
        #: Lines, and what becomes lines all at once, which takes less than one after another.
        self._waiting: list[msgspec.Raw | _EventLine | _CommandLine | Mapping[str, object]] = []
        self._waiting_bytes = 0
        #: Bytes of the file, as far as it is written.
        self.size = 0
        encoder = msgspec.json.Encoder(enc_hook=repr)
        self._encode, self._encode_lines = encoder.encode, encoder.encode_lines

    @classmethod
    def create(cls, directory: Path, run_id: str, *, keep_output: bool) -> RunLog:
        """A new log for this run, private to its owner (0600, new directories 0700).

        Never raises OSError: where nothing can be written, ``fault`` says why. With
        ``keep_output`` false, what tests printed and their tracebacks are left out.
        """
        log = cls(directories.runs(directory) / f"{run_id}.jsonl", keep_output=keep_output)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND
        flags |= getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
        try:
            directories.prepare(directory)
            log.path.parent.mkdir(mode=0o700, exist_ok=True)
            log._descriptor = os.open(log.path, flags, 0o600)
        except OSError as error:
            log._fail(error)
            return log
        # Where files have no locks, a run that still goes on looks cut off. The history bears
        # with that: it folds such a log again once it has grown.
        with contextlib.suppress(OSError):
            lock(log._descriptor)
        return log

    def write(self, record: Mapping[str, object]) -> bytes:
        """Append one record; return its line. What JSON cannot say is replaced by its ``repr``."""
        line = self._line(self._kept(record))
        self._append(line)
        return line

    def attempt(self, record: Mapping[str, object]) -> None:
        """Append the record of an attempt, which must not change any more.

        One a test: like events and commands it becomes a line when others do. One with output is
        a line at once: that may be long, and only of lines is known how much waits.
        """
        kept = record if self._keep_output else self._kept(record)
        if kept.get("longrepr") or kept.get("sections"):
            self._append(self._line(kept))
        else:
            self._wait(kept)

    def event(self, event: Event) -> None:
        """Append what the engine was told."""
        self._wait(_EventLine(event))

    def command(self, command: Command) -> None:
        """Append what the engine wanted done; belongs to the event before it."""
        self._wait(_CommandLine(command))

    def flush(self) -> None:
        """Hand everything to the system; from then on it survives this process."""
        if self._descriptor < 0:
            self._waiting.clear()
        if not self._waiting or getpid() != self._owner:
            return
        try:
            text = self._encode_lines(self._waiting)
        except _ODD:
            text = b"".join([self._line(each) + b"\n" for each in self._waiting])
        self._waiting.clear()
        self._waiting_bytes = 0
        rest = memoryview(text)
        try:
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
        except OSError as error:
            self._fail(error)
        else:
            self.size += len(text)

    def close(self) -> None:
        """Flush and let go of the file; what is written later is lost without a word."""
        self.flush()
        if self._descriptor >= 0 and getpid() == self._owner:
            self._release()

    def _kept(self, record: Mapping[str, object]) -> Mapping[str, object]:
        """The record without what tests have printed, if that is not to be kept."""
        if self._keep_output or record.get("record") not in ("attempt", "amend"):
            return record
        kept = {**record, **{key: None for key in OUTPUT if key in record}}
        if "sections" in kept:
            kept["sections"] = []
        return kept

    def _line(self, record: object) -> bytes:
        """One record as JSON, whatever is in it."""
        try:
            return self._encode(record)
        except _ODD as error:
            if isinstance(record, msgspec.Struct):
                return self._encode(_plain(msgspec.to_builtins(record)))
            return self._encode(_speakable(record, error))

    def _append(self, line: bytes) -> None:
        self._wait(msgspec.Raw(line))
        self._waiting_bytes += len(line)
        if self._waiting_bytes >= BUFFER:
            self.flush()

    def _wait(self, record: msgspec.Raw | _EventLine | _CommandLine | Mapping[str, object]) -> None:
        self._waiting.append(record)
        if len(self._waiting) >= RECORDS:
            self.flush()

    def _fail(self, error: OSError) -> None:
        self.fault = (
            f"the run is no longer recorded: {self.path}: {error.strerror or error}. "
            "Results are not affected; make room or set another directory to record again."
        )
        self._waiting.clear()
        if self._descriptor >= 0:
            self._release()

    def _release(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        with contextlib.suppress(OSError):  # there may be no locks here
            unlock(descriptor)
        try:
            os.close(descriptor)
        except OSError as error:  # a network disk may say only now that it is full
            self.fault = self.fault or f"the end of {self.path} may be lost: {error.strerror}"


def is_live(path: Path) -> bool:
    """The run of this log still goes on; a log that is not live and has no end was cut off."""
    return is_locked(path)


class Pruned(msgspec.Struct):
    """What :func:`prune` did."""

    deleted: list[Path] = msgspec.field(default_factory=list)
    #: Logs that could not be deleted, with the reason, for the user.
    faults: list[str] = msgspec.field(default_factory=list)


def prune(
    directory: Path,
    keep_runs: int = 20,
    keep_bytes: int = 200_000_000,
    older_than: float | None = None,
) -> Pruned:
    """Delete the oldest logs until at most so many runs and bytes are left.

    With ``older_than`` (seconds since the epoch), those last written before it go as well.
    Logs of runs that go on count, and are never deleted.
    """
    result = Pruned()
    kept_runs = kept_bytes = 0
    room = True
    for path in reversed(directories.logs(directory)):
        try:
            status = path.stat()
        except FileNotFoundError:
            continue
        if older_than is not None and status.st_mtime < older_than:
            room = False
        if kept_runs >= keep_runs or kept_bytes + status.st_size > keep_bytes:
            room = False
        if room or is_live(path):
            kept_runs += 1
            kept_bytes += status.st_size
            continue
        try:
            path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            result.faults.append(f"{path} could not be deleted: {error.strerror}")
        else:
            result.deleted.append(path)
    result.deleted.reverse()
    return result


def lines(path: Path) -> Iterator[bytes]:
    """The complete lines of a log; a last one that was cut off is not among them.

    Raises OSError when the file cannot be read.
    """
    with path.open("rb") as file:
        for line in file:
            if not line.endswith(b"\n"):
                return
            yield line


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The records of a log, whatever their kinds. Raises HistoryError for a damaged line."""
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    number = 0
    try:
        for number, line in enumerate(lines(path), 1):  # noqa: B007 - the error names it
            yield decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, number, error) from error


class _Replayed(msgspec.Struct):
    record: str
    version: int = VERSION
    event: AnyEvent | None = None
    command: AnyCommand | None = None


def replay_events(path: Path) -> Iterator[tuple[AnyEvent, list[AnyCommand]]]:
    """Each event of the run with the commands that it caused, in order.

    Feeding the events to a fresh engine yields the same commands. The last event of a run
    that was cut off may lack commands. Raises HistoryError for a log that is damaged or
    was written by a newer version.
    """
    decode = msgspec.json.Decoder(_Replayed).decode
    event: AnyEvent | None = None
    commands: list[AnyCommand] = []
    for number, line in enumerate(lines(path), 1):
        try:
            found = decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise damaged(path, number, error) from error
        if found.record == "run":
            check_version(path, found.version)
        if found.record == "event" and found.event is not None:
            if event is not None:
                yield event, commands
            event, commands = found.event, []
        elif found.record == "command" and found.command is not None:
            if event is None:
                raise damaged(path, number, "a command stands before the first event")
            commands.append(found.command)
    if event is not None:
        yield event, commands


def story(path: Path) -> Story:
    """What a log tells of tests and workers; HistoryError as in :func:`replay_events`."""
    from pytest_orchestrate.report.clocks import tell_times
    from pytest_orchestrate.report.story import Story

    told = Story(is_live=is_live(path))
    number = 0
    for number, record in enumerate(read(path), 1):
        if record.get("record") == "run":
            check_version(path, record.get("version", VERSION))
        try:
            told.add(record)
        except (msgspec.ValidationError, LookupError) as error:
            raise damaged(path, number, error) from error
    tell_times(told)
    return told


def check_version(path: Path, version: int) -> None:
    """Raise HistoryError for a log of a newer version."""
    if version > VERSION:
        raise HistoryError(
            f"{path} has format version {version}, this version reads up to {VERSION}: "
            "install the version of pytest-orchestrate that wrote it"
        )


def damaged(path: Path, number: int, reason: object) -> HistoryError:
    """The error for a line that is not what it should be."""
    return HistoryError(f"{path}, line {number}: not a record of a run ({reason})")


#: What the encoder raises.
_ODD = (UnicodeEncodeError, TypeError, ValueError, OverflowError, RecursionError)


def _speakable(record: Any, error: Exception) -> object:
    try:
        return _plain(record)
    except RecursionError:
        kind = _plain(str(record.get("record")))
        text = f"a record of kind {kind} could not be written: {error}"
        return {"record": "note", "text": _plain(text)}


def _plain(value: object) -> object:
    r"""The same as far as JSON can say it; lone surrogates become ``\udc80`` and the like."""
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode("utf-8")
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(_plain(str(key))): _plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(content) for content in value]
    return _plain(repr(value))
