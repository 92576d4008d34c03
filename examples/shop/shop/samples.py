"""A few products and a clock, for tests and for trying things out."""

from __future__ import annotations

from shop.catalogue import Product
from shop.money import money

PRODUCTS = (
    Product(
        "KE-1", "Copper kettle", money("39.90"), "kitchen", "Sings when the water boils", 1_200
    ),
    Product("BO-1", "Clay bowl", money("7.99"), "kitchen", "Turned by hand", 600),
    Product("LA-1", "Garden lamp", money("24.50"), "garden", "Glows all night", 900),
    Product("CH-1", "Oak chair", money("119.00"), "garden", "Heavy, and folds", 9_500),
    Product("PE-1", "Pencil", money("0.85"), "office", "Soft", 10),
)


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now
