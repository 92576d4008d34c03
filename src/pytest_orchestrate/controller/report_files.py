"""Reports of a recorded run, written to files."""

from __future__ import annotations

import gc
import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
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
#: The format that links what lies beside it.
HTML = "html"


class ReportFiles:
    """Writes reports of one run, which is read from its log at most once.

    :param log: Closed.
    :param directory: In which the artifacts are.
    :param history: None: nothing is known of earlier runs.
    :param root: pytest's root directory; None: it is not known.
    :param until: When the next run began there, in seconds since the epoch; None: there is none.
    """

    def __init__(
        self,
        log: Path,
        directory: Path,
        *,
        history: History | None,
        root: Path | None,
        until: float | None = None,
    ) -> None:
        self._log = log
        self._directory = directory
        self._history = history
        self._root = root
        self._until = until

    @cached_property
    def report(self) -> Report:
        """All that is known of the run, and can be concluded from it.

        :raises HistoryError: its log is damaged.
        """
        with _all_stays():
            recorded = report_of(self._log, self._directory)
            return concluded(
                recorded,
                log=self._log,
                history=self._history,
                root=self._root,
                until=self._until,
            )

    def rendered(self, name: str) -> bytes:
        """Return the report in a format, which is not that of events."""
        with _all_stays():
            return RENDERERS[name](self.report)

    def write(self, destination: Destination) -> None:
        """Write one report; make the folders that it needs. A file that is there is replaced.

        :raises OSError: it cannot be written; what was there is as it was.
        """
        replace_file(destination.path, self.chunks(destination))

    def chunks(self, destination: Destination) -> Iterable[bytes]:
        """Return one report, piece by piece, as it is to be written there."""
        if destination.format == EVENTS:
            return log_to_pass_on(self._log)
        if destination.format == HTML:
            from pytest_orchestrate.report.formats import html

            folder = os.path.realpath(destination.path.parent)
            return [html.render(self.report, folder)]
        return [self.rendered(destination.format)]


@contextmanager
def _all_stays() -> Iterator[None]:
    """Meanwhile nobody looks for garbage: what is made of a run stays until all is written.

    To look through it again and again takes a quarter of the time with many tests.
    """
    is_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_on:
            gc.enable()


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
        with suppress(OSError):
            temporary.unlink()
        raise


def _mode_of(path: Path) -> int:
    try:
        return path.stat().st_mode & 0o777
    except FileNotFoundError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask
