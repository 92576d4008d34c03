"""The settings: their table, what a run has chosen, and whether it asked for us.

``table`` and ``activation`` are imported in every run where the plugin is merely installed,
so they import nothing heavy. The rest is imported once a run asked for us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_orchestrate.options.activation import asked_for, names_us
from pytest_orchestrate.options.table import (
    ACTIVATION,
    SETTINGS,
    Setting,
    add_setting,
    register,
    register_activation,
)

if TYPE_CHECKING:
    import pytest

    from pytest_orchestrate.options.reading import Options

__all__ = [
    "ACTIVATION",
    "SETTINGS",
    "Options",
    "Setting",
    "add_setting",
    "asked_for",
    "names_us",
    "read",
    "register",
    "register_activation",
]


def read(config: pytest.Config) -> Options:
    """The settings of this run.

    :raises pytest.UsageError: a value is not accepted; the message names the setting as the
        user wrote it, the value, and what is accepted.
    """
    from pytest_orchestrate.options.reading import read_options

    return read_options(config)


def __getattr__(name: str) -> object:
    if name == "Options":
        from pytest_orchestrate.options.reading import Options

        return Options
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
