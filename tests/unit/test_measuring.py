from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from pytest_orchestrate.measuring import marked_group


def mark(*args: object, **kwargs: object) -> Any:
    return SimpleNamespace(args=args, kwargs=kwargs)


def item_with(*marks: Any, nodeid: str = "test_a.py::test_a") -> Any:
    return SimpleNamespace(nodeid=nodeid, iter_markers=lambda _: iter(marks))


@pytest.mark.parametrize(
    ("marks", "group"),
    [
        ((), None),
        ((mark("db"),), "db"),
        ((mark(name="db"),), "db"),
        ((mark(3),), "3"),
        ((mark(),), "default"),
        ((mark("b"), mark("a"), mark("b")), "a_b"),
    ],
)
def test_a_group_is_named_as_pytest_xdist_names_it(
    marks: tuple[Any, ...], group: str | None
) -> None:
    assert marked_group(item_with(*marks)) == group


@pytest.mark.parametrize(
    ("nodeid", "group"),
    [
        ("a.py::test@db", "db"),
        ("a.py::test[x@y]@db", "db"),
        ("a.py::test[x@y]", None),
        ("at@home/a.py::test", None),
        ("a.py::test[a::b@c]", None),
    ],
)
def test_a_name_behind_the_last_at_sign_of_a_node_id_is_a_group(
    nodeid: str, group: str | None
) -> None:
    assert marked_group(item_with(nodeid=nodeid)) == group
