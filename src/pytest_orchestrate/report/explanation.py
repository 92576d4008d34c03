"""Why a test ran where and when it did, or did not run, in lines of text.

Everything is taken from the records of the run; nothing is said that they do not show.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.clocks import shown
from pytest_orchestrate.report.failures import failure_of
from pytest_orchestrate.report.holding import kept_by
from pytest_orchestrate.report.story import Move, Story, TestStory
from pytest_orchestrate.report.waiting import MOMENT, Wait, Waiting
from pytest_orchestrate.report.words import count_of

#: So many tests are named one by one; of more, the last.
NAMED = 3
#: Links of a chain that are named.
LINKS = 20


def explained(story: Story, test: int) -> list[str]:
    """All that the log has to say about a test."""
    told = story.tests[test]
    return [
        *_headline(story, test),
        *_facts(story, told),
        "",
        *(f"{_clock(at):>11}  {text}" for at, text in _timeline(story, test)),
        *_chain_lines(story, test),
        *_neighbours(story, test),
    ]


def _headline(story: Story, test: int) -> Iterator[str]:
    told = story.tests[test]
    nodeid = _name(story, test)
    if told.test.occurrence:
        nodeid += f" (number {told.test.occurrence + 1} of this name)"
    start, outcome = told.start, told.outcome
    if start is None or start.worker is None:
        if told.end is None:
            outcome = "has not run yet" if story.goes_on else "has not run"
        yield f"{nodeid}: {outcome}"
        return
    if told.end is None:
        yet = "has not ended yet" if story.goes_on else "had not ended"
        yield f"{nodeid}: began on {story.name(start.worker)}, and {yet}"
        return
    text = f"{nodeid}: {outcome} on {story.name(start.worker)}"
    attempts = story.attempts.get(test, [])
    if len(attempts) > 1:
        text += f" after {len(attempts)} attempts, the last of them"
    yield text + (_measured(attempts[-1]) if attempts else "")


def _measured(attempt: Mapping[str, Any]) -> str:
    phases = [float(attempt[name]) for name in PHASE_KEYS]
    if not any(phases):  # nobody has measured a test that was cut off
        return ""
    parts = (f"{label} {_clock(each)}" for label, each in zip(PHASES, phases, strict=True))
    return f" in {_clock(sum(phases))} ({', '.join(parts)})"


PHASES = ("set-up", "call", "tear-down")
PHASE_KEYS = ("setup", "call", "teardown")


def _facts(story: Story, told: TestStory) -> Iterator[str]:
    facts = []
    if told.estimate is not None:
        facts.append(f"expected to take {_clock(told.estimate)}")
    else:
        facts.append("never measured before")
    if told.is_likely:
        facts.append("likely to fail, and urgent for that")
    constraint = told.constraint
    if constraint is not None:
        if constraint.priority:
            facts.append(f"priority {constraint.priority}")
        targets = dict.fromkeys(target for need in constraint.needs for target in need.targets)
        if targets:
            facts.append(f"requires {_several(story, list(targets), last=False)}")
        for demand in constraint.demands:
            there = story.capacities.get(demand.name, 1)
            how = ", shared" if demand.shared else ""
            facts.append(f"needs {demand.amount} of {there} of {demand.name}{how}")
        if constraint.exclusive:
            facts.append("runs beside nothing else")
    if told.test.group is not None:
        facts.append(f"in the group {told.test.group}")
    yield "  " + "; ".join(facts)


def _timeline(story: Story, test: int) -> Iterator[tuple[float, str]]:
    told = story.tests[test]
    yield told.collected, _collected(story, told)
    waiting = Waiting(story)
    ready, waits = waiting.ready_at(test)
    for wait in waits:
        if wait.end < float("inf"):
            yield wait.end, _wait(story, wait)
    free = max(ready, waiting.first_ready)
    if free - ready >= MOMENT:
        yield free, "the first worker was ready"
    for move, following in itertools.zip_longest(told.moves, told.moves[1:]):
        if move.kind == "sent":
            yield from _sending(waiting, test, free, move, following)
        else:
            yield move.now, _moved(story, move)
            free = max(ready, move.now)
        if move.kind == "started":
            yield from _attempts(story, test, move)
    if told.end is None:
        yield story.now, _unfinished(story)


def _attempts(story: Story, test: int, started: Move) -> Iterator[tuple[float, str]]:
    """How each attempt ended, where a test was run more than once on its worker."""
    attempts = story.attempts.get(test, [])
    if len(attempts) < 2:
        return
    for number, attempt in enumerate(attempts, 1):
        began = started.now + max(0.0, shown(attempt) - shown(attempts[0]))
        why = failure_of(attempt).message if attempt["outcome"] in BAD else ""
        yield (
            began + sum(float(attempt[name]) for name in PHASE_KEYS),
            f"attempt {number} of {len(attempts)} ended: {attempt['outcome']}{_measured(attempt)}"
            + (f": {why}" if why else ""),
        )


def _sending(
    waiting: Waiting, test: int, free: float, sent: Move, following: Move | None
) -> Iterator[tuple[float, str]]:
    """What a test waited for until it was sent to a worker, and there until it began."""
    story = waiting.story
    before, after = waiting.around(test, free, sent, following)
    yield from ((wait.end, _wait(story, wait)) for wait in before if _is_told(wait))
    yield sent.now, _sent(story, test, sent)
    yield from ((wait.end, _wait(story, wait)) for wait in after if _is_told(wait))


def _is_told(wait: Wait) -> bool:
    return wait.end - wait.start >= MOMENT


def _collected(story: Story, told: TestStory) -> str:
    if told.owner is not None:
        return f"was known: {story.name(told.owner)} had collected its file"
    return "was known"


def _wait(story: Story, wait: Wait) -> str:
    """What a wait was for; it stands at the time when it was over."""
    lasted = f"after {_clock(wait.end - wait.start)}"
    match wait.kind:
        case "requirement":
            text = f"what it requires had ended, {lasted}: {_ended(story, wait.tests[0])}"
        case "resource":
            holders = [_holders(story, wait)] if wait.tests else []
            holders += [f"{kept_by(each)} (for {_clock(each.seconds)})" for each in wait.kept]
            by = f", held by {', '.join(holders)}" if holders else ""
            text = f"{wait.name} was free for it, {lasted}{by}"
        case "alone":
            text = f"nothing else ran any more, {lasted}: {_ended(story, wait.tests[-1])}"
        case "exclusive":
            alone = _ended(story, wait.tests[0])
            text = f"others could run again, {lasted} beside which nothing was to run: {alone}"
        case "queue":
            text = f"its turn on the worker came, {lasted} behind {_several(story, wait.tests)}"
        case "turn":
            sent = f" in which {count_of(len(wait.tests), 'test')} went before it"
            text = f"its turn came, {lasted}{sent if wait.tests else ''}"
        case _:
            assert_never(wait.kind)
    return text


def _ended(story: Story, test: int) -> str:
    told = story.tests[test]
    end = told.end
    if end is None:
        return f"{_name(story, test)} (which has not ended)"
    on = f" on {story.name(end.worker)}" if end.worker is not None else ""
    return f"{_name(story, test)} ({end.outcome}{on} at {_clock(end.now)})"


def _sent(story: Story, test: int, move: Move) -> str:
    assert move.worker is not None
    text = f"was sent to {story.name(move.worker)}"
    for name, slots in sorted(move.slots.items()):
        numbers = ", ".join(map(str, slots))
        text += f" with {'slot' if len(slots) == 1 else 'slots'} {numbers} of {name}"
    reasons = list(_why_there(story, test, move))
    return f"{text}: {'; '.join(reasons)}" if reasons else text


def _why_there(story: Story, test: int, move: Move) -> Iterator[str]:
    """What the log shows of this worker, and not of the others."""
    told, number = story.tests[test], move.worker
    assert number is not None
    alive = [
        each
        for each, worker in story.workers.items()
        if worker.collected is not None
        and worker.collected <= move.now
        and (worker.left is None or worker.left > move.now)
    ]
    if alive == [number]:
        yield "the only worker" + ("" if len(story.workers) == 1 else " that was ready")
        return
    needs = told.constraint.needs if told.constraint is not None else ()
    beside = [t for need in needs if need.colocate for t in need.targets]
    if beside:
        yield f"it has to run where {_several(story, beside)} ran"
    lacking = [each for each in alive if test in story.workers[each].missing]
    if lacking:
        yield f"{', '.join(map(story.name, lacking))} did not have it"
    if told.owner is not None:
        mine = told.owner == number
        yield "it had collected the file" if mine else f"it took over from {story.name(told.owner)}"
    yield from _company(story, told, move)


def _company(story: Story, told: TestStory, move: Move) -> Iterator[str]:
    """What the worker had last, or still had, when it was sent the test."""
    assert move.worker is not None
    number = move.worker
    begun = [
        test
        for test in story.workers[number].started
        if (start := story.tests[test].start) is not None and start.now <= move.now
    ]
    behind = [test for test in move.behind if test not in begun[-1:]]
    last = (behind or begun)[-1:] if (behind or begun) else []
    if last and story.tests[last[0]].test.file == told.test.file:
        yield f"it was in {told.test.file}"
    if not move.behind:
        yield "it had nothing else to run"
    else:
        yield f"{count_of(len(move.behind), 'test')} before it there"


def _moved(story: Story, move: Move) -> str:
    on = story.name(move.worker) if move.worker is not None else ""
    match move.kind:
        case "started":
            return f"began on {on}{_give_or_take(move)}"
        case "finished":
            return f"ended: {move.outcome}"
        case "returned":
            return f"was given back by {on}, which had not begun it"
        case "lacked":
            return f"was given back by {on}, which did not find it"
        case "lost":
            return f"was lost with {on}, which left before it began"
        case "amended":
            return f"a later tear-down made it an {move.outcome}"
        case _:
            return f"ended: {move.outcome}: {move.reason}"


def _give_or_take(move: Move) -> str:
    if not move.within:
        return ""
    return f", give or take {_clock(move.within)}: its clock is another one"


def _unfinished(story: Story) -> str:
    if story.end is not None:
        return "the run ended"
    return "the log ends here: the run " + ("goes on" if story.goes_on else "was cut off")


def _chain_lines(story: Story, test: int) -> Iterator[str]:
    """From a blocked test to the one that began it."""
    chain = chain_to_cause(story, test)
    if len(chain) < 2:
        return
    yield ""
    yield "  blocked by:"
    shown = chain[1:] if len(chain) <= LINKS else chain[1:LINKS]
    for link in shown:
        yield f"    {_ended(story, link)}"
    if len(shown) < len(chain) - 1:
        yield f"    ... {len(chain) - 1 - len(shown)} more ..."
        yield f"    {_ended(story, chain[-1])}"


def chain_to_cause(story: Story, test: int) -> list[int]:
    """A shortest way from a blocked test, over tests that it requires, to what began it.

    Where it leads is recorded. Others that it requires may have ended badly, too, but later, or
    for causes of their own: the way leads over none of them.
    """
    end = story.tests[test].end
    if end is None or end.cause is None:
        return [test]
    before: dict[int, int] = {test: test}
    queue = deque([test])
    while queue:
        here = queue.popleft()
        if here == end.cause:
            chain = [here]
            while chain[-1] != test:
                chain.append(before[chain[-1]])
            return chain[::-1]
        constraint = story.tests[here].constraint
        for need in constraint.needs if constraint is not None else ():
            for target in need.targets:
                if target not in before and _passes_on(story, target, end):
                    before[target] = here
                    queue.append(target)
    return [test]


def _passes_on(story: Story, target: int, blocked: Move) -> bool:
    """Whether a test began what blocked another one, or was kept from running by it."""
    ended = story.tests[target].end
    if ended is None or ended.now > blocked.now:
        return False
    if target == blocked.cause:
        return True
    # one that was refused for a reason of its own has no cause, but may have been blocked, too
    return ended.outcome in ("blocked", "error") and ended.cause in (blocked.cause, None)


def _neighbours(story: Story, test: int) -> Iterator[str]:
    start = story.tests[test].start
    if start is None or start.worker is None:
        return
    order = story.workers[start.worker].started
    at = order.index(test)
    on = story.name(start.worker)
    yield ""
    yield f"  test {at + 1} of {len(order)} on {on}"
    if at:
        yield f"  before it: {_ended(story, order[at - 1])}"
    if at + 1 < len(order):
        yield f"  after it: {_ended(story, order[at + 1])}"


def _holders(story: Story, wait: Wait) -> str:
    """Who held a resource meanwhile and, of a few, for how long."""
    if len(wait.tests) > NAMED or len(wait.held) != len(wait.tests):
        return _several(story, wait.tests)
    told = zip(wait.tests, wait.held, strict=True)
    return ", ".join(f"{_name(story, test)} (for {_clock(held)})" for test, held in told)


def _several(story: Story, tests: Sequence[int], *, last: bool = True) -> str:
    """Some tests; of many, how many they are and the last one, or the first."""
    names = [_name(story, test) for test in tests]
    if len(names) <= NAMED:
        return ", ".join(names)
    if last:
        return f"{len(names)} tests in turn, the last of them {names[-1]}"
    return f"{names[0]} and {len(names) - 1} more"


def _name(story: Story, test: int) -> str:
    return story.tests[test].test.nodeid


def _clock(now: float) -> str:
    return f"{now:.3f} s"
