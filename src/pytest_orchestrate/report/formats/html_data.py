"""A report as the page's scripts read it.

Two parts: one JSON document with all that lists, searches and charts need, written by columns
(twenty thousand tests are a few long arrays, not twenty thousand objects); and the long texts
(tracebacks and captured output), each text once, deflated in blocks of about a megabyte that are
unpacked when one of their texts is looked at. The document is not compressed: it is what the page
needs at once, in every browser, and one can find a test in the file with ``grep``.
"""

from __future__ import annotations

from typing import Any

import msgspec

from pytest_orchestrate.report.attempts import Attempt, Failure, TestReport
from pytest_orchestrate.report.bounded_by import bounded_by
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.formats.changes import standing_of
from pytest_orchestrate.report.formats.failures import causes
from pytest_orchestrate.report.formats.html_texts import Texts, allowance, script_json
from pytest_orchestrate.report.formats.way import way
from pytest_orchestrate.report.verdict import OUTCOMES, decided, pass_rate, sentence, verdict

#: Times in columns are whole numbers of this many seconds.
TICK = 1e-4
#: Of the tests that one test waited for, the last ones are named, at most so many.
WAITED_FOR = 8
#: What stands for the outcome of an earlier attempt: good, no verdict; ``f`` for all others.
LETTERS = {"passed": "p", "xpassed": "p", "xfailed": "p", "skipped": "s"}
#: What goes into the page as it stands in the report.
AS_IT_IS = (
    "areas",
    "changes",
    "trend",
    "flaky",
    "regressions",
    "recommendations",
    "score",
    "timeline",
    "commands",
    "remarks",
)


def embedded(report: Report, folder: str = "") -> tuple[str, list[str]]:
    """The JSON document, and the blocks of texts in base64. Neither has ``<`` or ``&`` in it.

    ``folder``: from where artifacts are linked, see :func:`way`.
    """
    texts = Texts(allowance(report))
    columns = _Columns(texts, folder)
    for position, test in enumerate(report.tests):
        columns.add(position, test)
    groups = [_group(columns, group) for group in causes(report)]
    document: dict[str, Any] = {
        "verdict": verdict(report.summary),
        "decided": decided(report.summary),
        "sentence": sentence(report.summary),
        "pass_rate": pass_rate(report.summary),
        "speedup": report.summary.speedup,
        "compared_as": standing_of(report.changes) if report.changes else "",
        "bounded_by": bounded_by(report.summary.limits) if report.summary.limits else "",
        "run": msgspec.to_builtins(report.run),
        "summary": msgspec.to_builtins(report.summary),
        "tick": TICK,
        "outcomes": OUTCOMES,
        **columns.document(),
        **{name: msgspec.to_builtins(getattr(report, name)) for name in AS_IT_IS},
        "groups": groups,
    }
    return script_json(document), texts.blocks()


class _Columns:
    """Tests and attempts, field by field; what few of them have stands in ``more``."""

    def __init__(self, texts: Texts, folder: str) -> None:
        self._texts = texts
        self._folder = folder
        self._files: dict[str, int] = {}
        self._workers: dict[str, int] = {}
        self._outcomes = {outcome: number for number, outcome in enumerate(OUTCOMES)}
        self._failures: dict[tuple[Any, ...], int] = {}
        self._tests: dict[str, list[Any]] = {
            name: [] for name in ("file", "name", "line", "outcome", "attempts", "estimate")
        }
        self._attempts: dict[str, list[int]] = {
            name: [] for name in ("worker", "order", "outcome", "at", "setup", "call", "teardown")
        }
        self._past: list[list[Any]] = []
        self._more_tests: dict[int, dict[str, Any]] = {}
        self._more_attempts: dict[int, dict[str, Any]] = {}

    def document(self) -> dict[str, Any]:
        return {
            "files": list(self._files),
            "workers": list(self._workers),
            "failures": list(self._failures),
            "tests": self._tests,
            "attempts": self._attempts,
            "past": self._past,
            "more": {"tests": self._more_tests, "attempts": self._more_attempts},
        }

    def add(self, position: int, test: TestReport) -> None:
        columns = self._tests
        columns["file"].append(self._files.setdefault(test.file, len(self._files)))
        in_file = test.nodeid.startswith(test.file)
        columns["name"].append(test.nodeid[len(test.file) :] if in_file else test.nodeid)
        columns["line"].append(test.line or 0)
        columns["outcome"].append(self._outcomes[test.outcome])
        columns["attempts"].append(len(test.attempts))
        columns["estimate"].append(-1 if test.estimate is None else _ticks(test.estimate))
        for attempt in test.attempts:
            self._add_attempt(attempt)
        past = [LETTERS.get(outcome, "f") for outcome, _ in test.past]
        self._past.append(["".join(past), *(round(seconds / TICK) for _, seconds in test.past)])
        more = _more_of(test)
        if not in_file:
            more["elsewhere"] = True
        if more:
            self._more_tests[position] = more

    def _add_attempt(self, attempt: Attempt) -> None:
        columns = self._attempts
        number = len(columns["worker"])
        columns["worker"].append(self._workers.setdefault(attempt.worker, len(self._workers)))
        columns["order"].append(attempt.order)
        columns["outcome"].append(self._outcome(attempt.outcome))
        columns["at"].append(_ticks(attempt.at))
        columns["setup"].append(_ticks(attempt.setup))
        columns["call"].append(_ticks(attempt.call))
        columns["teardown"].append(_ticks(attempt.teardown))
        more: dict[str, Any] = {}
        if attempt.failure is not None:
            more["failure"] = self.failure(attempt.failure)
        if attempt.within:
            more["within"] = attempt.within
        if attempt.reason:
            more["reason"] = attempt.reason
        if attempt.sections:
            more["sections"] = [(name, self._texts.number(text)) for name, text in attempt.sections]
        if attempt.artifacts:
            more["artifacts"] = [
                msgspec.structs.replace(left, path=way(self._folder, left.path))
                for left in attempt.artifacts
            ]
        if more:
            self._more_attempts[number] = more

    def failure(self, failure: Failure) -> int:
        """The number of a failure."""
        place = failure.place
        key = (
            failure.exception,
            failure.message,
            place.path if place else None,
            place.line if place else None,
            self._texts.number(failure.text),
        )
        return self._failures.setdefault(key, len(self._failures))

    def _outcome(self, outcome: str) -> int:
        # attempts may end in ways that tests do not (a rerun by another plugin)
        return self._outcomes.get(outcome, self._outcomes["failed"])


def _more_of(test: TestReport) -> dict[str, Any]:
    named = {
        "occurrence": test.occurrence,
        "reason": test.reason,
        "priority": test.priority,
        "requires": test.requires,
        "resources": test.resources,
        "markers": test.markers,
        "group": test.group,
        "properties": test.properties,
    }
    more: dict[str, Any] = {name: value for name, value in named.items() if value}
    if test.is_collection:
        more["without_tests"] = True
    if test.cause is not None:
        more["cause"] = test.cause
    if _ticks(test.shared):
        more["shared"] = _ticks(test.shared)
    if test.waited:
        more["waited"] = [
            (
                waited.kind,
                _ticks(waited.at),
                _ticks(waited.seconds),
                waited.name,
                len(waited.tests),
                waited.tests[-WAITED_FOR:],
                waited.kept,
            )
            for waited in test.waited
        ]
    return more


def _group(columns: _Columns, group: FailureGroup) -> dict[str, Any]:
    # a group's failure is that of one of its tests
    number = None if group.failure is None else columns.failure(group.failure)
    return {**msgspec.structs.asdict(group), "failure": number}


def _ticks(seconds: float) -> int:
    return round(seconds / TICK)
