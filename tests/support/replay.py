"""Feeds the events of a run log to a new engine: the same commands must come out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from pytest_orchestrate.engine.run import Run
from pytest_orchestrate.model.events import AnyEvent
from tests.support.records import Json, read_records


def replay(path: Path) -> list[str]:
    """The first difference between the recorded commands and those of a replay, or nothing."""
    return replay_records(list(read_records(path)), Run().handle)


def replay_records(records: list[Json], handle: Callable[[Any], Any]) -> list[str]:
    """The same for records at hand and any engine; ``handle``: event -> commands."""
    steps: list[tuple[int, Json, list[Json]]] = []
    for line, record in enumerate(records, 1):
        if record.get("record") == "event":
            steps.append((line, record["event"], []))
        elif record.get("record") == "command":
            if not steps:
                return [f"line {line}: a command before the first event"]
            steps[-1][2].append(record["command"])
    for number, (line, event, recorded) in enumerate(steps):
        answer = msgspec.to_builtins(
            handle(msgspec.convert(event, AnyEvent, str_keys=True)), str_keys=True
        )
        if number == len(steps) - 1 and records[-1].get("record") != "end":
            # The log of a killed run may stop short of the last commands.
            answer = answer[: len(recorded)]
        if answer != recorded:
            return [f"line {line}: {event} was answered by {recorded}, in the replay by {answer}"]
    return []
