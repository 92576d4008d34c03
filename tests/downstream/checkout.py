"""Bring a project onto this machine, with an environment in which its tests run."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.downstream.project import Project

ROOT = Path(__file__).resolve().parents[2]
READY = "ready.json"
OURS = "ours.toml"
LEFT_BY_RUNS = (".pytest_cache", ".hypothesis", ".pytest_orchestrate")
FOREIGN_VARIABLES = ("PYTEST", "PYTHON", "COV_", "COVERAGE_", "TOX_", "VIRTUAL_ENV")


class CheckoutError(Exception):
    """A step of the preparation failed; the text has the command and the end of its output."""


@dataclass(frozen=True)
class Checkout:
    """A project unpacked in ``source``, and the programs of its environment in ``programs``."""

    project: Project
    source: Path
    programs: Path

    def program(self, name: str) -> str:
        """Return the path of a program of the environment."""
        return str(self.programs / (f"{name}.exe" if os.name == "nt" else name))

    def clean(self, keep_history: bool = False) -> None:
        """Remove the caches that an earlier run left, but not the byte code."""
        for name in LEFT_BY_RUNS:
            if not (keep_history and name == ".pytest_orchestrate"):
                shutil.rmtree(self.source / name, ignore_errors=True)


def clean_environment(more: Iterable[tuple[str, str]] = ()) -> dict[str, str]:
    """Return this process's environment without what would reach into the project's Python.

    :param more: Names and values to be added.
    """
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.upper().startswith(FOREIGN_VARIABLES)
    }
    return {**kept, **dict(more)}


def prepare(
    project: Project,
    cache: Path,
    pytest: str,
    extra: tuple[str, ...],
    say: Callable[[str], None],
) -> Checkout:
    """Return the project ready to be tested, from ``cache`` where it is there already.

    ``pytest`` is the requirement of pytest itself, unless the project has one; ``extra`` are
    further ones; what takes time is told to ``say``. Raises :class:`CheckoutError`.
    """
    pytest = project.pytest or pytest
    facts = {
        "project": project.requirement,
        "requirements": [*project.requirements, pytest, *extra],
        "python": sys.version,
    }
    wanted = json.dumps(facts, indent=1)
    mark = hashlib.sha256(wanted.encode()).hexdigest()[:8]
    folder = cache / f"{project.name}-{project.version}-{mark}"
    programs = folder / "venv" / ("Scripts" if os.name == "nt" else "bin")
    checkout = Checkout(project, folder / "source", programs)
    if not (folder / READY).is_file():
        say(f"{project.requirement}: preparing {folder}")
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        command(sys.executable, "-m", "venv", str(folder / "venv"))
        install(checkout, folder, (*project.requirements, pytest, *extra))
        (folder / READY).write_text(wanted, encoding="utf-8")
    install_ours(checkout, folder / OURS)
    return checkout


def install(checkout: Checkout, folder: Path, requirements: tuple[str, ...]) -> None:
    """Fetch and install the project with its requirements."""
    project = checkout.project
    if project.from_wheel:
        checkout.source.mkdir()
        package = project.requirement
    else:
        unpack(checkout, folder)
        package = str(checkout.source)
    pip(checkout, "install", package, *requirements)
    if not project.has_pytest_config:
        # Else pytest would look for a configuration in the folders above, and find ours.
        (checkout.source / "pytest.ini").write_text("[pytest]\n", encoding="utf-8")
    # Compiles every test file, so that the first measured run does not pay for the others.
    collect = ("--collect-only", "-qq", "-p", "no:cacheprovider", *project.args)
    command(checkout.program("pytest"), *collect, cwd=checkout.source)


def install_ours(checkout: Checkout, installed: Path) -> None:
    """Install this repository, again where it lies elsewhere or its dependencies may be others."""
    wanted = f"# {ROOT}\n" + (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    if not installed.is_file() or installed.read_text(encoding="utf-8") != wanted:
        pip(checkout, "install", "--editable", str(ROOT))
        installed.write_text(wanted, encoding="utf-8")


def unpack(checkout: Checkout, folder: Path) -> None:
    """Download the source distribution, and leave its content where the checkout says."""
    project = checkout.project
    only_source = ("--no-deps", "--no-binary", project.name)
    pip(checkout, "download", *only_source, "--dest", str(folder), project.requirement)
    (archive,) = folder.glob("*.tar.gz")
    unpacked = folder / "unpacked"
    with tarfile.open(archive) as tar:
        if hasattr(tarfile, "data_filter"):
            tar.extractall(unpacked, filter="data")
        else:
            tar.extractall(unpacked)
    (top,) = unpacked.iterdir()
    top.rename(checkout.source)


def pip(checkout: Checkout, verb: str, *args: str) -> None:
    """Let the pip of the project's environment do something."""
    variables = checkout.project.build_variables
    command(checkout.program("python"), "-m", "pip", verb, "--quiet", *args, variables=variables)


def command(*args: str, cwd: Path | None = None, variables: Iterable[tuple[str, str]] = ()) -> None:
    """Run one step of the preparation. Raises :class:`CheckoutError` when it fails."""
    environment = clean_environment(variables)
    done = subprocess.run(
        args, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        end = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
        raise CheckoutError(f"{' '.join(args)} ended with exit code {done.returncode}:\n{end}")
