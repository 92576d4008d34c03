"""One HTML file with all of a report in it: no network, no server, nothing beside it.

The page's parts are files in ``html_page/``: a skeleton, a style and scripts, one noun each. What
the run is about goes in as data, which the scripts show; beside it stands what matters most as
plain HTML (``html_static.py``), for readers without scripts and for print.

Nothing that tests have written can become markup or script. The data are JSON in which ``<``, ``>``
and ``&`` are escaped, scripts put texts into the page as texts only, plain HTML is escaped, and
the page's content security policy allows this very style and these very scripts, by their hashes,
and nothing else.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterable
from functools import cache
from hashlib import sha256
from importlib.resources import files

from markupsafe import Markup

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.html_data import embedded
from pytest_orchestrate.report.formats.html_static import static, title
from pytest_orchestrate.report.formats.html_template import filled
from pytest_orchestrate.report.verdict import verdict

#: In the order in which they are joined; what comes later has the last word.
STYLES = ("theme.css", "style.css", "summary.css", "tests.css", "timeline.css", "print.css")
#: In the order in which they are joined: what a script uses stands before it.
SCRIPTS = (
    "elements.js",
    "words.js",
    "outcomes.js",
    "clipboard.js",
    "texts.js",
    "run.js",
    "query.js",
    "address.js",
    "terminal_text.js",
    "charts.js",
    "groups.js",
    "aside.js",
    "summary.js",
    "rows.js",
    "test_list.js",
    "waits.js",
    "attempts.js",
    "test_page.js",
    "lanes.js",
    "drawing.js",
    "strip.js",
    "timeline_tables.js",
    "timeline.js",
    "folders.js",
    "health.js",
    "facts.js",
    "theme.js",
    "keys.js",
    "page.js",
)


def render(report: Report, folder: str = "") -> bytes:
    """The page, in UTF-8.

    ``folder``: absolute, where the page is going to lie. Artifacts are linked from there, so that
    they are found wherever both are copied to; without it, they are linked where they lie now.
    """
    style, script = _parts()
    data, texts = embedded(report, folder)
    page = filled(
        "page.html",
        policy=Markup(  # noqa: S704  # words of ours and hashes
            f"default-src 'none'; script-src '{_hash(script)}'; style-src '{_hash(style)}'; "
            "img-src data: file: 'self'; base-uri 'none'; form-action 'none'"
        ),
        verdict=verdict(report.summary),
        title=title(report),
        style=style,
        static=static(report),
        data=Markup(data),  # noqa: S704  # of which html_data makes what is no markup
        texts=[Markup(block) for block in texts],  # noqa: S704  # base64
        script=script,
    )
    # what cannot be UTF-8 (half of a surrogate pair) is shown as Python would write it
    return page.encode("utf-8", "backslashreplace")


@cache
def _parts() -> tuple[Markup, Markup]:
    """Style and script, which stand in the page as they are."""
    folder = files("pytest_orchestrate.report.formats") / "html_page"

    def joined(names: Iterable[str]) -> str:
        return "\n".join((folder / name).read_text(encoding="utf-8") for name in names)

    script = f'(() => {{\n"use strict";\n{joined(SCRIPTS)}}})();\n'
    return Markup(joined(STYLES)), Markup(script)  # noqa: S704  # files of ours


def _hash(inline: str) -> str:
    return "sha256-" + b64encode(sha256(inline.encode()).digest()).decode()
