"""Who had a resource for which others waited, in words that several formats use."""

from __future__ import annotations

from heapq import nlargest

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.holding import kept_by
from pytest_orchestrate.report.timeline import ResourceLane
from pytest_orchestrate.report.words import is_nothing


def told_holders(report: Report, lane: ResourceLane, *, most: int) -> list[tuple[float, str]]:
    """Seconds that were waited and for whom, the longest first, at most so many."""
    found = [(waited, report.tests[test].nodeid) for test, waited in lane.waited_by_holder]
    found += [(each.seconds, kept_by(each)) for each in lane.waited_by_keeper]
    found = [(waited, holder) for waited, holder in found if not is_nothing(waited)]
    return nlargest(most, found, key=lambda each: each[0])
