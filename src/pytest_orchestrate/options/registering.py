"""The settings of the table, given to pytest as flags and ini keys."""

from __future__ import annotations

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


def register(parser: pytest.Parser, *, short: bool) -> None:
    """Add every flag and ini key; with ``short`` also short forms such as ``--workers``.

    :func:`register_activation` comes first where ``short`` is to follow :func:`asked_for`.
    """
    for setting in SETTINGS:
        add_setting(parser, setting, short=short)


def add_setting(parser: pytest.Parser, setting: Setting, *, short: bool = False) -> None:
    """Add the flag and, unless it is an action, the ini key of one setting."""
    names = (setting.flag, setting.short) if short and setting.short else (setting.flag,)
    group = parser.getgroup("orchestrate", "orchestrate (pytest-orchestrate)")
    if setting.kind == "action":
        _add_action(group, names, setting)
        return
    lines = (setting.default,) if isinstance(setting.default, str) else setting.default
    lines = tuple(filter(None, lines))
    default = f" Default: {', '.join(lines)}." if lines else ""
    # The default is None, so that the ini key is asked when the flag is not given.
    group.addoption(
        *names,
        dest=setting.key,
        action="append" if setting.repeatable else "store",
        default=None,
        metavar=setting.metavar,
        help=(setting.help + (" Repeatable." if setting.repeatable else "") + default).replace(
            "%", "%%"
        ),
    )
    parser.addini(setting.key, setting.help + default, type=_ini_type(setting.kind), default=None)


def _add_action(group: pytest.OptionGroup, names: tuple[str, ...], setting: Setting) -> None:
    how: dict[str, Any] = {"dest": setting.key, "default": None}
    if setting.metavar:
        how["metavar"] = setting.metavar
        group.addoption(*names, action="store", help=setting.help, **how)
    elif not setting.choices:
        group.addoption(*names, action="store_true", help=setting.help, **how)
    else:
        group.addoption(*names, action="store_const", const="text", help=setting.help, **how)
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
