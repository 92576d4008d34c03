"""Write down how every test of a run ended, as JSON: a pytest plugin for ``run.py``.

Loaded with ``-p`` under the name ``downstream_recorder``. It listens in the process the user
started and nowhere else, to the hooks that every reporting plugin listens to, so that what it
writes is what a user of those plugins would see. The file is named by the environment variable
``DOWNSTREAM_RECORD``.
"""

from __future__ import annotations

import json
import os
import re
import warnings
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

PHASES = ("setup", "call", "teardown")
ADDRESS = re.compile(r"0x[0-9a-fA-F]{6,}")


#: It writes down what is deselected, and so needs not see all of it at once.
orchestrate_item_local = True


def pytest_configure(config: pytest.Config) -> None:
    """Start recording, except in a worker."""
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Recorder(config, Path(os.environ["DOWNSTREAM_RECORD"])))


class Recorder:
    """What one run reported, test by test."""

    def __init__(self, config: pytest.Config, target: Path) -> None:
        self.config = config
        self.target = target
        self.attempts: dict[str, list[dict[str, Any]]] = {}
        self.current: dict[tuple[str, str], dict[str, Any]] = {}
        self.collection: dict[str, list[str]] = {}
        self.warnings: Counter[str] = Counter()
        self.deselected = 0
        self.exitstatus = -1

    @pytest.hookimpl(trylast=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Add one phase, or one subtest, to the attempt of the test it belongs to.

        Last, because pytest turns a test with failed subtests into a failed one only while the
        terminal asks for its status.
        """
        attempt = self._attempt_of(report)
        outcome = named_outcome(report)
        if type(report).__name__.lower() == "subtestreport":
            attempt["subtests"][outcome] = attempt["subtests"].get(outcome, 0) + 1
            return
        attempt["phases"].append([report.when, outcome])
        attempt["properties"].update((str(k), str(v)) for k, v in report.user_properties)
        if report.failed and not attempt["reason"]:
            attempt["reason"] = reason_of(report)

    def _attempt_of(self, report: pytest.TestReport) -> dict[str, Any]:
        """Return the attempt that this report continues; a set-up phase begins a new one.

        A node id may stand for several tests, which may run at the same time on two workers.
        """
        nodeid = str(report.nodeid)
        key = (nodeid, str(getattr(report, "worker_id", "")))
        if report.when == "setup" or key not in self.current:
            self.current[key] = {
                "phases": [],
                "subtests": {},
                "properties": {},
                "reason": "",
            }
            self.attempts.setdefault(nodeid, []).append(self.current[key])
        return self.current[key]

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Note a collector that did not simply pass."""
        if report.outcome != "passed":
            self.collection.setdefault(str(report.nodeid), []).append(report.outcome)

    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Count what was collected and then left out."""
        self.deselected += len(items)

    def pytest_warning_recorded(
        self, warning_message: warnings.WarningMessage, when: str, nodeid: str
    ) -> None:
        """Count each warning by its kind, its text and the place that gave it."""
        category = warning_message.category.__name__
        text = str(warning_message.message).strip().split("\n")[0]
        place = f"{Path(warning_message.filename).name}:{warning_message.lineno}"
        self.warnings[ADDRESS.sub("0x", f"{category}: {text} ({place}, {when})")] += 1

    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """Keep the verdict that pytest gave."""
        self.exitstatus = int(exitstatus)

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self) -> None:
        """Fold each attempt to one outcome, and write the record."""
        for attempts in self.attempts.values():
            for attempt in attempts:
                attempt["outcome"] = folded(attempt["phases"])
        terminal = self.config.pluginmanager.get_plugin("terminalreporter")
        counts = {} if terminal is None else {k: len(v) for k, v in terminal.stats.items() if k}
        record = {
            "tests": self.attempts,
            "collection": self.collection,
            "deselected": self.deselected,
            "warnings": self.warnings,
            "counts": counts,
            "exitstatus": self.exitstatus,
        }
        self.target.write_text(json.dumps(record), encoding="utf-8")


def named_outcome(report: pytest.TestReport) -> str:
    """Return passed, failed or skipped, or their xfail variants."""
    if hasattr(report, "wasxfail"):
        return {"skipped": "xfailed", "passed": "xpassed"}.get(report.outcome, report.outcome)
    return str(report.outcome)


def folded(phases: list[list[str]]) -> str:
    """Return the one outcome of a test whose phases ended as given.

    A failure outside the call is an error; one outside every phase is a crash.
    """
    for when, outcome in phases:
        if outcome == "failed" and when != "call":
            return "error" if when in PHASES else "crashed"
    for when, outcome in phases:
        if outcome != "passed" or when == "call":
            return outcome
    return "not finished"


def reason_of(report: pytest.TestReport) -> str:
    """Return the last telling line of a failure."""
    lines = [line for line in report.longreprtext.splitlines() if line.startswith("E ")]
    text = lines[0][1:] if lines else report.longreprtext.strip().rpartition("\n")[2]
    return text.strip()[:300]
