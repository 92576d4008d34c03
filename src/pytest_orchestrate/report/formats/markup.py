"""Texts that tests have made, in Markdown, from which nothing can break out.

As GitHub, GitLab and CommonMark with tables read it. Ordinary node ids and paths stay readable in
the source; what could be markup is written as character references, which no reader takes for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from pytest_orchestrate.model.escaping import visible
from pytest_orchestrate.report.formats.texts import one_line, shortened

#: What is the same inside a code span, in a table's cell or not.
_ORDINARY = re.compile(r"[\w./:\[\](),=@+'\"{}*#%?!;^~-]+(?: [\w./:\[\](),=@+'\"{}*#%?!;^~-]+)*")
_MARKUP = re.compile(r"[&<>\"'`*_\[\]()#|~!\\:@$]|(?<=www)\.")
#: The same for sentences: what may begin a heading or a list does so at the beginning only.
_IN_PROSE = re.compile(r"[&<>`*\[\]|~\\$]|(?<!\w)_|_(?!\w)|^[#+=-]|(?<=:)/|(?<=www)\.|[@#](?=\w)")
_TICKS = re.compile("`{3,}")
_SAFE_URL = re.compile(r"https?://[\w./:?=%+,;~-]+")


def code(text: str, longest: int = 300) -> str:
    """A text in one line of code, for paragraphs, lists, headings and cells of tables."""
    line = one_line(text, longest)
    if _ORDINARY.fullmatch(line):
        return f"`{line}`"
    return markup_code(line, longest)


def markup_code(text: str, longest: int = 300) -> str:
    """The same as an element, for where Markdown is not read: ``<summary>``."""
    return f"<code>{_MARKUP.sub(_escaped, one_line(text, longest))}</code>"


def prose(text: str, longest: int = 1_000) -> str:
    """A sentence in one line, which may name tests."""
    return _IN_PROSE.sub(_escaped, one_line(text, longest))


def _escaped(found: re.Match[str]) -> str:
    # however they are written, addresses become links, and people and issues are told on GitHub
    apart = "<!-- -->" if found[0] in "@#" else ""
    return f"&#{ord(found[0])};{apart}"


def link(text: str, url: str | None) -> str:
    """A link, if the address is one of the web without anything odd."""
    if url is None or not _SAFE_URL.fullmatch(url):
        return prose(text)
    return f"[{prose(text)}]({url})"


def fenced(text: str, language: str = "text", longest: int = 20_000) -> str:
    """A block of code; the fence is longer than any in it."""
    shown = visible(shortened(text, longest)).rstrip()
    longest_run = max((len(run) for run in _TICKS.findall(shown)), default=2)
    fence = "`" * (longest_run + 1)
    return f"{fence}{language}\n{shown}\n{fence}\n"


def details(summary: str, content: str) -> str:
    """What is seen after a click; ``summary`` is markup, ``content`` is Markdown."""
    return f"<details><summary>{summary}</summary>\n\n{content}\n</details>\n\n"


def row(cells: Iterable[str]) -> str:
    """A line of a table; the cells are Markdown in one line."""
    return f"| {' | '.join(cells)} |\n"


def table_head(*titles: str) -> str:
    """The first lines of a table; columns with a title that ends in ``>`` are numbers."""
    rules = ["--:" if title.endswith(">") else "---" for title in titles]
    return row(title.rstrip(">") for title in titles) + row(rules)
