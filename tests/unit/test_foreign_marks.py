"""What markers of other plugins say in words of ours."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_orchestrate.annotating import read_annotations, read_requirable, some_require
from pytest_orchestrate.model.annotations import Annotations, Order

Pytester = pytest.Pytester


def read(pytester: Pytester, source: str) -> dict[str, Annotations]:
    """What each test is annotated with, by its name."""
    items = pytester.getitems(f"import pytest\n{source}")
    found = read_annotations(items[0].config, items)
    return {items[position].name: each for position, each in found.items()}


def required(annotations: Annotations) -> list[tuple[str, ...]]:
    return [each.targets for each in annotations.requires]


def provided(annotations: Annotations) -> list[str]:
    return [each.name for each in annotations.provides]


def test_dependency_requires_and_provides(pytester: Pytester) -> None:
    found = read(
        pytester,
        """
@pytest.mark.dependency(name="a")
def test_a(): pass
@pytest.mark.dependency(depends=["a", "TestC::test_x"], scope="session")
def test_b(): pass
@pytest.mark.dependency
def test_c(): pass
""",
    )
    assert (provided(found["test_a"]), required(found["test_a"])) == (["a"], [])
    assert (provided(found["test_b"]), required(found["test_b"])) == ([], [("a", "TestC::test_x")])
    assert found["test_c"] == Annotations()


@pytest.mark.parametrize(
    ("marker", "argument", "expected"),
    [("dependency", "depends", [("b",)]), ("depends", "on", [("b",), ("a",)])],
)
def test_only_the_nearest_dependency_counts_and_all_depends_do(
    pytester: Pytester, marker: str, argument: str, expected: list[tuple[str, ...]]
) -> None:
    source = f"""
@pytest.mark.{marker}({argument}=["a"])
class TestIt:
    @pytest.mark.{marker}({argument}=["b"])
    def test_it(self): pass
"""
    assert required(read(pytester, source)["test_it"]) == expected


def test_depends_may_provide_several_names(pytester: Pytester) -> None:
    found = read(pytester, "@pytest.mark.depends(name=['a', 'b'])\ndef test_it(): pass")
    assert provided(found["test_it"]) == ["a", "b"]


@pytest.mark.parametrize(
    ("arguments", "order"),
    [
        ("3", Order(3)),
        ("index=-2", Order(-2)),
        ("'first'", Order(0)),
        ("'last'", Order(-1)),
        ("'third_to_last'", Order(-3)),
        ("before='a', after=['b', 'c']", Order(before=("a",), after=("b", "c"))),
    ],
)
def test_order_is_a_number_or_names_others(
    pytester: Pytester, arguments: str, order: Order
) -> None:
    source = f"@pytest.mark.order(9)\nclass TestIt:\n    @pytest.mark.order({arguments})\n"
    found = read(pytester, source + "    def test_it(self): pass")["test_it"]
    assert found.order is not None
    assert msgspec.structs.replace(found.order, where="") == order
    assert found.priority == int(order.ordinal in (0, 3))


def test_names_of_tests_that_were_left_out_are_known(pytester: Pytester) -> None:
    items = pytester.getitems(
        """
import pytest
@pytest.mark.dependency(name="a")
def test_a(): pass
@pytest.mark.depends(name="b")
def test_b(): pass
@pytest.mark.dependency(1)
def test_c(): pass
"""
    )
    assert read_requirable(items[0].config, [], items).provided == {0: ["a"], 1: ["b"]}
    assert some_require(items[0].config, items)


@pytest.mark.parametrize(
    "mark",
    [
        *('dependency("a")', 'dependency(depends="all")', "dependency(depends=[1])"),
        *("order(True)", "order('fist')", "order(1, 2)", "order(after=1)"),
        *('dependency(scope="file")', 'dependency(on=["a"])', "depends(1)", "depends(on=3)"),
    ],
)
def test_other_arguments_than_those_plugins_know_are_refused(pytester: Pytester, mark: str) -> None:
    with pytest.raises(
        pytest.UsageError, match=r"is not accepted\. Accepted: .*= off' in"
    ) as caught:
        read(pytester, f"@pytest.mark.{mark}\ndef test_it(): pass")
    assert mark.partition("(")[0] in str(caught.value)


def configured(pytester: Pytester, ini: str) -> Any:
    pytester.makeini(f"[pytest]\n{ini}\n")
    return pytester.getitems("import pytest\n@pytest.mark.dependency(1)\ndef test_it(): pass")


@pytest.mark.parametrize(
    "ini", ["orchestrate_markers = dependency = off", "markers = dependency: ours"]
)
def test_a_marker_may_be_left_to_the_project(pytester: Pytester, ini: str) -> None:
    items = configured(pytester, ini)
    assert read_annotations(items[0].config, items) == {}


def test_a_marker_of_another_plugin_has_one_name_only(pytester: Pytester) -> None:
    with pytest.raises(pytest.UsageError, match="'dependency = needs' is not accepted"):
        configured(pytester, "orchestrate_markers = dependency = needs")
