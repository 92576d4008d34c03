"""Tests that another plugin has to see in one process make groups."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.foreign_groups import add_groups, united


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


def depending(*items: pytest.Item, **settings: bool) -> dict[int, str]:
    """Return the groups that all tests of a run get."""
    groups: dict[int, str] = {}
    add_groups(config(**settings), items, groups)
    return united(groups)


def test_marked_tests_of_a_file_stay_together() -> None:
    groups = depending(PLAIN, NAMED, LATER, OTHER)
    assert set(groups) == {1, 2, 3}
    assert groups[1] == groups[2] != groups[3]


def test_one_that_looks_further_keeps_all_together() -> None:
    groups = depending(PLAIN, NAMED, LATER, OTHER, FAR)
    assert set(groups) == {1, 2, 3, 4}
    assert len(set(groups.values())) == 1


def test_where_all_tests_are_marked_by_a_setting_all_have_groups() -> None:
    assert set(depending(PLAIN, NAMED, marks_all=True)) == {0, 1}


def test_without_pytest_dependency_nobody_has_to_stay_together() -> None:
    assert depending(NAMED, LATER, installed=False) == {}


def test_a_group_of_the_projects_own_stays() -> None:
    groups = {1: "printer"}
    add_groups(config(), [NAMED, LATER], groups)
    assert groups[1] == "printer"
    assert united({0: "printer"}) == {0: "printer"}


def ordered(scope: str | None, *, installed: bool = True) -> dict[int, str]:
    """Return the groups of a, in no order, and of two tests with the mark in two files."""
    config: Any = SimpleNamespace(
        pluginmanager=SimpleNamespace(hasplugin=lambda name: installed and name == "pytest_order"),
        option=SimpleNamespace(order_scope=scope),
    )
    items: list[Any] = [
        SimpleNamespace(nodeid=nodeid, get_closest_marker=lambda name, mark=mark: mark)
        for nodeid, mark in (("test_a.py::a", None), ("test_a.py::b", 1), ("test_b.py::c", 1))
    ]
    groups: dict[int, str] = {}
    add_groups(cast("pytest.Config", config), items, groups)
    return groups


def test_one_worker_runs_all_that_are_in_order() -> None:
    groups = ordered(None)
    assert set(groups) == {1, 2}
    assert groups[1] == groups[2]


def test_where_each_file_has_its_own_order_each_is_a_group() -> None:
    groups = ordered("module")
    assert groups[1] != groups[2]


def test_without_pytest_order_nobody_has_to_stay_together() -> None:
    assert ordered(None, installed=False) == {}
