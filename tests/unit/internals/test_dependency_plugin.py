"""Tests that pytest-dependency has to see in one process make groups."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.internals.dependency_plugin import add_groups, united


def config(*, installed: bool = True, marks_all: bool = False) -> pytest.Config:
    """Return what is asked of pytest's configuration."""
    made: Any = SimpleNamespace(
        pluginmanager=SimpleNamespace(hasplugin=lambda name: installed and name == "dependency"),
        getini=lambda name: {"automark_dependency": marks_all}[name],
    )
    return cast("pytest.Config", made)


def item(nodeid: str, **marked: object) -> pytest.Item:
    """Return what is asked of an item; marked with these keywords, or not."""
    mark = SimpleNamespace(kwargs=marked) if marked else None
    made: Any = SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name: mark)
    return cast("pytest.Item", made)


PLAIN = item("test_a.py::test_plain")
NAMED = item("test_a.py::test_named", name="named")
LATER = item("test_a.py::test_later", depends=["named"])
OTHER = item("test_b.py::test_other", depends=["x"], scope="class")
FAR = item("test_c.py::test_far", depends=["test_a.py::test_named"], scope="session")


def groups_of(*items: pytest.Item, **settings: bool) -> dict[int, str]:
    """Return the groups that all tests of a run get."""
    groups: dict[int, str] = {}
    add_groups(config(**settings), items, groups)
    return united(groups)


def test_marked_tests_of_a_file_stay_together() -> None:
    groups = groups_of(PLAIN, NAMED, LATER, OTHER)
    assert set(groups) == {1, 2, 3}
    assert groups[1] == groups[2] != groups[3]


def test_one_that_looks_further_keeps_all_together() -> None:
    groups = groups_of(PLAIN, NAMED, LATER, OTHER, FAR)
    assert set(groups) == {1, 2, 3, 4}
    assert len(set(groups.values())) == 1


def test_where_all_tests_are_marked_by_a_setting_all_have_groups() -> None:
    assert set(groups_of(PLAIN, NAMED, marks_all=True)) == {0, 1}


def test_without_the_plugin_nobody_has_to_stay_together() -> None:
    assert groups_of(NAMED, LATER, installed=False) == {}


def test_a_group_of_the_projects_own_stays() -> None:
    groups = {1: "printer"}
    add_groups(config(), [NAMED, LATER], groups)
    assert groups[1] == "printer"
    assert united({0: "printer"}) == {0: "printer"}
