from __future__ import annotations

import pytest

from pytest_orchestrate.engine.lifecycle import TestLives
from pytest_orchestrate.engine.readiness import Readiness, Settled
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.need import Need


def readiness(count: int, **needs: tuple[Need, ...]) -> Readiness:
    """Of tests ``t0``, ``t1`` ...; ``needs`` by name."""
    lives = TestLives()
    for number in range(count):
        lives.add(f"t{number}")
    made = Readiness(lives)
    for name, those in needs.items():
        assert made.add(int(name[1:]), those) is None
    return made


def test_a_test_is_ready_when_all_that_it_requires_has_ended_well() -> None:
    made = readiness(3, t2=(Need((0, 1)),))
    assert made.settle(0, "passed") == Settled([], [])
    assert made.is_waiting(2)
    assert made.settle(1, "xpassed") == Settled([2], [])
    assert not made.is_waiting(2)


@pytest.mark.parametrize("outcome", ["failed", "error", "skipped", "xfailed", "crashed", "blocked"])
def test_what_does_not_end_well_blocks_with_the_one_that_began_it(outcome: str) -> None:
    made = readiness(3, t1=(Need((0,)),), t2=(Need((1,)),))
    settled = made.settle(0, outcome)
    assert settled.ready == []
    assert settled.blocked == [
        (1, f"requires t0 ({outcome})"),
        (2, f"requires t1, which is blocked by t0 ({outcome})"),
    ]
    assert made.root(2) == 0


def test_ran_is_content_with_any_outcome_but_not_with_none() -> None:
    assert readiness(2, t1=(Need((0,), when="ran"),)).settle(0, "failed").ready == [1]
    assert readiness(2, t1=(Need((0,), when="ran"),)).settle(0, "not run").blocked


def test_one_of_several_is_enough() -> None:
    made = readiness(3, t2=(Need((0, 1), any=True),))
    assert made.settle(0, "failed") == Settled([], [])
    assert made.settle(1, "passed") == Settled([2], [])
    made = readiness(3, t2=(Need((0, 1), any=True),))
    made.settle(0, "failed")
    (blocked,) = made.settle(1, "skipped").blocked
    assert blocked == (2, "requires one of several tests, last t1 (skipped)")


def test_the_longest_path_behind_a_test() -> None:
    made = readiness(4, t1=(Need((0,)),), t2=(Need((1,)),), t3=(Need((0,)),))
    made.measure([1.0, 2.0, 3.0, 4.0].__getitem__)
    assert made.behind == {0: 5.0, 1: 3.0}


def test_a_long_chain_is_measured_without_recursion() -> None:
    count = 20_000
    made = readiness(count, **{f"t{n}": (Need((n - 1,)),) for n in range(1, count)})
    made.measure(lambda _test: 1.0)
    assert made.behind[0] == count - 1


def test_a_circle_is_our_fault() -> None:
    made = readiness(2, t0=(Need((1,)),), t1=(Need((0,)),))
    with pytest.raises(IllegalMove, match="in a circle"):
        made.measure(lambda _test: 1.0)


def test_what_has_ended_before_counts() -> None:
    lives = TestLives()
    for name in ("good", "bad", "later", "worse"):
        lives.add(name)
    made = Readiness(lives)
    for test, outcome in ((0, "passed"), (1, "failed")):
        for move in ("send", "start", "finish"):
            lives.move(test, move, 0.0, 0)
        made.note(test, outcome)
    assert made.add(2, (Need((0,)),)) is None
    assert not made.is_waiting(2)
    assert made.add(3, (Need((1,)),)) == "requires bad (failed)"
