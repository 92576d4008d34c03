"""Under which circumstances the tests of a recorded run had to run, without what became of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pytest_orchestrate.history.log import damaged, lines
from pytest_orchestrate.history.records import FixtureRecord
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import RunBegan, TestsCollected


class Circumstances(msgspec.Struct):
    """What the engine was told before tests ran, and which fixtures they had to wait for."""

    began: RunBegan | None = None
    collected: list[TestsCollected] = []
    fixtures: list[FixtureRecord] = []


class _EventLine(msgspec.Struct):
    event: RunBegan | TestsCollected


_event = msgspec.json.Decoder(_EventLine).decode
_fixture = msgspec.json.Decoder(FixtureRecord).decode
_EVENT = b'{"record":"event","event":{"event":"'
_TELLING_EVENTS = (_EVENT + b'RunBegan"', _EVENT + b'TestsCollected"')
_ATTEMPT = b'{"record":"attempt"'
_FIXTURE = b'{"record":"fixture"'


def collected_in(path: Path) -> list[CollectedTest]:
    """The tests that a run had collected before the first of them ended.

    Raises OSError when the log cannot be read, HistoryError for a damaged line.
    """
    found: list[CollectedTest] = []
    number = 0
    try:
        for number, line in enumerate(lines(path), 1):  # noqa: B007 - the error names it
            if line.startswith(_ATTEMPT):
                break
            if line.startswith(_TELLING_EVENTS):
                event = _event(line).event
                if isinstance(event, TestsCollected):
                    found += event.tests
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, number, error) from error
    return found


def circumstances(path: Path) -> Circumstances:
    """What the log says of them. Most of its lines are not even parsed.

    Raises OSError when the log cannot be read, HistoryError for a damaged line.
    """
    found = Circumstances()
    number = 0
    try:
        for number, line in enumerate(lines(path), 1):  # noqa: B007 - the error names it
            if line.startswith(_FIXTURE):
                found.fixtures.append(_fixture(line))
            elif line.startswith(_TELLING_EVENTS):
                event = _event(line).event
                if isinstance(event, RunBegan):
                    found.began = event
                else:
                    found.collected.append(event)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise damaged(path, number, error) from error
    return found
