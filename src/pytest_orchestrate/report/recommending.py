"""What would make a run shorter, with the seconds that it would bring.

Each recommendation is a change of one thing that bounded the run. It is told only if the run,
simulated with what its tests took, ends that much sooner for it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence

import msgspec

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.bounded_by import chain as written_chain
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.what_if import Change, WhatIf
from pytest_orchestrate.report.words import count_of, seconds

#: A gain is worth a sentence if it is at least that share of the run, and so many seconds.
SHARE = 0.05
SECONDS = 0.5
#: A test that bounds a run is thought of in at most so many parts.
PARTS = 4
#: Tests that are about as long as the longest are split with it, at most so many.
SPLIT_AT_ONCE = 3
ABOUT_AS_LONG = 0.7
#: Further workers are enough if they bring that share of what all further cores would.
ENOUGH = 0.8
#: What pytest-timeout fails a test with.
_TIMED_OUT = re.compile(r"^(?:Failed: )?Timeout \(?>")


class _Idea(msgspec.Struct):
    """Something to change; ``text`` tells what, given the seconds in words."""

    kind: str
    change: Change
    text: Callable[[str], str]
    setting: str = ""


def recommendations(report: Report, what_if: WhatIf | None = None) -> list[Recommendation]:
    """What is worth doing, the greatest gain first; nothing where there is nothing to gain."""
    found = list(_imports(report))
    if what_if is not None and report.summary.limits is not None:
        found += _simulated(report, report.summary.limits, what_if)
    found.sort(key=lambda each: -(each.gain or 0.0))
    return found


def is_worth(gain: float, wall: float) -> bool:
    """Whether so many seconds less are worth a sentence."""
    return gain >= SECONDS and gain >= SHARE * wall


def _simulated(report: Report, limits: Limits, what_if: WhatIf) -> Iterator[Recommendation]:
    as_it_was = what_if.simulate(Change())
    if as_it_was is None:
        return
    wall = report.summary.wall
    for idea in _ideas(report, limits, what_if):
        simulated = what_if.simulate(idea.change)
        if simulated is None:
            return
        gain = as_it_was - simulated
        if is_worth(gain, wall):
            yield Recommendation(idea.kind, idea.text(seconds(gain)), gain, idea.setting)
    workers = _workers(report, limits, what_if, as_it_was)
    if workers is not None and is_worth(workers.gain or 0.0, wall):
        yield workers


def _ideas(report: Report, limits: Limits, what_if: WhatIf) -> Iterator[_Idea]:
    """What could be changed, beginning with what bounds the run most."""
    positions = {test.nodeid: position for position, test in enumerate(report.tests)}
    for limit in limits.found:
        match limit.kind:
            case "test":
                if limits.workers > 1:
                    yield from _split(report.tests, limit, limits)
            case "chain":
                yield from _released(report.tests, limit, positions)
            case "resource":
                if limit.name in what_if.capacities:
                    yield _slot(report.tests, limit, what_if)
            case "exclusive":
                yield _beside(limit, limits)
            case "group":
                yield _ungrouped(limit, limits)
            case _:
                pass
    for setup in what_if.setups[:1]:
        yield _Idea(
            "set-up",
            Change(set_up_once=(setup.file, setup.name)),
            lambda gain, setup=setup: (  # type: ignore[misc]
                f"fixture {setup.name} of {setup.file} was set up on {setup.workers} workers, for "
                f"{seconds(setup.seconds)} in all: set up once for all of them, it saves {gain}"
            ),
        )


def _split(tests: Sequence[TestReport], limit: Limit, limits: Limits) -> Iterator[_Idea]:
    """The longest tests in parts; not if nobody knows how long the longest would have taken."""
    least = ABOUT_AS_LONG * limit.seconds
    long = [position for position, test in enumerate(tests) if test.seconds >= least]
    long.sort(key=lambda position: -tests[position].seconds)
    if not long or not _came_to_its_end(tests[long[0]]):
        return
    long = [position for position in long if _came_to_its_end(tests[position])]
    parts = min(PARTS, limits.workers)
    if len(long) > SPLIT_AT_ONCE:
        long = long[:1]
    names = " and ".join(tests[position].nodeid for position in long)
    alone = "it alone takes" if len(long) == 1 else "the longest of them takes"
    yield _Idea(
        "split",
        Change(split=tuple(long), parts=parts),
        lambda gain: (
            f"split {names}: {alone} {seconds(limit.seconds)} of {seconds(limits.testing)}; "
            f"in {parts} parts{' each' if len(long) > 1 else ''} that saves {gain}"
        ),
    )


def _came_to_its_end(test: TestReport) -> bool:
    """Whether a test took as long as it takes: none of its attempts was cut off in the middle."""
    return not any(
        attempt.outcome in ("crashed", "interrupted")
        or (attempt.failure is not None and _TIMED_OUT.search(attempt.failure.message))
        for attempt in test.attempts
    )


def _released(
    tests: Sequence[TestReport], limit: Limit, positions: Mapping[str, int]
) -> Iterator[_Idea]:
    """The link of a chain in whose absence the longer of the two rests is shortest."""
    links = [positions[nodeid] for nodeid in limit.tests if nodeid in positions]
    if len(links) < 2:
        return
    until = [sum(tests[test].seconds for test in links[:number]) for number in range(len(links))]
    number = min(
        range(1, len(links)), key=lambda number: max(until[number], limit.seconds - until[number])
    )
    test, target = links[number], links[number - 1]
    yield _Idea(
        "chain",
        Change(released=(test, target)),
        lambda gain: (
            f"a chain of {len(links)} tests takes {seconds(limit.seconds)} "
            f"({written_chain(limit.tests)}): if {tests[test].nodeid} did not require "
            f"{tests[target].nodeid}, that would save {gain}"
        ),
    )


def _slot(tests: Sequence[TestReport], limit: Limit, what_if: WhatIf) -> _Idea:
    name = limit.name or ""
    there = what_if.capacities[name]
    waited = sum(
        each.seconds
        for test in tests
        for each in test.waited
        if each.kind == "resource" and each.name == name
    )
    how_long = f"{seconds(waited)} waited" if waited else f"held for {seconds(limit.seconds)}"
    lines = [
        f"    {each} = {amount + (each == name)}{' host' if each in what_if.hosted else ''}"
        for each, amount in what_if.capacities.items()
    ]
    more = "a second slot" if there == 1 else "one more"
    return _Idea(
        "resource",
        Change(slots={name: 1}),
        lambda gain: f"{name} has {count_of(there, 'slot')}: {how_long}, {more} saves {gain}",
        "\n".join(["orchestrate_resources =", *lines]),
    )


def _beside(limit: Limit, limits: Limits) -> _Idea:
    return _Idea(
        "exclusive",
        Change(beside=True),
        lambda gain: (
            f"exclusive tests take {seconds(limit.seconds)} of {seconds(limits.testing)}, in which "
            f"nothing else runs: if others could run beside them, that would save up to {gain}; "
            "a resource keeps apart only those tests that disturb each other"
        ),
    )


def _ungrouped(limit: Limit, limits: Limits) -> _Idea:
    name = limit.name or ""
    return _Idea(
        "group",
        Change(ungrouped=name),
        lambda gain: (
            f"group {name} stays on one worker for {seconds(limit.seconds)} of "
            f"{seconds(limits.testing)}: if its tests could run anywhere, that would save {gain}"
        ),
    )


def _workers(
    report: Report, limits: Limits, what_if: WhatIf, as_it_was: float
) -> Recommendation | None:
    """The fewest further workers that bring most of what a worker for each core would."""
    more = (report.run.cpus or 0) - limits.workers
    if more < 1 or report.summary.mode == "in-process":
        return None
    all_cores = what_if.simulate(Change(workers=more))
    if all_cores is None or as_it_was - all_cores < SECONDS:
        return None
    number, best = more, all_cores
    fewer = 1
    while fewer < more:
        found = what_if.simulate(Change(workers=fewer))
        if found is None:
            break
        if as_it_was - found >= ENOUGH * (as_it_was - all_cores):
            number, best = fewer, found
            break
        fewer *= 2
    gain = as_it_was - best
    return Recommendation(
        "workers",
        f"{limits.workers + number} workers instead of {limits.workers}, as there are "
        f"{report.run.cpus} cores: that saves {seconds(gain)}",
        gain,
        f"orchestrate_workers = {limits.workers + number}",
    )


def _imports(report: Report) -> Iterator[Recommendation]:
    """What each worker imports again, where that delays them all.

    Workers that have a core each import at the same time, and as soon as one process that does it
    for all; where workers share cores, they wait for each other.
    """
    summary, cpus = report.summary, report.run.cpus
    heavy = summary.heavy_imports
    if not heavy or not cpus or summary.workers <= cpus:
        return
    paid = sum(each.seconds for each in heavy)
    gain = paid * (1 - cpus / summary.workers)
    if is_worth(gain, summary.wall):
        names = " ".join(each.module for each in heavy)
        setting = f"orchestrate_preload = {names}"
        yield Recommendation(
            "preload",
            f"the import of {names.replace(' ', ', ')} is paid by each of {summary.workers} "
            f"workers on {count_of(cpus, 'core')}: {setting} saves {seconds(gain)}",
            gain,
            setting,
        )
