from __future__ import annotations

import pytest

from pytest_orchestrate.sharding.guards import AllItemsNeeded, Guards
from pytest_orchestrate.sharding.safety import first_obstacle, guarded_hooks

SORTED_ON_DEMAND = """
    def pytest_addoption(parser):
        parser.addoption("--sorted", action="store_true")

    def pytest_collection_modifyitems(config, items):
        if config.getoption("--sorted"):
            items.sort()
"""

#: Without the neighbours that may be installed.
ALONE = ("-pno:asyncio", "-pno:django", "-pno:randomly", "-pno:xdist")


def test_a_branch_is_in_the_way_if_it_is_reached(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(SORTED_ON_DEMAND)
    config = pytester.parseconfig(*ALONE)
    assert first_obstacle(config.pluginmanager) is None
    config.option.sorted = True
    obstacle = first_obstacle(config.pluginmanager)
    assert obstacle is not None
    assert obstacle.place == "conftest.py:4"


def test_what_is_reached_all_the_same_is_raised_and_noted(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(SORTED_ON_DEMAND)
    config = pytester.parseconfig(*ALONE)
    (hook,) = guarded_hooks(config.pluginmanager)
    guards = Guards()
    guards.put_up(config.pluginmanager)
    items = [2, 1]
    hook.function(config, items)
    guards.check()
    config.option.sorted = True
    with pytest.raises(AllItemsNeeded, match=r"conftest\.py:4 came to line 6, and may"):
        hook.function(config, items)
    assert items == [2, 1]
    with pytest.raises(AllItemsNeeded, match="came to line 6"):
        guards.check()
    guards.check()
