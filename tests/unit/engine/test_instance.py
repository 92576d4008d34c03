from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.engine.instance import InstanceError, in_topological_order, parsed
from pytest_orchestrate.model.annotations import Demand


def document(*tests: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return {
        "format": 1,
        "workers": 2,
        "resources": {"db": 1, "cpu": 8},
        "tests": [{"duration": 1.0, **test} for test in tests],
        **changes,
    }


def test_what_constrains_tests_is_kept_for_those_that_are_constrained() -> None:
    instance = parsed(
        document(
            {"id": "a", "requires": ["c", "b"], "resources": {"db": 1, "cpu": 3}},
            {"id": "b", "requires": [], "resources": {}, "priority": 0},
            {"id": "c", "priority": -2},
        )
    )
    assert instance.requires == {0: (2, 1)}
    assert instance.demands == {0: (Demand("db", 1), Demand("cpu", 3))}
    assert instance.priorities == {2: -2}
    assert instance.capacities == {"db": 1, "cpu": 8}


def test_what_is_required_twice_is_required_once() -> None:
    tests = [{"id": "a", "duration": 1}, {"id": "x", "duration": 1, "requires": ["a", "a"]}]
    assert parsed({"format": 1, "workers": 1, "tests": tests}).requires == {1: (0,)}


@pytest.mark.parametrize(
    ("test", "message"),
    [
        ({"requires": ["y"]}, "x: requires: there is no test y"),
        ({"requires": ["x"]}, "x: requires: a cycle: x -> x"),
        ({"requires": "a"}, "x: requires: a list is needed"),
        ({"requires": [1]}, "x: requires: ids are needed, not 1"),
        ({"resources": {"disk": 1}}, "x: resources: disk: there is no such resource"),
        ({"resources": {"cpu": 9}}, "x: resources: cpu: 9 are needed, but there are 8"),
        ({"resources": {"cpu": 0}}, "x: resources: cpu: a whole number of at least 1 is needed"),
        ({"resources": {"cpu": 1.5}}, "x: resources: cpu: a whole number of at least 1 is needed"),
        ({"resources": ["cpu"]}, "x: resources: an object is needed"),
        ({"priority": "high"}, "x: priority: a whole number is needed, not 'high'"),
        ({"priority": True}, "x: priority: a whole number is needed, not True"),
    ],
)
def test_what_is_invalid_is_named(test: dict[str, Any], message: str) -> None:
    with pytest.raises(InstanceError) as caught:
        parsed(document({"id": "a"}, {"id": "x", **test}, {"id": "b"}))
    assert str(caught.value).startswith(message)


def test_a_cycle_is_shown_without_what_leads_to_it() -> None:
    links = {"a": "b", "b": "c", "c": "d", "d": "b", "e": "a"}
    tests = [{"id": test, "requires": [target]} for test, target in links.items()]
    with pytest.raises(InstanceError, match=r"^b: requires: a cycle: b -> c -> d -> b$"):
        parsed(document(*tests))


def test_of_a_long_cycle_the_beginning_is_shown() -> None:
    tests = [{"id": f"t{n}", "requires": [f"t{(n + 1) % 50_000}"]} for n in range(50_000)]
    with pytest.raises(InstanceError, match=r": t0 -> t1 -> t2 -> t3 -> t4 -> \.\.\. -> t0$"):
        parsed(document(*tests))


def test_a_topological_order_has_what_is_required_first() -> None:
    requires = {0: (3, 4), 3: (4,), 5: (0, 1)}
    order = in_topological_order(requires)
    assert sorted(order) == [0, 1, 3, 4, 5]
    assert all(order.index(t) < order.index(test) for test in requires for t in requires[test])


def test_a_topological_order_lacks_cycles_and_what_requires_them() -> None:
    assert in_topological_order({0: (1,), 1: (2, 3), 2: (1,), 3: (4,)}) == [4, 3]
