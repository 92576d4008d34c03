"""What was sold, kept in a database file."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from decimal import Decimal
from pathlib import Path

_SCHEMA = """
create table if not exists sale (
    number integer primary key,
    product text not null,
    cents integer not null check (cents >= 0)
)
"""


class Ledger:
    """One database file; every sale is one row.

    >>> ledger = Ledger(":memory:")
    Traceback (most recent call last):
        ...
    ValueError: a ledger needs a file
    """

    def __init__(self, file: Path | str) -> None:
        if str(file) == ":memory:":
            raise ValueError("a ledger needs a file")
        self._file = file

    def create(self) -> None:
        """Make the tables, if they are not there."""
        with closing(self._connect()) as database, database:
            database.execute(_SCHEMA)

    def book(self, product: str, price: Decimal) -> int:
        """Write down a sale; return its number."""
        with closing(self._connect()) as database, database:
            row = (product, int(price * 100))
            sale = database.execute("insert into sale (product, cents) values (?, ?)", row)
        return int(sale.lastrowid or 0)

    def turnover(self) -> Decimal:
        """Return what all sales together have brought."""
        with closing(self._connect()) as database:
            (cents,) = database.execute("select coalesce(sum(cents), 0) from sale").fetchone()
        return Decimal(cents) / 100

    def best(self) -> list[tuple[str, int]]:
        """Return products and how often each was sold, the best first."""
        with closing(self._connect()) as database:
            rows = database.execute(
                "select product, count(*) from sale group by product order by 2 desc, 1"
            )
            return [(str(product), int(count)) for product, count in rows]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file)
