"""Mixed: each order is paid, and that takes a moment."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from shop.cart import Cart
from shop.delivery import CannotDeliver
from shop.money import money
from shop.orders import MOVES, Order, Orders, State, WrongMove
from shop.payment import Declined, Provider
from shop.pricing import Discount, PercentOff, Voucher
from shop.stock import SoldOut, Stock

CARD = "4111 1111 1111 1111"
Fill = Callable[..., Cart]


@pytest.fixture
def orders(stock: Stock, provider: Provider) -> Orders:
    return Orders(stock, provider)


@pytest.fixture
def order(orders: Orders, filled: Fill) -> Order:
    return orders.place(filled(KE_1=1, BO_1=2), CARD)


class TestPlacing:
    def test_charges_goods_and_delivery(self, order: Order, provider: Provider) -> None:
        assert order.total == money("61.78")
        assert provider.charged == [order.receipt]

    def test_takes_the_goods_from_the_shelf(self, order: Order, stock: Stock) -> None:
        assert (stock.available("KE-1"), stock.available("BO-1")) == (9, 8)

    def test_grants_the_best_discounts(self, orders: Orders, filled: Fill) -> None:
        choice: list[Discount] = [
            PercentOff(10),
            PercentOff(20, "kitchen"),
            Voucher("FIVE", money(5)),
        ]
        order = orders.place(filled(KE_1=2), CARD, discounts=choice)
        assert order.offer.saves == money("20.96")
        assert order.total == money("58.84") + money("5.90")

    def test_of_nothing_is_refused(self, orders: Orders, cart: Cart) -> None:
        with pytest.raises(ValueError, match="empty"):
            orders.place(cart, CARD)

    @pytest.mark.parametrize(
        ("quantities", "card", "country", "error"),
        [
            ({"KE_1": 11}, CARD, "DE", SoldOut),
            ({"KE_1": 1}, "1234", "DE", Declined),
            ({"KE_1": 1}, CARD, "AQ", CannotDeliver),
            ({"CH_1": 4}, CARD, "DE", CannotDeliver),
        ],
    )
    def test_that_fails_keeps_nothing(
        self,
        orders: Orders,
        stock: Stock,
        provider: Provider,
        filled: Fill,
        quantities: dict[str, int],
        card: str,
        country: str,
        error: type[Exception],
    ) -> None:
        with pytest.raises(error):
            orders.place(filled(**quantities), card, country)
        assert stock.available("KE-1") == 10
        assert not provider.charged
        assert len(orders) == 0


@pytest.mark.parametrize(
    "path",
    [
        "packed sent delivered",
        "packed sent delivered returned",
        "packed sent returned",
        "packed cancelled",
        "cancelled",
    ],
)
def test_an_order_goes_its_way(order: Order, path: str) -> None:
    for state in path.split():
        order.move(State(state))
    assert order.history == [State.PAID, *map(State, path.split())]


@pytest.mark.parametrize(
    "state",
    [state for state in State if state not in MOVES[State.PAID]],
    ids=lambda state: state.value,
)
def test_an_order_takes_no_short_cut(order: Order, state: State) -> None:
    with pytest.raises(WrongMove, match="order 1 is paid"):
        order.move(state)
    assert order.state is State.PAID


def test_the_invoice_adds_up(order: Order) -> None:
    assert order.invoice().splitlines() == [
        "Invoice 1",
        "-" * 48,
        "1 x Copper kettle                          39.90",
        "2 x Clay bowl                              15.98",
        "delivery                                    5.90",
        "total                                      61.78",
        "of it 19 % VAT                              9.86",
    ]
