"""What one execution of a test amounts to."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_orchestrate.model.attempt import RERUN, Attempt, added


def attempt_of(*phases: tuple[str, str]) -> Attempt:
    """From phases and their outcomes; each takes a second."""
    attempt = Attempt()
    for when, outcome in phases:
        attempt.add(SimpleNamespace(when=when, outcome=outcome, duration=1.0))
    return attempt


@pytest.mark.parametrize(
    ("phases", "outcome", "is_repeated"),
    [
        ((("setup", "passed"), ("call", "passed"), ("teardown", "passed")), "passed", False),
        ((("setup", "passed"), ("call", "failed"), ("teardown", "failed")), "failed", False),
        ((("setup", "passed"), ("call", RERUN), ("teardown", "passed")), "failed", True),
        ((("setup", RERUN), ("teardown", "passed")), "error", True),
        ((("setup", "passed"), ("call", "passed"), ("teardown", RERUN)), "error", True),
    ],
)
def test_what_is_run_again_was_as_bad_as_its_worst_phase(
    phases: tuple[tuple[str, str], ...], outcome: str, is_repeated: bool
) -> None:
    attempt = attempt_of(*phases)
    assert (attempt.outcome, attempt.is_repeated) == (outcome, is_repeated)


def test_phases_add_up_one_by_one() -> None:
    assert added((1.0, 2.0, 3.0), (0.5, 0.0, 0.25)) == (1.5, 2.0, 3.25)


def test_a_call_after_one_with_an_outcome_of_a_plugin_is_another_attempt() -> None:
    attempt = attempt_of(("setup", "passed"), ("call", "retried"))
    assert attempt.ends_before(SimpleNamespace(when="call", outcome="passed", duration=1.0))
    assert attempt.outcome == "failed"


def test_an_outcome_of_a_plugin_alone_is_no_failure() -> None:
    attempt = attempt_of(("setup", "passed"), ("call", "known"))
    assert not attempt.ends_before(SimpleNamespace(when="teardown", outcome="passed", duration=1.0))
    assert attempt.outcome == "passed"
