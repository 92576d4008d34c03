"""The payment provider, as slow as the real ones."""

from __future__ import annotations

import itertools
import time
from dataclasses import dataclass
from decimal import Decimal


class Declined(Exception):
    """The provider does not pay; the text says why."""


class Unreachable(Exception):
    """The provider did not answer."""


@dataclass(frozen=True)
class Receipt:
    """The provider's promise."""

    ident: str
    amount: Decimal


class Provider:
    """Stands in for a payment service: it takes its time, and now and then it is away."""

    def __init__(
        self, latency: float = 0.1, failures: int = 0, limit: Decimal = Decimal(5000)
    ) -> None:
        self._latency = latency
        self._failures = failures
        self._limit = limit
        self._idents = itertools.count(1)
        self.charged: list[Receipt] = []

    def charge(self, card: str, amount: Decimal) -> Receipt:
        """Take money; raises Declined or Unreachable."""
        time.sleep(self._latency)
        if self._failures:
            self._failures -= 1
            raise Unreachable("no answer")
        if not luhn(card):
            raise Declined("no such card")
        if amount > self._limit:
            raise Declined(f"{amount} is above the limit of {self._limit}")
        receipt = Receipt(f"R{next(self._idents)}", amount)
        self.charged.append(receipt)
        return receipt


def luhn(card: str) -> bool:
    """Check a card number's last digit (ISO/IEC 7812-1, annex B).

    >>> luhn("4111 1111 1111 1111"), luhn("4111 1111 1111 1112")
    (True, False)
    """
    digits = [int(sign) for sign in card if sign.isdigit()]
    if len(digits) < 12:
        return False
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return (sum(doubled) + sum(digits[-1::-2])) % 10 == 0


def charge_patiently(
    provider: Provider, card: str, amount: Decimal, attempts: int = 3, pause: float = 0.05
) -> Receipt:
    """Charge, and try again when the provider is away, each time after twice the pause."""
    for attempt in range(1, attempts + 1):
        try:
            return provider.charge(card, amount)
        except Unreachable:
            if attempt == attempts:
                raise
            time.sleep(pause)
            pause *= 2
    raise ValueError(f"{attempts} attempts are none")
