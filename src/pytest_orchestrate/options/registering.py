"""The settings of the table, given to pytest as flags and ini keys."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from pytest_orchestrate.options.table import ACTIVATION, SETTINGS, Kind, Setting


def register_activation(parser: pytest.Parser) -> None:
    """Add the ini key ``orchestrate``, so that :func:`asked_for` can read it."""
    parser.addini(
        ACTIVATION,
        "Run tests with pytest-orchestrate, as if -p orchestrate were given (default: false)",
        type=_ini_type("switch"),
        default=None,
    )


def register(parser: pytest.Parser) -> None:
    """Add every flag and ini key."""
    for setting in SETTINGS:
        add_setting(parser, setting)


def add_short_forms(config: pytest.Config, parser: pytest.Parser, arguments: list[str]) -> None:
    """Add short forms such as ``--workers``, each unless somebody else has it, and read them.

    Somebody else is another plugin, or a conftest that will be loaded. To be called when all
    installed plugins are loaded, in whatever order, and no conftest is.
    """
    from pytest_orchestrate.options.conftests import flags_of_conftests

    group = parser.getgroup("orchestrate")
    shorts = {setting.short: setting for setting in SETTINGS if setting.short}
    theirs = flags_of_conftests(config, list(map(str, arguments)), shorts)
    added = {
        short: setting
        for short, setting in shorts.items()
        if short not in theirs and not is_taken(parser, short)
    }
    for short, setting in added.items():
        group.addoption(
            short,
            dest=setting.key,
            default=None,
            metavar=setting.metavar,
            help=f"The same as {setting.flag}.",
        )
    # with @FILE, what is in the file
    if any(str(argument).startswith(("@", *added)) for argument in arguments):
        parsed = parser.parse_known_args(arguments, namespace=copy.copy(config.option))
        known = config.known_args_namespace
        known.file_or_dir = parsed.file_or_dir  # a value after a blank was taken for a path
        for setting in added.values():
            setattr(known, setting.key, getattr(parsed, setting.key))


def is_taken(parser: pytest.Parser, flag: str) -> bool:
    """Whether somebody has added this flag."""
    try:
        _, unknown = parser.parse_known_and_unknown_args([flag])
    except pytest.UsageError:  # it lacks a value
        return True
    return flag not in unknown


def add_setting(parser: pytest.Parser, setting: Setting) -> None:
    """Add the flag and, unless it is an action, the ini key of one setting."""
    group = parser.getgroup("orchestrate", "orchestrate (pytest-orchestrate)")
    if setting.kind == "action":
        _add_action(group, setting)
        return
    lines = (setting.default,) if isinstance(setting.default, str) else setting.default
    lines = tuple(filter(None, lines))
    default = f" Default: {', '.join(lines)}." if lines else ""
    # The default is None, so that the ini key is asked when the flag is not given.
    group.addoption(
        setting.flag,
        dest=setting.key,
        action="append" if setting.repeatable else "store",
        default=None,
        metavar=setting.metavar,
        help=(setting.help + (" Repeatable." if setting.repeatable else "") + default).replace(
            "%", "%%"
        ),
    )
    parser.addini(setting.key, setting.help + default, type=_ini_type(setting.kind), default=None)


def _add_action(group: pytest.OptionGroup, setting: Setting) -> None:
    how: dict[str, Any] = {"dest": setting.key, "default": None}
    if setting.metavar:
        how["metavar"] = setting.metavar
        group.addoption(setting.flag, action="store", help=setting.help, **how)
    elif not setting.choices:
        group.addoption(setting.flag, action="store_true", help=setting.help, **how)
    else:
        group.addoption(setting.flag, action="store_const", const="text", help=setting.help, **how)
    for choice in setting.choices:
        # a flag of its own, so that a path after the bare flag is no value of it
        name, same = f"{setting.flag}={choice}", f"The same, as {choice}."
        group.addoption(name, action="store_const", const=choice, help=same, **how)


def _ini_type(kind: Kind) -> Any:
    """The type of an ini key, for ``Parser.addini``.

    Scalars arrive as text from ini files, ``-o`` and [tool.pytest.ini_options]; in native
    TOML they may be numbers or truth values. Only a union type takes both, which pytest has
    from 9.2 on; the reading of values has a way around for earlier versions. Text comes first in
    the union, so that it is ours to judge.
    """
    if kind == "list":
        return "linelist"
    if kind == "text" or pytest.version_tuple < (9, 2):
        return "string"
    if kind == "whole number":
        return str | int
    return str | bool if kind == "switch" else str | float
