"""Versions of installed distributions.

Of their metadata only the two lines are read that say so: to parse a long description, as
``importlib.metadata.version`` does, takes longer than many a test.
"""

from __future__ import annotations

import contextlib
import functools
from importlib import metadata
from typing import Any

import pytest


def plugin_versions(config: pytest.Config) -> dict[str, str]:
    """Return the versions of the distributions that plugins have come from, by their names."""
    found = {}
    for _, dist in config.pluginmanager.list_plugin_distinfo():
        name, version = _name_and_version(dist)
        if name is None:  # while it is being installed, or removed, it may have none at all
            with contextlib.suppress(Exception):
                name, version = dist.project_name, dist.version
        if name:
            found[name] = version or "unknown"
    return found


@functools.cache
def own_version() -> str:
    """Return the version of pytest-orchestrate."""
    dist = metadata.distribution("pytest-orchestrate")
    return _name_and_version(dist)[1] or dist.version


def _name_and_version(dist: Any) -> tuple[str | None, str | None]:
    text = None
    with contextlib.suppress(Exception):  # it need not be a distribution of importlib's
        text = dist.read_text("METADATA")
    fields: dict[str, str] = {}
    for line in (text or "").splitlines():
        if not line:  # here the description begins
            break
        key, _, value = line.partition(":")
        fields[key] = value.strip()
    return fields.get("Name"), fields.get("Version")
