"""Folders and files that are worth a line."""

from __future__ import annotations

from collections.abc import Iterator
from heapq import nlargest
from itertools import zip_longest

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import Area


def telling(report: Report, most: int) -> tuple[list[Area], int]:
    """Those in which tests failed or most of the time went, in order of their paths.

    And how many more there are. Of a folder with a single entry, only that entry is told. Where
    there is room, folders follow that have no tests, but code of which is known how much was run.
    """
    found = list(_told(report))
    chosen = {
        id(area) for area in nlargest(most, found, key=lambda area: (bad(area), area.seconds))
    }
    shown = [area for area in found if id(area) in chosen]
    return shown, len(found) - len(shown)


def _told(report: Report) -> Iterator[Area]:
    areas = report.areas
    for area, following in zip_longest(areas, areas[1:]):
        below = following is not None and following.path.startswith(f"{area.path}/")
        same = below and following.tests == area.tests and following.coverage == area.coverage
        if _is_source(area):
            # its files are not told
            if not same or (following is not None and following.is_file):
                yield area
        elif not same and (area.seconds > 0 or bad(area)):
            yield area


def _is_source(area: Area) -> bool:
    """Whether it is a folder of code without tests, or such a file that is in none."""
    is_told = not area.is_file or "/" not in area.path
    return is_told and not area.tests and area.coverage is not None


def bad(area: Area) -> int:
    """How many tests of it ended badly."""
    return sum(number for outcome, number in area.outcomes.items() if outcome in BAD)
