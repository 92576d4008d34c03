from __future__ import annotations

import pytest

from pytest_orchestrate.engine.estimates import BLIND_GUESS, Estimates


def estimates_of(*histories: float | None) -> Estimates:
    """Two tests a file."""
    estimates = Estimates()
    for number, history in enumerate(histories):
        estimates.add(estimates.file(f"{number // 2}.py"), history)
    return estimates


def learn(estimates: Estimates, test: int, body: float, setup: float = 0.0) -> None:
    estimates.learn(test, setup, body, enters=False, first_of_worker=False)


def test_history_is_believed() -> None:
    estimates = estimates_of(3.0, 4.0)
    learn(estimates, 0, 9.0)
    assert estimates.of(1) == 4.0


def test_without_anything_known_the_guess_is_blind() -> None:
    assert estimates_of(None).of(0) == BLIND_GUESS


def test_an_unseen_test_is_expected_to_take_what_is_known_nearest_to_it() -> None:
    estimates = estimates_of(None, 2.0, None, None)
    assert estimates.of(0) == 2.0  # the estimates of its file
    assert estimates.of(2) == 2.0  # those of the run
    learn(estimates, 1, 6.0)
    assert estimates.of(0) == 6.0  # its file in this run
    assert estimates.of(2) == 6.0  # this run
    learn(estimates, 3, 1.0, setup=0.5)
    assert estimates.of(2) == 1.5


def test_what_a_file_costs_to_enter_is_what_its_first_set_up_took_beyond_the_others() -> None:
    estimates = estimates_of(None, None, None)
    assert estimates.entry(0) == 0.0
    estimates.learn(0, 2.0, 1.0, enters=True, first_of_worker=False)
    learn(estimates, 1, 1.0, setup=0.25)
    assert estimates.entry(0) == pytest.approx(1.75)
    assert estimates.entry(1) == pytest.approx(1.75)  # as the others did
    assert estimates.of(0) == pytest.approx(1.25)  # not counted as the test's own


def test_the_first_test_of_a_worker_says_nothing_about_its_file() -> None:
    estimates = estimates_of(None, None)
    estimates.learn(0, 30.0, 1.0, enters=True, first_of_worker=True)
    assert estimates.entry(0) == 0.0
    assert estimates.of(1) == 1.0


def test_a_known_entry_is_believed() -> None:
    estimates = estimates_of(None, None)
    estimates.files[0].entry = 0.5
    estimates.learn(0, 2.0, 1.0, enters=True, first_of_worker=False)
    assert estimates.entry(0) == 0.5
