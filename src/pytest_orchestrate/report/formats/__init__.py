"""One module a format; each renders a :class:`~pytest_orchestrate.report.document.Report`.

The table below and the names in ``options/table.py`` (``REPORT_FORMATS``) go together.
"""

from __future__ import annotations

from collections.abc import Callable

from pytest_orchestrate.report.document import Report


def _json(report: Report) -> bytes:
    from pytest_orchestrate.report.formats import json

    return json.render(report)


def _junit(report: Report) -> bytes:
    from pytest_orchestrate.report.formats import junit

    return junit.render(report)


def _markdown(report: Report) -> bytes:
    from pytest_orchestrate.report.formats import markdown

    return markdown.render(report).encode("utf-8")


def _html(report: Report) -> bytes:
    from pytest_orchestrate.report.formats import html

    return html.render(report)


def _ctrf(report: Report) -> bytes:
    from pytest_orchestrate.report.formats import ctrf

    return ctrf.render(report)


#: Format -> its renderer, which is imported when it is used. ``events`` is not among them: that is
#: the log itself.
RENDERERS: dict[str, Callable[[Report], bytes]] = {
    "json": _json,
    "junit": _junit,
    "markdown": _markdown,
    "html": _html,
    "ctrf": _ctrf,
}
