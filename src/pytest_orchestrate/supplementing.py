"""Tests that others require and that pytest has left out, or has not even collected."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec
import pytest

from pytest_orchestrate.annotating import (
    params_of,
    read_annotations,
    read_bases,
    read_leniently,
)
from pytest_orchestrate.internals.tree import CollectorTree, collecting_unnarrowed, modify_unchosen
from pytest_orchestrate.model.annotations import Annotations
from pytest_orchestrate.model.requirements import Catalogue
from pytest_orchestrate.model.target_paths import split_nodeid
from pytest_orchestrate.surroundings import Surroundings

#: Position among what was collected, behind or before it, path of a new file, position in it.
_Place = tuple[int, int, tuple[str, ...], int]


class Supplement:
    """Finds what chosen tests require: among those left out by choice, then around them.

    First the files of the tests that require something are gone through, then the files and
    folders that they name. What is still not found is looked for in ever wider surroundings, as
    far as pytest without arguments would come. Plugins see of it what is to be run: they may
    change or deselect it.

    :param collected: All tests, in pytest's order.
    :param chosen: Those of them that are to run.
    :param spare: Those that may be added.
    :param contents: What files contain of which not all was collected.
    :param caller: The plugin that is not to be asked what to deselect.
    """

    def __init__(
        self,
        session: pytest.Session,
        collected: Sequence[pytest.Item],
        chosen: Sequence[pytest.Item],
        spare: Sequence[pytest.Item],
        contents: Mapping[pytest.Collector, Sequence[pytest.Item | pytest.Collector]],
        caller: object,
    ) -> None:
        self.session, self.config = session, session.config
        self._collected = collected
        self._contents = contents
        self._caller = caller
        #: All that are known, the chosen first.
        self._items = list(dict.fromkeys([*chosen, *collected, *spare]))
        self._chosen = range(len(dict.fromkeys(chosen)))
        self._spare = frozenset(spare)
        self._available = set(spare)
        #: Not shown to plugins yet.
        self._unseen: set[pytest.Item] = set()
        self._nodeids = {item.nodeid for item in self._items}
        self._has_params = False
        self._told: dict[pytest.Item, Annotations] = {}
        self._tell(self._items[: len(self._chosen)], read_annotations(self.config, chosen))
        self._tell_of(self._items[len(self._chosen) :])
        self._bases = read_bases(self._items)
        self._tree: CollectorTree | None = None
        #: Files that were gone through, with their tests.
        self._walks: dict[pytest.File, list[pytest.Item]] = {}
        #: What was looked up: the class or file of a test, and the target.
        self._looked_up: set[tuple[str, str]] = set()
        #: Files that are named as required.
        self._named: set[Path] = set()
        #: How many tests plugins have deselected that were not collected before.
        self.refused = 0
        #: Tests to be added.
        self.added: list[pytest.Item] = []
        #: Where something was not found: the tests that were found instead,
        self.seen: list[pytest.Item] = []
        #: and the files that could not be collected.
        self.faults: list[str] = []

    def find_left_out(self) -> None:
        """Find what is required among what was collected."""
        self._settle()

    def find(self) -> None:
        """Find what is required, collected or not.

        A file that cannot be collected is an error of the run only if a test requires it by name.
        """
        self._tree = tree = CollectorTree(self.session, self._collected, self._contents)
        suffixes = {".py", *(item.path.suffix for item in self._collected)}
        around = Surroundings(self.config, tree, suffixes)
        with collecting_unnarrowed(self.config):
            while True:
                catalogue, required = self._settle()
                asking = [*self._chosen, *required]
                if self._look_near(catalogue, asking, around):
                    continue
                wanted = [
                    (catalogue.nodeid(test), target) for test, target in catalogue.unknown(asking)
                ]
                if not wanted or not self._take(around.further(wanted)):
                    break
        if wanted:
            out = self._available.difference(self.added, self._spare)  # those are known
            self.seen = [item for item in self._items if item in out]
            self.faults = [node.nodeid for node, _ in tree.failures if not self._is_required(node)]

    def _settle(self) -> tuple[Catalogue, tuple[int, ...]]:
        """Find what is required of what is known, and let plugins see what they have not seen."""
        while True:
            catalogue = self._catalogue()
            out = (
                number
                for number, item in enumerate(self._items)
                if number not in self._chosen and item not in self._available
            )
            required = catalogue.closure(self._chosen, out)
            self.added = [self._items[number] for number in required]
            fresh = [item for item in self.added if item in self._unseen]
            if not fresh:
                return catalogue, required
            left = modify_unchosen(self.session, fresh, self._caller)
            refused = set(fresh).difference(left)
            self.refused += len(refused)
            self._available.difference_update(refused)
            self._unseen.difference_update(fresh)
            self._tell_of(fresh)  # plugins may have marked them

    def _catalogue(self) -> Catalogue:
        if self._has_params:
            for item in self._items:
                told = self._told.get(item, Annotations())
                if not told.params and (params := params_of(item)):
                    self._told[item] = msgspec.structs.replace(told, params=params)
        catalogue = Catalogue()
        for number, item in enumerate(self._items):
            catalogue.add(item.nodeid, self._told.get(item), selected=number in self._chosen)
        catalogue.inherit(self._bases)
        return catalogue

    def _tell_of(self, items: Sequence[pytest.Item]) -> None:
        self._tell(items, read_leniently(self.config, items))

    def _tell(self, items: Sequence[pytest.Item], told: Mapping[int, Annotations]) -> None:
        for number, each in told.items():
            self._told[items[number]] = each
            self._has_params |= any(one.same_params for one in each.requires)

    # --- near and far ---

    def _look_near(self, catalogue: Catalogue, asking: Iterable[int], around: Surroundings) -> bool:
        """Go through the files of these tests, and those that they name; False if all was known."""
        known = len(self._items)
        unsettled = list(catalogue.unsettled(asking))
        for test, _ in unsettled:
            self._take(self._file_of(self._items[test]))
        if len(self._items) > known:
            return True
        for test, requirement in unsettled:
            home, _ = split_nodeid(catalogue.nodeid(test))
            for target in requirement.targets:
                if (home, target) not in self._looked_up:
                    self._looked_up.add((home, target))
                    self._look_up(catalogue, test, target, around)
        return len(self._items) > known

    def _look_up(self, catalogue: Catalogue, test: int, target: str, around: Surroundings) -> None:
        """Collect the files and folders that a target names, unless it means something else."""
        assert self._tree is not None
        wanted = catalogue.nodeid(test), target
        found = [self._items[number].path for number in catalogue.meaning(test, target)]
        for path in around.named(wanted):
            if found and not any(path == each or path in each.parents for each in found):
                continue
            if path.is_dir():
                self._take(self._tree.files_below(path))
            else:
                self._named.add(path)
                self._take(self._tree.files_at(path))
        for path in around.matching(wanted):
            self._take(self._tree.files_at(path))

    @staticmethod
    def _file_of(item: pytest.Item) -> list[pytest.File]:
        return [node for node in item.iter_parents() if isinstance(node, pytest.File)][:1]

    def _take(self, files: Iterable[pytest.File]) -> bool:
        """Go through these files; return whether there was any."""
        assert self._tree is not None
        is_any = False
        for file in files:
            is_any = True
            if file in self._walks:
                continue
            self._walks[file] = tests = list(self._tree.tests(file))
            new = [test for test in tests if test.nodeid not in self._nodeids]
            self._nodeids.update(test.nodeid for test in new)
            self._items += new
            self._available.update(new)
            self._unseen.update(new)
            self._tell_of(new)
            self._bases.update(read_bases(new))
        return is_any

    # --- the end ---

    def report_faults(self) -> None:
        """Let the run have the errors of files that are required by name."""
        for node, report in self._tree.failures if self._tree is not None else ():
            if self._is_required(node):
                node.ihook.pytest_collectreport(report=report)

    def _is_required(self, node: pytest.Collector) -> bool:
        return any(node.path == path or node.path in path.parents for path in self._named)

    def merged(self, chosen: Sequence[pytest.Item]) -> list[pytest.Item]:
        """Return these tests and those that are added, in the order of collection.

        If these were put in another order, the others come behind them.
        """
        places = self._places()
        last = len(self._collected), 0, (), 0
        order = [places.get(item, last) for item in chosen]
        added = sorted(self.added, key=lambda item: places.get(item, last))
        if order != sorted(order) or last in order:
            return [*chosen, *added]
        return sorted([*chosen, *added], key=lambda item: places.get(item, last))

    def _places(self) -> dict[pytest.Item, _Place]:
        """Where each test stands in the order of collection.

        A new test comes behind the one before it in its file; a new file stands where its path
        belongs, if that is the order, and behind all others if not.
        """
        here = {item: number for number, item in enumerate(self._collected)}
        places: dict[pytest.Item, _Place] = {item: (at, 0, (), 0) for item, at in here.items()}
        paths = [item.path.parts for item in self._collected]
        is_sorted = paths == sorted(paths)
        for file, tests in self._walks.items():
            last = next((here[test] for test in tests if test in here), None)
            side = -1
            path: tuple[str, ...] = ()
            if last is None:
                path = file.path.parts
                last, side = bisect_left(paths, path) if is_sorted else len(paths), -2
            for number, test in enumerate(tests):
                if test in here:
                    last, side = here[test], 1
                else:
                    places[test] = (last, side, path, number)
        return places
