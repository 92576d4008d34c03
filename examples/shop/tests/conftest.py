"""Fixtures that several test files use."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shop.cart import Cart
from shop.catalogue import Catalogue
from shop.payment import Provider
from shop.samples import PRODUCTS, Clock
from shop.stock import Stock


@pytest.fixture(scope="session")
def catalogue() -> Catalogue:
    """Five products; nobody changes them."""
    return Catalogue(PRODUCTS)


@pytest.fixture
def cart(catalogue: Catalogue) -> Cart:
    return Cart(catalogue)


@pytest.fixture
def filled(catalogue: Catalogue) -> Callable[..., Cart]:
    """Make a cart from quantities: ``filled(KE_1=2)``."""

    def fill(**quantities: int) -> Cart:
        cart = Cart(catalogue)
        for number, quantity in quantities.items():
            cart.add(number.replace("_", "-"), quantity)
        return cart

    return fill


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def stock(clock: Clock) -> Stock:
    """Ten of each product."""
    stock = Stock(clock)
    for product in PRODUCTS:
        stock.deliver(product.number, 10)
    return stock


@pytest.fixture
def provider() -> Provider:
    """A payment provider that answers rather quickly."""
    return Provider(latency=0.1)
