"""Sphinx builds the documentation from here: ``tox -e docs``."""

from __future__ import annotations

from importlib.metadata import version as installed_version

project = "pytest-orchestrate"
author = "The pytest-orchestrate authors"
copyright = "2026, the pytest-orchestrate authors"  # noqa: A001 - Sphinx' name
release = installed_version("pytest-orchestrate")
version = release

extensions = ["myst_parser", "sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3

html_theme = "furo"
html_title = f"pytest-orchestrate {release}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
# The build needs no network, so links into other projects' docs are left out.
nitpick_ignore_regex = [
    (r"py:data", r"SLOWEST|HEAVY"),
    (r"py:.*", r"(_?pytest|pluggy|execnet|msgspec)(\..*)?"),
    (r"py:.*", r"(collections\.abc|typing|pathlib)\..*"),
    (
        r"py:.*",
        r"(int|float|str|bool|bytes|None|dict|list|tuple|object|Path|Any|Mapping|MutableMapping)",
    ),
]
