"""What a worker is told before it is configured."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate import wire, xdist_contract
from pytest_orchestrate.controller.versions import own_version
from pytest_orchestrate.internals.session import basetemp, log_file_is_asked_for
from pytest_orchestrate.transport.gateways import is_local


def worker_setup(
    config: pytest.Config,
    *,
    number: int,
    count: int,
    run_id: str,
    spec: str,
    folder: Path | None,
    output: tuple[str, str] | None,
    workerinput: dict[str, Any],
    sys_path: list[str],
    collect: str,
    claims: Path | None,
    replay: dict[str, Any] | None,
    artifacts: tuple[Path, bool],
) -> dict[str, Any]:
    """Return the setup that the boot code of a worker receives, of plain built-in types.

    :param folder: The worker's private folder, or None if it shares no file system with us.
    :param collect: ``full``, ``auto`` (a share, where that is safe) or ``sharded``.
    :param claims: Folder in which workers claim the files of their shares.
    :param replay: What it is to do again, if it is.
    :param artifacts: The run's folder for them, and whether all are kept.
    :param output: Paths of the pipes for its stdout and stderr, or None: over the channel.
    """
    local = is_local(spec)
    temporary = None
    base = basetemp(config) if local else None
    if base is not None:
        # conftests and plugins find what workers share in the parent of their basetemp
        temporary = str(base / f"popen-gw{number}")
    log_file = None
    if folder is not None and log_file_is_asked_for(config):
        log_file = str(folder / "log")
    return {
        "args": [str(arg) for arg in config.invocation_params.args],
        "workerinput": workerinput,
        # a forked worker has the server's environment, which may be older than ours
        "whole_environ": spec == "popen",
        "environ": (dict(os.environ) if spec == "popen" else {})
        | xdist_contract.worker_environment(number, count, run_id),
        "sys_path": _path_for(spec, sys_path) if local else None,
        "cwd": str(config.invocation_params.dir) if local else None,
        "argv": [str(word) for word in sys.argv],
        "own_session": local,
        "folder": None if folder is None else str(folder),
        "outbox": None if folder is None else str(folder / "outbox"),
        "output": output,
        "basetemp": temporary,
        "log_file": log_file,
        "number": number,
        "collect": collect,
        "claims": None if claims is None else str(claims),
        "replay": replay,
        # what is on another machine travels
        "artifacts": (str(artifacts[0]) if local else None, artifacts[1]),
        "wire": wire.WIRE_VERSION,
        "versions": {
            "pytest": pytest.__version__,
            "pytest-orchestrate": own_version(),
        },
    }


def _path_for(spec: str, sys_path: list[str]) -> dict[str, list[str]]:
    """Return ``sys.path`` for a worker: all of it, or what another interpreter is to have first.

    Another interpreter has a standard library and installed packages of its own; what is ours
    alone are the folders of the project.
    """
    if "python=" not in spec:
        return {"all": sys_path, "first": []}
    installed = {str(Path(place).resolve()) for place in (sys.prefix, sys.base_prefix)}
    own = [
        entry
        for entry in sys_path
        if entry and not installed & {str(place) for place in Path(entry).resolve().parents}
    ]
    return {"all": [], "first": own}


def private_folder(parent: Path, number: int) -> Path:
    """Make the folder that a worker shares with the controller alone."""
    folder = parent / f"gw{number}"
    folder.mkdir(mode=0o700)
    return folder


def exit_text(status: int | None) -> str:
    """Return in words how a process ended, such as ``killed by signal SIGSEGV (11)``."""
    if status is None:
        return "its process is gone"
    if status < 0:
        import signal

        try:
            name = signal.Signals(-status).name
        except ValueError:
            name = "an unknown one"
        return f"killed by signal {name} ({-status})"
    return f"its process exited with code {status}"
