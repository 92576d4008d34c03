"""Slots of resources that all runs of one user on one machine share: a lock file or two for each.

The run that has a slot holds the lock ``NAME.NUMBER.run``, with its controller's process. While a
test uses the slot, the process that runs it holds ``NAME.NUMBER.test``, too. So if the controller
is killed, its slots stay in use until its workers, which then end within seconds, are gone: a slot
is free if nobody holds either lock. The system lets go of a lock when its holder dies, and what
the holder has forked never holds it.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import quote

import msgspec
import pytest

from pytest_orchestrate.locking import FileLock, is_locked, prepare_folder, said_by_holder
from pytest_orchestrate.model.annotations import Demand

#: Name of the folder of the lock files.
FOLDER = "pytest-orchestrate"


class Taken(msgspec.Struct, frozen=True):
    """Slots that the run has got."""

    #: Resource -> numbers.
    slots: dict[str, list[int]]
    #: Of these resources, those that other runs may share.
    shared: list[str]


class HostSlots:
    """What this run holds of the machine's resources.

    :param capacities: Resource -> how much there is of it, for all runs together.
    :raises pytest.UsageError: there is no place for lock files.
    """

    def __init__(self, capacities: Mapping[str, int], run_id: str) -> None:
        self._capacities = dict(capacities)
        self._run_id = run_id
        self._held: dict[tuple[str, int], FileLock] = {}
        self._shared: set[str] = set()
        self._folder = lock_folder()
        try:
            prepare_folder(self._folder)
        except OSError as error:
            raise self.refusal(error) from error
        self.provide(capacities)

    def provide(self, capacities: Mapping[str, int]) -> None:
        """There are these resources, too.

        :raises pytest.UsageError: a lock file cannot be made or locked.
        """
        self._capacities.update(capacities)
        try:
            for name in capacities:
                for kind in ("run", "test"):
                    lock = FileLock.taken(self._path(name, 0, kind), shared=sys.platform != "win32")
                    if lock is not None:
                        lock.release()
        except OSError as error:
            raise self.refusal(error) from error

    def refusal(self, error: OSError) -> pytest.UsageError:
        """Return what is to be said when a lock file cannot be used."""
        names = ", ".join(f"'{name}'" for name in sorted(self._capacities))
        return pytest.UsageError(
            f"orchestrate_resources: runs cannot share {names} ('host'): lock files in "
            f"{self._folder}: {error.strerror or error}. Make that a folder of yours that can be "
            "written, set XDG_RUNTIME_DIR to one, or leave 'host' out."
        )

    def take(self, any_of: Sequence[Sequence[Demand]], doing: str = "") -> Taken | None:
        """Take all of the first alternative that can be had wholly now; None if none can.

        Never waits, and keeps nothing of what it cannot have wholly, so runs that want several
        resources cannot wait for each other.

        :param doing: What they are for, if that is known.
        :raises OSError: a lock file cannot be used.
        """
        for demands in any_of:
            locks: dict[tuple[str, int], FileLock] = {}
            try:
                is_whole = all(
                    self._take_some(demand, locks)
                    for demand in sorted(demands, key=lambda each: each.name)
                )
            except BaseException:
                _release(locks)
                raise
            if not is_whole:
                _release(locks)
                continue
            text = f"run {self._run_id}, process {os.getpid()}, since {time.strftime('%H:%M:%S')}"
            slots: dict[str, list[int]] = {}
            for (name, number), lock in locks.items():
                lock.write(f"{text} ({doing})" if doing else text)
                slots.setdefault(name, []).append(number)
            self._held.update(locks)
            shared = [demand.name for demand in demands if demand.shared]
            self._shared.update(shared)
            return Taken(slots, shared)
        return None

    def give_back(self, slots: Mapping[str, Sequence[int]]) -> None:
        """Let others have these."""
        for name, numbers in slots.items():
            for number in numbers:
                self._held.pop((name, number)).release()
            self._shared.discard(name)

    def locks_of(self, slots: Mapping[str, Sequence[int]]) -> list[tuple[str, bool]]:
        """Return the files that the process of a test with these slots is to lock.

        Each with whether the lock is shared.
        """
        return [
            (str(self._path(name, number, "test")), name in self._shared)
            for name, numbers in slots.items()
            if name in self._capacities
            for number in numbers
        ]

    def holders(self, any_of: Sequence[Sequence[Demand]]) -> list[str]:
        """Return who holds what one of these waits for: a line for each slot."""
        names = sorted({demand.name for demands in any_of for demand in demands})
        return [
            f"{name} (host): {text}"
            for name in names
            for number in range(self._capacities[name])
            if (text := self._holder(name, number))
        ]

    def close(self) -> None:
        """Let go of everything."""
        _release(self._held)

    def _take_some(self, demand: Demand, locks: dict[tuple[str, int], FileLock]) -> bool:
        """Take as much as a test demands of one resource; whether there was so much."""
        name, missing = demand.name, demand.amount
        for number in range(self._capacities[name]):
            if not missing:
                break
            if (name, number) in self._held:
                continue
            lock = FileLock.taken(self._path(name, number, "run"), shared=demand.shared)
            if lock is None:
                continue
            locks[name, number] = lock
            # a test of a run that was killed may still use it
            in_use = FileLock.taken(self._path(name, number, "test"), shared=demand.shared)
            if in_use is None:
                locks.pop((name, number)).release()
                continue
            in_use.release()
            missing -= 1
        return not missing

    def _holder(self, name: str, number: int) -> str:
        if (name, number) in self._held:
            return ""
        texts = []
        for kind in ("run", "test"):
            path = self._path(name, number, kind)
            if is_locked(path):
                texts.append(said_by_holder(path) or f"an unknown process ({path})")
        return f"held by {', '.join(texts)}" if texts else ""

    def _path(self, name: str, number: int, kind: str) -> Path:
        return self._folder / f"{quote(name, safe='')}.{number}.{kind}"


def lock_folder() -> Path:
    """Return the folder of this user's lock files on this machine.

    Where XDG_RUNTIME_DIR says; else where it usually is, so that jobs without a login find the
    same; else in the folder of temporary files of the system, not of a job. A relative path there
    is ignored, as the XDG base directory specification has it: runs that were started in different
    folders would not know of each other.
    """
    given = Path(os.environ.get("XDG_RUNTIME_DIR", ""))
    if given.is_absolute():
        return given / FOLDER
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or tempfile.gettempdir()) / FOLDER
    usual = Path(f"/run/user/{os.getuid()}")
    if usual.is_dir() and os.access(usual, os.W_OK):
        return usual / FOLDER
    common = Path("/tmp")  # noqa: S108  # below it the folder is ours, or refused
    parent = common if sys.platform == "linux" and common.is_dir() else Path(tempfile.gettempdir())
    return parent / f"{FOLDER}-{os.getuid()}"


def _release(locks: dict[tuple[str, int], FileLock]) -> None:
    while locks:
        locks.popitem()[1].release()
