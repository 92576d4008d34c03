"""Lines of tests that need the same resources."""

from __future__ import annotations

import pytest

from pytest_orchestrate.engine.leases import Leases, Signature
from pytest_orchestrate.engine.lines import PATIENCE, Lines
from pytest_orchestrate.engine.units import LOWEST

DB: Signature = (("db", 1, False),)
PORT: Signature = (("port", 1, False),)
BOTH: Signature = (("db", 1, False), ("port", 1, False))


@pytest.fixture
def lines() -> Lines:
    leases = Leases()
    leases.provide({"db": 1, "port": 2})
    return Lines(leases)


def add(lines: Lines, test: int, needs: Signature, seconds: float, priority: int = 0) -> None:
    lines.add((-priority, -seconds, test), needs, seconds)


def remove(lines: Lines, test: int, needs: Signature) -> None:
    line = lines.get(needs)
    assert line is not None
    lines.remove(line, test)


def order(lines: Lines) -> list[Signature]:
    return [line.needs for line in lines.by_urgency()]


def test_the_line_of_the_scarcest_resource_comes_first(lines: Lines) -> None:
    add(lines, 0, PORT, 3.0)
    add(lines, 1, DB, 2.0)
    add(lines, 2, DB, 2.0)
    assert order(lines) == [DB, PORT]
    assert lines.rank() == pytest.approx(4.0)


def test_a_line_falls_back_as_soon_as_less_waits_there(lines: Lines) -> None:
    add(lines, 0, PORT, 3.0)
    add(lines, 1, DB, 2.0)
    add(lines, 2, DB, 2.0)
    assert order(lines) == [DB, PORT]
    remove(lines, 1, DB)
    assert order(lines) == [PORT, DB]
    assert lines.rank() == pytest.approx(3.0)


def test_priority_goes_before_length(lines: Lines) -> None:
    add(lines, 0, DB, 9.0)
    add(lines, 1, PORT, 1.0, priority=1)
    assert order(lines) == [PORT, DB]
    assert lines.top_priority() == 1
    remove(lines, 1, PORT)
    assert lines.top_priority() == 0


def test_without_tests_there_is_no_line_and_no_rank(lines: Lines) -> None:
    add(lines, 0, DB, 1.0)
    remove(lines, 0, DB)
    assert order(lines) == []
    assert lines.get(DB) is None
    assert lines.rank() == 0.0
    assert lines.top_priority() == LOWEST


def test_a_test_can_come_back(lines: Lines) -> None:
    for needs in (DB, DB, PORT):
        add(lines, 0, needs, 2.0)
        remove(lines, 0, needs)
    add(lines, 0, DB, 1.0)
    assert order(lines) == [DB]
    assert lines.rank() == pytest.approx(1.0)
    assert lines.top_priority() == 0


def test_a_test_that_comes_back_is_as_urgent_as_it_is_then(lines: Lines) -> None:
    add(lines, 1, DB, 1.0)
    add(lines, 0, DB, 9.0, priority=2)
    remove(lines, 0, DB)
    add(lines, 0, DB, 2.0)
    line = lines.get(DB)
    assert line is not None
    assert line.head() == (0, -2.0, 0)
    assert lines.top_priority() == 0


def test_who_was_passed_too_often_keeps_others_from_what_it_lacks(lines: Lines) -> None:
    add(lines, 0, BOTH, 5.0)
    add(lines, 1, DB, 1.0)
    both, alone = lines.get(BOTH), lines.get(DB)
    assert both is not None
    assert alone is not None
    lines.by_urgency()
    assert lines.more_urgent(alone) == [both]
    for _ in range(PATIENCE):
        assert not lines.is_reserved(alone)
        lines.pass_by([both], alone)
    assert not lines.is_reserved(alone)  # nothing is lacking
    lines._leases.grant(0, 9, PORT)
    lines._leases.grant(1, 8, PORT)
    lines._leases.grant(2, 7, DB)
    assert lines.is_reserved(alone)
    lines.pass_by([], both)
    assert not lines.is_reserved(alone)
