"""The settings: their table, what a run has chosen, and whether it asked for us.

``table``, ``registering`` and ``activation`` are imported in every run where the plugin is merely
installed, so they import nothing heavy. The rest is imported once a run asked for us.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_orchestrate.options.activation import asked_for, may_hold_old_flags, names_us
from pytest_orchestrate.options.markers import (
    FOREIGN_READ,
    FOREIGN_REQUIRES,
    MARKERS,
    PRIORITIES,
    accept_foreign_keys,
    declare_foreign_markers,
    declare_markers,
    marker_names,
    yielded_markers,
)
from pytest_orchestrate.options.registering import (
    add_setting,
    add_short_forms,
    is_taken,
    register,
    register_activation,
)
from pytest_orchestrate.options.table import ACTIVATION, SETTINGS, Setting

if TYPE_CHECKING:
    import pytest

    from pytest_orchestrate.options.conftests import flags_of_conftests
    from pytest_orchestrate.options.reading import Options
    from pytest_orchestrate.options.values import Place, parse_size

__all__ = [
    "ACTIVATION",
    "FOREIGN_READ",
    "FOREIGN_REQUIRES",
    "MARKERS",
    "PRIORITIES",
    "SETTINGS",
    "Options",
    "Place",
    "Setting",
    "accept_foreign_keys",
    "add_setting",
    "add_short_forms",
    "asked_for",
    "declare",
    "flags_of_conftests",
    "is_taken",
    "marker_names",
    "may_hold_old_flags",
    "names_us",
    "parse_size",
    "read",
    "register",
    "register_activation",
    "written",
    "yielded_markers",
]


def read(config: pytest.Config) -> Options:
    """The settings of this run.

    :raises pytest.UsageError: a value is not accepted; the message names the setting as the
        user wrote it, the value, and what is accepted.
    """
    from pytest_orchestrate.options.reading import read_options

    return read_options(config)


def written(config: pytest.Config) -> dict[str, str]:
    """The settings that are not at their default: key -> value as one would write it."""
    from pytest_orchestrate.options.reading import written_settings

    return written_settings(config)


def declare(config: pytest.Config) -> None:
    """Declare our markers to pytest, by the names that they have in this project.

    :raises pytest.UsageError: ``orchestrate_markers`` is not accepted.
    """
    given = getattr(config.option, "orchestrate_markers", None) or config.getini(
        "orchestrate_markers"
    )
    renamed = read(config).markers if given else {}
    declare_markers(config, renamed)
    declare_foreign_markers(config, renamed)


def __getattr__(name: str) -> object:
    if name == "Options":
        from pytest_orchestrate.options.reading import Options

        return Options
    if name == "flags_of_conftests":
        from pytest_orchestrate.options.conftests import flags_of_conftests

        return flags_of_conftests
    if name in ("Place", "parse_size"):
        from pytest_orchestrate.options import values

        return getattr(values, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
