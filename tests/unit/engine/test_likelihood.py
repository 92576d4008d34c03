"""Which tests go first because they are likely to fail."""

from __future__ import annotations

import pytest

from pytest_orchestrate.engine.likelihood import Changed, Signs, levels, log_odds
from pytest_orchestrate.engine.urgency import urgency
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint, TestsCollected
from pytest_orchestrate.model.need import Need
from tests.unit.engine.scenario import Scenario

FINE = Signs("test_a.py", 0.1, [False] * 10)


def test_signs_in_order() -> None:
    ranked = [
        FINE._replace(failures=[True, True, True]),
        FINE._replace(failures=[True, *[False] * 9]),
        FINE._replace(is_changed=True, nearness=1.0),
        FINE._replace(is_changed=True),
        FINE._replace(nearness=1.0),
        FINE._replace(failures=[False, False, True, *[False] * 7]),
        FINE._replace(failures=[False] * 9 + [True]),
        FINE,
    ]
    odds = [log_odds(signs) for signs in ranked]
    assert odds == sorted(odds, reverse=True)


def test_a_failure_of_long_ago_moves_nothing() -> None:
    long_ago = FINE._replace(failures=[False] * 6 + [True] + [False] * 3)
    assert levels([FINE, long_ago, FINE], {}) == {}


def test_a_failed_test_goes_before_those_of_a_changed_file() -> None:
    found = levels([FINE, FINE._replace(failures=[True]), FINE._replace(is_changed=True)], {})
    assert found[1] > found[2] > 0
    assert 0 not in found


def test_an_hour_for_a_failure_comes_after_a_blink_for_a_chance() -> None:
    slow = FINE._replace(failures=[True, False, False], seconds=3600.0)
    quick = FINE._replace(nearness=0.5, seconds=0.001)
    found = levels([FINE, slow, quick], {})
    assert found[2] > found[1]


def test_what_it_costs_to_enter_a_file_counts_once_for_its_tests() -> None:
    changed = [Signs("test_b.py", 1.0, is_changed=True) for _ in range(50)]
    alone = [Signs("test_c.py", 1.0, is_changed=True)]
    entry = {"test_b.py": 50.0, "test_c.py": 50.0}
    found = levels([*changed, *alone, FINE], entry)
    assert len({found[position] for position in range(50)}) == 1
    assert found[0] > found[50]


@pytest.mark.parametrize(
    ("changed", "file", "nearness"),
    [
        ("shop/orders.py", "tests/test_orders.py", 1.0),
        ("shop/orders.py", "tests/orders_test.py", 1.0),
        ("shop/orders.py", "tests/test_orders_api.py", 1.0),
        ("shop/orders_api.py", "tests/test_orders.py", 0.0),
        ("shop/order.py", "tests/test_orders.py", 0.0),
        ("shop/orders/__init__.py", "tests/test_orders.py", 1.0),
        ("shop/orders.py", "tests/orders/test_api.py", 0.5),
        ("shop/orders/models.py", "tests/orders/test_api.py", 0.5),
        ("tests/orders/data.json", "tests/orders/test_api.py", 0.5),
        ("tests/data.json", "tests/orders/test_api.py", 0.0),
        ("tests/conftest.py", "tests/orders/test_api.py", 1.0),
        ("conftest.py", "tests/orders/test_api.py", 1.0),
        ("tests/users/conftest.py", "tests/orders/test_api.py", 0.0),
        ("tests/test_users.py", "other/test_users.py", 0.0),
        ("../lib/orders.py", "test_orders.py", 1.0),
        ("README.md", "test_orders.py", 0.0),
        (".github/workflows/orders.yml", "test_orders.py", 0.0),
        ("src/app.py", "lib/src/test_orders.py", 0.0),
        ("", "test_orders.py", 0.0),
    ],
)
def test_nearness(changed: str, file: str, nearness: float) -> None:
    assert Changed([changed] if changed else []).nearness(file) == nearness


def test_priorities_are_stronger_than_any_likelihood() -> None:
    constraints = {
        0: Constraint(0, priority=1),
        1: Constraint(1, priority=-1),
        2: Constraint(2, priority=1),
    }
    found = urgency(constraints, {1: 63, 2: 5, 3: 63}, {})
    assert sorted(found, key=lambda test: -found[test][0]) == [2, 0, 3, 1]
    assert found[1][0] < 0


def test_without_likelihoods_priorities_are_what_they_are() -> None:
    assert urgency({0: Constraint(0, priority=7)}, {}, {1: 2.0}) == {1: (0, 2.0), 0: (7, 0.0)}


def test_what_a_test_requires_is_not_low() -> None:
    constraints = {
        0: Constraint(0, priority=-10),
        1: Constraint(1, needs=(Need((0,)),)),
        2: Constraint(2, needs=(Need((3,)),), priority=-10),
        3: Constraint(3, priority=-20),
    }
    found = urgency(constraints, {}, {})
    assert {test: found[test][0] for test in (0, 2, 3)} == {0: 0, 2: -10, 3: -10}


def test_what_a_likely_failure_requires_goes_with_it() -> None:
    constraints = {4: Constraint(4, needs=(Need((2,)),)), 2: Constraint(2, needs=(Need((1, 3)),))}
    assert urgency(constraints, {4: 9}, {}) == dict.fromkeys([1, 2, 3, 4], (9, 0.0))


def collected(likely: dict[int, int], *constraints: Constraint) -> TestsCollected:
    return TestsCollected(
        now=0.0,
        tests=[CollectedTest(f"test_{'ab'[n // 4]}.py::test_{n}") for n in range(8)],
        estimates=[1.0] * 8,
        setup_costs={},
        likely=likely,
        constraints=list(constraints),
    )


def order_on_one_worker(likely: dict[int, int], *constraints: Constraint) -> list[int]:
    story = Scenario(1)
    story.tell(collected(likely, *constraints))
    order: list[int] = []
    answers = story.ready(0)
    while len(order) < 8:
        sent = [test for kind, *rest in answers if kind == "assign" for test in rest[1]]
        order += sent
        answers = story.go_through(0, *sent)
    return order


def test_one_worker_begins_with_the_highest_level() -> None:
    assert order_on_one_worker({6: 20, 1: 30, 5: 20}) == [1, 5, 6, 0, 2, 3, 4, 7]


def test_a_requirement_of_a_likely_failure_is_pulled_up() -> None:
    order = order_on_one_worker({6: 20}, Constraint(6, needs=(Need((3,)),)))
    assert order[0] == 3
    assert order.index(6) <= 3  # two tests are sent ahead
