"""How durations are written while they grow and shrink."""

from __future__ import annotations

from pytest_orchestrate.report.words import about, lasting


def test_durations_do_not_flicker() -> None:
    assert [lasting(s) for s in (0.9, 59.9, 60, 3720)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "1 h 02 min",
    ]
    assert [about(s) for s in (0.1, 9.2, 12, 56, 100, 3600, 5000)] == [
        "about 1 s",
        "about 10 s",
        "about 15 s",
        "about 1 min",
        "about 2 min",
        "about 1 h 00 min",
        "about 1 h 24 min",
    ]
