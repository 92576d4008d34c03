"""What reports tell of one attempt beside its outcome and its times."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate import options
from pytest_orchestrate.internals.failures import (
    CrashSite,
    crash_site,
    failure_text,
    reason_of,
    skip_place,
)
from pytest_orchestrate.model.attempt import RERUN, may_be_repeated
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.target_paths import leads_away

#: Markers of pytest itself, of which nobody wants to know.
_OF_PYTEST = ("filterwarnings", "parametrize", "skip", "skipif", "usefixtures", "xfail")


class Evidence:
    """Taken from the reports of an attempt, one after another, for the record of it.

    :param line: Where the test is defined, from 0 on as pytest has it; None if it does not tell.
    :param markers: Names of the markers that it has of others.
    :param file: The file that it is in, from the root directory; empty if that is not known.
    """

    __slots__ = (
        "_all_sections",
        "_before",
        "file",
        "line",
        "longrepr",
        "markers",
        "properties",
        "reason",
        "sections",
        "site",
    )

    def __init__(self, line: int | None, markers: Collection[str] = (), file: str = "") -> None:
        self.line = line
        self.file = file
        self.markers = markers
        self.longrepr: str | None = None
        self.sections: list[tuple[str, str]] = []
        self.properties: list[tuple[str, object]] = []
        #: Where the first failure was raised.
        self.site: CrashSite | None = None
        #: What it was skipped for, or expected to fail for.
        self.reason = ""
        #: What pytest has captured of the test so far, and how much of it in earlier attempts.
        self._all_sections: list[tuple[str, str]] = []
        self._before: list[tuple[str, str]] = []

    def again(self) -> Evidence:
        """That of the next attempt of the same test."""
        found = Evidence(self.line, self.markers, self.file)
        found._before = found._all_sections = self._all_sections
        return found

    def add(self, report: pytest.TestReport, root: str) -> None:
        """Take a report; an ordinary passed phase has nothing to tell.

        :param root: The root directory.
        """
        if report.sections:
            self._all_sections = list(report.sections)
            known = len(self._before)
            if self._all_sections[:known] == self._before:
                self.sections = self._all_sections[known:]
            else:
                self.sections = self._all_sections
        if report.user_properties:
            self.properties = list(report.user_properties)
        if report.outcome == "passed":
            if hasattr(report, "wasxfail"):
                self.reason = reason_of(report)
        elif report.outcome in ("failed", RERUN) or (may_be_repeated(report) and report.longrepr):
            text = failure_text(report)
            self.longrepr = f"{self.longrepr}\n{text}" if self.longrepr else text
            self.site = self.site or crash_site(report, root)
        elif report.outcome == "skipped" and self.longrepr is None:
            self.longrepr = failure_text(report)
            self.reason = reason_of(report)
        elif hasattr(report, "wasxfail"):
            self.reason = reason_of(report)

    def record(
        self,
        test: int,
        collected: CollectedTest,
        worker: str,
        order: int,
        outcome: str,
        durations: tuple[float, float, float],
        started: float,
        clock: float | None = None,
    ) -> dict[str, Any]:
        """Return the record of the attempt; what few attempts have stands only where it is.

        :param order: How many tests the worker had run before it.
        :param durations: Seconds of set-up, call and tear-down.
        :param started: Seconds since the epoch.
        :param clock: The same by the worker's clock, where that is another one.
        """
        setup, call, teardown = durations
        found: dict[str, Any] = {
            "record": "attempt",
            "test": test,
            "nodeid": collected.nodeid,
            "occurrence": collected.occurrence,
            "worker": worker,
            "order": order,
            "outcome": outcome,
            "setup": setup,
            "call": call,
            "teardown": teardown,
            "started": started,
            "longrepr": self.longrepr,
            "sections": self.sections,
            "line": None if self.line is None else self.line + 1,
        }
        if clock is not None:
            found["clock"] = clock
        if leads_away(self.file):
            found["file"] = Path(self.file).as_posix()
        if self.markers:
            found["markers"] = sorted(self.markers)
        if self.site is not None:
            found |= _crash(self.site)
        if self.reason:
            found["reason"] = self.reason
        if self.properties:
            found["properties"] = [(name, _text(value)) for name, value in self.properties]
        return found


def cut_off(test: int, worker: str, started: float, clock: float | None = None) -> dict[str, Any]:
    """Return the record of an attempt of which no more is known than when it began."""
    record: dict[str, Any] = {"record": "interrupted", "test": test, "worker": worker}
    record["started"] = started
    return record if clock is None else {**record, "clock": clock}


def amendment(
    test: int, collected: CollectedTest, worker: str, report: pytest.TestReport, root: str
) -> dict[str, Any]:
    """Return the record of a tear-down that failed after its test had ended."""
    site = crash_site(report, root)
    return {
        "record": "amend",
        "test": test,
        "nodeid": collected.nodeid,
        "worker": worker,
        "outcome": "error",
        "longrepr": failure_text(report),
        **({} if site is None else _crash(site)),
    }


def not_collected(report: pytest.CollectReport, root: str) -> dict[str, Any]:
    """Return the record of a file or folder that could not be collected, or has skipped itself."""
    if report.failed:
        return {
            "record": "uncollected",
            "nodeid": report.nodeid,
            "longrepr": failure_text(report),
        }
    path, line = skip_place(report, root)
    return {
        "record": "skipped",
        "nodeid": report.nodeid,
        "reason": reason_of(report),
        "path": path,
        "line": line,
    }


def _crash(site: CrashSite) -> dict[str, Any]:
    crash = {"path": site.path, "line": site.line, "message": site.message}
    return {"crash": crash, "exception": site.exception}


def foreign_markers(config: pytest.Config) -> frozenset[str]:
    """Return the names of the markers that are declared to pytest, but for its own and ours."""
    declared = {
        line.partition(":")[0].partition("(")[0].strip() for line in config.getini("markers")
    }
    # hooks have these two
    return frozenset(declared - {*_OF_PYTEST, "tryfirst", "trylast", *options.marker_names(config)})


def markers_of(item: pytest.Item, known: frozenset[str]) -> Collection[str]:
    """Return which of the known markers a test has, of its own or of what it is in.

    As ``iter_markers`` finds them, in a fifth of its time: it is asked for each test.
    """
    found: list[str] = []
    node: pytest.Item | pytest.Collector | None = item if known else None
    while node is not None:
        if node.own_markers:
            found += [mark.name for mark in node.own_markers if mark.name in known]
        node = node.parent
    return frozenset(found) if found else ()


def _text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - whatever the object of a test raises
        return f"<{type(value).__name__} without text: {type(error).__name__}>"
