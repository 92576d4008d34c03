"""Scheduling instances, format 1: what ``pytest-orchestrate simulate`` reads."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

from pytest_orchestrate.errors import OrchestrateError


class InstanceError(OrchestrateError):
    """An instance is invalid or asks for what is not supported; the text names test or key."""


@dataclass(frozen=True)
class Instance:
    """One scheduling problem. Per test: id, file, estimate and true duration in seconds.

    ``files`` holds the index into ``entries`` (seconds to enter a file). Each test of group
    null has a file of its own that costs nothing to enter.
    """

    workers: int
    ids: list[str] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    estimates: list[float | None] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)


def parsed(document: object) -> Instance:
    """The instance that a JSON document describes; raises InstanceError."""
    top = _object(document, "the instance")
    if top.get("format") != 1:
        raise InstanceError(f"format: 1 is supported, not {top.get('format')!r}")
    instance = Instance(_count(top.get("workers"), "workers"))
    capacities = _object(top.get("resources", {}), "resources")
    for name, capacity in capacities.items():
        _count(capacity, f"resources: {name}")
    setups = {
        name: _seconds(_object(group, f"groups: {name}").get("setup", 0), f"groups: {name}: setup")
        for name, group in _object(top.get("groups", {}), "groups").items()
    }
    tests = top.get("tests")
    if not isinstance(tests, list):
        raise InstanceError("tests: a list is needed")
    known: set[str] = set()
    by_group: dict[str, int] = {}
    for position, test in enumerate(tests):
        _add(instance, _object(test, f"tests[{position}]"), position, known, setups, by_group)
    return instance


def _add(
    instance: Instance,
    test: dict[str, object],
    position: int,
    known: set[str],
    setups: dict[str, float],
    by_group: dict[str, int],
) -> None:
    name = test.get("id")
    if not isinstance(name, str):
        raise InstanceError(f"tests[{position}]: id: a string is needed, not {name!r}")
    if name in known:
        raise InstanceError(f"{name}: id: a second test has this id")
    known.add(name)
    for key in ("requires", "resources", "priority"):
        if test.get(key):
            raise InstanceError(f"{name}: {key}: not supported yet")
    estimate = test.get("estimate")
    if estimate is not None:
        estimate = _seconds(estimate, f"{name}: estimate")
    duration = _seconds(test.get("duration"), f"{name}: duration")
    group = test.get("group")
    if group is None:
        file = len(instance.entries)
        instance.entries.append(0.0)
    elif not isinstance(group, str):
        raise InstanceError(f"{name}: group: a string or null is needed, not {group!r}")
    else:
        file = by_group.setdefault(group, len(instance.entries))
        if file == len(instance.entries):
            instance.entries.append(setups.get(group, 0.0))
    instance.ids.append(name)
    instance.files.append(file)
    instance.estimates.append(estimate)
    instance.durations.append(duration)


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InstanceError(f"{where}: an object is needed")
    return value


def _count(value: object, where: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise InstanceError(f"{where}: a whole number of at least 1 is needed, not {value!r}")
    return value


def _seconds(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InstanceError(f"{where}: a number of seconds is needed, not {value!r}")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not 0.0 <= seconds < math.inf:
        raise InstanceError(f"{where}: a finite number of seconds, at least 0, is needed")
    return seconds
