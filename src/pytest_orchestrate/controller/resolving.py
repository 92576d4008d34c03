"""What tests of a run require: found among all that were collected, or refused."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate.model.annotations import Annotations, Order
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.ordering import in_a_circle, order_needs
from pytest_orchestrate.model.requirements import (
    Catalogue,
    Deselected,
    Resolution,
    cycle_message,
    unknown_message,
)
from pytest_orchestrate.surroundings import is_partial

if TYPE_CHECKING:
    from pytest_orchestrate.options import Options

#: So many tests are named whose order is a circle.
LISTED = 8

#: Node ids; what markers say of them, by position; the index in the run of the first one, or None
#: if they were deselected; and what classes of theirs inherit from.
Listed = tuple[Sequence[str], Mapping[int, Annotations], int | None, Mapping[str, Sequence[str]]]


class Resolving:
    """Knows all tests of a run by name."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.config = config
        self.options = options
        # what a recorded run did without is missing in the next one on purpose
        is_replay = getattr(config.known_args_namespace, "orchestrate_replay", None) is not None
        self._missing = "run" if is_replay else options.missing
        self._catalogue = Catalogue()
        #: Number in the catalogue -> index in the run; deselected tests have none.
        self._tests: list[int | None] = []
        #: By number in the catalogue.
        self._orders: dict[int, Order] = {}

    def resolve(
        self, fresh: Iterable[Listed], first: int
    ) -> tuple[dict[int, tuple[Need, ...]], dict[int, tuple[bool, str]]]:
        """Return needs, and what is refused, of the tests from this index on.

        What is refused is a test, whether that is an error, and the reason.

        :param fresh: What was collected since the last time.
        :raises pytest.UsageError: tests require each other.
        """
        numbers = []
        for nodeids, told, index, bases in fresh:
            self._catalogue.inherit(bases)
            for position, nodeid in enumerate(nodeids):
                number = self._catalogue.add(nodeid, told.get(position), selected=index is not None)
                self._tests.append(None if index is None else index + position)
                if index == first and position in told:
                    numbers.append(number)
                    order = told[position].order
                    if order is not None:
                        self._orders[number] = order
        resolution = self._catalogue.resolve(numbers)
        if resolution.cycle:
            raise pytest.UsageError(cycle_message(resolution.cycle))
        needs = {
            self._index(number): tuple(need for need in map(self._in_run, each) if need.targets)
            for number, each in resolution.needs.items()
        }
        self._put_in_order(needs)
        return needs, self._refused(resolution)

    def _put_in_order(self, needs: dict[int, tuple[Need, ...]]) -> None:
        """Add what tests wait for because of their order.

        :raises pytest.UsageError: tests wait for each other.
        """
        orders, self._orders = self._orders, {}
        if not orders:
            return
        catalogue = self._catalogue
        running = [number for number, index in enumerate(self._tests) if index is not None]
        found, lost = order_needs(
            running, orders, lambda target, number: catalogue.meaning(number, target)
        )
        for number, each in found.items():
            index = self._index(number)
            needs[index] = (*needs.get(index, ()), *map(self._in_run, each))
        circle = in_a_circle(needs)
        if circle:
            numbers = {index: number for number, index in enumerate(self._tests)}
            shown = [catalogue.nodeid(numbers[index]) for index in circle[:LISTED]]
            raise pytest.UsageError(
                "the order of these tests is a circle, or waits for one: "
                f"{', '.join(shown)}{' ...' if len(circle) > LISTED else ''}"
            )
        for number, target in [] if is_partial(self.config) else lost:
            self._warn_of_lost(number, target, orders[number])

    def _warn_of_lost(self, number: int, target: str, order: Order) -> None:
        from pytest_orchestrate.internals.warning import warn_at

        nodeid = self._catalogue.nodeid(number)
        word = "after" if target in order.after else "before"
        close = self._catalogue.close(number, target)
        meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
        text = f"{nodeid} has order({word}={target!r}), and there is no such test{meant}"
        file, _, line = order.where.rpartition(":")
        if not line.isdigit():  # a collector that does not tell
            file, line = order.where, "0"
        warn_at(self.config, text, nodeid, self.config.rootpath / file, int(line))

    def _index(self, number: int) -> int:
        index = self._tests[number]
        assert index is not None
        return index

    def _in_run(self, need: Need) -> Need:
        """A need by indices of the run; what is not in the run is left out of it."""
        targets = tuple(sorted(t for n in need.targets if (t := self._tests[n]) is not None))
        when = "ran" if self.options.on_blocked == "run" else need.when
        return Need(targets, when, need.any, need.colocate)

    def _refused(self, resolution: Resolution) -> dict[int, tuple[bool, str]]:
        """Return the tests that cannot run: whether that is an error, and why."""
        refused: dict[int, tuple[bool, str]] = {}
        missing_is_error = self._missing == "fail"
        for unknown in resolution.unknown:
            text = (
                f"{unknown_message(unknown)} (if the marker is not meant for pytest-orchestrate, "
                "declare it in the project's 'markers', or switch it off in orchestrate_markers)"
            )
            if (
                self._missing != "select"  # or it was looked for
                and not unknown.other_params
                and is_partial(self.config)
            ):
                if self._missing != "run":
                    text = (
                        f"requires {unknown.target!r}, which was not collected in this run "
                        "(name it too, or leave orchestrate_missing as it is)"
                    )
                    refused.setdefault(self._index(unknown.test), (missing_is_error, text))
                continue
            if self._is_strict():
                raise pytest.UsageError(text)
            refused.setdefault(self._index(unknown.test), (True, text))
        if self._missing != "run":
            for missing in resolution.deselected:
                test = self._index(missing.test)
                refused.setdefault(test, (missing_is_error, self._missing_text(missing)))
        return refused

    def _missing_text(self, missing: Deselected) -> str:
        names = [self._catalogue.nodeid(target) for target in missing.targets[:3]]
        more = f" and {len(missing.targets) - 3} more" if len(missing.targets) > 3 else ""
        return (
            f"requires {', '.join(names)}{more}, deselected in this run "
            "(select it too, or set orchestrate_missing = run)"
        )

    def _is_strict(self) -> bool:
        try:
            return bool(self.config.getini("strict"))
        except ValueError:  # pytest before 9.0 has no such key
            return False
