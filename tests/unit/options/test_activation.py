from __future__ import annotations

import argparse
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from pytest_orchestrate.options import asked_for, names_us


def config_with(
    *, plugins: list[str] | None = None, ini: object = None, **flags: object
) -> pytest.Config:
    config: Any = SimpleNamespace(
        known_args_namespace=argparse.Namespace(plugins=plugins or [], **flags),
        invocation_params=SimpleNamespace(plugins=None),
        inipath=Path("/root/pytest.ini"),
        getini={"orchestrate": ini}.get,
    )
    return cast("pytest.Config", config)


@pytest.mark.parametrize(
    "name", ["orchestrate", "pytest_orchestrate", "pytest_orchestrate.plugin", " orchestrate"]
)
def test_each_name_of_the_plugin_asks_for_it(name: str) -> None:
    assert names_us(["randomly", name])
    assert asked_for(config_with(plugins=[name]))


@pytest.mark.parametrize("name", ["no:orchestrate", "orchestrate2", "xdist"])
def test_other_plugin_names_do_not_ask_for_it(name: str) -> None:
    assert not names_us([name])
    assert not asked_for(config_with(plugins=[name]))


@pytest.mark.parametrize(
    ("ini", "asked"), [(None, False), ("true", True), (True, True), ("no", False), (False, False)]
)
def test_the_ini_key_decides_where_no_flag_does(ini: object, asked: bool) -> None:
    assert asked_for(config_with(ini=ini)) is asked


@pytest.mark.parametrize("number", ["0", "auto", "3"])
def test_any_number_of_workers_on_the_command_line_asks_for_it(number: str) -> None:
    assert asked_for(config_with(orchestrate_workers=number))
    assert not asked_for(config_with(orchestrate_workers=None))


def test_other_flags_do_not_ask_for_it() -> None:
    assert not asked_for(config_with(orchestrate_grace="3"))


def test_the_ini_key_accepts_nothing_but_true_and_false() -> None:
    with pytest.raises(pytest.UsageError) as caught:
        asked_for(config_with(ini="maybe"))
    assert str(caught.value) == (
        f"orchestrate in {Path('/root/pytest.ini')}: 'maybe' is not accepted. "
        "Accepted: true or false."
    )


def test_a_plugin_named_to_pytest_main_is_recognised_before_arguments_are_parsed() -> None:
    config: Any = SimpleNamespace(invocation_params=SimpleNamespace(plugins=["orchestrate"]))
    assert asked_for(config)
    config.invocation_params.plugins = [object()]
    assert not asked_for(config)
