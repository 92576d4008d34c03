"""Slow by waiting: the provider takes its time."""

from __future__ import annotations

import os
from itertools import pairwise

import pytest

from shop.money import money
from shop.payment import Declined, Provider, Unreachable, charge_patiently, luhn

CARD = "4111 1111 1111 1111"


@pytest.mark.parametrize("latency", [0.05, 0.1, 0.2, 0.3, 0.5])
def test_a_slow_provider_is_waited_for(latency: float) -> None:
    receipt = Provider(latency).charge(CARD, money(10))
    assert receipt.amount == 10


@pytest.mark.slow
@pytest.mark.parametrize("failures", [1, 2])
def test_a_provider_that_is_away_is_asked_again(failures: int) -> None:
    provider = Provider(0.05, failures)
    assert charge_patiently(provider, CARD, money(10)).ident == "R1"
    assert len(provider.charged) == 1


@pytest.mark.slow
def test_patience_ends_after_three_attempts() -> None:
    with pytest.raises(Unreachable):
        charge_patiently(Provider(0.05, failures=3), CARD, money(10))


@pytest.mark.parametrize(
    ("card", "amount", "why"),
    [("4111 1111 1111 1112", 10, "no such card"), (CARD, 5001, "above the limit")],
)
def test_a_refusal_says_why(provider: Provider, card: str, amount: int, why: str) -> None:
    with pytest.raises(Declined, match=why):
        provider.charge(card, money(amount))


@pytest.mark.parametrize("digit", range(10))
def test_one_last_digit_is_right(digit: int) -> None:
    assert luhn(f"411111111111111{digit}") is (digit == 1)


def test_receipts_are_numbered(provider: Provider) -> None:
    receipts = [provider.charge(CARD, money(1)).ident for _ in range(3)]
    assert all(one < other for one, other in pairwise(receipts))


def test_the_provider_keeps_its_process_alive() -> None:
    """With SHOP_FAIL=crash this test takes its process down, as a broken C library would."""
    if os.environ.get("SHOP_FAIL") == "crash":
        print("the provider's library is about to crash", flush=True)
        os.abort()
    assert os.getpid() > 0
