"""What is told of a run afterwards, held against what happened in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_orchestrate.model.commands import AnyCommand
from pytest_orchestrate.model.events import AnyEvent
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.explanation import chain_to_cause, explained
from pytest_orchestrate.report.story import Story
from pytest_orchestrate.report.waiting import Wait, Waiting


def check_retold(
    events: Sequence[AnyEvent], answers: Sequence[Sequence[AnyCommand]], ended: dict[int, str]
) -> None:
    """Every test can be explained, and its waits agree with how tests ended."""
    story, builder = Story(), SummaryBuilder()
    for record in records(events, answers):
        story.add(record)
        builder.add(record)
    waiting, few = Waiting(story), Waiting(story, most=1)
    for test, outcome in ended.items():
        told = story.tests[test]
        assert told.end is not None
        assert told.end.outcome == outcome
        assert explained(story, test)[0].startswith(f"{told.test.nodeid}")
        check_waits(waiting, test)
        check_few(few.of(test), waiting.of(test))
        check_chain(story, test)
    limits = builder.summary().limits
    if limits is not None:
        for limit in limits.found:
            assert limit.seconds > 0.0
            assert limit.kind == "resource" or limit.seconds <= limits.testing * (1 + 1e-9)


def check_waits(waiting: Waiting, test: int) -> None:
    story = waiting.story
    ready, waits = waiting.ready_at(test)
    told = story.tests[test]
    constraint = told.constraint
    required = {
        target
        for need in (constraint.needs if constraint is not None else ())
        for target in need.targets
    }
    assert all(wait.tests[0] in required for wait in waits)
    free = ready
    for move in told.moves:
        if move.kind != "sent":
            free = max(ready, move.now)
            continue
        # what it requires had ended, or else it would not have been sent
        assert ready <= move.now
        for wait in waiting.until_sent(test, free, move):
            assert free <= wait.start <= wait.end <= move.now
            check_wait(story, test, wait)


def check_few(few: list[Wait], every: list[Wait]) -> None:
    """The same waits are told, with one of the tests that were waited for."""
    assert len(few) == len(every)
    for short, full in zip(few, every, strict=True):
        assert (short.kind, short.start, short.end) == (full.kind, full.start, full.end)
        assert short.kind == "turn" or len(short.tests) == min(1, len(full.tests))
        assert set(short.tests) <= set(full.tests)


def check_wait(story: Story, test: int, wait: Wait) -> None:
    assert test not in wait.tests or wait.kind == "turn"
    if wait.kind == "resource":
        for other in wait.tests:
            constraint = story.tests[other].constraint
            assert constraint is not None
            assert wait.name in {demand.name for demand in constraint.demands}
    if wait.kind in ("resource", "alone", "exclusive"):
        for other in wait.tests:
            start, end = story.tests[other].start, story.tests[other].end
            assert start is None or start.now <= wait.end
            assert end is None or end.now >= wait.start


def check_chain(story: Story, test: int) -> None:
    chain = chain_to_cause(story, test)
    assert chain[0] == test
    for link, target in itertools.pairwise(chain):
        constraint = story.tests[link].constraint
        assert constraint is not None
        assert any(target in need.targets for need in constraint.needs)
    blocked, end = story.tests[test].end, story.tests[chain[-1]].end
    if blocked is not None and blocked.cause is not None:
        assert chain[-1] == blocked.cause
    assert len(chain) == 1 or (end is not None and end.outcome not in ("passed", "xpassed"))


def records(
    events: Sequence[AnyEvent], answers: Sequence[Sequence[AnyCommand]]
) -> Iterator[dict[str, Any]]:
    """The records that a run would have written of its events and commands."""
    yield {"record": "run", "run": "made-up", "mode": "workers"}
    for event, commands in zip(events, answers, strict=True):
        yield {"record": "event", "event": event}
        for command in commands:
            yield {"record": "command", "command": command}
