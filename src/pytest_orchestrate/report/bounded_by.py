"""What bounded a run, in a line."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_orchestrate.errors import assert_never
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.words import count_of, most_percent, seconds

#: Of a longer chain the first and the last ones are named, so many in all.
NAMED = 4
#: From this share of all work upwards, set-up that was paid for again is worth a word.
NOTICEABLE = 0.1


def bounded_by(limits: Limits) -> str:
    """What explains how long the run took: ``work: 2 workers busy 96 % of 12.3 s``."""
    whole = limits.before + limits.testing + limits.after
    if limits.before > max(limits.testing, limits.after):
        lasted = f"{seconds(limits.before)} of {seconds(whole)}"
        return f"start and collection: {lasted} until the first test began"
    if limits.after > limits.testing:
        return f"the end: {seconds(limits.after)} of {seconds(whole)} after the last test"
    limit = limits.bounded_by
    if limit is not None:
        return described(limits, limit)
    if not limits.found:
        return "nothing that tests did"
    return f"nothing alone; most is {described(limits, limits.found[0])}"


def described(limits: Limits, limit: Limit) -> str:
    """One limit and what it takes of the testing phase."""
    # what is heard of last may have been shorter
    of = f"{seconds(min(limit.seconds, limits.testing))} of {seconds(limits.testing)}"
    match limit.kind:
        case "work":
            text = _work(limits, limit)
        case "set-up":
            text = (
                f"set-up: {seconds(limits.repeated_setup)} of "
                f"{seconds(limit.seconds * limits.workers)} of work were fixtures that another "
                "worker had set up as well"
            )
        case "test":
            text = f"the longest test: {of}: {limit.tests[0]}"
        case "chain":
            text = f"a chain of {count_of(len(limit.tests), 'test')}: {of}: {chain(limit.tests)}"
        case "resource":
            slots = count_of(limit.capacity, "slot")
            text = f"resource {limit.name} ({slots}): held for {of}"
        case "exclusive":
            text = f"exclusive tests, beside which nothing runs: {of}"
        case "group":
            text = f"group {limit.name}, which stays on one worker: {of}"
        case "groups":
            text = f"groups that stay together, divided over {limits.workers} workers: {of}"
        case _:
            assert_never(limit.kind)
    return text


def chain(tests: Sequence[str]) -> str:
    """Node ids, first to last; the middle of many is left out."""
    if len(tests) > NAMED:
        half = NAMED // 2
        tests = [*tests[:half], f"... {len(tests) - 2 * half} more ...", *tests[-half:]]
    return " -> ".join(tests)


def _work(limits: Limits, limit: Limit) -> str:
    busy = most_percent(limits.share(limit))
    text = f"work: {count_of(limits.workers, 'worker')} busy {busy} of {seconds(limits.testing)}"
    again = limits.repeated_setup
    if again >= NOTICEABLE * limit.seconds * limits.workers:
        text += f", {seconds(again)} of it fixtures that another worker had set up as well"
    return text
