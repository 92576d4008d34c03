"""Reports of a recorded run, written to files."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path

from pytest_orchestrate.controller.conclusions import concluded
from pytest_orchestrate.history.retelling import log_to_pass_on, report_of
from pytest_orchestrate.history.store import History
from pytest_orchestrate.options.destinations import Destination
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats import RENDERERS

#: The format that is the log itself.
EVENTS = "events"


class ReportFiles:
    """Writes reports of one run, which is read from its log at most once.

    :param log: Closed.
    :param directory: Of the history.
    :param history: None: nothing is said of earlier runs.
    :param root: Of the run, if it has just ended: where a coverage data file may lie.
    """

    def __init__(
        self, log: Path, directory: Path, history: History | None, root: Path | None = None
    ) -> None:
        self._log = log
        self._directory = directory
        self._history = history
        self._root = root

    @cached_property
    def report(self) -> Report:
        """All that is known of the run.

        :raises HistoryError: its log is damaged.
        """
        told = report_of(self._log, self._directory)
        return concluded(told, log=self._log, history=self._history, root=self._root)

    def write(self, destination: Destination) -> None:
        """Write one report; make the folders that it needs. A file that is there is replaced.

        :raises OSError: it cannot be written; what was there is as it was.
        """
        chunks: Iterable[bytes]
        if destination.format == EVENTS:
            chunks = log_to_pass_on(self._log)
        else:
            chunks = [RENDERERS[destination.format](self.report)]
        replace_file(destination.path, chunks)


def replace_file(path: Path, chunks: Iterable[bytes]) -> None:
    """Write a file whole, or leave it as it was.

    What a link leads to is replaced, not the link; a device or a pipe is written to.
    """
    path = Path(os.path.realpath(path))
    if path.exists() and not path.is_file():
        with path.open("wb") as there:
            there.writelines(chunks)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name[:100]}.", dir=path.parent)
    temporary = Path(name)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - it is open already
            file.writelines(chunks)
        # as a file that is made in the usual way
        temporary.chmod(_mode_of(path))
        temporary.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
