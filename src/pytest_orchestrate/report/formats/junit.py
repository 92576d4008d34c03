"""JUnit XML as GitLab, Jenkins and what people use on GitHub read it.

The shape is that of the xUnit plugin's ``junit-10.xsd`` for Jenkins (pytest's ``xunit2``), whose
elements for attempts come from Maven Surefire, and three things more, which readers of it know or
pass over: ``file`` and ``line`` of a test case (GitLab), its ``properties`` (Jenkins), and the
number of skipped tests on the root. Class names and names are those of pytest's own JUnit XML, so
what turns the direction of writing stays in them: XML can have it, and readers compare names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime, timezone
from xml.etree.ElementTree import Element, SubElement, tostring

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.attempts import Attempt, Failure, TestReport
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.formats.failures import headline, why
from pytest_orchestrate.report.formats.output import output_of

#: Characters of a ``message``; as pytest has it. The whole is in the element's text.
MESSAGE = 500

#: What XML cannot have; and DEL, as in pytest's ``bin_xml_escape``.
_ILLEGAL = re.compile("[^\t\n\r\x20-\x7e\x80-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_PYTHON = re.compile(r"\.py$")
#: Outcome -> ``type`` of ``skipped``.
_SKIPPED = {
    "skipped": "pytest.skip",
    "xfailed": "pytest.xfail",
    "blocked": "orchestrate.blocked",
    "not run": "orchestrate.not-run",
    "interrupted": "orchestrate.interrupted",
    "running": "orchestrate.running",
}


def render(report: Report) -> bytes:
    """The run as one suite, a case for each test in the order of collection. UTF-8."""
    outcomes = [_final(test) for test in report.tests]
    counts = {
        "tests": str(len(outcomes)),
        "failures": str(outcomes.count("failed")),
        "errors": str(outcomes.count("error") + outcomes.count("crashed")),
        "skipped": str(sum(outcome in _SKIPPED for outcome in outcomes)),
        "time": _seconds(report.summary.wall),
    }
    root = Element("testsuites", {"name": "pytest tests", **counts})
    began = datetime.fromtimestamp(report.run.started, timezone.utc)
    suite = SubElement(
        root,
        "testsuite",
        {"name": "pytest", **counts, "timestamp": began.isoformat(timespec="milliseconds")},
    )
    if report.run.hostname:
        suite.set("hostname", _legal(report.run.hostname))
    _add_properties(suite, list(_facts(report.run)))
    several = {test.nodeid for test in report.tests if test.occurrence}
    for test, outcome in zip(report.tests, outcomes, strict=True):
        suite.append(_case(report.tests, test, outcome, names_worker=test.nodeid in several))
    # so that two of them can be compared line by line
    root.text = suite.text = suite.tail = "\n"
    for child in suite:
        child.tail = "\n"
    written: bytes = tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _final(test: TestReport) -> str:
    """How the last attempt ended."""
    if test.outcome == "flaky" and test.attempts:
        return test.attempts[-1].outcome
    return test.outcome


def _facts(run: RunFacts) -> Iterator[tuple[str, str]]:
    yield "run", run.run
    for name in ("python", "implementation", "platform", "pytest", "revision", "branch"):
        value = getattr(run, name)
        if value:
            yield name, value
    if run.dirty is not None:
        yield "dirty", str(run.dirty).lower()
    if run.ci is not None:
        yield "ci", run.ci.name
        if run.ci.url:
            yield "ci.url", run.ci.url
    for name, values in (
        ("setting", run.settings),
        ("seed", run.seeds),
        ("environment", run.environment),
    ):
        for key, value in values.items():
            yield f"{name}.{key}", value


def _case(
    tests: Sequence[TestReport], test: TestReport, outcome: str, *, names_worker: bool
) -> Element:
    classname, name = address(test.nodeid)
    case = Element("testcase", {"classname": _legal(classname), "name": _legal(name)})
    if test.file:
        case.set("file", _legal(test.file))
        if test.line is not None:
            case.set("line", str(test.line))
    case.set("time", _seconds(test.seconds))
    last = test.attempts[-1] if test.attempts else None
    worker = (("worker", last.worker),) if names_worker and last is not None else ()
    if worker or test.properties:
        _add_properties(case, [*worker, *test.properties])
    if outcome in BAD:
        tag = "failure" if outcome == "failed" else "error"
        _add_failure(case, tag, outcome, last.failure if last is not None else None)
    elif outcome in _SKIPPED:
        _add_skipped(case, outcome, why(tests, test), is_collection=test.is_collection)
    if len(test.attempts) > 1:
        _add_earlier(case, test.attempts[:-1], "rerun" if outcome in BAD else "flaky")
    if last is not None:
        _add_output(case, last)
    return case


def address(nodeid: str) -> tuple[str, str]:
    """Class name and name that pytest's own JUnit XML has for a node id.

    Source: ``mangle_test_address`` in ``_pytest/junitxml.py``, pytest 9.2.
    """
    path, _, tail = nodeid.partition("::")
    module = _PYTHON.sub("", path.replace("/", "."))
    if not tail:
        return "", module
    # what a parameter is made of may look like the rest of a node id
    names, bracket, parameters = tail.partition("[")
    *classes, name = names.split("::")
    return ".".join([module, *classes]), name + bracket + parameters


def _add_properties(parent: Element, values: Sequence[tuple[str, str]]) -> None:
    properties = SubElement(parent, "properties")
    for name, value in values:
        SubElement(properties, "property", {"name": _legal(name), "value": _legal(value)})


def _add_failure(case: Element, tag: str, outcome: str, failure: Failure | None) -> None:
    added = SubElement(case, tag, _described(outcome, failure))
    if failure is not None:
        added.text = _legal(failure.text)


def _add_skipped(case: Element, outcome: str, reason: str, *, is_collection: bool) -> None:
    # of what skips itself when it is collected, pytest tells just that in the message
    message = "collection skipped" if is_collection else _message(reason)
    added = SubElement(case, "skipped", {"type": _SKIPPED[outcome], "message": _legal(message)})
    if is_collection:
        added.text = _legal(reason)


def _add_earlier(case: Element, attempts: Sequence[Attempt], prefix: str) -> None:
    for attempt in attempts:
        if attempt.outcome not in BAD:
            continue
        tag = prefix + ("Failure" if attempt.outcome == "failed" else "Error")
        added = SubElement(case, tag, _described(attempt.outcome, attempt.failure))
        if attempt.failure is not None:
            SubElement(added, "stackTrace").text = _legal(attempt.failure.text)
        _add_output(added, attempt)


def _described(outcome: str, failure: Failure | None) -> dict[str, str]:
    if failure is None:
        return {"message": outcome, "type": outcome}
    message = _legal(_message(headline(failure)))
    return {"message": message, "type": _legal(failure.exception) or outcome}


def _add_output(parent: Element, attempt: Attempt) -> None:
    out, err = output_of(attempt)
    # GitLab, and Jenkins' attachments plugin, show the files that are named like this
    named = [f"[[ATTACHMENT|{artifact.path}]]" for artifact in attempt.artifacts]
    text = "\n".join([out, *named] if out else named)
    if text:
        SubElement(parent, "system-out").text = _legal(text)
    if err:
        SubElement(parent, "system-err").text = _legal(err)


def _message(text: str) -> str:
    return text if len(text) <= MESSAGE else text[: MESSAGE - 1] + "…"


def _seconds(value: float) -> str:
    return f"{max(0.0, value):.3f}"


def _legal(text: str) -> str:
    """A text with all that XML cannot have written as ``#x1B``, as pytest does."""
    return _ILLEGAL.sub(_as_pytest_writes, text)


def _as_pytest_writes(found: re.Match[str]) -> str:
    number = ord(found[0])
    return f"#x{number:02X}" if number <= 0xFF else f"#x{number:04X}"
