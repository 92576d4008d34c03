"""Whatever tests have written, every format stays what it is and shows it."""

from __future__ import annotations

import json
import re
from itertools import cycle
from xml.etree.ElementTree import fromstring

import pytest
from _pytest.junitxml import bin_xml_escape
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.model.escaping import printable, visible
from pytest_orchestrate.report.attempts import Artifact, Failure, Place
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.findings import FailureGroup, FlakyTest, Recommendation
from pytest_orchestrate.report.formats import ctrf, github, junit, markdown, text
from pytest_orchestrate.report.formats.html_static import static
from pytest_orchestrate.report.formats.texts import one_line, shortened
from tests.support.rendered import Page
from tests.support.reports import RUN, STARTED, attempt_of, report_of, reported

#: What ends or begins something in one of the formats.
_TELLING = [
    *("<", ">", "&", "&lt;", "&#60;", "</details>", "<!--", "-->", "<?", "]]>", "<script>"),
    *("`", "```", "~~~", "|", "\\", "\\|", "*", "_", "# ", "- ", "1. ", "    ", "[", "](", ")"),
    *("\n", "\n\n", "\r\n", "\r", "\t", " ", "%", ",", ":", "::", "::error::", '"', "'", "$`"),
    *("@a", "#1", "https://a.b", "www.a", "a", "x" * 400, "\U0001f600"),
    *("\x00", "\x1b[31m", "\x7f", "\udc80", "\u2028", "\u202e", "\u2066", "\u061c", "\ufffe"),
]
#: What moves a terminal's cursor, turns the direction of writing, or takes no room.
SHAPELESS = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069]"
)
texts = st.lists(st.sampled_from(_TELLING) | st.text(max_size=5), max_size=12).map("".join)


@st.composite
def reports(draw: st.DrawFn) -> Report:
    """A run of few tests with odd texts wherever tests have a say."""
    turn = cycle(draw(st.lists(texts, min_size=1, max_size=5)))

    def odd() -> str:
        return next(turn)

    def test(number: int) -> str:
        return f"{odd()}.py::t{number}[{odd()}]"

    place = Place(odd(), 3)
    failure = Failure(odd(), odd(), draw(st.sampled_from([None, place])), odd())
    sections = (("Captured stdout call", odd()), ("Captured stderr call", odd()), (odd(), odd()))
    artifact = Artifact(odd(), odd(), 1, odd())
    bad = attempt_of("failed", failure=failure, sections=sections, artifacts=(artifact,))
    tests = (
        reported(test(0), "failed", [bad], properties=((odd(), odd()),)),
        reported(test(1), "flaky", [bad, attempt_of(order=1, call=9.0)], markers=(odd(),)),
        reported(test(2), "blocked", reason=odd(), cause=0, group=odd(), resources=(odd(),)),
        reported(test(3), "not run", reason=odd()),
        reported(test(4), "skipped", [attempt_of("skipped", reason=odd())]),
    )
    return report_of(
        *tests,
        run=RunFacts(RUN, STARTED, "workers", (odd(),), branch=odd(), settings={odd(): odd()}),
        groups=(FailureGroup("place", odd(), failure, (0,), (2,)),),
        flaky=(FlakyTest(1, 2, 1, 1, 0.5, 0.1, 0.9),),
        recommendations=(Recommendation("split", odd(), 1.0, odd()),),
        reason=odd(),
        notes=(odd(),),
        remarks=(odd(),),
    )


def in_xml(value: str) -> str:
    """As pytest escapes it, and a parser reads it."""
    return bin_xml_escape(value).replace("\r\n", "\n").replace("\r", "\n")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="DEL and emojis were escaped otherwise")
@given(reports())
def test_junit_has_every_text_as_pytest_writes_it(report: Report) -> None:
    cases = list(fromstring(junit.render(report)).iter("testcase"))
    for case, test in zip(cases, report.tests, strict=True):
        classname, name = junit.address(test.nodeid)
        assert case.get("name") == bin_xml_escape(name)
        assert case.get("classname") == bin_xml_escape(classname)
    failure = report.tests[0].attempts[0].failure
    assert failure is not None
    assert (cases[0].findtext("failure") or "") == in_xml(failure.text)
    assert (cases[1].findtext("flakyFailure/stackTrace") or "") == in_xml(failure.text)


@given(reports())
def test_ctrf_can_be_read_and_has_every_text(report: Report) -> None:
    tests = json.loads(ctrf.render(report))["results"]["tests"]
    for told, test in zip(tests, report.tests, strict=True):
        assert told["testId"] == printable(test.nodeid)
    failure = report.tests[0].attempts[0].failure
    assert failure is not None
    assert tests[0]["trace"] == tests[1]["retryAttempts"][0]["trace"] == printable(failure.text)


#: What a page is made of; whatever else there is has come from a test.
TAGS = {"blockquote", "code", "details", "em", "h2", "h3", "h4", "li", "ol", "p", "pre", "strong"}
TAGS |= {"summary", "table", "tbody", "td", "th", "thead", "tr", "ul"}


@given(reports())
def test_nothing_breaks_out_of_markdown(report: Report) -> None:
    page = Page(markdown.render(report))
    assert page.misplaced == []
    assert page.tags <= TAGS
    assert {name for name, _ in page.attributes} <= {"code.class", "th.style", "td.style"}
    assert page.comments <= {" "}
    failure = report.tests[0].attempts[0].failure
    assert failure is not None
    assert any(code.rstrip() == visible(failure.text).rstrip() for code in page.code)
    assert SHAPELESS.search("".join([*page.code, *page.texts])) is None
    shown = [" ".join(code.split()) for code in page.code]
    assert " ".join(one_line(report.tests[0].nodeid, 300).split()) in shown
    slowest = next(row for row in page.rows if "9.1 s" in row)
    assert len(slowest) == 4
    assert " ".join(slowest[0].split()) == one_line(report.tests[1].nodeid, 300)


@given(reports(), st.integers(0, 6_000))
def test_markdown_keeps_its_limit_and_stays_whole(report: Report, limit: int) -> None:
    short = markdown.render(report, limit)
    assert len(short.encode()) <= limit
    page = Page(short)
    assert page.misplaced == []
    assert page.tags <= TAGS


@given(reports())
def test_each_annotation_is_one_command(report: Report) -> None:
    lines = re.split("\r\n|[\r\n]", github.annotations(report))
    assert lines.pop() == ""
    for line in lines:
        assert re.fullmatch(r"::(error|warning) (\w+=[^,:]*,?)+::.*", line), line
        assert re.search("%(?!25|0D|0A|3A|2C)", line) is None
        assert SHAPELESS.search(line) is None


@given(reports())
def test_the_plain_part_of_the_page_shows_whatever_there_is(report: Report) -> None:
    assert SHAPELESS.search(static(report)) is None


@given(reports(), st.integers(1, 200))
def test_a_terminal_is_sent_no_commands(report: Report, width: int) -> None:
    shown = text.render(report, width=width)
    shown.encode()
    assert SHAPELESS.search(shown) is None


@given(texts)
def test_what_is_visible_already_stays_as_it_is(value: str) -> None:
    assert visible(visible(value)) == visible(value)
    visible(value).encode()


@given(texts, st.integers(1, 60))
def test_a_line_is_as_long_as_is_allowed(value: str, longest: int) -> None:
    line = one_line(value, longest)
    assert len(line) <= longest
    assert line == " ".join(line.split())


@given(texts, st.integers(2, 60))
def test_of_a_shortened_text_both_ends_are_there(value: str, longest: int) -> None:
    short = shortened(value, longest)
    assert short.startswith(value[: longest // 2])
    assert short.endswith(value[-(longest // 2) :])
