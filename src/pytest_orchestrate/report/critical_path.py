"""The tests that decided when a run ended, and why each began no earlier."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from pytest_orchestrate.report.attempts import Attempt, TestReport
from pytest_orchestrate.report.timeline import CriticalStep, Lane

Because = Literal["start", "worker", "requirement", "resource", "exclusive", "replacement"]

#: Seconds by which something may seem to have ended after what it made possible has begun: workers
#: measure, and messages take their time.
SLACK = 0.05
#: Of two that ended within so many seconds, what a test waited for counts before its worker.
ALIKE = 0.005

#: Position of a test, and one of its attempts.
_Ran = tuple[int, Attempt]
#: Of an attempt: worker, test, and when it began.
_Key = tuple[str, int, float]

_BECAUSE: dict[str, Because] = {
    "requirement": "requirement",
    "resource": "resource",
    "alone": "exclusive",
    "exclusive": "exclusive",
}


def critical_path(tests: Sequence[TestReport], lanes: Sequence[Lane] = ()) -> list[CriticalStep]:
    """First to last: each began when the one before it had ended.

    From the test that ended last back to what ended last of all that had to end before it could
    begin: the test before it on its worker, what it requires, and who held what it needs. If two
    of these are the same test, the requirement or the resource is told. A worker that was started
    in place of one that died waited for the test in which that was.

    :param lanes: Tell when workers were started.
    """
    ran = [(test, each) for test, report in enumerate(tests) for each in report.attempts]
    if not ran:
        return []
    on_worker = _on_worker(ran)
    _add_replaced(on_worker, ran, lanes)
    steps: list[CriticalStep] = []
    at: _Ran | None = max(ran, key=lambda each: (_end(each), each[0]))
    while at is not None:
        test, attempt = at
        because, at = _decisive(tests, at, on_worker)
        steps.append(CriticalStep(test, attempt.at, attempt.seconds, because))
    steps.reverse()
    return steps


def _on_worker(ran: Sequence[_Ran]) -> dict[_Key, _Ran]:
    """What each attempt followed on its worker."""
    found: dict[_Key, _Ran] = {}
    last: dict[str, _Ran] = {}
    for each in sorted(ran, key=lambda each: (each[1].at, each[1].order)):
        test, attempt = each
        if attempt.worker in last:
            found[attempt.worker, test, attempt.at] = last[attempt.worker]
        last[attempt.worker] = each
    return found


def _add_replaced(on_worker: dict[_Key, _Ran], ran: Sequence[_Ran], lanes: Sequence[Lane]) -> None:
    """Add what the first attempt on a worker followed that was started when another died."""
    crashes = [each for each in ran if each[1].outcome == "crashed"]
    if not crashes:
        return
    started = {
        lane.worker: span.at for lane in lanes for span in lane.spans if span.kind == "start"
    }
    for test, attempt in ran:
        key = (attempt.worker, test, attempt.at)
        began = started.get(attempt.worker)
        if key not in on_worker and began is not None:
            before = [each for each in crashes if _end(each) <= began + SLACK]
            if before:
                on_worker[key] = max(before, key=_end)


def _decisive(
    tests: Sequence[TestReport], ran: _Ran, on_worker: dict[_Key, _Ran]
) -> tuple[Because, _Ran | None]:
    """What ended last before an attempt could begin; nothing if it could from the start."""
    test, attempt = ran
    found: list[tuple[Because, _Ran]] = []
    for waited in tests[test].waited:
        because = _BECAUSE.get(waited.kind)
        if because is not None and waited.tests:
            other = waited.tests[-1]
            found += [(because, (other, each)) for each in tests[other].attempts]
    found += [("worker", (test, each)) for each in tests[test].attempts]
    before = on_worker.get((attempt.worker, test, attempt.at))
    if before is not None:
        is_own = before[1].worker == attempt.worker
        found.append(("worker" if is_own else "replacement", before))
    found = [
        (because, each)
        for because, each in found
        if (each[1].at, each[1].order) < (attempt.at, attempt.order)
        and _end(each) <= attempt.at + SLACK
    ]
    if not found:
        return "start", None
    latest = max(_end(each) for _, each in found)
    return next(each for each in found if _end(each[1]) >= latest - ALIKE)


def _end(ran: _Ran) -> float:
    return ran[1].at + ran[1].seconds
