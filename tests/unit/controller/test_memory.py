"""What the garbage collector is spared, and that other programs get it back."""

from __future__ import annotations

import gc
from collections.abc import Iterator

import pytest

from pytest_orchestrate.controller import memory


@pytest.fixture(autouse=True)
def as_before() -> Iterator[None]:
    gc.disable()  # collected is when a test says so
    gc.unfreeze()
    yield
    gc.enable()
    memory.end_sparing()
    assert memory._freeze not in gc.callbacks
    gc.unfreeze()


def test_what_survives_two_generations_is_not_looked_at_again() -> None:
    memory.spare_long_lived()
    before = gc.get_freeze_count()
    kept = [[number] for number in range(5000)]
    gc.collect(0)
    assert gc.get_freeze_count() == before
    gc.collect(1)
    assert gc.get_freeze_count() >= before + len(kept)


def test_what_is_given_up_at_once_is_still_freed() -> None:
    class Cycle:
        alive = 0

        def __init__(self) -> None:
            Cycle.alive += 1
            self.me = self

        def __del__(self) -> None:
            Cycle.alive -= 1

    memory.spare_long_lived()
    for _ in range(50):
        Cycle()
    gc.collect(0)
    assert Cycle.alive == 0


def test_it_begins_once_and_ends_without_a_trace() -> None:
    memory.spare_long_lived()
    memory.spare_long_lived()
    assert gc.callbacks.count(memory._freeze) == 1
    memory.end_sparing()
    assert gc.get_freeze_count() == 0
    memory.end_sparing()


def test_what_another_program_has_set_aside_stays_so() -> None:
    gc.freeze()
    before = gc.get_freeze_count()
    memory.spare_long_lived()
    assert memory._freeze not in gc.callbacks
    memory.end_sparing()
    assert gc.get_freeze_count() == before
