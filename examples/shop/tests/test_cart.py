"""Fast: filling and emptying a cart."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shop.cart import Cart
from shop.catalogue import UnknownProduct
from shop.money import money


class TestPuttingIn:
    def test_a_new_cart_is_empty(self, cart: Cart) -> None:
        assert len(cart) == 0
        assert cart.total == 0

    def test_quantities_add_up(self, cart: Cart) -> None:
        cart.add("PE-1", 2)
        cart.add("PE-1")
        assert [(line.product.number, line.quantity) for line in cart] == [("PE-1", 3)]

    def test_what_is_not_sold_cannot_be_put_in(self, cart: Cart) -> None:
        with pytest.raises(UnknownProduct):
            cart.add("XX-9")

    @pytest.mark.parametrize("quantity", [0, -1, 100])
    def test_odd_quantities_are_refused(self, cart: Cart, quantity: int) -> None:
        with pytest.raises(ValueError, match="PE-1"):
            cart.add("PE-1", quantity)

    def test_nobody_gets_more_than_99(self, cart: Cart) -> None:
        cart.add("PE-1", 99)
        with pytest.raises(ValueError, match="more than 99"):
            cart.add("PE-1")


class TestTakingOut:
    def test_some(self, filled: Callable[..., Cart]) -> None:
        cart = filled(PE_1=5)
        cart.remove("PE-1", 2)
        assert len(cart) == 3

    def test_all(self, filled: Callable[..., Cart]) -> None:
        cart = filled(PE_1=5, KE_1=1)
        cart.remove("PE-1")
        assert [line.product.number for line in cart] == ["KE-1"]

    @pytest.mark.parametrize(("number", "quantity"), [("PE-1", 6), ("KE-1", 1), ("XX-9", None)])
    def test_what_is_not_there_stays_there(
        self, filled: Callable[..., Cart], number: str, quantity: int | None
    ) -> None:
        cart = filled(PE_1=5)
        with pytest.raises(ValueError, match="the cart holds"):
            cart.remove(number, quantity)
        assert len(cart) == 5


def test_of_two_carts_the_larger_quantity_stays(filled: Callable[..., Cart]) -> None:
    cart = filled(PE_1=5, KE_1=1)
    cart.merge(filled(KE_1=2, PE_1=1, BO_1=1))
    assert {line.product.number: line.quantity for line in cart} == {
        "PE-1": 5,
        "KE-1": 2,
        "BO-1": 1,
    }


@pytest.mark.parametrize("chairs", range(4))
@pytest.mark.parametrize("pencils", [0, 1, 10, 99])
def test_total_and_weight_are_sums(filled: Callable[..., Cart], chairs: int, pencils: int) -> None:
    wanted = {"CH_1": chairs, "PE_1": pencils}
    cart = filled(**{number: quantity for number, quantity in wanted.items() if quantity})
    assert cart.total == chairs * money("119.00") + pencils * money("0.85")
    assert cart.grams == chairs * 9_500 + pencils * 10
