"""Tests that another plugin has to see in one process: a group, which one worker runs in order.

pytest-dependency skips what depends on a test that it has not seen to pass. So tests that may
depend on each other are a group: those of a file that have its mark, or all of the run if a single
one looks further than its file. pytest-order sorts the tests with its mark, which says nothing to
another worker. Sources: pytest-dependency 0.6.1 ``DependencyManager``, pytest-order 1.5.0
``Settings``.
"""

from __future__ import annotations

from collections.abc import Sequence

import pytest

_WITHIN = "pytest-dependency in "
_ACROSS = "pytest-dependency across files, from "
#: What all of these groups become if one of them looks further than its file.
_ALL = "pytest-dependency"


def add_groups(config: pytest.Config, items: Sequence[pytest.Item], groups: dict[int, str]) -> None:
    """Add the groups of these tests, by position, where they have none."""
    _add_dependent(config, items, groups)
    _add_ordered(config, items, groups)


def _add_dependent(
    config: pytest.Config, items: Sequence[pytest.Item], groups: dict[int, str]
) -> None:
    if not config.pluginmanager.hasplugin("dependency"):
        return
    try:
        marks_all = bool(config.getini("automark_dependency"))
    except ValueError:  # another plugin of that name
        return
    across: set[str] = set()
    concerned: dict[int, str] = {}
    for position, item in enumerate(items):
        mark = item.get_closest_marker("dependency")
        if mark is None and not marks_all:
            continue
        file = item.nodeid.partition("::")[0]
        concerned[position] = file
        if mark is not None and mark.kwargs.get("scope") in ("package", "session"):
            across.add(file)
    for position, file in concerned.items():
        groups.setdefault(position, f"{_ACROSS if file in across else _WITHIN}{file}")


def _add_ordered(
    config: pytest.Config, items: Sequence[pytest.Item], groups: dict[int, str]
) -> None:
    """Where each file has an order of its own, each is a group; else there is one."""
    if not config.pluginmanager.hasplugin("pytest_order"):
        return
    by_file = getattr(config.option, "order_scope", None) in ("module", "class")
    for position, item in enumerate(items):
        if item.get_closest_marker("order") is not None:
            file = item.nodeid.partition("::")[0]
            groups.setdefault(position, f"pytest-order in {file}" if by_file else "pytest-order")


def united(groups: dict[int, str]) -> dict[int, str]:
    """Return the groups of all tests of a run, once all of them are known."""
    if not any(group.startswith(_ACROSS) for group in groups.values()):
        return groups
    return {
        position: _ALL if group.startswith((_WITHIN, _ACROSS)) else group
        for position, group in groups.items()
    }
