"""What a run was given beside its tests."""

from __future__ import annotations

from argparse import Namespace
from typing import Any, cast

import pytest

from pytest_orchestrate.controller import github
from pytest_orchestrate.controller.surroundings import environment, seeds
from tests.support.told_run import story_of_a_run


def config(**option: Any) -> pytest.Config:
    return cast("pytest.Config", Namespace(option=Namespace(**option)))


def test_seeds_are_those_of_the_plugins_that_have_one() -> None:
    given = config(randomly_seed=1234, hypothesis_seed="56")
    assert seeds(given) == {"pytest-randomly": "1234", "hypothesis": "56"}
    assert seeds(config()) == {}


@pytest.mark.parametrize("seed", ["default", "last", None])
def test_a_seed_that_is_not_known_is_not_told(seed: object) -> None:
    assert seeds(config(randomly_seed=seed)) == {}


def test_of_the_environment_only_what_is_named_is_told_in_text_and_without_secrets() -> None:
    variables = {"CI": "1", "API_TOKEN": "hunter2", "ODD": "a\udc80b", "OTHER": "x", "TZ": ""}
    told = environment(variables, ["CI", "API_TOKEN", "ODD", "TZ", "UNSET"])
    assert told == {"CI": "1", "API_TOKEN": "***", "ODD": "a?b", "TZ": ""}


@pytest.mark.parametrize("there", [0, 3, 1_000_000, (1 << 20) - 3, 1 << 20, 1 << 21])
def test_a_summary_grows_to_what_github_takes_at_most(there: int, tmp_path: Any) -> None:
    path = tmp_path / "summary.md"
    path.write_text("x" * there)
    github.add_summary(story_of_a_run(), path)
    text = path.read_text(encoding="utf-8")
    assert text.startswith("x" * there)
    assert path.stat().st_size <= max(there, github.SUMMARY)
    assert (path.stat().st_size > there) is (there <= 1_000_000)
