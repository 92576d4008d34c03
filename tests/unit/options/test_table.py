from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.options import SETTINGS, Setting, add_setting, register, register_activation

ACTION = Setting("plan", "action", (), "", "", "Print the plan.")


class RecordingParser:
    """Stands in for pytest's parser, and keeps what was added."""

    def __init__(self) -> None:
        self.flags: dict[tuple[str, ...], dict[str, Any]] = {}
        self.keys: dict[str, dict[str, Any]] = {}

    def getgroup(self, name: str, description: str) -> RecordingParser:
        assert name == "orchestrate"
        return self

    def addoption(self, *names: str, **attributes: Any) -> None:
        self.flags[names] = attributes

    def addini(self, name: str, help: str, **attributes: Any) -> None:  # noqa: A002
        self.keys[name] = {"help": help, **attributes}


@pytest.fixture
def parser() -> Any:
    return RecordingParser()


def test_names_are_unique() -> None:
    names = [setting.name for setting in SETTINGS]
    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    "setting", [s for s in SETTINGS if s.has_ini_key], ids=lambda setting: setting.name
)
def test_flag_and_ini_key_have_the_name_of_the_setting(setting: Setting, parser: Any) -> None:
    add_setting(parser, setting)
    assert list(parser.flags) == [("--orchestrate-" + setting.name.replace("_", "-"),)]
    assert list(parser.keys) == ["orchestrate_" + setting.name]


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_nothing_given_is_none_so_that_the_weaker_source_is_asked(
    setting: Setting, parser: Any
) -> None:
    add_setting(parser, setting)
    for added in (*parser.flags.values(), *parser.keys.values()):
        assert added["default"] is None


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_help_tells_the_default(setting: Setting, parser: Any) -> None:
    add_setting(parser, setting)
    defaults = [setting.default] if isinstance(setting.default, str) else setting.default
    for added in (*parser.flags.values(), *parser.keys.values()):
        for default in defaults:
            assert default in added["help"]


def test_only_lists_are_repeatable(parser: Any) -> None:
    register(parser)
    repeatable = {names[0] for names, added in parser.flags.items() if added["action"] == "append"}
    lists = "worker-spec keep resources priorities markers report report-environment"
    assert repeatable == {f"--orchestrate-{name}" for name in lists.split()}


def test_an_action_has_a_flag_without_value_and_no_ini_key(parser: Any) -> None:
    add_setting(parser, ACTION)
    assert parser.flags[("--orchestrate-plan",)]["action"] == "store_true"
    assert parser.keys == {}


def test_an_action_with_choices_has_a_flag_for_each_so_that_none_takes_a_path(parser: Any) -> None:
    add_setting(parser, ACTION._replace(choices=("json", "html")))
    assert {names: added["const"] for names, added in parser.flags.items()} == {
        ("--orchestrate-plan",): "text",
        ("--orchestrate-plan=json",): "json",
        ("--orchestrate-plan=html",): "html",
    }
    assert {added["dest"] for added in parser.flags.values()} == {"orchestrate_plan"}


def test_activation_has_an_ini_key_and_no_flag(parser: Any) -> None:
    register_activation(parser)
    assert list(parser.keys) == ["orchestrate"]
    assert parser.flags == {}
