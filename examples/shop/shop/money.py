"""Amounts of money, in whole cents."""

from __future__ import annotations

import os
from decimal import ROUND_DOWN, ROUND_HALF_UP, Decimal

#: A bug to look at: with SHOP_FAIL=1 the shop rounds in its customers' favour.
ROUNDING = ROUND_DOWN if os.environ.get("SHOP_FAIL") == "1" else ROUND_HALF_UP

CENT = Decimal("0.01")
NOTHING = Decimal("0.00")


def money(amount: Decimal | int | str) -> Decimal:
    """Return the amount rounded to cents, half a cent upwards.

    >>> money("19.995")
    Decimal('20.00')
    >>> money(3)
    Decimal('3.00')
    """
    return Decimal(amount).quantize(CENT, rounding=ROUNDING)


def percent_of(amount: Decimal, percent: Decimal | int) -> Decimal:
    """Return that share of the amount.

    >>> percent_of(money("9.99"), 15)
    Decimal('1.50')
    """
    return money(amount * Decimal(percent) / 100)


def vat_included(gross: Decimal, percent: Decimal | int) -> Decimal:
    """Return the value-added tax that a gross price contains.

    >>> vat_included(money("119.00"), 19)
    Decimal('19.00')
    """
    rate = Decimal(percent)
    return money(gross * rate / (100 + rate))
