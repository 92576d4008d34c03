"""Annotations of GitHub Actions: lines on standard output that it shows beside the code.

Source: "Workflow commands for GitHub Actions" and ``ActionCommand.cs`` of ``actions/runner``. A
step's annotations beyond ten errors and ten warnings are dropped there without a word.
"""

import posixpath
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.attempts import Failure, Place, TestReport
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.formats.failures import (
    causes,
    failure_of,
    headline,
    known_since,
    members,
)
from pytest_orchestrate.report.formats.flaky import flaky
from pytest_orchestrate.report.formats.texts import one_line, shortened
from pytest_orchestrate.report.words import count_of, percent, seconds

#: Of each level, in a step.
MOST = 10
#: Characters of a message.
MESSAGE = 4_000
#: Tests of a group that are named.
NAMED = 10


class _Annotation(NamedTuple):
    level: str
    place: Place
    title: str
    message: str


def annotations(report: Report, folder: str = ".") -> str:
    """Lines for standard output: errors for what failed, warnings for what is flaky or slower.

    Causes come first, each at the place where it was raised, the one with the most tests before
    the others; then, as long as there is room, the tests of causes with several.

    :param folder: The root directory, as seen from the workspace, to which GitHub takes paths to
        be relative.
    """
    found = (*islice(_errors(report), MOST), *islice(_warnings(report), MOST))
    return "".join(f"{_command(each, folder)}\n" for each in found)


def _errors(report: Report) -> Iterator[_Annotation]:
    found = [group for group in causes(report) if group.kind != "blocked"]
    for group in found:
        first = report.tests[group.tests[0]]
        yield _Annotation("error", _place(group.failure, first), *_told(report, group))
    for group in found:
        for position in group.tests if len(group.tests) > 1 else ():
            test = report.tests[position]
            failure = failure_of(test)
            message = headline(failure) if failure is not None else test.outcome
            yield _Annotation("error", Place(test.file, test.line), test.nodeid, message)


def _told(report: Report, group: FailureGroup) -> tuple[str, str]:
    """Title and message."""
    nodeids = [report.tests[position].nodeid for position in group.tests]
    several = len(nodeids) > 1
    title = f"{members(report, group.tests)} failed alike" if several else nodeids[0]
    lines = [group.title]
    since = known_since(group)
    if since:
        lines.append(since)
    if several:
        lines += nodeids[:NAMED]
        if len(nodeids) > NAMED:
            lines.append(f"and {len(nodeids) - NAMED} more")
    if group.blocked:
        lines.append(f"{count_of(len(group.blocked), 'test')} blocked by this")
    return title, "\n".join(lines)


def _place(failure: Failure | None, test: TestReport) -> Place:
    """Where it was raised, if that is below the root directory; else where the test is."""
    place = failure.place if failure is not None else None
    if place is not None and not place.path.startswith(("/", "../")) and ":" not in place.path:
        return place
    return Place(test.file, test.line)


def _warnings(report: Report) -> Iterator[_Annotation]:
    for each in flaky(report):
        test = each.test
        message = f"{test.nodeid} failed in {each.told}"
        bad = [attempt.failure for attempt in test.attempts if attempt.failure is not None]
        if test.outcome == "flaky" and bad:
            message = f"{test.nodeid} failed, then passed\n{headline(bad[-1])}"
            if each.on_record is not None:
                message += f"\nfailed in {each.told}"
        yield _Annotation("warning", Place(test.file, test.line), "Flaky test", message)
    for slower in report.regressions:
        test = report.tests[slower.test]
        message = f"{test.nodeid} took {seconds(slower.before)} before, {seconds(slower.now)} now"
        if slower.before > 0:
            message += f" (+{percent(slower.now / slower.before - 1)})"
        yield _Annotation("warning", Place(test.file, test.line), "Slower test", message)


def _command(annotation: _Annotation, folder: str) -> str:
    level, place, title, message = annotation
    path = posixpath.normpath(posixpath.join(folder, place.path))
    properties = {"file": path, "line": str(place.line or ""), "title": one_line(title)}
    told = ",".join(f"{name}={_property(value)}" for name, value in properties.items() if value)
    return f"::{level} {told}::{_data(shortened(visible(message), MESSAGE))}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(visible(text)).replace(":", "%3A").replace(",", "%2C")
