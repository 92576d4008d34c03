"""Interpreters and hosts for workers: virtual environments, and an ssh server of our own."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest_orchestrate

#: Where what this process imports is installed.
INSTALLED = Path(sysconfig.get_paths()["purelib"])
#: Where the plugin is imported from, which may be its working copy.
OURS = Path(pytest_orchestrate.__file__).parents[1]


def environment(
    folder: Path, *, pytest: bool = True, plugin: bool = True, version: str | None = None
) -> Path:
    """Make a virtual environment of this interpreter; return its python.

    It installs nothing, but sees what is installed here: all of it, or all but the plugin, or
    nothing. ``version``: of the plugin, as its metadata have it.
    """
    venv.create(folder, with_pip=False, symlinks=os.name != "nt")
    scheme = {"base": str(folder), "platbase": str(folder)}
    site = Path(sysconfig.get_path("purelib", "venv", scheme))
    seen: list[Path] = []
    if pytest and plugin:
        seen = [OURS, INSTALLED]
    elif pytest:
        seen = [_without_plugin(folder / "others")]
    if version is not None:
        metadata = site / f"pytest_orchestrate-{version}.dist-info"
        metadata.mkdir()
        text = f"Metadata-Version: 2.1\nName: pytest-orchestrate\nVersion: {version}\n"
        (metadata / "METADATA").write_text(text)
    (site / "seen.pth").write_text("".join(f"{path}\n" for path in seen))
    scripts = Path(sysconfig.get_path("scripts", "venv", scheme))
    return scripts / Path(sys.executable).name


def _without_plugin(folder: Path) -> Path:
    folder.mkdir()
    for entry in INSTALLED.iterdir():
        if "orchestrate" not in entry.name:
            (folder / entry.name).symlink_to(entry)
    return folder


def why_no_ssh_server() -> str | None:
    """What is missing for :func:`ssh_server`, or None."""
    if os.name == "nt":
        return "the ssh server is only started on POSIX"
    for program in ("sshd", "ssh", "ssh-keygen"):
        if _program(program) is None:
            return f"{program} is not installed"
    return None


def _program(name: str) -> str | None:
    return shutil.which(name, path=os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"]))


@contextmanager
def ssh_server(folder: Path) -> Iterator[Path]:
    """Run an ssh server that lets in whoever has a throwaway key; yield a client's config.

    The host is ``orchestrate-test`` there.
    """
    folder.mkdir(mode=0o700)
    for name in ("host", "user"):
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)]
        subprocess.run(command, check=True)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    (folder / "server").write_text(
        f"Port {port}\nListenAddress 127.0.0.1\nHostKey {folder}/host\n"
        f"AuthorizedKeysFile {folder}/user.pub\nStrictModes no\nUsePAM no\n"
        f"PidFile {folder}/pid\nPermitRootLogin prohibit-password\nPasswordAuthentication no\n"
    )
    config = folder / "client"
    config.write_text(
        f"Host orchestrate-test\n HostName 127.0.0.1\n Port {port}\n"
        f" IdentityFile {folder}/user\n IdentitiesOnly yes\n StrictHostKeyChecking no\n"
        f" UserKnownHostsFile {folder}/known\n BatchMode yes\n LogLevel ERROR\n"
    )
    if os.getuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(
            [str(_program("sshd")), "-D", "-e", "-f", str(folder / "server")], stderr=log
        )
        try:
            _wait_until_it_answers(server, port, folder / "log")
            yield config
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(10)


def _wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        assert server.poll() is None, log.read_text()
        assert time.monotonic() < deadline, f"sshd does not answer:\n{log.read_text()}"
        try:
            with socket.create_connection(("127.0.0.1", port), 1):
                return
        except OSError:
            time.sleep(0.02)
