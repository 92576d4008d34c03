from __future__ import annotations

import json
import re
import zlib
from base64 import b64decode, b64encode
from hashlib import sha256
from html import unescape
from html.parser import HTMLParser
from importlib.resources import files
from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.attempts import Artifact
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats import html, html_texts
from pytest_orchestrate.report.formats.html import SCRIPTS, STYLES, render
from tests.support.invented_run import invented_run
from tests.support.reports import attempt_of, failure_of, report_of, reported
from tests.support.told_run import HOSTILE, UNPRINTABLE, story_of_a_run

PARTS = files("pytest_orchestrate.report.formats") / "html_page"


class Page(HTMLParser):
    """What a browser would make of the page, as far as these tests want to know."""

    def __init__(self, page: bytes) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        #: Of each script and style: its attributes and its text.
        self.raw: list[tuple[str, dict[str, str | None], str]] = []
        self.text = ""
        self.feed(page.decode("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag in ("script", "style"):
            self.raw.append((tag, dict(attrs), ""))

    def handle_data(self, data: str) -> None:
        if self.cdata_elem:
            tag, attributes, text = self.raw[-1]
            self.raw[-1] = (tag, attributes, text + data)
        else:
            self.text += data

    @property
    def data(self) -> dict[str, Any]:
        found = [text for _, attributes, text in self.raw if attributes.get("id") == "data"]
        assert len(found) == 1
        loaded: dict[str, Any] = json.loads(found[0])
        return loaded

    @property
    def texts(self) -> list[str]:
        texts: list[str] = []
        for _, attributes, text in self.raw:
            if attributes.get("class") == "texts":
                first, _, packed = text.partition(":")
                assert int(first) == len(texts)
                texts += json.loads(zlib.decompress(b64decode(packed)))
        return texts

    @property
    def policy(self) -> str:
        (policy,) = [
            attributes["content"] or ""
            for tag, attributes in self.elements
            if attributes.get("http-equiv") == "Content-Security-Policy"
        ]
        return policy


def page_of(*tests: Any, **fields: Any) -> Page:
    return Page(render(report_of(*tests, **fields)))


@pytest.fixture(scope="module")
def story() -> Page:
    return Page(render(story_of_a_run()))


def test_all_files_of_the_page_are_in_it() -> None:
    there = {part.name for part in PARTS.iterdir()}
    assert there == {*SCRIPTS, *STYLES, "page.html", "static.html"}


@pytest.mark.parametrize("name", [*SCRIPTS, *STYLES])
def test_a_part_of_the_page_can_stand_in_its_element(name: str) -> None:
    text = (PARTS / name).read_text(encoding="utf-8")
    assert not re.search(r"</(script|style)|<!--", text, re.IGNORECASE)


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_make_no_markup_of_texts(name: str) -> None:
    text = (PARTS / name).read_text(encoding="utf-8")
    ways = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc"
    assert not re.search(ways, text)


@pytest.mark.parametrize("name", [*SCRIPTS, *STYLES, "page.html"])
def test_nothing_is_fetched(name: str) -> None:
    text = (PARTS / name).read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
    ways = r"fetch\(|XMLHttpRequest|WebSocket|import\(|@import|url\(|https?://\w"
    assert not re.search(ways, text)


def test_the_policy_allows_this_very_script_and_style_and_nothing_else(story: Page) -> None:
    def hashed(text: str) -> str:
        return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"

    (style,) = [text for tag, _, text in story.raw if tag == "style"]
    (script,) = [text for tag, attributes, text in story.raw if tag == "script" and not attributes]
    directives = dict(part.strip().split(" ", 1) for part in story.policy.split(";"))
    assert directives["default-src"] == "'none'"
    assert directives["script-src"] == hashed(script)
    assert directives["style-src"] == hashed(style)
    assert directives["img-src"] == "data: file: 'self'"


def test_hostile_texts_make_no_elements(story: Page) -> None:
    plain = Page(render(report_of(reported("tests/test_a.py::test_a"))))
    kinds = {tag for tag, _ in story.elements} - {tag for tag, _ in plain.elements}
    # what the plain part has for failures, changes and recommendations
    assert kinds <= {"ol", "li", "strong", "ul", "code", "br"}
    assert len([tag for tag, _, _ in story.raw if tag == "style"]) == 1
    runnable = [given for tag, given, _ in story.raw if tag == "script" and not given]
    assert len(runnable) == 1


def test_hostile_texts_arrive_as_they_are(story: Page) -> None:
    report = story_of_a_run()
    assert nodeids(story) == [readable(test.nodeid) for test in report.tests]
    assert HOSTILE in "".join(story.texts)
    assert UNPRINTABLE in "".join(story.texts)


@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<!-- <script>",
        "]]>",
        "<img src=x onerror=alert(1)>",
        "\\u003c/script>",
        "$data ${script} $$",
        "&lt;b&gt; &amp; &#60;",
        "\u2028\u2029\x00\x1b[31m",
        "\udc80 half of a pair",
    ],
)
def test_any_text_is_the_same_after_the_way_through_the_page(text: str) -> None:
    failure = failure_of(text, text, text, text=text)
    attempt = attempt_of("failed", failure=failure, sections=((text, text),), reason=text)
    page = page_of(reported(f"tests/test_a.py::test[{text}]", "failed", [attempt], reason=text))
    data = page.data
    assert nodeids(page) == [f"tests/test_a.py::test[{text}]"]
    assert data["failures"][0][:3] == [text, text, text]
    assert page.texts == [text]
    assert data["more"]["tests"]["0"]["reason"] == text
    assert "<" not in next(text for _, given, text in page.raw if given.get("id") == "data")


def test_a_text_is_in_the_page_once() -> None:
    printed = (("Captured stdout call", "the same for all\n" * 1_000),)
    tests = [
        reported(f"tests/test_a.py::test_{number}", attempts=[attempt_of(sections=printed)])
        for number in range(50)
    ]
    page = page_of(*tests)
    assert page.texts == ["the same for all\n" * 1_000]


def test_many_texts_are_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_texts, "BLOCK", 100)
    tests = [
        reported(
            f"tests/test_a.py::test_{number}",
            attempts=[attempt_of(sections=(("Captured stdout call", f"{number} " * 15),))],
        )
        for number in range(40)
    ]
    page = page_of(*tests)
    assert page.texts == [f"{number} " * 15 for number in range(40)]
    assert len([1 for _, given, _ in page.raw if given.get("class") == "texts"]) > 5


def test_of_a_very_long_text_the_middle_is_left_out() -> None:
    text = "first " + "x" * 1_000_000 + " last"
    page = page_of(reported("a.py::t", attempts=[attempt_of(sections=(("Captured", text),))]))
    (shown,) = page.texts
    assert shown.startswith("first x")
    assert shown.endswith("x last")
    assert "characters are left out here" in shown
    assert len(shown) < 1.01 * html_texts.LONGEST_TEXT


def test_all_texts_together_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(html_texts, "ALL_TEXTS", 100_000)
    tests = [
        reported(
            f"a.py::test_{number}",
            attempts=[attempt_of(sections=(("Captured", f"{number}" * 20_000),))],
        )
        for number in range(10, 30)
    ]
    assert sum(map(len, page_of(*tests).texts)) < 110_000


def test_times_are_kept_to_a_tenth_of_a_millisecond() -> None:
    attempt = attempt_of(at=12.34567, setup=0.1, call=0.00004, teardown=3.0)
    columns = page_of(reported("a.py::t", attempts=[attempt])).data["attempts"]
    names = ("at", "setup", "call", "teardown")
    assert [columns[name] for name in names] == [[123457], [1000], [0], [30000]]


def test_the_page_is_the_same_for_the_same_report() -> None:
    assert render(story_of_a_run()) == render(story_of_a_run())


@pytest.mark.parametrize(
    ("report", "said"),
    [
        (report_of(exitstatus=5), "There were no tests to run"),
        (report_of(reported("a.py::t")), "The only test passed"),
        (report_of(reported("a.py::t", "skipped")), "The only test was skipped"),
        (report_of(reported("a.py::t", "failed")), "1 of 1 test failed"),
        (invented_run(300, bad=0), "293 of 300 tests passed, 7 skipped"),
    ],
)
def test_the_plain_part_says_how_it_ended(report: Report, said: str) -> None:
    assert f"<h1>{said}</h1>" in render(report).decode()


def test_the_plain_part_has_each_failure_with_exception_place_and_root(story: Page) -> None:
    assert "Declined: card declined" in story.text
    assert "src/shop/gateway.py:87" in story.text
    assert "tests/shop/test_payment.py::test_pays[card]" in story.text


def test_the_plain_part_stays_small_in_a_long_report() -> None:
    plain = Page(render(invented_run(6_000, bad=3_000, output=10)))
    assert plain.text.count("tests/") < 6_000
    assert re.search(r"and \d+ tests more", plain.text)


def test_a_failure_without_a_group_is_a_group_of_its_own() -> None:
    bare = replace(report_of(reported("tests/test_a.py::test_a", "failed")), areas=())
    page = Page(render(bare))
    assert [group["tests"] for group in page.data["groups"]] == [[0]]
    assert "tests/test_a.py::test_a" in page.text


@pytest.mark.parametrize(
    ("folder", "path", "way"),
    [
        ("/shop/out", "/shop/kept/a/log.txt", "../kept/a/log.txt"),
        ("/shop", "/shop/kept/log.txt", "kept/log.txt"),
        ("/shop/out", "/tmp/log.txt", "../../tmp/log.txt"),
        ("/shop/out", "kept/log.txt", "kept/log.txt"),
        ("", "/shop/kept/log.txt", "/shop/kept/log.txt"),
        ("C:\\shop\\out", "C:\\shop\\kept\\log.txt", "../kept/log.txt"),
        ("C:\\shop", "D:\\kept\\log.txt", "D:\\kept\\log.txt"),
        ("/shop", "/shop", "../shop"),
        ("/shop/out", "/shop/out\\log.txt", "../out\\log.txt"),
        ("/a/b/c", "/a/b", "../../b"),
    ],
)
def test_artifacts_are_linked_from_where_the_page_lies(folder: str, path: str, way: str) -> None:
    left = Artifact("log", path, 7, "text/plain")
    report = report_of(reported("a.py::t", attempts=[attempt_of(artifacts=(left,))]))
    told = Page(render(report, folder)).data["more"]["attempts"]["0"]["artifacts"]
    assert [each["path"] for each in told] == [way]


def readable(text: str) -> str:
    """A text as the page has it: half of a surrogate pair is told in JSON alone."""
    return json.loads(json.dumps(text))  # type: ignore[no-any-return]


def nodeids(page: Page) -> list[str]:
    data = page.data
    tests = data["tests"]
    return [
        name
        if data["more"]["tests"].get(str(position), {}).get("elsewhere")
        else data["files"][file] + name
        for position, (file, name) in enumerate(zip(tests["file"], tests["name"], strict=True))
    ]


def test_texts_of_the_plain_part_are_escaped() -> None:
    test = reported("a.py::t[<script>&amp;]", "failed")
    page = render(report_of(test)).decode()
    assert "<td>a.py::t[&lt;script&gt;&amp;amp;]" in page
    assert unescape("&lt;script&gt;&amp;amp;") == "<script>&amp;"


def test_parts_are_read_once() -> None:
    render(report_of())
    assert html._parts.cache_info().currsize == 1
