"""What it costs to send a parcel, and when it arrives."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from shop.money import NOTHING, money

#: Up to so many grams, the price inside the country.
TARIFF = ((1_000, money("3.90")), (5_000, money("5.90")), (10_000, money("8.90")))
HEAVIEST = 31_500
PER_FURTHER_KILO = money("0.80")
ABROAD = {"AT": 2, "FR": 2, "CH": 3, "US": 5}
FREE_FROM = money("60.00")


class CannotDeliver(ValueError):
    """We do not send such a parcel there."""


def cost(grams: int, country: str = "DE", total: Decimal = NOTHING) -> Decimal:
    """Return the price of sending so many grams to a country.

    >>> cost(800)
    Decimal('3.90')
    >>> cost(800, total=money(75))
    Decimal('0.00')
    """
    if grams > HEAVIEST:
        raise CannotDeliver(f"{grams} g are more than {HEAVIEST} g")
    if country == "DE":
        return NOTHING if total >= FREE_FROM else _inside(grams)
    if country not in ABROAD:
        raise CannotDeliver(f"no delivery to {country}")
    return money(_inside(grams) * ABROAD[country])


def _inside(grams: int) -> Decimal:
    for limit, price in TARIFF:
        if grams <= limit:
            return price
    limit, price = TARIFF[-1]
    kilos = -(-(grams - limit) // 1000)
    return price + kilos * PER_FURTHER_KILO


def arrives(ordered: date, working_days: int = 2) -> date:
    """Return the day of arrival; parcels rest at weekends.

    >>> arrives(date(2026, 7, 3)).isoformat()  # a Friday
    '2026-07-07'
    """
    day = ordered
    while working_days:
        day += timedelta(days=1)
        working_days -= day.isoweekday() <= 5
    return day
