"""A lock on an open file that the system releases however its holder dies.

``flock`` where there is one, ``msvcrt.locking`` on Windows. The lock is on the file itself,
so nothing is left behind that would have to be cleaned up, and two openings of one file
exclude each other even within one process.
"""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

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

    def _try_lock(descriptor: int) -> None:
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

    def _try_lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)


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
        _try_lock(descriptor)
    except OSError as error:
        return error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK)
    else:
        unlock(descriptor)
        return False
    finally:
        os.close(descriptor)
