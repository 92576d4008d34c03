from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.schedule_checker import violations

INSTANCE: dict[str, Any] = {
    "format": 1,
    "workers": 2,
    "resources": {"db": 3},
    "groups": {"a.py": {"setup": 0.5}},
    "tests": [
        {"id": "a", "group": "a.py", "duration": 1.0, "resources": {"db": 2}},
        {"id": "b", "group": "a.py", "duration": 1.0, "resources": {"db": 2}},
        {"id": "c", "duration": 2.0, "requires": ["a"]},
        {"id": "d", "duration": 0.0, "resources": {"db": 3}},
    ],
}
#: The set-up of b runs while a holds the resource, and d holds it for no time.
SCHEDULE = {
    "a": (0, 0.0, 0.5, 1.5),
    "b": (1, 0.0, 0.5, 2.5),
    "c": (0, 1.5, 0.0, 3.5),
    "d": (1, 2.5, 0.0, 2.5),
}


def result(
    bound: float = 3.5, changes: Mapping[str, tuple[int, float, float, float]] | None = None
) -> dict[str, Any]:
    schedule = {**SCHEDULE, **(changes or {})}
    return {
        "makespan": max(end for _, _, _, end in schedule.values()),
        "lower_bound": bound,
        "assignments": [
            {"test": test, "worker": worker, "start": start, "setup": setup, "end": end}
            for test, (worker, start, setup, end) in schedule.items()
        ],
    }


def test_a_valid_schedule_has_no_violations() -> None:
    assert violations(INSTANCE, result()) == []


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"b": (1, 0.0, 0.5, 1.5)}, "b: begins when 4 of 3 db are held"),
        ({"c": (0, 1.5, 0.0, 3.4)}, "c: ends too early"),
        ({"c": (1, 0.0, 0.0, 2.0), "b": (1, 2.0, 0.5, 3.5)}, "c: begins before a has ended"),
        ({"b": (2, 0.0, 0.5, 2.5)}, "there is no worker 2"),
        ({"c": (0, 1.4, 0.0, 3.5)}, "c: starts while its worker is busy"),
        ({"b": (1, 0.0, 0.0, 2.5)}, "b: set-up 0.0, due is 0.5"),
        ({"a": (0, 0.0, 0.5, 1.4)}, "a: ends too early"),
    ],
)
def test_each_rule_is_checked(
    changes: dict[str, tuple[int, float, float, float]], sentence: str
) -> None:
    assert sentence in violations(INSTANCE, result(0.0, changes))


def test_a_group_that_was_left_is_entered_again() -> None:
    back = {"b": (0, 3.5, 0.0, 4.5)}
    assert "b: set-up 0.0, due is 0.5" in violations(INSTANCE, result(0.0, back))


def test_every_test_runs_once() -> None:
    schedule = result()
    extra = {**schedule["assignments"][3], "test": "e"}
    schedule["assignments"] = [*schedule["assignments"][:3], schedule["assignments"][0], extra]
    assert violations(INSTANCE, schedule) == [
        "e: there is no such test",
        "a: runs 2 times",
        "d: runs 0 times",
    ]


def test_the_makespan_is_the_last_end_and_not_below_the_bound() -> None:
    assert violations(INSTANCE, result(3.6)) == ["the makespan 3.5 beats the lower bound 3.6"]
    assert violations(INSTANCE, {**result(), "makespan": 4.0}) == ["the makespan is 3.5, not 4.0"]
