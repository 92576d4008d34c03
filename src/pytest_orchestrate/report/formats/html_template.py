"""The templates in ``html_page/``, filled in by Jinja2: what is not markup of ours is escaped.

What has no shape is written as Python writes it, wherever a text is put into a page.
"""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from pytest_orchestrate.model.escaping import visible


def filled(name: str, **values: object) -> Markup:
    """A template with these values in it: texts, and ``Markup`` for what is HTML already."""
    return Markup(_environment().get_template(name).render(values))  # noqa: S704  # escaped there


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("pytest_orchestrate.report.formats", "html_page"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _shown(value: object) -> object:
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value
