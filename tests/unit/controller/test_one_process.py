"""Options that do not do their work in workers keep a run in one process."""

from __future__ import annotations

import argparse
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.controller.one_process import reason


def config(*plugins: object, **options: object) -> pytest.Config:
    """Return what is asked of pytest's configuration."""
    made: Any = SimpleNamespace(
        known_args_namespace=argparse.Namespace(**options),
        invocation_params=SimpleNamespace(plugins=plugins or None),
    )
    return cast("pytest.Config", made)


def test_nothing_is_needed_where_no_option_is_given() -> None:
    assert reason(config(usepdb=False, benchmark_compare=[])) is None


@pytest.mark.parametrize(
    ("options", "flag"),
    [
        ({"usepdb": True}, "--pdb"),
        ({"cucumber_json_path": "report.json"}, "--cucumberjson"),
        ({"benchmark_only": True, "benchmark_disable": False}, "--benchmark-only"),
    ],
)
def test_the_flag_is_the_reason(options: dict[str, object], flag: str) -> None:
    assert reason(config(**options)) == flag


def test_an_option_may_take_the_need_away() -> None:
    assert reason(config(benchmark_json="a.json", benchmark_disable=True)) is None


def test_an_object_given_as_a_plugin_is_in_no_other_process() -> None:
    assert reason(config("a_name")) is None
    assert reason(config("a_name", object())) == "pytest.main(plugins=[...]) was given an object"
