"""First code of a worker; its source is sent there.

It prepares the process (folder, environment, ``sys.path``, output, process group), checks
that the right packages are installed, and hands over to ``pytest.main``. It imports nothing
of this package: pytest has to import plugins itself, after it has installed its assertion
rewriting ("Module already imported so cannot be rewritten" is an error in strict projects).
The plugin finds what it needs in the object registered as :data:`SEED_NAME`.
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress
from typing import Any

SEED_NAME = "pytest-orchestrate-worker"

#: Module name under which a forked worker waits for its channel (transport/forked_worker.py).
FORKED_NAME = "pytest_orchestrate_forked_worker"


class Seed:
    """What the plugin in this process has to know of being a worker."""

    __name__ = "pytest-orchestrate-worker"

    def __init__(self, channel: Any, setup: dict[str, Any]) -> None:
        self.channel = channel
        self.setup = setup
        #: set by the plugin when its session begins
        self.started = False
        #: exit code of pytest's main hook; set by the plugin when that has returned
        self.code: int | None = None


def installed_problem(expected: dict[str, str]) -> str | None:
    """Return why this interpreter cannot be a worker, or None."""
    from importlib import metadata

    where = f"{sys.executable} (Python {sys.version.split()[0]})"
    for package in ("pytest", "pytest-orchestrate"):
        try:
            found = metadata.version(package)
        except metadata.PackageNotFoundError:
            return (
                f"{package} is not installed for {where}: "
                f"install it there with: {sys.executable} -m pip install "
                f"{package}=={expected[package]}"
            )
        if package == "pytest-orchestrate" and found != expected[package]:
            return (
                f"{package} {found} is installed for {where}, but the controller runs "
                f"{expected[package]}: install the same version there with: "
                f"{sys.executable} -m pip install {package}=={expected[package]}"
            )
    return None


def forward_output(channel: Any) -> None:
    """Send what is written to descriptors 1 and 2 over the channel, from threads."""

    def pump(read_end: int, stream: int) -> None:
        while True:
            data = os.read(read_end, 65536)
            if not data:
                return
            try:
                channel.send(("output", stream, data))
            except OSError:
                return

    for stream in (1, 2):
        read_end, write_end = os.pipe()
        os.dup2(write_end, stream)
        os.close(write_end)
        threading.Thread(target=pump, args=(read_end, stream), daemon=True).start()


def prepare(setup: dict[str, Any], channel: Any) -> None:
    """Make this process what the setup says."""
    if setup["own_session"] and hasattr(os, "setsid"):
        with suppress(OSError):  # it leads a group already
            os.setsid()
    if setup["whole_environ"]:
        for name in os.environ.keys() - setup["environ"].keys():
            del os.environ[name]
    os.environ.update(setup["environ"])
    if setup["cwd"] is not None:
        os.chdir(setup["cwd"])
    path = setup["sys_path"]
    if path is None:
        path = {"all": [], "first": [os.getcwd()]}
    if path["all"]:
        sys.path[:] = path["all"]
    sys.path[:0] = [entry for entry in path["first"] if entry not in sys.path]
    sys.argv = setup["argv"]
    if setup["output"] is not None:
        for stream, path in zip((1, 2), setup["output"], strict=True):
            descriptor = os.open(path, os.O_WRONLY)
            os.dup2(descriptor, stream)
            os.close(descriptor)
    else:
        forward_output(channel)
    # the stream objects still think of what the descriptors were before
    sys.stdout.flush()
    sys.stderr.flush()
    sys.stdout = sys.__stdout__ = _text_stream(1, "strict")  # type: ignore[misc]  # it is final
    sys.stderr = sys.__stderr__ = _text_stream(2, "backslashreplace")  # type: ignore[misc]


def _text_stream(descriptor: int, errors: str) -> Any:
    return open(descriptor, "w", buffering=1, encoding="utf-8", errors=errors, closefd=False)


def main(channel: Any) -> None:
    """Be a worker until pytest is done."""
    setup = channel.receive()
    try:
        prepare(setup, channel)
        problem = installed_problem(setup["versions"])
    except BaseException as error:  # noqa: BLE001  # whatever it is, the controller says it
        problem = f"{type(error).__name__}: {error} (while the worker was being prepared)"
    if problem is not None:
        channel.send(("refused", problem))
        return
    channel.send(("hello", os.getpid()))
    import pytest

    seed = Seed(channel, setup)
    try:
        code = pytest.main(list(setup["args"]), plugins=[seed])
    except SystemExit as error:
        code = error.code if isinstance(error.code, int) else 1
    if not seed.started:
        # whatever pytest said about it went to the error output
        with suppress(OSError):
            channel.send(("unstarted", int(code)))


if __name__ == "__channelexec__":
    main(channel)  # type: ignore[name-defined]  # execnet puts it there  # noqa: F821
