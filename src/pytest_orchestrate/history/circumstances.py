"""Under which circumstances the tests of a recorded run had to run, without what became of them."""

from __future__ import annotations

from pathlib import Path

import msgspec

from pytest_orchestrate.history.log import damaged, lines
from pytest_orchestrate.history.records import FixtureRecord
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import EndTest
from pytest_orchestrate.model.events import RunBegan, TestsCollected


class Circumstances(msgspec.Struct):
    """What the engine was told before tests ran, and which fixtures they had to wait for."""

    began: RunBegan | None = None
    collected: list[TestsCollected] = []
    fixtures: list[FixtureRecord] = []


class _EventLine(msgspec.Struct):
    event: RunBegan | TestsCollected


class _EndTestLine(msgspec.Struct):
    command: EndTest


class _UncollectedLine(msgspec.Struct):
    nodeid: str


_end_test = msgspec.json.Decoder(_EndTestLine).decode
_uncollected = msgspec.json.Decoder(_UncollectedLine).decode
_event = msgspec.json.Decoder(_EventLine).decode
_fixture = msgspec.json.Decoder(FixtureRecord).decode
_EVENT = b'{"record":"event","event":{"event":"'
_TELLING_EVENTS = (_EVENT + b'RunBegan"', _EVENT + b'TestsCollected"')
_END_TEST = b'{"record":"command","command":{"command":"EndTest"'
_UNCOLLECTED = b'{"record":"uncollected"'
_FIXTURE = b'{"record":"fixture"'


class Found(msgspec.Struct):
    """What collection has found."""

    tests: list[CollectedTest] = []
    #: Node id and occurrence of what could not be collected, and of tests that cannot run whatever
    #: happens (an unknown requirement): they ended with an error before any attempt.
    failed: set[tuple[str, int]] = set()

    @property
    def names(self) -> frozenset[tuple[str, int]]:
        """Node ids and occurrences of the tests."""
        return frozenset([(test.nodeid, test.occurrence) for test in self.tests])


def found_in(path: Path) -> Found:
    """What a run has collected, and what has failed at that.

    Raises OSError when the log cannot be read, HistoryError for a damaged line.
    """
    found = Found()
    number = 0
    try:
        for number, line in enumerate(lines(path), 1):  # noqa: B007 - the error names it
            if line.startswith(_TELLING_EVENTS):
                event = _event(line).event
                if isinstance(event, TestsCollected):
                    found.tests += event.tests
            elif line.startswith(_END_TEST):
                command = _end_test(line).command
                if command.outcome == "error":
                    test = found.tests[command.test]
                    found.failed.add((test.nodeid, test.occurrence))
            elif line.startswith(_UNCOLLECTED):
                found.failed.add((_uncollected(line).nodeid or ".", 0))
    except (msgspec.DecodeError, UnicodeDecodeError, IndexError) as error:
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
