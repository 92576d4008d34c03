"""A replay tells the first event to which an engine answers otherwise."""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_orchestrate.model.commands import AnyCommand
from pytest_orchestrate.model.events import AnyEvent
from tests.support import logs
from tests.support.replay import replay_records


class Recorded:
    """Answers events in order as a log has it."""

    def __init__(self, records: list[dict[str, Any]]) -> None:
        self.answers: list[list[AnyCommand]] = []
        for record in records:
            if record["record"] == "event":
                self.answers.append([])
            elif record["record"] == "command":
                self.answers[-1].append(msgspec.convert(record["command"], AnyCommand))

    def handle(self, event: AnyEvent) -> list[AnyCommand]:
        return self.answers.pop(0)


def full(records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With the defaults written out, as a run writes them."""
    for record in records:
        if record["record"] == "command":
            record["command"] = msgspec.to_builtins(msgspec.convert(record["command"], AnyCommand))
    return records


def test_equal_commands_are_no_difference() -> None:
    records = full(logs.sound_run())
    assert replay_records(records, Recorded(records).handle) == []


def test_the_first_difference_is_told_with_its_line() -> None:
    records = full(logs.sound_run())
    engine = Recorded(records)
    records[6]["command"]["tests"] = [0]
    (difference,) = replay_records(records, engine.handle)
    assert difference.startswith("line 6: ")
    assert "'tests': [0]" in difference
    assert "'tests': [0, 1, 2]" in difference


def test_a_missing_command_is_a_difference() -> None:
    records = full(logs.sound_run())
    engine = Recorded(records)
    del records[11]
    (difference,) = replay_records(records, engine.handle)
    assert difference.startswith("line 10: ")


def test_a_log_of_a_killed_run_may_lack_the_last_commands() -> None:
    records = full(logs.sound_run())
    engine = Recorded(records)
    assert replay_records(records[:11], engine.handle) == []


def test_a_command_before_every_event_is_told() -> None:
    records = [logs.run(), logs.command("Close", worker=0)]
    assert replay_records(records, Recorded([]).handle) == [
        "line 2: a command before the first event"
    ]
