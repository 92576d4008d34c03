from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.instances import FAMILIES, instance
from pytest_orchestrate.engine.instance import parsed
from pytest_orchestrate.engine.simulator import result
from tests.support.schedule_checker import violations

FAMILY = st.sampled_from(list(FAMILIES))


@given(FAMILY, st.integers(20, 120), st.integers(2, 16), st.integers(0, 1000))
def test_instances_of_all_families_are_scheduled_validly(
    family: str, tests: int, workers: int, seed: int
) -> None:
    made = instance(family, tests, workers, seed)
    assert violations(made, result(parsed(made))) == []


@pytest.mark.parametrize("family", FAMILIES)
def test_a_seed_always_gives_the_same_instance(family: str) -> None:
    made = instance(family, 50, 4, 1)
    assert made == instance(family, 50, 4, 1)
    assert made != instance(family, 50, 4, 2)
