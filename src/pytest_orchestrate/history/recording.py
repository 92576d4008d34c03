"""The log of a run that goes on, and what the history will need of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_orchestrate.history.gathered import Gathering
from pytest_orchestrate.history.log import RunLog

if TYPE_CHECKING:
    from pytest_orchestrate.history.store import History


class Recording:
    """Writes the records of one run to its log, and adds the run to a history when it has ended.

    :param is_kept: Whether it is to be added.
    """

    def __init__(self, log: RunLog, *, is_kept: bool) -> None:
        self._log = log
        self._gathering = Gathering() if is_kept else None
        self.path: Path = log.path
        self.event = log.event
        self.command = log.command
        self.flush = log.flush

    @classmethod
    def create(cls, directory: Path, run_id: str, record: str) -> Recording:
        """A new log in this directory, as the setting ``orchestrate_record`` has it."""
        log = RunLog.create(directory, run_id, keep_output=record != "no-output")
        return cls(log, is_kept=record != "off")

    @property
    def fault(self) -> str | None:
        """Why recording has stopped, if it has; the text is for the user."""
        return self._log.fault

    def write(self, record: Mapping[str, object]) -> None:
        """Append a record, which is no attempt."""
        line = self._log.write(record)
        if self._gathering is not None:
            self._gathering.line(line)

    def attempt(self, record: Mapping[str, Any]) -> None:
        """Append the record of an attempt, which must not change any more."""
        self._log.attempt(record)
        if self._gathering is not None:
            self._gathering.attempt(record)

    def close(self, history: History | None) -> None:
        """Close the log, and add the run to the history, if it was recorded to its end."""
        self._log.close()
        gathering, self._gathering = self._gathering, None
        if history is None or gathering is None or self._log.fault is not None:
            return
        story = gathering.told(self._log.size)
        if story is not None:
            history.add(story)
        else:
            history.fold(self.path)
