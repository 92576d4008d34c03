"""What it costs to collect files and to set up fixtures, and how tests want to be kept together.

Measured where tests run: in workers, and in-process.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any

import pytest

from pytest_orchestrate import foreign_groups, options
from pytest_orchestrate.internals.reports import affinity_of
from pytest_orchestrate.model.collected import CollectedTest


class FileCosts:
    """A plugin that measures what each file costs to collect."""

    def __init__(self) -> None:
        #: Node id of the file to seconds.
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Measure it."""
        if not isinstance(collector, pytest.File):
            return (yield)
        began = time.perf_counter()
        report = yield
        spent = time.perf_counter() - began
        self.seconds[collector.nodeid] = self.seconds.get(collector.nodeid, 0.0) + spent
        return report


class FixtureCosts:
    """A plugin that measures the set-up of fixtures of higher than function scope.

    :param tell: Called with the file's node id (None for session scope), the fixture's name,
        its scope, and seconds.
    """

    def __init__(self, tell: Callable[[str | None, str, str, float], None]) -> None:
        self._tell = tell

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(
        self, fixturedef: Any, request: pytest.FixtureRequest
    ) -> Generator[None, object, object]:
        """Measure it."""
        __tracebackhide__ = True  # of a fixture that fails, it is the innermost frame of ours
        if fixturedef.scope == "function":
            return (yield)
        began = time.perf_counter()
        result = yield
        spent = time.perf_counter() - began
        file = None if fixturedef.scope == "session" else request.node.nodeid.partition("::")[0]
        self._tell(file, fixturedef.argname, fixturedef.scope, spent)
        return result


def _kept_together(kind: str, items: Sequence[pytest.Item]) -> dict[int, str]:
    """Return the group of each test as the setting says, by position."""
    if kind == "off":
        return {}
    groups = {position: _group_of(kind, item) for position, item in enumerate(items)}
    return {position: group for position, group in groups.items() if group is not None}


def _group_of(kind: str, item: pytest.Item) -> str | None:
    if kind == "file":
        return item.nodeid.partition("::")[0]
    if kind == "class":
        # as pytest-xdist 3.8 divides scopes: what stands before the last "::"
        return item.nodeid if item.parent is None else item.parent.nodeid
    return marked_group(item)


def marked_group(item: pytest.Item) -> str | None:
    """Return the group that ``xdist_group`` marks say, as pytest-xdist 3.8 reads them.

    One mark says one name, or ``default``; the names of several are sorted and joined. Before
    pytest-xdist knew the mark, a conftest added ``@NAME`` to the node id.
    """
    names = {
        str(mark.args[0] if mark.args else mark.kwargs.get("name", "default"))
        for mark in item.iter_markers("xdist_group")
    }
    if names:
        return "_".join(sorted(names))
    name = item.nodeid.rpartition("::")[2].rpartition("]")[2]
    return name.rpartition("@")[2] if "@" in name else None


def named(
    items: Sequence[pytest.Item], groups: Mapping[int, str], affinities: Mapping[int, str]
) -> list[CollectedTest]:
    """Return the tests as the engine knows them: by node id, occurrence and togetherness."""
    seen: dict[str, int] = {}
    tests = []
    for position, item in enumerate(items):
        nodeid = item.nodeid
        occurrence = seen.get(nodeid, 0)
        seen[nodeid] = occurrence + 1
        tests.append(
            CollectedTest(nodeid, occurrence, groups.get(position), affinities.get(position))
        )
    return tests


def togetherness(
    config: pytest.Config, items: Sequence[pytest.Item], kind: str | None = None
) -> tuple[dict[int, str], dict[int, str]]:
    """Return the group and the affinity of those tests that have one, by position.

    :param kind: What is kept together, if not what the setting says.
    """
    groups = _kept_together(kind or options.read(config).keep_together, items)
    if config.hook.pytest_orchestrate_group_item.get_hookimpls():
        for position, item in enumerate(items):
            group = item.ihook.pytest_orchestrate_group_item(item=item)
            if group is not None:
                groups[position] = str(group)
    foreign_groups.add_groups(config, items, groups)
    affinities = {}
    for position, item in enumerate(items):
        affinity = affinity_of(item)
        if affinity is not None:
            affinities[position] = affinity
    return groups, affinities
