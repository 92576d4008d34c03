"""The file that holds the history: opened when needed, and never a reason for a run to fail."""

from __future__ import annotations

import contextlib
import os
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import directory as directories
from pytest_orchestrate.history import schema
from pytest_orchestrate.locking import lock

#: Seconds to wait for another process that writes.
PATIENCE = 10.0

T = TypeVar("T")

_FAULTS = (sqlite3.Error, HistoryError, msgspec.DecodeError, OSError)


class Database:
    """The store's connection. What goes wrong with it becomes a text in ``warnings``.

    A file that does not exist yet is created by the first write. One that is damaged is
    moved aside, and a new one begun. One of a newer version is left alone: ``usable`` is
    False then, and reads and writes do nothing. One that cannot be written is only read.
    """

    def __init__(self, directory: Path) -> None:
        self.path = directory / "history.sqlite3"
        #: Why the file is left alone, if it is.
        self.fault: str | None = None
        self.warnings: list[str] = []
        self._connection: sqlite3.Connection | None = None
        self._read_only = False
        self._opened: os.stat_result | None = None

    @property
    def usable(self) -> bool:
        """Whether it can be read."""
        return self.fault is None

    def read(self, query: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """The query's result, or ``otherwise`` where there is nothing to be read."""
        try:
            connection = self._open(create=False)
            return otherwise if connection is None else query(connection)
        except _FAULTS as error:
            self._bear(error)
            return otherwise

    def write(self, change: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        """Make the change in one transaction; all of it is done, or nothing and ``otherwise``.

        After a damaged file was replaced it is made in the new one.
        """
        try:
            return self._write(change, otherwise)
        except _FAULTS as error:
            if not self._bear(error):
                return otherwise
        try:
            return self._write(change, otherwise)
        except _FAULTS as error:
            self._bear(error)
            return otherwise

    def warn(self, text: str) -> None:
        """Remember a warning, once."""
        if text not in self.warnings:
            self.warnings.append(text)

    def close(self) -> None:
        """Let go of the file; it is opened again when needed."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _write(self, change: Callable[[sqlite3.Connection], T], otherwise: T) -> T:
        connection = self._open(create=True)
        if connection is None:
            return otherwise
        if self._read_only:
            self.warn(f"{self.path} cannot be written: no runs are added to it.")
            return otherwise
        return _in_transaction(connection, change)

    def _open(self, *, create: bool) -> sqlite3.Connection | None:
        if self._connection is not None or not self.usable:
            return self._connection
        if not self.path.exists():
            if not create:
                return None
            try:
                directories.prepare(self.path.parent)
            except OSError as error:
                self._give_up(f"cannot be made ({error.strerror})")
                return None
        self._opened = self.path.stat() if self.path.exists() else None
        self._connection = connection = self._connect()
        version = schema.version_of(connection)
        if version > schema.SCHEMA_VERSION:
            self._give_up(
                f"was written by a newer pytest-orchestrate (schema {version}, this version "
                f"knows {schema.SCHEMA_VERSION}): upgrade, or choose another directory"
            )
        elif self._read_only and version < schema.SCHEMA_VERSION:
            self._give_up("is of an older version and cannot be written, so not be converted")
        else:
            if not self._read_only:
                self._prepare(connection)
            schema.check(connection)
            self._opened = self._opened or self.path.stat()
        return self._connection

    def _connect(self) -> sqlite3.Connection:
        folder_writable = os.access(self.path.parent, os.W_OK)
        self._read_only = self._opened is not None and not (
            folder_writable and os.access(self.path, os.W_OK)
        )
        address = self.path.absolute().as_uri()
        if self._read_only:
            # Where no lock or journal can be made, SQLite reads only what is declared immutable.
            address += "?mode=ro" if folder_writable else "?mode=ro&immutable=1"
        return sqlite3.connect(address, uri=True, timeout=PATIENCE, isolation_level=None)

    def _prepare(self, connection: sqlite3.Connection) -> None:
        # With a write-ahead log, readers and a writer do not wait for each other. Refused while
        # another process is just about it, and where a file system cannot share memory.
        with contextlib.suppress(sqlite3.OperationalError):
            connection.execute("PRAGMA journal_mode = WAL")
        # After a power failure the last runs may be missing, but the file is whole.
        connection.execute("PRAGMA synchronous = NORMAL")
        schema.migrate(connection)

    def _bear(self, error: Exception) -> bool:
        """Note what is wrong; True if a new store stands in for a damaged one."""
        self.close()
        if _tells_damage(error):
            try:
                target = _move_aside(self.path, self._opened)
            except OSError:
                self._give_up(f"is damaged ({error}) and cannot be moved aside")
                return False
            if target is not None:
                self.warn(
                    f"{self.path} is damaged ({error}): it was moved to {target.name} and a new "
                    "history begun; the runs whose logs are still there are added to it again."
                )
            return True
        if "locked" in str(error) or "busy" in str(error):
            self.warn(
                f"{self.path} was in use by other processes for more than {PATIENCE:g} s: "
                "going on without it; recorded runs are added another time."
            )
        else:
            self._give_up(f"cannot be used ({error})")
        return False

    def _give_up(self, reason: str) -> None:
        self.fault = f"{self.path} {reason}"
        self.warn(f"{self.fault}: going on without it.")
        self.close()


def _in_transaction(connection: sqlite3.Connection, change: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = change(connection)
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    return result


def _tells_damage(error: Exception) -> bool:
    # SQLite's "malformed" and "not a database" are of the base class itself.
    return (
        type(error) is sqlite3.DatabaseError
        or isinstance(error, HistoryError | msgspec.DecodeError)
        or "Could not decode" in str(error)
    )


def _move_aside(path: Path, opened: os.stat_result | None) -> Path | None:
    """Rename the file that was opened and its companions; None if another process has done so.

    Raises OSError where that is not possible.
    """
    with _locked(path):
        if opened is None or not path.exists() or not os.path.samestat(path.stat(), opened):
            return None
        target = _free_name(path)
        for suffix in ("-wal", "-shm", ""):
            with contextlib.suppress(FileNotFoundError):
                path.with_name(path.name + suffix).rename(target.with_name(target.name + suffix))
        return target


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Wait until no other process moves this file."""
    try:
        descriptor = os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        descriptor = -1
    try:
        # Without locks, two processes may both move a file; none is lost.
        with contextlib.suppress(OSError):
            lock(descriptor)
        if os.name == "nt":  # which renames no open file
            os.close(descriptor)
        yield
    finally:
        if os.name != "nt" and descriptor >= 0:
            os.close(descriptor)


def _free_name(path: Path) -> Path:
    number = 1
    while (candidate := path.with_name(f"{path.name}.damaged-{number}")).exists():
        number += 1
    return candidate
