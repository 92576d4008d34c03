"""Markdown as a reader of it has it: what is an element, and what is text."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt

#: Elements without an end.
_VOID = {"br", "hr", "img", "input"}


class Page(HTMLParser):
    """The elements and texts of a page of Markdown."""

    def __init__(self, markdown: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str | None]] = set()
        #: Texts of ``code`` elements, in order.
        self.code: list[str] = []
        #: Texts that are not in one.
        self.texts: list[str] = []
        self.comments: set[str] = set()
        #: Rows of tables, as lists of texts.
        self.rows: list[list[str]] = []
        #: All text that is not in a ``details`` element.
        self.at_first_sight = ""
        self.misplaced: list[str] = []
        self._open: list[str] = []
        renderer = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
        self.feed(renderer.render(markdown))
        self.close()
        self.misplaced += self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes.update((f"{tag}.{name}", value) for name, value in attrs)
        if tag not in _VOID:
            self._open.append(tag)
        if tag == "code":
            self.code.append("")
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open.pop() != tag:
            self.misplaced.append(tag)

    def handle_data(self, data: str) -> None:
        if "code" in self._open:
            self.code[-1] += data
        else:
            self.texts.append(data)
        if "td" in self._open or "th" in self._open:
            self.rows[-1][-1] += data
        if "details" not in self._open:
            self.at_first_sight += data

    def handle_comment(self, data: str) -> None:
        self.comments.add(data)

    def handle_decl(self, decl: str) -> None:
        self.misplaced.append(decl)

    def handle_pi(self, data: str) -> None:
        self.misplaced.append(data)

    def unknown_decl(self, data: str) -> None:
        self.misplaced.append(data)
