"""A folder for what a test leaves behind: screenshots, logs, dumps.

Each attempt of a test that asks for one gets a folder of its own. When its tear-down is over, the
folder is kept or removed, as a setting says. Where tests run on another machine, what is kept
travels with the tear-down report.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_orchestrate import wire

if TYPE_CHECKING:
    from typing import Protocol

    class HasArtifacts(Protocol):
        """Who runs tests here."""

        @property
        def artifacts(self) -> Artifacts:
            """Made when it is first asked for."""


#: Bytes of one attempt that are sent from another machine at most; other files stay behind.
MOST_SENT = 64 * 2**20
#: Characters of a node id that a folder's name has at most.
_NAMED = 80


class Left(NamedTuple):
    """What an attempt has left. Paths have ``/``."""

    #: Of the attempt, below the run's artifacts.
    folder: str
    #: Below that folder, and how many bytes each has; in order of their names.
    files: list[tuple[str, int]]
    #: Of each file, where they have to travel; None for one that is too large.
    contents: list[bytes | None] | None = None

    def plain(self) -> list[object]:
        """Return it made of built-in types."""
        return [self.folder, [list(file) for file in self.files], self.contents]

    @classmethod
    def of(cls, plain: Sequence[Any]) -> Left:
        """Return what :meth:`plain` has given."""
        folder, files, contents = plain
        return cls(folder, [(name, size) for name, size in files], contents)


class Artifacts:
    """Gives folders to tests, and says what they have left.

    :param root: The run's artifacts, or any folder where these are on another machine.
    :param deliver: Takes the tear-down report of an attempt, and what it has left.
    :param keeps_all: Also what attempts have left that ended well.
    :param travels: What is kept is on another machine.
    """

    def __init__(
        self,
        root: Path,
        deliver: Callable[[pytest.TestReport, Left], None],
        *,
        keeps_all: bool,
        travels: bool = False,
    ) -> None:
        self._root = root
        self._deliver = deliver
        self._keeps_all = keeps_all
        self._travels = travels
        self._given: dict[str, Path] = {}
        self._is_bad: set[str] = set()

    def give(self, nodeid: str) -> Path:
        """Make a folder for an attempt of a test.

        :raises OSError: that is not possible.
        """
        parent = self._root / folder_name(nodeid)
        parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        number = 1
        while True:
            folder = parent / f"attempt-{number}"
            try:
                folder.mkdir()
            except FileExistsError:
                number += 1
                continue
            self._given[nodeid] = folder
            return folder

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """See how the attempt ends."""
        report = yield
        folder = self._given.get(item.nodeid)
        if folder is not None:
            if report.failed:
                self._is_bad.add(item.nodeid)
            if report.when == "teardown":
                self._close(item.nodeid, folder, report)
        return report

    def _close(self, nodeid: str, folder: Path, report: pytest.TestReport) -> None:
        del self._given[nodeid]
        files = left_in(folder) if nodeid in self._is_bad or self._keeps_all else []
        self._is_bad.discard(nodeid)
        if files:
            name = folder.relative_to(self._root).as_posix()
            contents = _contents(folder, files) if self._travels else None
            self._deliver(report, Left(name, files, contents))
        if self._travels or not files:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # other attempts have left something
                folder.parent.rmdir()


def find_folder(request: pytest.FixtureRequest) -> Path:
    """Return what the fixture ``artifacts`` is; without orchestration, a temporary folder."""
    for name in ("orchestrate-worker", "orchestrate-in-process"):
        session: HasArtifacts | None = request.config.pluginmanager.getplugin(name)
        if session is not None:
            return session.artifacts.give(request.node.nodeid)
    folder: Path = request.getfixturevalue("tmp_path")
    return folder


def of_worker(config: pytest.Config, root: str | None, keeps_all: bool) -> Artifacts:
    """Register and return what gives folders to a worker's tests.

    :param root: The run's artifacts; None where these are on another machine.
    """
    folder = _own_folder(config) if root is None else Path(root)
    given = Artifacts(folder, _add_to_report, keeps_all=keeps_all, travels=root is None)
    config.pluginmanager.register(given, "orchestrate-artifacts")
    return given


def _add_to_report(report: pytest.TestReport, left: Left) -> None:
    setattr(report, wire.LEFT, left.plain())


def _own_folder(config: pytest.Config) -> Path:
    """Make a folder that lasts as long as this process runs tests."""
    import tempfile

    folder = Path(tempfile.mkdtemp(prefix="pytest-orchestrate-artifacts-"))
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))
    return folder


def folder_name(nodeid: str) -> str:
    """Return the name of the folder with all attempts of a test."""
    digest = hashlib.blake2b(nodeid.encode("utf-8", "surrogatepass"), digest_size=4).hexdigest()
    readable = re.sub(r"[^A-Za-z0-9_.]+", "-", nodeid.replace(".py::", "-")).strip("-.")
    return f"{readable[-_NAMED:].lstrip('-.')}-{digest}"


def left_in(folder: Path) -> list[tuple[str, int]]:
    """Return the files below a folder, and how many bytes each has, in order of their names."""
    found = []
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            if path.is_file() and not path.is_symlink():
                found.append((path.relative_to(folder).as_posix(), path.stat().st_size))
    return sorted(found)


def _contents(folder: Path, files: list[tuple[str, int]]) -> list[bytes | None]:
    room = MOST_SENT
    contents: list[bytes | None] = []
    for name, size in files:
        if size > room:
            contents.append(None)
            continue
        room -= size
        contents.append((folder / name).read_bytes())
    return contents
