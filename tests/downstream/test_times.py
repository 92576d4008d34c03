"""Times are compared round by round."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.downstream.suite import SuiteRun
from tests.downstream.times import as_text, best_of_xdist, ratio, table


def took(*seconds: float, exit_code: int | None = 0) -> list[SuiteRun]:
    """Return runs that took so long."""
    return [SuiteRun(None, Path(), exit_code, each, 0) for each in seconds]


def test_a_ratio_is_the_median_of_those_within_a_round() -> None:
    # the machine was slow in the second round, for both
    runs = {"plain": took(2.0, 10.0, 2.0), "ours": took(1.0, 6.0, 1.2)}
    assert ratio(runs, "ours") == pytest.approx(0.6)


def test_of_xdist_only_its_best_mode_is_shown() -> None:
    runs = {
        "plain": took(2.0),
        "ours": took(1.0),
        "xdist-load": took(3.0),
        "xdist-loadfile": took(2.5),
    }
    assert as_text(runs) == "plain 2.00 s, ours 1.00 s (0.50), xdist-loadfile 2.50 s (1.25)"


def test_a_mode_that_did_not_end_is_no_best() -> None:
    runs = {"plain": took(2.0), "xdist-load": took(1.0, exit_code=None)}
    assert best_of_xdist(runs) is None


def test_the_table_has_ratios_and_their_geometric_mean() -> None:
    rows = [
        ("one", {"plain": took(2.0), "ours": took(1.0), "xdist-load": took(4.0)}),
        ("two", {"plain": took(2.0), "ours": took(4.0)}),
    ]
    assert table(rows).splitlines() == [
        "| suite | plain | ours | pytest-xdist |",
        "| --- | --- | --- | --- |",
        "| one | 2.00 s | 0.50 | 2.00 (load) |",
        "| two | 2.00 s | 2.00 |  |",
        "| geometric mean |  | 1.00 | 2.00 |",
    ]
