"""What speaks against forking a process, found out by looking at it.

Two kinds of reasons. Some are *circumstances* of this process (it is somebody else's program,
a tracer or a debugger watches it): a fresh process has none of them. Others come with the
plugins of the run (threads, sockets): a fresh process with the same plugins has them, too.
"""

from __future__ import annotations

import os
import signal
import stat
import sys
import time
import warnings
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from pytest_orchestrate.transport.own_program import is_own_program, stays_after_pytest

#: Seconds that a child which only ends may take to do so.
PATIENCE = 2.0


def is_possible() -> bool:
    """Whether this system has what a fork server needs."""
    return sys.platform == "linux" and Path("/proc/self/task").is_dir()


# --- circumstances ---


def circumstance() -> str | None:
    """Return what this process is that a fresh one would not be, or None."""
    if "PYTEST_CURRENT_TEST" in os.environ:
        return "this run was started by a test"
    if stays_after_pytest():
        return "the interpreter stays for inspection when pytest has ended"
    watcher = _watcher()
    if watcher is not None:
        return watcher
    if not is_own_program():
        return "pytest was called by another program"
    return None


def _watcher() -> str | None:
    """Return what is told of each step of this process, and cannot follow a fork, or None."""
    measuring = _coverage()
    if measuring is not None:
        patched: object = None
        with suppress(Exception):  # before coverage 7.10 there is no such option
            patched = measuring.get_option("run:patch")
        follows = isinstance(patched, list) and {"fork", "_exit"} <= set(patched)
        return None if follows else "coverage measures this process"
    if sys.gettrace() is not None:
        return "a tracer or debugger watches this process"
    if sys.getprofile() is not None:
        return "a profiler watches this process"
    monitoring = getattr(sys, "monitoring", None)
    if monitoring is not None:
        for tool in range(6):
            name = monitoring.get_tool(tool)
            if name is not None:
                return f"{name} watches this process"
    return None


def _coverage() -> Any:
    """Return what measures this process, or None."""
    current = getattr(getattr(sys.modules.get("coverage"), "Coverage", None), "current", None)
    return None if current is None else current()


# --- what plugins have done ---


def obstacle(own: Collection[int]) -> str | None:
    """Return what this process holds that children cannot share, or None.

    :param own: Descriptors that are ours, and do not count.
    """
    watcher = _watcher()
    if watcher is not None:
        return watcher
    try:
        threads = _threads()
        if threads > 1:
            # numerical libraries end their threads before a fork, and start them when needed
            _fork_once()
            threads = _threads()
        children = _children()
    except OSError as error:
        return f"/proc cannot be read ({error.strerror})"
    if threads > 1:
        return f"a plugin has started a thread ({threads} are running)"
    if children:
        return f"a plugin has started a process ({children[0]})"
    return _shared_descriptor(own)


def _threads() -> int:
    return len(list(Path("/proc/self/task").iterdir()))


def _children() -> list[str]:
    """Ids of the processes that this one, of one thread, has started; none where unknown."""
    try:
        return Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()
    except FileNotFoundError:
        return []


def _fork_once() -> None:
    """Fork a child that ends at once, so that the handlers which libraries have for it run."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of threads, which are what this is about
        pid = os.fork()
    if pid == 0:
        os._exit(0)
    deadline = time.monotonic() + PATIENCE
    with suppress(ChildProcessError):
        while os.waitpid(pid, os.WNOHANG)[0] == 0:
            if time.monotonic() > deadline:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                return
            time.sleep(0.001)


def _shared_descriptor(own: Collection[int]) -> str | None:
    for entry in list(Path("/proc/self/fd").iterdir()):
        descriptor = int(entry.name)
        if descriptor <= 2 or descriptor in own:
            continue
        with suppress(OSError):
            target = os.fspath(entry.readlink())
            if target.startswith("socket:"):
                return f"a plugin has opened a socket (descriptor {descriptor})"
            if target in ("anon_inode:[eventpoll]", "anon_inode:[io_uring]"):
                return f"a plugin has opened an event loop (descriptor {descriptor})"
            if _is_written(descriptor):
                return f"a plugin has opened {target} for writing"
    return None


def _is_written(descriptor: int) -> bool:
    import fcntl

    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        return False
    return fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE != os.O_RDONLY
