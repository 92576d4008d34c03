"""From what markers say to what the engine is told: requirements found, demands checked."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_orchestrate.model.annotations import Annotations, Demand, Provided, Requirable
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.events import Constraint
from pytest_orchestrate.model.need import Need

if TYPE_CHECKING:
    from pytest_orchestrate.controller.host_slots import HostSlots
    from pytest_orchestrate.controller.resolving import Listed, Resolving
    from pytest_orchestrate.options import Options


class Constraining:
    """Knows what there is of each resource, and who tells what a test requires."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.config = config
        self.options = options
        #: What will be looked up as soon as a test requires another one.
        self._unlisted: list[Listed] = []
        #: How many tests the run has.
        self._known = 0
        self._is_listed = False

    def forget(self) -> None:
        """Let nothing that is known by now be required by tests that are told of later."""
        self._unlisted = []
        self.__dict__.pop("_resolving", None)

    def know(self, requirable: Requirable) -> None:
        """Take note of what may be required beside the tests of the run."""
        told = {
            position: Annotations(provides=tuple(map(Provided, names)))
            for position, names in requirable.provided.items()
        }
        others = [*requirable.deselected, *requirable.seen]
        self._unlisted.append((others, told, None, requirable.bases))

    def constraints(
        self, tests: Sequence[CollectedTest], annotations: Mapping[int, Annotations]
    ) -> list[Constraint]:
        """Return the constraints of those of these tests that have any.

        :param annotations: By position among these tests.
        :raises pytest.UsageError: tests require each other, or ask for what there is not.
        """
        first, self._known = self._known, self._known + len(tests)
        nodeids = [test.nodeid for test in tests]
        self._unlisted.append((nodeids, annotations, first, {}))
        for position, each in annotations.items():
            self._check(tests[position].nodeid, each.demands)
        needs: dict[int, tuple[Need, ...]] = {}
        refused: dict[int, tuple[bool, str]] = {}
        if any(each.requires or each.order for each in annotations.values()):
            needs, refused = self._resolving.resolve(self._unlisted, first)
            self._unlisted = []
        found = []
        # who is to run behind a test need not have a marker itself
        unmarked = sorted({t - first for t in needs if t >= first}.difference(annotations))
        for position, each in (*annotations.items(), *((p, Annotations()) for p in unmarked)):
            test = first + position
            is_error, reason = refused.get(test, (False, None))
            constraint = Constraint(
                test,
                needs=needs.get(test, ()),
                demands=each.demands,
                exclusive=each.exclusive,
                priority=each.priority,
                refused=reason,
                is_error=is_error,
            )
            if constraint != Constraint(test):
                found.append(constraint)
        return found

    def named(self, constraints: Iterable[Constraint]) -> dict[str, int]:
        """Return how much there is of the resources that constraints name."""
        names = sorted({demand.name for each in constraints for demand in each.demands})
        return {name: self.resources.get(name, 1) for name in names}

    def hosted(self, names: Iterable[str]) -> list[str]:
        """Return those of these resources that all runs on the machine share."""
        given = self.options.resources
        return [name for name in names if name in given and given[name].host]

    def shared(
        self, resources: Mapping[str, int], slots: HostSlots | None, run_id: str
    ) -> tuple[HostSlots | None, list[str]]:
        """Return those of these resources that all runs share, after the slots that know of them.

        :param slots: What the run has of others already.
        :raises pytest.UsageError: there is no place for lock files.
        """
        names = self.hosted(resources)
        if names:
            from pytest_orchestrate.controller.host_slots import HostSlots

            capacities = {name: resources[name] for name in names}
            if slots is None:
                slots = HostSlots(capacities, run_id)
            else:
                slots.provide(capacities)
        return slots, names

    def demands_of_machine(self, constraints: Iterable[Constraint]) -> dict[int, list[Demand]]:
        """Return what tests need that all runs on the machine share, by test."""
        from pytest_orchestrate.engine.leases import signature

        return {
            each.test: [Demand(*need) for need in signature(each.demands) if need[0] in shared]
            for each in constraints
            if (shared := self.hosted(demand.name for demand in each.demands))
        }

    def _check(self, nodeid: str, demands: tuple[Demand, ...]) -> None:
        for demand in demands:
            resources = self.resources
            if demand.name not in resources and self._is_listed:
                import difflib

                near = difflib.get_close_matches(demand.name, resources, n=1)
                hint = f" Did you mean {near[0]!r}?" if near else ""
                raise pytest.UsageError(
                    f"{nodeid}: @pytest.mark.resource({demand.name!r}) at {demand.where}: "
                    f"orchestrate_resources has no {demand.name!r}; add a line "
                    f"'{demand.name} = 1' there.{hint}"
                )
            capacity = resources.get(demand.name, 1)
            if demand.amount > capacity:
                raise pytest.UsageError(
                    f"{nodeid}: @pytest.mark.resource({demand.name!r}, {demand.amount}) at "
                    f"{demand.where}: there is only {capacity} of {demand.name!r} "
                    "(orchestrate_resources says how much)"
                )
            if demand.shared and capacity > 1:
                raise pytest.UsageError(
                    f"{nodeid}: @pytest.mark.resource({demand.name!r}, shared=True) at "
                    f"{demand.where}: only what there is 1 of can be shared, and there is "
                    f"{capacity} of {demand.name!r}"
                )
            if demand.scope and self.hosted([demand.name]):
                raise pytest.UsageError(
                    f"{nodeid}: @pytest.mark.resource({demand.name!r}, scope=...) at "
                    f"{demand.where}: what runs share ('{demand.name} = {capacity} host' in "
                    "orchestrate_resources) is held for one test at a time; leave out scope, or "
                    "make it a resource of this run"
                )
            if demand.shared and sys.platform == "win32" and self.hosted([demand.name]):
                raise pytest.UsageError(
                    f"{nodeid}: @pytest.mark.resource({demand.name!r}, shared=True) at "
                    f"{demand.where}: on Windows, what runs share ('{demand.name} = 1 host' in "
                    "orchestrate_resources) cannot be shared by tests"
                )

    @functools.cached_property
    def _resolving(self) -> Resolving:
        # most suites have no requirements, and need not wait for what finds their targets
        from pytest_orchestrate.controller.resolving import Resolving

        return Resolving(self.config, self.options)

    @functools.cached_property
    def resources(self) -> dict[str, int]:
        """How much there is of each resource that is listed, and of those of the machine."""
        given = {name: each.amount for name, each in self.options.resources.items()}
        for answer in self.config.hook.pytest_orchestrate_resources(config=self.config):
            for name, amount in (answer or {}).items():
                if not isinstance(amount, int) or isinstance(amount, bool) or amount < 1:
                    raise pytest.UsageError(
                        f"the hook pytest_orchestrate_resources returned {amount!r} for {name!r}; "
                        "accepted are whole numbers from 1 on"
                    )
                given.setdefault(name, amount)
        self._is_listed = bool(given)
        found = {name: amount for name, amount in given.items() if amount is not None}
        if "cpu" not in found:
            from pytest_orchestrate.controller.cores import usable_cores

            found["cpu"] = usable_cores()
        if "memory" not in found:
            from pytest_orchestrate.controller.memory_limit import usable_memory

            found["memory"] = usable_memory()
        return found


def kept_together(
    tests: Sequence[CollectedTest], constraints: Iterable[Constraint]
) -> list[CollectedTest]:
    """Return these tests, those that one test has to run beside in one group, with that test's.

    Tests are named by their index among these; others have run already, and stay where they are.
    """
    together = list(tests)
    for each in constraints:
        beside = {t for need in each.needs if need.colocate for t in need.targets}
        members = {test for test in beside if test < len(tests)}
        groups = {together[test].group for test in (*members, each.test)} - {None}
        if len(members) < 2 and not groups:
            continue
        name = min(filter(None, groups), default=f"beside {together[each.test].nodeid}")
        for position, test in enumerate(together):
            if position in members or (test.group is not None and test.group in groups):
                together[position] = msgspec.structs.replace(test, group=name)
    return together
