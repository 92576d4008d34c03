"""Scheduling instances, format 1: what ``pytest-orchestrate simulate`` reads."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pytest_orchestrate.errors import OrchestrateError
from pytest_orchestrate.model.annotations import Demand

#: Tests of a cycle that a message names.
NAMED_OF_CYCLE = 6


class InstanceError(OrchestrateError):
    """An instance is invalid or asks for what is not supported; the text names test or key."""


@dataclass(frozen=True)
class Instance:
    """One scheduling problem. Per test: id, file, estimate and true duration in seconds.

    ``files`` holds the index into ``entries`` (seconds to enter a file). Each test of group
    null has a file of its own that costs nothing to enter. Tests that require nothing, demand
    nothing, or have priority 0, do not occur in ``requires``, ``demands`` or ``priorities``.
    """

    workers: int
    ids: list[str] = field(default_factory=list)
    files: list[int] = field(default_factory=list)
    estimates: list[float | None] = field(default_factory=list)
    durations: list[float] = field(default_factory=list)
    entries: list[float] = field(default_factory=list)
    #: Test -> the tests that have to end before it begins.
    requires: dict[int, tuple[int, ...]] = field(default_factory=dict)
    #: Test -> what it holds of which resource while it runs.
    demands: dict[int, tuple[Demand, ...]] = field(default_factory=dict)
    priorities: dict[int, int] = field(default_factory=dict)
    #: Test -> what stays on one worker with it; a description has none.
    groups: dict[int, str] = field(default_factory=dict)
    #: Resource -> how much of it there is.
    capacities: dict[str, int] = field(default_factory=dict)


def parsed(document: object) -> Instance:
    """The instance that a JSON document describes; raises InstanceError."""
    top = _object(document, "the instance")
    if top.get("format") != 1:
        raise InstanceError(f"format: 1 is supported, not {top.get('format')!r}")
    workers = _count(top.get("workers"), "workers")
    reader = _Reader(
        Instance(
            workers,
            capacities={
                name: _count(capacity, f"resources: {name}")
                for name, capacity in _object(top.get("resources", {}), "resources").items()
            },
        ),
        {
            name: _seconds(
                _object(group, f"groups: {name}").get("setup", 0), f"groups: {name}: setup"
            )
            for name, group in _object(top.get("groups", {}), "groups").items()
        },
    )
    for position, test in enumerate(_list(top.get("tests"), "tests")):
        reader.add(_object(test, f"tests[{position}]"))
    reader.connect()
    return reader.instance


def in_topological_order(requires: Mapping[int, Sequence[int]]) -> list[int]:
    """The tests that require or are required, each after what it requires.

    Tests on a cycle are left out, and so are those that require them, however indirectly.
    """
    waiting = {test: len(targets) for test, targets in requires.items()}
    behind: dict[int, list[int]] = {}
    for test, targets in requires.items():
        for target in targets:
            behind.setdefault(target, []).append(test)
    order = [target for target in behind if target not in waiting]
    for test in order:  # it grows meanwhile
        for follower in behind.get(test, ()):
            waiting[follower] -= 1
            if not waiting[follower]:
                order.append(follower)
    return order


class _Reader:
    """Adds test after test to an instance."""

    def __init__(self, instance: Instance, setups: dict[str, float]) -> None:
        self.instance = instance
        self._setups = setups
        self._by_group: dict[str, int] = {}
        self._by_id: dict[str, int] = {}
        #: What tests require, by id.
        self._wanted: dict[int, list[str]] = {}

    def add(self, test: dict[str, object]) -> None:
        """The next test."""
        instance = self.instance
        position = len(instance.ids)
        name = test.get("id")
        if not isinstance(name, str):
            raise InstanceError(f"tests[{position}]: id: a string is needed, not {name!r}")
        if name in self._by_id:
            raise InstanceError(f"{name}: id: a second test has this id")
        self._by_id[name] = position
        estimate = test.get("estimate")
        if estimate is not None:
            estimate = _seconds(estimate, f"{name}: estimate")
        duration = _seconds(test.get("duration"), f"{name}: duration")
        self._read_constraints(test, position, name)
        instance.files.append(self._file(test.get("group"), name))
        instance.ids.append(name)
        instance.estimates.append(estimate)
        instance.durations.append(duration)

    def connect(self) -> None:
        """Find the required tests, all tests being there; refuse cycles."""
        instance = self.instance
        for test, names in self._wanted.items():
            where = f"{instance.ids[test]}: requires"
            for name in names:
                if name not in self._by_id:
                    raise InstanceError(f"{where}: there is no test {name}")
            instance.requires[test] = tuple(self._by_id[name] for name in dict.fromkeys(names))
        sound = set(in_topological_order(instance.requires))
        cyclic = [test for test in instance.requires if test not in sound]
        if cyclic:
            cycle = [instance.ids[test] for test in _cycle(instance.requires, sound, cyclic[0])]
            shown = cycle if len(cycle) <= NAMED_OF_CYCLE else [*cycle[: NAMED_OF_CYCLE - 1], "..."]
            chain = " -> ".join([*shown, cycle[0]])
            raise InstanceError(f"{cycle[0]}: requires: a cycle: {chain}")

    def _file(self, group: object, name: str) -> int:
        entries = self.instance.entries
        if group is None:
            entries.append(0.0)
            return len(entries) - 1
        if not isinstance(group, str):
            raise InstanceError(f"{name}: group: a string or null is needed, not {group!r}")
        file = self._by_group.setdefault(group, len(entries))
        if file == len(entries):
            entries.append(self._setups.get(group, 0.0))
        return file

    def _read_constraints(self, test: dict[str, object], position: int, name: str) -> None:
        instance = self.instance
        wanted: list[str] = []
        for target in _list(test.get("requires", []), f"{name}: requires"):
            if not isinstance(target, str):
                raise InstanceError(f"{name}: requires: ids are needed, not {target!r}")
            wanted.append(target)
        if wanted:
            self._wanted[position] = wanted
        demands: list[Demand] = []
        for resource, amount in _object(test.get("resources", {}), f"{name}: resources").items():
            where = f"{name}: resources: {resource}"
            capacity = instance.capacities.get(resource)
            if capacity is None:
                raise InstanceError(f"{where}: there is no such resource")
            units = _count(amount, where)
            if units > capacity:
                there = "there is 1" if capacity == 1 else f"there are {capacity}"
                raise InstanceError(f"{where}: {units} are needed, but {there}")
            demands.append(Demand(name=resource, amount=units))
        if demands:
            instance.demands[position] = tuple(demands)
        priority = test.get("priority", 0)
        if not isinstance(priority, int) or isinstance(priority, bool):
            raise InstanceError(f"{name}: priority: a whole number is needed, not {priority!r}")
        if priority:
            instance.priorities[position] = priority


def _cycle(requires: Mapping[int, Sequence[int]], sound: set[int], start: int) -> list[int]:
    """The tests of a cycle that the start leads to, each before one that it requires."""
    path = [start]
    places = {start: 0}
    while True:
        test = next(target for target in requires[path[-1]] if target not in sound)
        if test in places:
            return path[places[test] :]
        places[test] = len(path)
        path.append(test)


def _object(value: object, where: str) -> dict[str, object]:
    if not isinstance(value, dict):
        raise InstanceError(f"{where}: an object is needed")
    return value


def _list(value: object, where: str) -> list[object]:
    if not isinstance(value, list):
        raise InstanceError(f"{where}: a list is needed")
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
