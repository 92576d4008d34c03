"""The pytest of the project, started to be asked: it collects and runs nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import msgspec

from pytest_orchestrate.cli.doctor import examining
from pytest_orchestrate.cli.doctor.facts import Examination, Failure

#: Exit statuses of a pytest that has collected: all, with errors, and nothing.
_COLLECTED = (0, 2, 5)
#: Seconds that it is given after its time is up, to write down where it is.
PATIENCE = 2.0
#: So much is kept of what it prints, characters.
KEPT = 20_000
#: What a child would take for being started by a test.
_OF_TESTS = "PYTEST_CURRENT_TEST"


def examine(
    arguments: Sequence[str], *, limit: float, as_script: bool
) -> tuple[Examination, Failure | None]:
    """Start pytest with these arguments in the current folder; tell what it told.

    :param limit: Seconds after which it is ended.
    :param as_script: Start it as the script ``pytest`` does, without the current folder among those
        that modules are imported from.
    """
    with tempfile.TemporaryDirectory(prefix="pytest-orchestrate-doctor-") as name:
        folder = Path(name)
        facts = folder / "facts"
        environment = {key: text for key, text in os.environ.items() if key != _OF_TESTS}
        environment[examining.FILE] = str(facts)
        environment[examining.LIMIT] = str(time.monotonic() + limit)
        environment[examining.ARGUMENTS] = msgspec.json.encode(list(arguments)).decode()
        if as_script:
            environment[examining.AS_SCRIPT] = "1"
        status, said = _collect(
            ("-p", examining.__name__, "-p", "orchestrate", *arguments),
            environment,
            folder / "output",
            limit + PATIENCE,
        )
        told = msgspec.json.decode(facts.read_bytes(), type=Examination) if facts.exists() else None
        found = told or Examination()
        if status is None:
            stack = _stack(facts.with_name(facts.name + examining.STACKS))
            return found, Failure("time", limit, said, stack)
        if found.collected is not None and status in _COLLECTED:
            return found, None
        for ours in (examining.FILE, examining.LIMIT, examining.ARGUMENTS, examining.AS_SCRIPT):
            environment.pop(ours, None)
        plain_status, plain = _collect(
            ("-p", "no:orchestrate", *arguments), environment, folder / "plain", limit
        )
        plain_output = plain if plain_status == status else None
        if status < 0:
            return found, Failure("signal", -status, said, plain_output=plain_output)
        return found, Failure("exit", status, said, plain_output=plain_output)


def _collect(
    arguments: Sequence[str], environment: dict[str, str], file: Path, limit: float
) -> tuple[int | None, str]:
    """Let pytest collect; return its exit status, None if it had to be ended, and what it said."""
    command = [sys.executable, "-m", "pytest", "--collect-only", "-qq", *arguments]
    with file.open("w+b") as output:
        status = _run(command, environment, output.fileno(), limit)
        output.seek(0, os.SEEK_END)
        output.seek(max(0, output.tell() - KEPT))
        return status, output.read().decode(errors="replace")


def _run(command: list[str], environment: dict[str, str], output: int, limit: float) -> int | None:
    """Return its exit status; None if it had to be ended, with all that it has started."""
    process = subprocess.Popen(
        command,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
    )
    try:
        return process.wait(limit)
    except subprocess.TimeoutExpired:
        return None
    finally:
        _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End what is left of the process and its children."""
    if process.returncode is not None:
        return
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()


def _stack(file: Path) -> tuple[str, ...]:
    """The frames of the main thread as faulthandler wrote them: ``conftest.py:3 in wait``."""
    if not file.exists():
        return ()
    frames: list[str] = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if line.startswith("Thread "):
            frames = []  # the main thread is the last one
        elif line.startswith("  File "):
            path, _, rest = line.removeprefix('  File "').rpartition('", line ')
            number, _, function = rest.partition(" in ")
            frames.append(f"{path}:{number} in {function}")
    return tuple(frames)
