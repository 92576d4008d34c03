"""Fast: single discounts, and which go together."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shop.cart import Cart
from shop.money import money
from shop.pricing import Discount, PercentOff, SomeFree, Voucher, best_offer

Fill = Callable[..., Cart]


@pytest.mark.parametrize(
    ("discount", "saves"),
    [
        (PercentOff(35), "19.56"),
        (PercentOff(35, "kitchen"), "19.56"),
        (PercentOff(35, "bedroom"), "0"),
        (PercentOff(100), "55.88"),
        (SomeFree("BO-1", take=2, pay=1), "7.99"),
        (SomeFree("BO-1", take=3, pay=2), "0"),
        (SomeFree("XX-9", take=2, pay=1), "0"),
        (Voucher("HELLO", money(5)), "5"),
        (Voucher("HELLO", money(5), minimum=money(100)), "0"),
        (Voucher("HUGE", money(500)), "55.88"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
def test_what_a_discount_saves(filled: Fill, discount: Discount, saves: str) -> None:
    assert discount.saves(filled(KE_1=1, BO_1=2)) == money(saves)


@pytest.mark.parametrize(
    ("one", "other", "together"),
    [
        (PercentOff(10), PercentOff(20), False),
        (PercentOff(10), PercentOff(20, "garden"), False),
        (PercentOff(10, "kitchen"), PercentOff(20, "garden"), True),
        (PercentOff(10), Voucher("A", money(1)), True),
        (Voucher("A", money(1)), Voucher("B", money(1)), False),
        (SomeFree("BO-1", 2, 1), SomeFree("BO-1", 3, 1), False),
        (SomeFree("BO-1", 2, 1), SomeFree("KE-1", 3, 1), True),
    ],
)
def test_which_discounts_go_together(one: Discount, other: Discount, together: bool) -> None:
    assert one.combines_with(other) is together
    assert other.combines_with(one) is together


def test_without_discounts_nothing_is_saved(filled: Fill) -> None:
    assert best_offer(filled(KE_1=1), []).saves == 0


def test_nobody_is_paid_for_buying(filled: Fill) -> None:
    cart = filled(PE_1=1)
    offer = best_offer(cart, [Voucher("A", money(5)), PercentOff(50)])
    assert offer.saves == cart.total
    assert len(offer.discounts) == 1
