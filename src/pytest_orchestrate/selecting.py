"""Deselected tests that selected ones require are run after all.

Only what ``-k``, ``-m``, ``--lf`` and ``--sw`` have left out: these say what the user wants to
see, while ``--deselect`` and other plugins say what must not be run. (Most of what ``--lf`` leaves
out is not even collected.)
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence

import pytest

from pytest_orchestrate import internals, options
from pytest_orchestrate.annotating import read_annotations, read_bases
from pytest_orchestrate.model.requirements import Catalogue


def may_add(config: pytest.Config) -> bool:
    """Whether tests may have been left out that are to be added."""
    option = config.option
    chosen = any(getattr(option, name, None) for name in ("keyword", "markexpr", "lf", "stepwise"))
    return chosen and options.read(config).missing == "select"


class Selecting:
    """A plugin for where tests are collected.

    :param undo: Called with the tests that are not deselected any more.
    """

    def __init__(
        self, config: pytest.Config, undo: Callable[[Sequence[pytest.Item]], None]
    ) -> None:
        self.config = config
        #: How many tests were added.
        self.added = 0
        self._undo = undo
        self._spare: list[pytest.Item] = []

    def join(self) -> None:
        """Register it, when all others are: so it comes after those that choose."""
        self.config.pluginmanager.register(self, "orchestrate-selecting")

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what was left out by choice."""
        if internals.is_deselected_by_choice():
            self._spare += items

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Add what is required, when everybody has chosen."""
        before = list(items)
        result = yield
        if self._spare and may_add(self.config):
            added = self._required(items)
            if added:
                items[:] = _in_order(before, items, added)
                self.added += len(added)
                self._undo(added)
        self._spare = []
        return result

    def _required(self, items: Sequence[pytest.Item]) -> list[pytest.Item]:
        told = read_annotations(self.config, items)
        if not any(each.requires for each in told.values()):
            return []
        spare = self._spare
        told_of_spare = read_annotations(self.config, spare)
        catalogue = Catalogue()
        for position, item in enumerate(items):
            catalogue.add(item.nodeid, told.get(position))
        for position, item in enumerate(spare):
            catalogue.add(item.nodeid, told_of_spare.get(position), selected=False)
        catalogue.inherit(read_bases([*items, *spare]))
        first = len(items)
        return [spare[number - first] for number in catalogue.closure(range(first))]

    def pytest_report_collectionfinish(self) -> str | None:
        """Say that there are more tests than were chosen."""
        return added_text(self.added) if self.added else None


class OnlyThese:
    """A plugin that leaves out what another run did not run.

    :param nodeids: Of the tests that stay.
    """

    def __init__(self, nodeids: Iterable[str]) -> None:
        self._nodeids = frozenset(nodeids)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Deselect the others."""
        others = [item for item in items if item.nodeid not in self._nodeids]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = [item for item in items if item.nodeid in self._nodeids]


def added_text(count: int) -> str:
    """Say that so many tests were added."""
    if count == 1:
        return "1 test added because others require it"
    return f"{count} tests added because others require them"


def _in_order(
    before: Sequence[pytest.Item], items: Sequence[pytest.Item], added: Sequence[pytest.Item]
) -> list[pytest.Item]:
    """Tests in the order in which they were collected, unless the others were put in another."""
    place = {item: position for position, item in enumerate(before)}
    chosen = [place.get(item, -1) for item in items]
    if chosen != sorted(chosen) or not all(item in place for item in (*items, *added)):
        return [*items, *added]  # some were collected since, or put in another order
    return sorted([*items, *added], key=place.__getitem__)
