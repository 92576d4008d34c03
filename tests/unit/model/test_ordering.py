"""Who waits for whom for the sake of order alone."""

from __future__ import annotations

from pytest_orchestrate.model.annotations import Order
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.ordering import in_a_circle, order_needs

TESTS = "abcdef"


def waits(**orders: Order) -> dict[str, str]:
    """Test -> those that it waits for; test f does not run, and z is none."""
    needs, lost = order_needs(
        range(5),
        {TESTS.index(name): order for name, order in orders.items()},
        lambda target, _: [TESTS.index(each) for each in target if each in TESTS],
    )
    assert [target for _, target in lost] == ["z"] * len(lost)
    assert all(need.when == "ran" for each in needs.values() for need in each)
    return {
        TESTS[test]: " ".join("".join(TESTS[t] for t in need.targets) for need in each)
        for test, each in needs.items()
    }


def test_a_number_waits_for_the_number_below_whatever_lies_between() -> None:
    assert waits(c=Order(0), a=Order(5), b=Order(2), d=Order(2)) == {
        "b": "c",
        "d": "c",
        "a": "bd",
    }


def test_a_number_below_zero_waits_for_all_that_have_none() -> None:
    assert waits(a=Order(-1), b=Order(-2), c=Order(0)) == {"b": "cde", "a": "b"}


def test_before_and_after_name_others() -> None:
    assert waits(a=Order(after=("bc", "d"))) == {"a": "bc d"}
    assert waits(a=Order(before=("bc",))) == {"b": "a", "c": "a"}


def test_who_names_others_has_no_number() -> None:
    assert waits(a=Order(1, after=("b",)), b=Order(2), c=Order(-1)) == {"a": "b", "c": "bde"}


def test_nobody_waits_for_itself_or_for_what_does_not_run_or_exist() -> None:
    assert waits(a=Order(after=("af", "z"), before=("a",))) == {}


def test_tests_in_a_circle_and_behind_it_are_found() -> None:
    needs = {0: [Need((1,))], 1: [Need((2, 3))], 2: [Need((0,))], 4: [Need((0,))], 5: [Need((3,))]}
    assert in_a_circle(needs) == [0, 1, 2, 4]
    assert in_a_circle({5: [Need((3,))], 3: [Need((1,))]}) == []
