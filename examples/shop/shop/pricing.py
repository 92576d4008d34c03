"""Discounts, and which of them are the best for a customer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations
from typing import Protocol

from shop.cart import Cart
from shop.money import NOTHING, money, percent_of


class Discount(Protocol):
    """Something that makes a cart cheaper."""

    @property
    def name(self) -> str:
        """What the invoice calls it."""

    def saves(self, cart: Cart) -> Decimal:
        """Return how much the customer saves, never more than the cart costs."""

    def combines_with(self, other: Discount) -> bool:
        """Say whether both may be granted together."""


@dataclass(frozen=True)
class PercentOff:
    """A share off everything, or off one category."""

    percent: int
    category: str | None = None

    @property
    def name(self) -> str:
        return f"{self.percent} % off {self.category or 'everything'}"

    def saves(self, cart: Cart) -> Decimal:
        wanted = (line for line in cart if self.category in (None, line.product.category))
        return percent_of(sum((line.price for line in wanted), NOTHING), self.percent)

    def combines_with(self, other: Discount) -> bool:
        return not isinstance(other, PercentOff) or (
            None not in (self.category, other.category) and self.category != other.category
        )


@dataclass(frozen=True)
class SomeFree:
    """Take ``take`` of a product, pay for ``pay`` of them."""

    number: str
    take: int
    pay: int

    @property
    def name(self) -> str:
        return f"{self.take} for {self.pay}: {self.number}"

    def saves(self, cart: Cart) -> Decimal:
        for line in cart:
            if line.product.number == self.number:
                return money(
                    line.quantity // self.take * (self.take - self.pay) * line.product.price
                )
        return NOTHING

    def combines_with(self, other: Discount) -> bool:
        return not (isinstance(other, SomeFree) and other.number == self.number)


@dataclass(frozen=True)
class Voucher:
    """A fixed amount, from a minimal order on."""

    code: str
    amount: Decimal
    minimum: Decimal = NOTHING

    @property
    def name(self) -> str:
        return f"voucher {self.code}"

    def saves(self, cart: Cart) -> Decimal:
        return min(self.amount, cart.total) if cart.total >= self.minimum else NOTHING

    def combines_with(self, other: Discount) -> bool:
        return not isinstance(other, Voucher)


@dataclass(frozen=True)
class Offer:
    """The discounts that are granted, and what they save together."""

    discounts: tuple[Discount, ...]
    saves: Decimal


def best_offer(cart: Cart, discounts: Sequence[Discount]) -> Offer:
    """Return the combination that saves the most, with the fewest discounts.

    Every combination is tried: fine for the ten or so that a customer can have, and a good
    reason for a slow test.
    """
    best = Offer((), NOTHING)
    total = cart.total
    for count in range(1, len(discounts) + 1):
        for chosen in combinations(discounts, count):
            if all(one.combines_with(other) for one, other in combinations(chosen, 2)):
                saves = min(total, sum((one.saves(cart) for one in chosen), NOTHING))
                if saves > best.saves:
                    best = Offer(chosen, saves)
    return best
