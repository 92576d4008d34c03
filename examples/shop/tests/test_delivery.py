"""Fast: a unittest.TestCase beside parametrised functions."""

from __future__ import annotations

import unittest
from datetime import date

import pytest

from shop.delivery import CannotDeliver, arrives, cost
from shop.money import money


@pytest.mark.parametrize(
    ("grams", "country", "price"),
    [
        (1, "DE", "3.90"),
        (1_000, "DE", "3.90"),
        (1_001, "DE", "5.90"),
        (10_000, "DE", "8.90"),
        (10_001, "DE", "9.70"),
        (31_500, "DE", "26.50"),
        (500, "FR", "7.80"),
        (500, "US", "19.50"),
    ],
)
def test_the_tariff(grams: int, country: str, price: str) -> None:
    assert cost(grams, country) == money(price)


class FreeDelivery(unittest.TestCase):
    def test_begins_at_sixty(self) -> None:
        self.assertEqual(cost(500, total=money("59.99")), money("3.90"))
        self.assertEqual(cost(500, total=money("60.00")), 0)

    def test_ends_at_the_border(self) -> None:
        for country in ("AT", "CH"):
            with self.subTest(country):
                self.assertGreater(cost(500, country, money(100)), 0)

    def test_does_not_make_elephants_lighter(self) -> None:
        with self.assertRaisesRegex(CannotDeliver, "5000000 g"):
            cost(5_000_000, total=money(100))


def test_some_countries_are_too_far() -> None:
    with pytest.raises(CannotDeliver, match="AQ"):
        cost(500, "AQ")


@pytest.mark.parametrize(
    ("ordered", "arrival"),
    [(1, 3), (2, 6), (3, 7), (4, 7), (5, 7), (6, 8)],  # 3 July 2026 is a Friday
)
def test_parcels_rest_at_weekends(ordered: int, arrival: int) -> None:
    assert arrives(date(2026, 7, ordered)) == date(2026, 7, arrival)
