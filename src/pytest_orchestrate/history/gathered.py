"""What history needs of one run: gathered as it goes on, or later from its log."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import rows
from pytest_orchestrate.history.records import (
    AmendRecord,
    AttemptRecord,
    EndRecord,
    FilesRecord,
    FixtureRecord,
    InterruptedRecord,
    Record,
    RunRecord,
    WorkerRecord,
    record_of,
    records,
)
from pytest_orchestrate.model.attempt import shared_part
from pytest_orchestrate.model.outcome import BAD


class Story(msgspec.Struct):
    """What one log says, gathered. No duration of an attempt is negative, or not known."""

    run: RunRecord
    #: Size of the log when it was read.
    bytes: int
    end: EndRecord | None = None
    workers: dict[str, WorkerRecord] = msgspec.field(default_factory=dict)
    attempts: list[AttemptRecord] = msgspec.field(default_factory=list)
    #: For each attempt, the part of its set-up that was for its file or for more than that.
    shared: list[float] = msgspec.field(default_factory=list)
    #: File -> seconds on each worker that collected it.
    collects: dict[str, list[float]] = msgspec.field(default_factory=lambda: defaultdict(list))
    #: Fixture -> seconds of each of its set-ups.
    fixtures: dict[rows.FixtureKey, list[float]] = msgspec.field(
        default_factory=lambda: defaultdict(list)
    )
    #: Tests that were cut off.
    interrupted: int = 0
    #: Where reading had to stop, with the reason.
    damage: str | None = None
    #: Worker -> seconds of fixtures that were set up for its next attempt.
    _pending: dict[str, float] = msgspec.field(default_factory=lambda: defaultdict(float))

    def take(self, record: Record) -> None:
        """Take in the next record."""
        match record:
            case AttemptRecord():
                self.attempted(record)
            case FixtureRecord():
                self._set_up(record)
            case FilesRecord():
                for file, cost in record.costs.items():
                    self.collects[file].append(seconds(cost))
            case WorkerRecord():
                self.workers[record.worker] = record
            case InterruptedRecord():
                self.interrupted += 1
            case AmendRecord():
                self._amend(record)
            case EndRecord():
                self.end = record
            case RunRecord():
                pass

    def attempted(self, attempt: AttemptRecord) -> None:
        """Take in an attempt."""
        setup = attempt.setup = seconds(attempt.setup)
        attempt.call, attempt.teardown = seconds(attempt.call), seconds(attempt.teardown)
        if attempt.started is None:
            attempt.started = self.run.started
        self.attempts.append(attempt)
        pending = self._pending
        self.shared.append(shared_part(pending.pop(attempt.worker, 0.0), setup) if pending else 0.0)

    def _set_up(self, record: FixtureRecord) -> None:
        setup = seconds(record.setup)
        if record.scope != "class":
            self._pending[record.worker] += setup
        self.fixtures[record.file or "", record.name, record.scope].append(setup)

    def _amend(self, record: AmendRecord) -> None:
        for attempt in reversed(self.attempts):
            if attempt.nodeid == record.nodeid and attempt.worker == record.worker:
                if attempt.outcome not in BAD:
                    attempt.outcome = record.outcome
                break


class Gathering:
    """Takes what is written to a log, as it is written.

    So nobody has to read the log again when the run has ended.
    """

    def __init__(self) -> None:
        self._story: Story | None = None
        self._is_odd = False

    def line(self, line: bytes) -> None:
        """Take any line but that of an attempt."""
        try:
            record = record_of(line)
        except ValueError:
            self._is_odd = True
            return
        if self._story is not None and record is not None:
            self._story.take(record)
        elif isinstance(record, RunRecord):
            self._story = Story(run=record, bytes=0)

    def told(self, size: int) -> Story | None:
        """The story of a log that has so many bytes now: what :func:`read_story` finds in it.

        None if there is none, or something in it needs a closer look.
        """
        if self._story is None or self._is_odd:
            return None
        self._story.bytes = size
        return self._story

    def attempt(self, record: Mapping[str, Any]) -> None:
        """Take the record of an attempt."""
        if self._story is not None:
            self._story.attempted(
                AttemptRecord(
                    rows.storable(record["nodeid"]),
                    rows.storable(record["worker"]),
                    record["order"],
                    record["outcome"],
                    record["setup"],
                    record["call"],
                    record["teardown"],
                    record["started"],
                    record["occurrence"],
                )
            )


def read_story(path: Path) -> Story | None:
    """Gather a log; None while it has no first line. A damaged log is read up to the damage.

    Raises OSError when it cannot be read.
    """
    size = path.stat().st_size
    story: Story | None = None
    try:
        for record in records(path):
            if story is not None:
                story.take(record)
            elif isinstance(record, RunRecord):
                story = Story(run=record, bytes=size)
    except HistoryError as error:
        if story is None:
            raise
        story.damage = str(error)
    return story


def seconds(duration: float | None) -> float:
    """A clock that was set back must not make anything take less than no time."""
    return duration if duration is not None and 0 < duration < float("inf") else 0.0
