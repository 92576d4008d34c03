"""Slow by computing: every combination of discounts is tried."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from shop.cart import Cart
from shop.money import money
from shop.pricing import Discount, PercentOff, SomeFree, Voucher, best_offer

pytestmark = pytest.mark.slow

NUMBERS = ("KE-1", "BO-1", "LA-1", "CH-1", "PE-1")
CATEGORIES = ("kitchen", "garden", "office")


def discounts(count: int) -> Sequence[Discount]:
    """Return so many discounts, all of which would apply."""
    every: list[Discount] = [PercentOff(5, category) for category in CATEGORIES]
    every += [SomeFree(number, take, take - 1) for take in (2, 3) for number in NUMBERS]
    every += [Voucher(f"V{amount}", money(amount)) for amount in (1, 2, 3)]
    return every[:count]


@pytest.mark.parametrize("count", [10, 11, 12, 13, 14])
def test_more_choice_never_saves_less(filled: Callable[..., Cart], count: int) -> None:
    cart = filled(KE_1=3, BO_1=6, LA_1=2, CH_1=1, PE_1=9)
    assert best_offer(cart, discounts(count)).saves >= best_offer(cart, discounts(count - 1)).saves


@pytest.mark.parametrize("number", NUMBERS)
def test_the_order_of_the_discounts_does_not_matter(
    filled: Callable[..., Cart], number: str
) -> None:
    cart = filled(**{number.replace("-", "_"): 6})
    choice = discounts(12)
    assert best_offer(cart, choice).saves == best_offer(cart, choice[::-1]).saves
