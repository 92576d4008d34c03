"""What only the logs of earlier runs know: what failed before any attempt of it was made."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.circumstances import Found, found_in
from pytest_orchestrate.history.directory import logs
from pytest_orchestrate.history.lineage import Line
from pytest_orchestrate.report.past import Since, TestName


class Logs:
    """The logs that are still there, each of which is read once."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._paths: dict[str, Path] | None = None
        self._found: dict[str, Found | None] = {}

    def found_in(self, run: str) -> Found | None:
        """What the collection of a run came to; None if its log is gone, or damaged."""
        if run not in self._found:
            self._found[run] = self._read(run)
        return self._found[run]

    def failing(self, line: Line, selection: str, bad: Iterable[TestName]) -> dict[TestName, Since]:
        """Since when those of these tests fail at once that did so in the last run of the line.

        Only runs of this selection can tell.
        """
        since: dict[TestName, Since] = {}
        pending = set(bad)
        for each in reversed(line.runs):
            if not pending:
                break
            if each.selection != selection or not each.is_finished:
                continue
            found = self.found_in(each.run.run)
            if found is None:  # nobody knows about that one and those before it
                for name in pending & since.keys():
                    since[name] = Since(since[name].run, at_least=True)
                break
            pending &= found.failed
            since.update((name, Since(each.run)) for name in pending)
        return since

    def _read(self, run: str) -> Found | None:
        if self._paths is None:
            self._paths = {path.stem: path for path in logs(self._directory)}
        path = self._paths.get(run)
        try:
            return None if path is None else found_in(path)
        except (OSError, HistoryError):  # that it is damaged is told where it is asked for
            return None
