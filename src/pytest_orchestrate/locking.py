"""Locks on open files that the system releases however their holder dies.

``flock`` where there is one, ``msvcrt.locking`` on Windows. The lock is on the file itself,
so nothing is left behind that would have to be cleaned up, and two openings of one file
exclude each other even within one process.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import sys
from pathlib import Path

_HELD_BY_OTHERS = (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)

if sys.platform == "win32":
    import msvcrt

    #: Windows denies others the locked bytes, so these lie behind any content.
    _FAR_BYTE = 0x7FFF0000

    def lock(descriptor: int) -> None:
        """Take the lock; waits for other holders. Raises OSError where files have no locks."""
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)

    def unlock(descriptor: int) -> None:
        """Give the lock back."""
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

    def _lock_now(descriptor: int, *, shared: bool) -> None:
        if shared:
            raise OSError(errno.ENOTSUP, "locks on Windows cannot be shared")
        os.lseek(descriptor, _FAR_BYTE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)

else:
    import fcntl

    def lock(descriptor: int) -> None:
        """Take the lock; waits for other holders. Raises OSError where files have no locks."""
        fcntl.flock(descriptor, fcntl.LOCK_EX)

    def unlock(descriptor: int) -> None:
        """Give the lock back, also for forked children that hold a copy of the descriptor."""
        fcntl.flock(descriptor, fcntl.LOCK_UN)

    def _lock_now(descriptor: int, *, shared: bool) -> None:
        fcntl.flock(descriptor, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)


def try_lock(descriptor: int, *, shared: bool = False) -> bool:
    """Take the lock if nobody stands against it; whether that was so.

    :param shared: Together with others that share it. Not on Windows.
    :raises OSError: where files have no locks.
    """
    try:
        _lock_now(descriptor, shared=shared)
    except OSError as error:
        if error.errno in _HELD_BY_OTHERS:
            return False
        raise
    return True


def is_locked(path: Path) -> bool:
    """Somebody, perhaps this very process, holds the lock of this file.

    False for a file that is gone, or that lies where files have no locks.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | getattr(os, "O_CLOEXEC", 0))
    except PermissionError:
        try:
            descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        except OSError:
            return False
    except OSError:
        return False
    try:
        if not try_lock(descriptor):
            return True
        unlock(descriptor)
    except OSError:
        return False
    finally:
        os.close(descriptor)
    return False


#: Longest text that a lock file is read for, in bytes.
_LONGEST = 4096


class FileLock:
    """The lock of a file, held by this very process until it releases it or ends.

    A child that this process forks does not hold it, so it cannot outlive the process that way.
    """

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor
        self._file = os.fstat(descriptor)
        _held[descriptor] = self

    @classmethod
    def taken(cls, path: Path, *, shared: bool = False) -> FileLock | None:
        """Make the file if need be and lock it; None if others hold the lock.

        :raises OSError: the file cannot be made, opened or locked.
        """
        flags = os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NOFOLLOW", 0)
        descriptor = os.open(path, flags, 0o600)
        try:
            # a file that was deleted meanwhile is not the one that others lock
            if try_lock(descriptor, shared=shared) and _is_at(descriptor, path):
                return cls(path, descriptor)
        except BaseException:
            os.close(descriptor)
            raise
        os.close(descriptor)
        return None

    def write(self, text: str) -> None:
        """Say who holds the lock, for those who wait; on a full disk nobody is told."""
        with contextlib.suppress(OSError):
            self._check()
            os.ftruncate(self._descriptor, 0)
            os.lseek(self._descriptor, 0, os.SEEK_SET)
            os.write(self._descriptor, text.encode("utf-8", "backslashreplace")[:_LONGEST])

    def release(self) -> None:
        """Let others have it. Does nothing in a forked child, which does not hold it."""
        if _held.get(self._descriptor) is self:
            del _held[self._descriptor]
            with contextlib.suppress(OSError):
                self._check()
                unlock(self._descriptor)
                os.close(self._descriptor)

    def let_go(self) -> None:
        """Close the file without unlocking it; it stays locked for others that have it open."""
        with contextlib.suppress(OSError):
            self._check()
            os.close(self._descriptor)

    def _check(self) -> None:
        """Raise OSError if a test has closed the file: the descriptor may be another one's now."""
        if not os.path.samestat(os.fstat(self._descriptor), self._file):
            raise OSError(errno.EBADF, "the lock file was closed")


def prepare_folder(folder: Path) -> None:
    """Make a folder for lock files of this user.

    :raises OSError: it cannot be made, or others could have their hands in it.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if sys.platform == "win32":
        return
    status = folder.lstat()
    if not stat.S_ISDIR(status.st_mode):
        raise NotADirectoryError(0, "it is not a folder (a link, perhaps)")
    if status.st_uid != os.getuid():
        raise PermissionError(0, f"it belongs to user {status.st_uid}")
    if status.st_mode & 0o022:
        raise PermissionError(0, "others may write there")


def said_by_holder(path: Path) -> str:
    """What the holder of a lock has written into its file; empty if nothing can be read."""
    try:
        with path.open("rb") as file:
            return file.read(_LONGEST).decode("utf-8", "replace")
    except OSError:
        return ""


def _is_at(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except FileNotFoundError:
        return False


_held: dict[int, FileLock] = {}


def _let_go_in_child() -> None:
    # closed, not unlocked: to unlock it here would be to unlock it for the parent
    for held in _held.values():
        held.let_go()
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go_in_child)
