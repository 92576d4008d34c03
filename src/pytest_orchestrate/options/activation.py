"""Whether a run asked for this plugin."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

import pytest

from pytest_orchestrate.options.table import ACTIVATION

#: Names under which ``-p`` asks for this plugin.
PLUGIN_NAMES = frozenset({"orchestrate", "pytest_orchestrate", "pytest_orchestrate.plugin"})


#: How flags of pytest-xdist begin that may be meant for us.
_OLD_FLAGS = (
    *("-n", "-d", "--numprocesses", "--maxprocesses", "--max-worker-restart", "--dist", "--tx"),
    *("--maxschedchunk", "--loadscope-reorder", "--no-loadscope-reorder", "--px", "--rsync"),
    *("--testrunuid", "-f", "--looponfail"),
)


def may_hold_old_flags(arguments: Iterable[str]) -> bool:
    """Whether it is worth looking for flags of pytest-xdist; it takes next to no time."""
    return any(str(argument).startswith(_OLD_FLAGS) for argument in arguments)


def asked_for(config: pytest.Config) -> bool:
    """Whether this run is to be orchestrated.

    Works from ``pytest_addoption`` on (where flags of ours are not parsed yet) once
    :func:`register_activation` was called.

    :raises pytest.UsageError: the ini key ``orchestrate`` is neither true nor false.
    """
    # Not there yet when pytest.main(plugins=["orchestrate"]) registers us before it parses.
    namespace = getattr(config, "known_args_namespace", None)
    named = [
        *(getattr(namespace, "plugins", None) or ()),
        *(config.invocation_params.plugins or ()),
    ]
    if names_us(plugin for plugin in named if isinstance(plugin, str)):
        return True
    if namespace is None:
        return False
    given = (getattr(namespace, name, None) for name in ("orchestrate_workers", "orchestrate_plan"))
    return any(each is not None for each in given) or ini_asks(config)


def names_us(plugins: Iterable[str]) -> bool:
    """Whether ``-p`` arguments (of the command line, addopts or PYTEST_ADDOPTS) ask for us."""
    return any(plugin.strip() in PLUGIN_NAMES for plugin in plugins)


def ini_asks(config: pytest.Config) -> bool:
    """Whether the configuration file asks for us.

    :raises pytest.UsageError: what it says is neither true nor false.
    """
    # A value that cannot be read is judged below, in a message of ours.
    with suppress(TypeError, ValueError, pytest.UsageError):
        if config.getini(ACTIVATION) is None:
            return False
    from pytest_orchestrate.options.reading import read_activation

    return read_activation(config)
