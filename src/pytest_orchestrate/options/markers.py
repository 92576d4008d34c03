"""Our markers, and what they are called in a project.

A name that the project's own ``markers`` declare is the project's, not ours; the setting
``orchestrate_markers`` renames ours or switches them off.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Literal

import pytest

#: Marker -> what pytest shows with ``--markers``.
MARKERS: dict[str, str] = {
    "requires": "requires(*targets, when='passed', any=False, same_params=False, colocate=False): "
    "run this test after other tests, and only if they ended well.",
    "provides": "provides(*names): names by which other tests can require this one.",
    "resource": "resource(name, amount=1, *, shared=False, scope='test'): run this test only while "
    "it can have so much of a resource; for a class or module: its worker keeps it meanwhile.",
    "exclusive": "exclusive: run nothing else meanwhile.",
    "priority": "priority(number): of tests that may run, those with the higher number go first.",
    "critical": "critical: as priority(100).",
    "high": "high: as priority(10).",
    "low": "low: as priority(-10).",
}

#: Markers of other plugins that are understood where those are not there -> the module of the
#: plugin, and what pytest shows with ``--markers``.
FOREIGN = {
    "xdist_group": (
        "xdist.plugin",
        "xdist_group(name): run tests of one name on one worker, with --dist=loadgroup.",
    ),
    "dependency": (
        "pytest_dependency",
        "dependency(name=None, depends=[], scope='module'): requires(*depends), provides(name).",
    ),
    "depends": (
        "pytest_depends",
        "depends(on=[], name=None): requires(*on), provides(name).",
    ),
    "order": (
        "pytest_order.plugin",
        "order(index, before=None, after=None): run this test in this place, seen from others.",
    ),
}

#: Those of them that say what a test requires and provides.
FOREIGN_REQUIRES = ("dependency", "depends")

#: Those of them that are read wherever tests are collected.
FOREIGN_READ = (*FOREIGN_REQUIRES, "order")

#: Priorities that have names.
PRIORITIES = {"critical": 100, "high": 10, "low": -10}

#: What switches a marker off.
OFF = "off"

_names_key = pytest.StashKey[dict[str, str]]()
_yielded_key = pytest.StashKey[tuple[str, ...]]()


def declare_markers(config: pytest.Config, renamed: Mapping[str, str]) -> None:
    """Declare our markers to pytest, but for those whose names are the project's.

    :param renamed: Of those markers that have another name here: that name, or ``off``.
    """
    theirs = {_name_of(line) for line in config.getini("markers")}
    names: dict[str, str] = {}
    yielded = []
    for ours, text in MARKERS.items():
        name = renamed.get(ours, ours)
        if name == OFF:
            continue
        if name in theirs and ours not in renamed:
            yielded.append(ours)
            continue
        names[name] = ours
        if name not in theirs:
            config.addinivalue_line("markers", name + text[len(ours) :])
    config.stash[_names_key] = names
    config.stash[_yielded_key] = tuple(yielded)


def declare_foreign_markers(config: pytest.Config, renamed: Mapping[str, str]) -> None:
    """Declare markers of other plugins that are not there to do it themselves.

    :raises pytest.UsageError: one of them is to have another name.
    """
    for name in FOREIGN_READ:
        if renamed.get(name, OFF) != OFF:
            raise pytest.UsageError(
                f"orchestrate_markers: '{name} = {renamed[name]}' is not accepted: the name is "
                f"that of another plugin. Accepted: {name} = {OFF}."
            )
    theirs = {_name_of(line) for line in config.getini("markers")}
    for name, (module, text) in FOREIGN.items():
        plugin = sys.modules.get(module)
        is_there = plugin is not None and config.pluginmanager.is_registered(plugin)
        if not is_there and name not in theirs and renamed.get(name) != OFF:
            config.addinivalue_line("markers", text)
            if name in FOREIGN_READ:
                config.stash[_names_key][name] = name


#: Keys of plugins that are stood in for -> their type, and why they have no effect.
_FOREIGN_KEYS: dict[str, tuple[Literal["bool", "paths"], str]] = {
    "automark_dependency": ("bool", "every test can be required (a key of pytest-dependency)"),
    "rsyncdirs": ("paths", "nothing is copied to other machines (a key of pytest-xdist)"),
    "rsyncignore": ("paths", "nothing is copied to other machines (a key of pytest-xdist)"),
    "looponfailroots": ("paths", "there is no --looponfail here (a key of pytest-xdist)"),
}


def accept_foreign_keys(config: pytest.Config, parser: pytest.Parser) -> None:
    """Let the ini file hold what is meant for plugins that are not there."""
    for key, (kind, why) in _FOREIGN_KEYS.items():
        try:
            config.getini(key)
        except ValueError:  # there is no such key yet
            parser.addini(key, f"No effect: {why}", type=kind)


def marker_names(config: pytest.Config) -> Mapping[str, str]:
    """What our markers are called here: name -> the one that it is by default."""
    return config.stash.get(_names_key, {})


def yielded_markers(config: pytest.Config) -> tuple[str, ...]:
    """Our markers whose names are the project's here."""
    return config.stash.get(_yielded_key, ())


def _name_of(line: str) -> str:
    return line.partition(":")[0].partition("(")[0].strip()
