"""What tests may take that have not been run together yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection

import msgspec


class KnownWork(msgspec.Struct, frozen=True):
    """Tests of which an estimate is known, together. Seconds."""

    tests: int = 0
    #: All of them, one after another, with the fixtures of their files.
    work: float = 0.0
    longest: float = 0.0
    #: To collect their files.
    collect: float = 0.0
    #: Those files, relative to the root directory.
    files: frozenset[str] = frozenset()


def known_work(connection: sqlite3.Connection, places: Collection[str]) -> KnownWork:
    """Add up the estimates of the tests in these places; "." is everywhere."""
    everywhere = "." in places
    within = tuple(
        f"{place}{mark}" for place in places for mark in ("/", "::", "[" if "::" in place else "/")
    )

    def is_wanted(name: str) -> bool:
        return everywhere or name in places or name.startswith(within)

    found = [
        (estimate, file)
        for nodeid, file, estimate in connection.execute(
            "SELECT nodeid, file, estimate FROM test WHERE estimate IS NOT NULL"
        )
        if is_wanted(nodeid)
    ]
    estimates = [estimate for estimate, _ in found]
    costs = [
        (collect or 0.0, setup or 0.0)
        for file, collect, setup in connection.execute("SELECT file, collect, setup FROM file")
        if is_wanted(file)
    ]
    collect = sum(collect for collect, _ in costs)
    return KnownWork(
        tests=len(estimates),
        work=sum(estimates) + max(0.0, sum(setup for _, setup in costs) - collect),
        longest=max(estimates, default=0.0),
        collect=collect,
        files=frozenset(file for _, file in found),
    )
