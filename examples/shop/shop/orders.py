"""From a cart to a delivered parcel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from enum import Enum

from shop import delivery
from shop.cart import Cart, Line
from shop.money import vat_included
from shop.payment import Declined, Provider, Receipt, Unreachable, charge_patiently
from shop.pricing import Discount, Offer, best_offer
from shop.stock import Stock

VAT_PERCENT = 19


class State(Enum):
    """Where an order is in its life."""

    PAID = "paid"
    PACKED = "packed"
    SENT = "sent"
    DELIVERED = "delivered"
    CANCELLED = "cancelled"
    RETURNED = "returned"


#: From a state, the states that may follow.
MOVES: dict[State, frozenset[State]] = {
    State.PAID: frozenset({State.PACKED, State.CANCELLED}),
    State.PACKED: frozenset({State.SENT, State.CANCELLED}),
    State.SENT: frozenset({State.DELIVERED, State.RETURNED}),
    State.DELIVERED: frozenset({State.RETURNED}),
    State.CANCELLED: frozenset(),
    State.RETURNED: frozenset(),
}


class WrongMove(Exception):
    """An order cannot go from this state to that one."""


@dataclass
class Order:
    """What was bought, for how much, and where it is now."""

    number: int
    lines: tuple[Line, ...]
    offer: Offer
    delivery: Decimal
    total: Decimal
    receipt: Receipt
    state: State = State.PAID
    history: list[State] = field(default_factory=lambda: [State.PAID])

    def move(self, state: State) -> None:
        """Go to the next state; raises WrongMove when the table has no such move."""
        if state not in MOVES[self.state]:
            raise WrongMove(f"order {self.number} is {self.state.value}, not to be {state.value}")
        self.state = state
        self.history.append(state)

    def invoice(self) -> str:
        """Return the invoice as text, 48 columns wide."""
        rows = [(f"{line.quantity} x {line.product.name}", line.price) for line in self.lines]
        if self.offer.saves:
            rows.append((", ".join(one.name for one in self.offer.discounts), -self.offer.saves))
        rows.append(("delivery", self.delivery))
        rows.append(("total", self.total))
        rows.append((f"of it {VAT_PERCENT} % VAT", vat_included(self.total, VAT_PERCENT)))
        body = [f"{text:<38.38}{amount:>10}" for text, amount in rows]
        return "\n".join([f"Invoice {self.number}", "-" * 48, *body])


class Orders:
    """Places orders and finds them again."""

    def __init__(self, stock: Stock, provider: Provider) -> None:
        self._stock = stock
        self._provider = provider
        self._orders: dict[int, Order] = {}

    def __getitem__(self, number: int) -> Order:
        return self._orders[number]

    def __len__(self) -> int:
        return len(self._orders)

    def place(
        self, cart: Cart, card: str, country: str = "DE", discounts: Sequence[Discount] = ()
    ) -> Order:
        """Reserve, charge, and only then take from the shelf.

        Raises SoldOut, CannotDeliver, Declined or Unreachable; nothing is kept or charged then.
        """
        if not len(cart):
            raise ValueError("the cart is empty")
        offer = best_offer(cart, discounts)
        goods = cart.total - offer.saves
        parcel = delivery.cost(cart.grams, country, goods)
        reservation = self._stock.reserve(cart)
        try:
            receipt = charge_patiently(self._provider, card, goods + parcel)
        except (Declined, Unreachable):
            self._stock.release(reservation)
            raise
        self._stock.take(reservation)
        number = len(self._orders) + 1
        order = Order(number, tuple(cart), offer, parcel, goods + parcel, receipt)
        self._orders[number] = order
        return order
