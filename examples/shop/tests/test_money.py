"""Fast: amounts and their rounding."""

from __future__ import annotations

from decimal import Decimal

import pytest

from shop.money import money, percent_of, vat_included


@pytest.mark.parametrize(
    ("amount", "rounded"),
    [
        ("0", "0.00"),
        ("1", "1.00"),
        ("0.004", "0.00"),
        ("0.005", "0.01"),
        ("2.675", "2.68"),
        ("19.994", "19.99"),
        ("19.995", "20.00"),
        ("-1.005", "-1.01"),
    ],
)
def test_amounts_are_rounded_to_cents_half_upwards(amount: str, rounded: str) -> None:
    assert money(amount) == Decimal(rounded)


@pytest.mark.parametrize("percent", [0, 5, 10, 25, 50, 75, 100])
def test_a_share_and_the_rest_are_the_whole(percent: int) -> None:
    whole = money("80.00")
    assert percent_of(whole, percent) + percent_of(whole, 100 - percent) == whole


@pytest.mark.parametrize("net", range(100, 2000, 100))
@pytest.mark.parametrize("percent", [7, 19, 20])
def test_the_included_tax_is_the_one_that_was_added(net: int, percent: int) -> None:
    tax = percent_of(money(net), percent)
    assert vat_included(money(net) + tax, percent) == tax
