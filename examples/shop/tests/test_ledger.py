"""One database for all: tests that need it, and each other.

The tests share a file, as tests of a real database server would. ``resource`` keeps two of them
from using it at the same time, on whatever workers they run; ``requires`` has the schema tested
first, because without it there is no point in the rest. Plain pytest runs them in this order, one
after another, and takes no notice of the markers.
"""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import pytest

from shop.ledger import Ledger
from shop.money import money

pytestmark = pytest.mark.resource("ledger")


@pytest.fixture
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same file on every worker: their own folders lie in one."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent
    return folder / "ledger.sqlite"


@pytest.fixture
def ledger(file: Path) -> Ledger:
    return Ledger(file)


def test_schema(ledger: Ledger, file: Path) -> None:
    file.unlink(missing_ok=True)
    ledger.create()
    ledger.create()
    assert ledger.turnover() == 0


@pytest.mark.requires("test_schema")
class TestBooking:
    def test_adds_to_the_turnover(self, ledger: Ledger) -> None:
        before = ledger.turnover()
        ledger.book("KE-1", money("49.90"))
        assert ledger.turnover() - before == Decimal("49.90")

    @pytest.mark.parametrize("price", ["0.00", "0.01", "999.99"])
    def test_keeps_cents(self, ledger: Ledger, price: str) -> None:
        before = ledger.turnover()
        ledger.book("BO-1", money(price))
        assert ledger.turnover() - before == Decimal(price)

    def test_numbers_sales(self, ledger: Ledger) -> None:
        assert ledger.book("KE-1", money("1.00")) < ledger.book("KE-1", money("1.00"))

    def test_of_less_than_nothing_is_refused(self, ledger: Ledger) -> None:
        with pytest.raises(sqlite3.IntegrityError):
            ledger.book("KE-1", money("-1.00"))


@pytest.mark.low
@pytest.mark.slow
@pytest.mark.requires("TestBooking")
def test_the_report_of_a_long_day(ledger: Ledger) -> None:
    for _ in range(5):
        ledger.book("PE-1", money("2.00"))
        time.sleep(0.05)
    assert ledger.best()[0] == ("PE-1", 5)


@pytest.mark.critical
def test_a_ledger_needs_a_file(resource_slots: Callable[[str], tuple[int, ...]]) -> None:
    assert resource_slots("ledger") == (0,)
    with pytest.raises(ValueError, match="needs a file"):
        Ledger(":memory:")
