"""What tests may take that have not been run together yet."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable

import msgspec

from pytest_orchestrate.history import batches


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
    #: Groups of tests that stay on one worker, each together.
    groups: tuple[float, ...] = ()


def known_work(
    connection: sqlite3.Connection, places: Collection[str], keep_together: str
) -> KnownWork:
    """Add up the estimates of the tests in these places; "." is everywhere."""
    everywhere = "." in places
    within = tuple(
        f"{place}{mark}" for place in places for mark in ("/", "::", "[" if "::" in place else "/")
    )

    def is_wanted(name: str) -> bool:
        return everywhere or name in places or name.startswith(within)

    found = [
        (nodeid, file, estimate)
        for nodeid, file, estimate in connection.execute(
            "SELECT nodeid, file, estimate FROM test WHERE estimate IS NOT NULL"
        )
        if is_wanted(nodeid)
    ]
    estimates = [estimate for _, _, estimate in found]
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
        files=frozenset(file for _, file, _ in found),
        groups=_groups(((nodeid, estimate) for nodeid, _, estimate in found), keep_together),
    )


def groups_of_run(
    connection: sqlite3.Connection, run: str, keep_together: str
) -> tuple[float, ...]:
    """What the groups of the tests of a run took in it, each together, if they are kept so."""
    if keep_together == "off":
        return ()
    row = connection.execute("SELECT id FROM run WHERE run = ?", (run,)).fetchone()
    if row is None:
        return ()
    names: dict[int, str] = dict(connection.execute("SELECT id, nodeid FROM test"))
    took = (
        (names[test], setup + call + teardown)
        for _, batch in batches.of_run(connection, row[0])
        for test, _, _, _, _, setup, _, call, teardown, _ in batch.entries()
        if test in names
    )
    return _groups(took, keep_together)


def _groups(tests: Iterable[tuple[str, float]], keep_together: str) -> tuple[float, ...]:
    """Groups as far as node ids tell them: what marks say is not known before collection."""
    if keep_together == "off":
        return ()
    groups: dict[str, float] = {}
    for nodeid, seconds in tests:
        group = _group_of(nodeid, keep_together)
        if group:
            groups[group] = groups.get(group, 0.0) + seconds
    return tuple(groups.values())


def _group_of(nodeid: str, keep_together: str) -> str:
    """The group of a test, or an empty text."""
    if keep_together == "file":
        return nodeid.partition("::")[0]
    if keep_together == "class":
        name = nodeid.partition("[")[0]
        return name.rpartition("::")[0] or name
    _, mark, name = nodeid.rpartition("]")[2].rpartition("@")
    return name if mark else ""
