from __future__ import annotations

import os
import sys
from typing import Any

import pytest

from pytest_orchestrate.sharding.expecting import is_expected_to_hold
from pytest_orchestrate.sharding.guarding import guarded
from tests.unit.sharding.test_guarding import compiled

#: Conditions that are not met; ``config.backend`` is None, ``--lf`` not given, ``--color=auto``.
NOT_MET = [
    "config.backend",
    "config.backend is not None",
    "config.getoption('--lf')",
    "config.getoption('lf', False)",
    "config.getoption('--no-such-option', default=None)",
    "config.getvalue('lf')",
    "config.option.lf",
    "not config.option.color",
    "config.option.color == 'yes'",
    "config.option.color.startswith('y')",
    "config.option.color not in ('auto', 'no')",
    "bool(config.backend)",
    "'NO_SUCH_VARIABLE' in os.environ",
    "os.environ.get('NO_SUCH_VARIABLE')",
    "os.environ.get('NO_SUCH_VARIABLE', '').lower() == 'yes'",
    "os.getenv('NO_SUCH_VARIABLE') == '1'",
    "sys.platform == 'plan9'",
    "sys.platform.startswith('plan')",
    "ENABLED",
    "COUNT > 3",
    "config.backend and unknown()",
    "unknown() and config.backend",
    "config.backend or ENABLED",
    "not (COUNT or unknown())",
]
MET_OR_NOT_KNOWN = [
    "True",
    "not config.backend",
    "COUNT",
    "config.option.color == 'auto'",
    "unknown()",
    "unknown() or config.backend",
    "config.rootpath",
    "config.no_such_attribute",
    "config.getoption('--no-such-option')",
    "config.option.no_such_option",
    "missing_name",
    "module.enabled",
    "'a' < COUNT",
    "strange",
    "strange == 1",
    "config.getoption(*ARGUMENTS)",
    "os.environ['NO_SUCH_VARIABLE']",
    "sys.path",
]


class Strange:
    """Nobody may ask it anything."""

    def __bool__(self) -> bool:
        raise AssertionError

    def __eq__(self, other: object) -> bool:
        raise AssertionError

    __hash__ = None  # type: ignore[assignment]


def is_expected(config: pytest.Config, condition: str, before: str = "pass") -> bool:
    def unknown() -> object:
        raise AssertionError("it must not be called")

    namespace: dict[str, Any] = {
        "os": os,
        "sys": sys,
        "ENABLED": False,
        "COUNT": 2,
        "ARGUMENTS": ("lf",),
        "strange": Strange(),
        "unknown": unknown,
        "module": pytest,
    }
    source, code = compiled(f"{before}\nif {condition}:\n    items.sort()")
    version = guarded(source, code)
    assert version is not None
    return is_expected_to_hold(version, config, namespace)


@pytest.fixture
def config(pytester: pytest.Pytester) -> pytest.Config:
    config = pytester.parseconfig("--color=auto")
    config.backend = None  # type: ignore[attr-defined]  # as conftests do
    return config


@pytest.mark.parametrize("condition", NOT_MET)
def test_what_is_known_not_to_be_met_is_expected_not_to_be_reached(
    config: pytest.Config, condition: str
) -> None:
    assert is_expected(config, condition)


@pytest.mark.parametrize("condition", MET_OR_NOT_KNOWN)
def test_nothing_is_expected_where_nothing_is_known(config: pytest.Config, condition: str) -> None:
    assert not is_expected(config, condition)


def test_the_names_of_the_hook_are_known_where_they_are_bound_once(config: pytest.Config) -> None:
    assert is_expected(config, "name == 'x'", "name = config.backend")
    assert not is_expected(config, "name == 'x'", "name = config.backend\nname = 'x'")
    assert not is_expected(config, "name", "name = name")
    assert not is_expected(config, "name", "for name in config.names:\n    pass")


def test_every_branch_has_to_be_out_of_reach(config: pytest.Config) -> None:
    both = "if config.backend:\n    items.sort()\nif {}:\n    items.reverse()"
    for condition, expected in (("config.backend", True), ("unknown()", False)):
        source, code = compiled(both.format(condition))
        version = guarded(source, code)
        assert version is not None
        assert is_expected_to_hold(version, config, {}) is expected


def test_the_other_branch_is_known_as_well(config: pytest.Config) -> None:
    for condition, expected in (("not config.backend", True), ("config.backend", False)):
        source, code = compiled(f"if {condition}:\n    pass\nelse:\n    items.sort()")
        version = guarded(source, code)
        assert version is not None
        assert is_expected_to_hold(version, config, {}) is expected
