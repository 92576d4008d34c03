"""Mixed: counting is fast, contention between threads is not."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from shop.cart import Cart
from shop.samples import Clock
from shop.stock import SoldOut, Stock

Fill = Callable[..., Cart]


def test_what_is_reserved_is_not_available(stock: Stock, filled: Fill) -> None:
    stock.reserve(filled(KE_1=4))
    assert stock.available("KE-1") == 6


def test_what_is_released_is_available_again(stock: Stock, filled: Fill) -> None:
    reservation = stock.reserve(filled(KE_1=4))
    stock.release(reservation)
    stock.release(reservation)
    assert stock.available("KE-1") == 10


def test_all_or_nothing_is_reserved(stock: Stock, filled: Fill) -> None:
    with pytest.raises(SoldOut, match="11 of PE-1 are wanted, 10 are there"):
        stock.reserve(filled(KE_1=1, PE_1=11))
    assert stock.available("KE-1") == 10


def test_a_reservation_ends_by_itself(stock: Stock, filled: Fill, clock: Clock) -> None:
    reservation = stock.reserve(filled(KE_1=4))
    clock.now = 899
    assert stock.available("KE-1") == 6
    clock.now = 900
    assert stock.available("KE-1") == 10
    with pytest.raises(SoldOut, match="has ended"):
        stock.take(reservation)


@pytest.mark.slow
def test_a_real_reservation_ends_in_real_time(filled: Fill) -> None:
    stock = Stock(keep_for=0.3)
    stock.deliver("KE-1", 1)
    began = time.monotonic()
    stock.reserve(filled(KE_1=1))
    while stock.available("KE-1") == 0:
        assert time.monotonic() - began < 10
        time.sleep(0.05)
    assert time.monotonic() - began >= 0.3


@pytest.mark.slow
@pytest.mark.parametrize("buyers", [2, 8, 16])
def test_nothing_is_sold_twice(stock: Stock, filled: Fill, buyers: int) -> None:
    sold = []
    gate = threading.Barrier(buyers)

    def buy() -> None:
        gate.wait()
        for _ in range(4):
            try:
                stock.take(stock.reserve(filled(KE_1=1)))
            except SoldOut:
                return
            sold.append("KE-1")
            time.sleep(0.04)

    threads = [threading.Thread(target=buy) for _ in range(buyers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(sold) == min(10, 4 * buyers)
    assert stock.available("KE-1") == 10 - len(sold)
