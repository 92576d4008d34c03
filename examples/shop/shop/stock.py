"""How many of each product are there, and who has reserved them."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from shop.cart import Cart


class SoldOut(Exception):
    """There are not as many as were asked for."""


@dataclass(frozen=True)
class Reservation:
    """Products that are kept for a customer until a point in time."""

    ident: int
    quantities: dict[str, int]
    until: float


class Stock:
    """Counts products; safe to use from several threads."""

    def __init__(self, clock: Callable[[], float] = time.monotonic, keep_for: float = 900) -> None:
        self._clock = clock
        self._keep_for = keep_for
        self._counts: dict[str, int] = {}
        self._reservations: dict[int, Reservation] = {}
        self._idents = itertools.count(1)
        self._lock = threading.Lock()

    def deliver(self, number: str, quantity: int) -> None:
        """Put delivered products on the shelf."""
        with self._lock:
            self._counts[number] = self._counts.get(number, 0) + quantity

    def available(self, number: str) -> int:
        """Return how many can be bought now."""
        with self._lock:
            self._release_expired()
            return self._counts.get(number, 0)

    def reserve(self, cart: Cart) -> Reservation:
        """Keep everything in the cart for a while, or nothing: then SoldOut is raised."""
        wanted = {line.product.number: line.quantity for line in cart}
        with self._lock:
            self._release_expired()
            for number, quantity in wanted.items():
                there = self._counts.get(number, 0)
                if there < quantity:
                    raise SoldOut(f"{quantity} of {number} are wanted, {there} are there")
            for number, quantity in wanted.items():
                self._counts[number] -= quantity
            until = self._clock() + self._keep_for
            reservation = Reservation(next(self._idents), wanted, until)
            self._reservations[reservation.ident] = reservation
            return reservation

    def release(self, reservation: Reservation) -> None:
        """Give reserved products back."""
        with self._lock:
            self._release(reservation)

    def take(self, reservation: Reservation) -> None:
        """Hand the reserved products over; too late once the reservation has ended."""
        with self._lock:
            self._release_expired()
            if self._reservations.pop(reservation.ident, None) is None:
                raise SoldOut(f"reservation {reservation.ident} has ended")

    def _release(self, reservation: Reservation) -> None:
        if self._reservations.pop(reservation.ident, None):
            for number, quantity in reservation.quantities.items():
                self._counts[number] += quantity

    def _release_expired(self) -> None:
        now = self._clock()
        for reservation in list(self._reservations.values()):
            if reservation.until <= now:
                self._release(reservation)
