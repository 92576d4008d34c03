"""CTRF, the Common Test Report Format: JSON with one shape for the tests of all languages.

Source: the specification and schema of ``ctrf-io/ctrf``, version 0.0.0. What it has no field for
is under ``extra``, with keys that begin with ``orchestrate.``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import msgspec

from pytest_orchestrate.model.escaping import escaped
from pytest_orchestrate.model.outcome import BAD, GOOD
from pytest_orchestrate.report.attempts import Artifact, Attempt, TestReport
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.formats.failures import headline, located, why
from pytest_orchestrate.report.formats.output import output_of
from pytest_orchestrate.report.holding import kept_by
from pytest_orchestrate.report.verdict import verdict

VERSION = "0.0.0"

Json = dict[str, Any]

#: Outcome of a test or an attempt -> status. ``pending`` is what did not have its turn.
STATUS: Mapping[str, str] = {
    "passed": "passed",
    "flaky": "passed",
    "xpassed": "passed",
    "failed": "failed",
    "error": "failed",
    "crashed": "failed",
    "skipped": "skipped",
    "xfailed": "skipped",
    "blocked": "skipped",
    "not run": "pending",
    "interrupted": "other",
    "running": "pending",
}


def render(report: Report) -> bytes:
    """The run as one CTRF document. UTF-8."""
    tests = [_test(report.tests, test) for test in report.tests]
    run, summary = report.run, report.summary
    statuses = Counter(test["status"] for test in tests)
    stop = run.started + summary.wall
    document: Json = {
        "reportFormat": "CTRF",
        "specVersion": VERSION,
        "runId": run.run,
        "timestamp": datetime.fromtimestamp(stop, timezone.utc).isoformat(timespec="milliseconds"),
        "generatedBy": "pytest-orchestrate",
        "results": {
            "tool": _without_empty({"name": "pytest", "version": run.pytest}),
            "summary": {
                "tests": len(tests),
                **{each: statuses[each] for each in dict.fromkeys(STATUS.values())},
                "flaky": sum("flaky" in test for test in tests),
                "suites": len({test.file for test in report.tests}),
                "start": _milliseconds(run.started),
                "stop": _milliseconds(stop),
                "duration": _milliseconds(summary.wall),
            },
            "tests": tests,
            "environment": _environment(report),
        },
    }
    try:
        return msgspec.json.encode(document)
    except UnicodeEncodeError:  # a lone surrogate
        return msgspec.json.encode(escaped(document))


def _test(tests: Sequence[TestReport], test: TestReport) -> Json:
    path, _, tail = test.nodeid.partition("::")
    names, bracket, parameters = tail.partition("[")
    *classes, name = names.split("::")
    told: Json = {
        "testId": f"{test.nodeid}#{test.occurrence + 1}" if test.occurrence else test.nodeid,
        "name": name + bracket + parameters or test.nodeid or "unnamed",
        "status": STATUS[test.outcome],
        "duration": _milliseconds(test.seconds),
        "suite": [path, *classes],
        "rawStatus": test.outcome,
    }
    if not told["testId"]:
        del told["testId"]
    if test.file:
        told["filePath"] = test.file
    if test.line is not None:
        told["line"] = test.line
    if test.attempts:
        told |= _ran(test.attempts)
        if told["status"] == "passed" and any(each.outcome in BAD for each in test.attempts[:-1]):
            told["flaky"] = True
    if "message" not in told and test.outcome not in GOOD and test.outcome != "flaky":
        told["message"] = why(tests, test)
    if test.markers:
        told["tags"] = list(test.markers)
    return told | _without_empty({"labels": _labels(test), "extra": _extra(tests, test)})


def _ran(attempts: Sequence[Attempt]) -> Json:
    """What the last attempt came to, and those before it."""
    last = attempts[-1]
    told = {
        "start": _milliseconds(attempts[0].started),
        "stop": _milliseconds(last.started + last.seconds),
        **_without_empty({"threadId": last.worker}),
        **_ended(last),
    }
    if len(attempts) > 1:
        told["retries"] = len(attempts) - 1
        told["retryAttempts"] = [
            {
                "attempt": number,
                "status": STATUS.get(attempt.outcome, "other"),
                "duration": _milliseconds(attempt.seconds),
                "start": _milliseconds(attempt.started),
                "stop": _milliseconds(attempt.started + attempt.seconds),
                **_ended(attempt),
                "extra": {"orchestrate.outcome": attempt.outcome, **_phases(attempt)},
            }
            for number, attempt in enumerate(attempts[:-1], 1)
        ]
    return told


def _ended(attempt: Attempt) -> Json:
    told: Json = {}
    if attempt.failure is not None:
        told["message"] = headline(attempt.failure)
        told["trace"] = attempt.failure.text
    if attempt.sections:
        out, err = output_of(attempt)
        told |= _without_empty({"stdout": out.splitlines(), "stderr": err.splitlines()})
    if attempt.artifacts:
        told["attachments"] = [_attachment(artifact) for artifact in attempt.artifacts]
    return told


def _attachment(artifact: Artifact) -> Json:
    return {
        "name": artifact.name,
        "contentType": artifact.media_type,
        "path": artifact.path,
        "extra": {"orchestrate.bytes": artifact.bytes},
    }


def _labels(test: TestReport) -> Json:
    """What the test is marked with, and its own properties; several of one name as a list."""
    labels: Json = {}
    if test.resources:
        labels["orchestrate.resources"] = list(test.resources)
    if test.group is not None:
        labels["orchestrate.group"] = test.group
    if test.priority:
        labels["orchestrate.priority"] = test.priority
    of_one_name: dict[str, list[str]] = {}
    for name, value in test.properties:
        of_one_name.setdefault(name, []).append(value)
    for name, values in of_one_name.items():
        labels[name] = values[0] if len(values) == 1 else values
    return labels


def _extra(tests: Sequence[TestReport], test: TestReport) -> Json:
    told: Json = {}
    if test.attempts:
        last = test.attempts[-1]
        told = {"order": last.order, **_phases(last, prefix="")}
        if last.failure is not None and last.failure.place is not None:
            told["failed at"] = located(last.failure.place)
        if test.outcome == "xpassed" and last.reason:
            told["reason"] = last.reason
    if test.is_collection:
        told["collection"] = True
    if test.estimate is not None:
        told["estimate"] = round(test.estimate, 6)
    if test.cause is not None:
        told["blocked by"] = tests[test.cause].nodeid
    if test.requires:
        told["requires"] = [tests[each].nodeid for each in test.requires]
    if test.waited:
        told["waited"] = [
            {
                "for": wait.kind,
                "name": wait.name,
                "seconds": round(wait.seconds, 6),
                **_without_empty(
                    {
                        "tests": [tests[each].nodeid for each in wait.tests],
                        "kept": [kept_by(each) for each in wait.kept],
                    }
                ),
            }
            for wait in test.waited
        ]
    return {f"orchestrate.{name.replace(' ', '_')}": value for name, value in told.items()}


def _phases(attempt: Attempt, prefix: str = "orchestrate.") -> Json:
    """Seconds of set-up, call and tear-down."""
    return {
        f"{prefix}setup": round(attempt.setup, 6),
        f"{prefix}call": round(attempt.call, 6),
        f"{prefix}teardown": round(attempt.teardown, 6),
    }


def _environment(report: Report) -> Json:
    run: RunFacts = report.run
    system, _, release = run.platform.partition("-")
    ours = {
        "python": f"{run.implementation} {run.python}".strip(),
        "platform": run.platform,
        "hostname": run.hostname,
        "mode": run.mode,
        "workers": report.summary.workers,
        "workers_started": report.summary.started,
        "dirty": run.dirty,
        "plugins": dict(run.plugins),
        "settings": dict(run.settings),
        "seeds": dict(run.seeds),
        "environment": dict(run.environment),
    }
    return _without_empty(
        {
            "buildName": run.ci.name if run.ci is not None else None,
            "buildUrl": run.ci.url if run.ci is not None else None,
            "commit": run.revision,
            "branchName": run.branch,
            "osPlatform": system.lower(),
            "osRelease": release,
            "healthy": verdict(report.summary) == "passed",
            "extra": {f"orchestrate.{name}": value for name, value in _without_empty(ours).items()},
        }
    )


def _without_empty(values: Json) -> Json:
    return {name: value for name, value in values.items() if value not in (None, "", [], {})}


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
