from __future__ import annotations

import pytest

from pytest_orchestrate.engine.estimates import BLIND_GUESS, Estimates
from pytest_orchestrate.engine.guesses import SHRUNK, Guesses


def estimates_of(*histories: float | None) -> Estimates:
    """Two tests a file."""
    estimates = Estimates()
    for number, history in enumerate(histories):
        estimates.add(estimates.file(f"{number // 2}.py"), history)
    return estimates


def learn(estimates: Estimates, test: int, body: float) -> None:
    estimates.learn(test, 0.0, body, enters=False, first_of_worker=False)


def test_where_nothing_is_known_tests_take_as_long_as_entering_files() -> None:
    assert Guesses(estimates_of(None), [1.0, 3.0], 2).of([0], 0.0) == [2.0]
    assert Guesses(estimates_of(None), [], 2).of([0], 0.0) == [BLIND_GUESS]


def test_a_file_is_expected_to_be_like_its_tests_that_ended_and_like_the_run() -> None:
    estimates = estimates_of(None, None, None, None)
    guesses = Guesses(estimates, [9.0], 2)
    learn(estimates, 0, 4.0)
    assert guesses.of([0, 1], 5.0) == [4.0, 4.0]
    learn(estimates, 2, 2.0)
    like_the_run = SHRUNK * 3.0
    assert guesses.of([0, 1], 5.0) == pytest.approx(
        [(4.0 + like_the_run) / (1 + SHRUNK), (2.0 + like_the_run) / (1 + SHRUNK)]
    )


def test_what_has_not_ended_yet_takes_longer_than_was_thought() -> None:
    estimates = estimates_of(None, None, None, None)
    guesses = Guesses(estimates, [], 2)
    learn(estimates, 2, 1.0)
    guesses.begin(0, 0, 1.0)
    soon, later = guesses.of([0], 1.5)[0], guesses.of([0], 3.0)[0]
    assert soon < later
    assert later > guesses.of([1], 3.0)[0]
    assert guesses.running_in(0) == [(0, 1.0)]
    guesses.end(0)
    assert guesses.running_in(0) == []
    assert guesses.of([0], 3.0) == [1.0]


def test_a_worker_that_still_enters_the_file_of_its_test_says_nothing() -> None:
    guesses = Guesses(estimates_of(2.0, None), [], 1)
    before = guesses.of([0], 0.0)
    guesses.begin(0, 0, 1.0)
    assert guesses.of([0], 0.5) == before == [2.0]
