"""What a customer is about to buy."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from shop.catalogue import Catalogue, Product
from shop.money import NOTHING, money

MOST_OF_ONE = 99


@dataclass(frozen=True)
class Line:
    """A product and how many of it."""

    product: Product
    quantity: int

    @property
    def price(self) -> Decimal:
        """The price of the line, before discounts."""
        return money(self.product.price * self.quantity)


class Cart:
    """Products with their quantities, in the order in which they were put in."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._quantities: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(self._quantities.values())

    def __iter__(self) -> Iterator[Line]:
        for number, quantity in self._quantities.items():
            yield Line(self._catalogue[number], quantity)

    def add(self, number: str, quantity: int = 1) -> None:
        """Put something in; at most 99 of one product."""
        if quantity < 1:
            raise ValueError(f"cannot add {quantity} of {number}")
        product = self._catalogue[number]
        together = self._quantities.get(product.number, 0) + quantity
        if together > MOST_OF_ONE:
            raise ValueError(f"{together} of {number} are more than {MOST_OF_ONE}")
        self._quantities[product.number] = together

    def remove(self, number: str, quantity: int | None = None) -> None:
        """Take some, or all, of a product out."""
        there = self._quantities.get(number, 0)
        left = 0 if quantity is None else there - quantity
        if not there or left < 0:
            raise ValueError(f"the cart holds {there} of {number}")
        if left:
            self._quantities[number] = left
        else:
            del self._quantities[number]

    def merge(self, other: Cart) -> None:
        """Take over what another cart holds, as when a customer logs in.

        Of each product the larger quantity stays: nobody wants the same kettle twice.
        """
        for line in other:
            number = line.product.number
            self._quantities[number] = max(line.quantity, self._quantities.get(number, 0))

    @property
    def total(self) -> Decimal:
        """The price of everything, before discounts and delivery."""
        return sum((line.price for line in self), NOTHING)

    @property
    def grams(self) -> int:
        """The weight of everything."""
        return sum(line.product.grams * line.quantity for line in self)
