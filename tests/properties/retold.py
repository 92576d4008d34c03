"""What is told of a run afterwards, held against what happened in it."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from pytest_orchestrate.model.commands import AnyCommand, EndTest
from pytest_orchestrate.model.events import AnyEvent, TestAmended, TestFinished, WorkerLeft
from pytest_orchestrate.report.assembly import Assembly
from pytest_orchestrate.report.attempts import Kept
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.explanation import chain_to_cause, explained
from pytest_orchestrate.report.story import Story
from pytest_orchestrate.report.waiting import MOMENT, Wait, Waiting
from tests.support import logs

#: When these runs began.
STARTED = 1.9e9


def check_retold(
    events: Sequence[AnyEvent], answers: Sequence[Sequence[AnyCommand]], ended: dict[int, str]
) -> None:
    """Every test can be explained, and its waits agree with how tests ended."""
    story, builder, assembly = Story(), SummaryBuilder(), Assembly()
    for record in records(events, answers):
        story.add(record)
        builder.add(record)
        assembly.add(record)
    check_report(assembly.report(), story, ended)
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


def check_report(report: Report, story: Story, ended: dict[int, str]) -> None:
    """The report says of each test what the story does, and names none that there is not."""
    assert [test.nodeid for test in report.tests] == [each.test.nodeid for each in story.tests]
    for number, test in enumerate(report.tests):
        told = story.tests[number]
        if number in ended:
            assert test.outcome == told.outcome
        else:
            assert test.outcome in ("interrupted", "not run")
        assert len(test.attempts) == sum(move.kind == "started" for move in told.moves)
        assert all(wait.seconds >= MOMENT for wait in test.waited)
        waited = [round(wait.at + wait.seconds, 6) for wait in test.waited]
        assert waited == sorted(waited)
    counted: Counter[str] = Counter(test.outcome for test in report.tests)
    assert {name: counted[name] for name in report.summary.outcomes} == report.summary.outcomes
    for lane in report.timeline.lanes:
        starts = [span.at for span in lane.spans]
        assert starts == sorted(starts)
    for resource in report.timeline.resources:
        assert all(held.seconds >= 0 for held in resource.held)
        assert all(0 < each <= resource.waited + 1e-9 for _, each in resource.waited_by_holder)
    in_tests = sum(each.seconds for test in report.tests for each in test.attempts)
    assert abs(report.summary.serial - in_tests) < 1e-6


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
    """The same waits are told, with one of those that were waited for."""
    assert len(few) == len(every)
    for short, full in zip(few, every, strict=True):
        assert (short.kind, short.start, short.end) == (full.kind, full.start, full.end)
        if short.kind != "turn":
            assert len(short.tests) <= 1
            assert bool(short.tests or short.kept) == bool(full.tests or full.kept)
        assert set(short.tests) <= set(full.tests)
        assert {who(each) for each in short.kept} <= {who(each) for each in full.kept}


def who(kept: Kept) -> tuple[str, str]:
    return kept.scope, kept.worker


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
    yield {"record": "run", "run": "made-up", "mode": "workers", "started": STARTED}
    ran: Counter[int] = Counter()
    for event, commands in zip(events, answers, strict=True):
        yield {"record": "event", "event": event}
        for command in commands:
            yield {"record": "command", "command": command}
        match event:
            case TestFinished(worker=worker, test=test, outcome=outcome):
                spent = event.setup + event.call + event.teardown
                yield attempt(ran, event.now, worker, test, outcome, spent)
            case TestAmended(test=test):
                yield {"record": "amend", "test": test, "worker": "", "outcome": "error"}
            case WorkerLeft(worker=worker):
                for command in commands:
                    if isinstance(command, EndTest) and command.outcome == "crashed":
                        yield attempt(ran, event.now, worker, command.test, "crashed")


def attempt(
    ran: Counter[int], now: float, worker: int, test: int, outcome: str, spent: float = 0.0
) -> dict[str, object]:
    """Its worker's clock is right; what ended with its worker began when nobody knows."""
    ran[worker] += 1
    order, at = ran[worker] - 1, now - spent
    return logs.attempt(test, str(test), f"gw{worker}", order, spent, outcome=outcome, at=at)
