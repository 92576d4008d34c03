"""Required tests that were deselected, or not even collected, are run after all.

Only what ``-k``, ``-m``, ``--lf``, ``--sw`` and the arguments have left out: these say what the
user wants to see, while ``--deselect`` and other plugins say what must not be run.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Generator, Iterable, Sequence

import pytest

from pytest_orchestrate import options
from pytest_orchestrate.annotating import read_annotations, read_bases, some_require
from pytest_orchestrate.internals.session import (
    is_deselected_by_choice,
    show_more_collected,
    show_selected,
)
from pytest_orchestrate.internals.tree import WholeFiles
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.surroundings import is_partial

#: So many files are named.
_SHOWN = 5


def may_lack(config: pytest.Config, items: Sequence[pytest.Item], files: Collection[str]) -> bool:
    """Whether tests of a share may require what none of the workers has collected, or selected.

    :param files: Node ids of the files that are collected, by whatever worker.
    """
    if options.read(config).missing != "select":
        return False
    named = any("::" in str(argument) for argument in config.args)
    is_chosen = _chooses(config)
    if not (is_chosen or is_partial(config)) or not some_require(config, items):
        return False
    return is_chosen or named or not _is_evident(config, items, files)


def _chooses(config: pytest.Config) -> bool:
    names = ("keyword", "markexpr", "lf", "stepwise")
    return any(getattr(config.option, name, None) for name in names)


def _is_evident(
    config: pytest.Config, items: Sequence[pytest.Item], files: Collection[str]
) -> bool:
    """Whether all that is required is in the file of who requires it, or in one that is named."""
    from pytest_orchestrate.model.requirements import Catalogue
    from pytest_orchestrate.model.target_paths import paths_of

    told = read_annotations(config, items)
    catalogue = Catalogue()
    for number, item in enumerate(items):
        catalogue.add(item.nodeid, told.get(number))
    catalogue.inherit(read_bases(items))
    for test, requirement in catalogue.unsettled(range(len(items))):
        nodeid = catalogue.nodeid(test)
        home = nodeid.partition("::")[0]
        for target in requirement.targets:
            meant = {catalogue.nodeid(each) for each in catalogue.meaning(test, target)}
            is_here = bool(meant) and all(each.partition("::")[0] == home for each in meant)
            if not is_here and not any(path in files for path in paths_of(target, nodeid)):
                return False
    return True


class Selecting:
    """A plugin for where tests are collected.

    :param undo: Called with the tests that are not deselected any more.
    """

    def __init__(
        self, config: pytest.Config, undo: Callable[[Sequence[pytest.Item]], None]
    ) -> None:
        self.config = config
        #: Whether this process has collected all that was asked for, and can look for more.
        self.has_all = True
        #: It is looking: what is collected meanwhile was not asked for.
        self.is_looking = False
        #: How many tests were added,
        self.added = 0
        #: how many of them pytest had not collected,
        self._found = 0
        #: and how many such tests plugins deselected.
        self.refused = 0
        #: Tests that were found when something was looked for in vain,
        self.seen: list[pytest.Item] = []
        #: and files that could not be collected then, by node id.
        self.faults: list[str] = []
        self._undo = undo
        self._collected: list[pytest.Item] = []
        self._spare: list[pytest.Item] = []
        self._whole_files = WholeFiles()

    def join(self) -> None:
        """Register it, when all others are: so it comes after those that choose."""
        self.config.pluginmanager.register(self, "orchestrate-selecting")
        if getattr(self.config.option, "lf", False):
            self.config.pluginmanager.register(self._whole_files, "orchestrate-whole-files")

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[pytest.Item]) -> None:
        """Remember what was left out by choice."""
        if is_deselected_by_choice():
            self._spare += items

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Add what is required, when everybody has chosen."""
        self.know_collected(items)
        result = yield
        if options.read(self.config).missing == "select":
            looks_further = self._looks_further(session)
            if (self._spare or looks_further) and some_require(self.config, items):
                self._add(session, items, looks_further)
        self._spare, self._collected = [], []
        self.has_all = False  # what is collected later is only a part
        return result

    def know_collected(self, items: Sequence[pytest.Item]) -> None:
        """Take note of all tests that were collected, before any hook chooses among them."""
        self._collected = list(items)

    def _looks_further(self, session: pytest.Session) -> bool:
        is_ending = session.testsfailed and not self.config.option.continue_on_collection_errors
        return self.has_all and not is_ending and is_partial(self.config)

    def _add(
        self,
        session: pytest.Session,
        items: list[pytest.Item],
        looks_further: bool,
    ) -> None:
        from pytest_orchestrate.supplementing import Supplement

        replayed = self.config.pluginmanager.getplugin(OnlyThese.PLUGIN)
        spare = [item for item in self._spare if replayed is None or replayed.has(item)]
        contents = self._whole_files.contents
        supplement = Supplement(session, self._collected, items, spare, contents, self)
        if looks_further:
            self.is_looking = True
            try:
                supplement.find()
            finally:
                self.is_looking = False
            supplement.report_faults()
            self.seen, self.faults = supplement.seen, supplement.faults
            self.refused = supplement.refused  # pytest counts them as deselected
            show_more_collected(self.config, self.refused)
        else:
            supplement.find_left_out()
        if supplement.added:
            items[:] = supplement.merged(items)
            self.added += len(supplement.added)
            self._found += len(set(supplement.added).difference(self._collected))
            self._undo(supplement.added)

    def remarks(self) -> list[str]:
        """Return what is to be said of it, line by line."""
        said = []
        if self.added == 1:
            said.append("1 test added because others require it")
        elif self.added:
            said.append(f"{self.added} tests added because others require them")
        if self.faults:
            files = count_of(len(self.faults), "file")
            named = ", ".join(self.faults[:_SHOWN])
            more = " ..." if len(self.faults) > _SHOWN else ""
            said.append(
                f"{files} could not be collected while required tests were looked for: "
                f"{named}{more}"
            )
        return said

    def pytest_report_collectionfinish(self) -> list[str]:
        """Say that there are more tests than were chosen."""
        show_more_collected(self.config, self._found)
        return self.remarks()


class OnlyCollecting:
    """A plugin that shows with ``--collect-only`` what would be run."""

    def __init__(self, config: pytest.Config) -> None:
        self._selecting = Selecting(config, lambda items: show_selected(config, set(items)))

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Take part in it."""
        self._selecting.join()


class OnlyThese:
    """A plugin that leaves out what another run did not run.

    :param nodeids: Of the tests that stay.
    """

    #: Its name.
    PLUGIN = "orchestrate-replay"

    def __init__(self, nodeids: Iterable[str]) -> None:
        self._nodeids = frozenset(nodeids)

    @pytest.hookimpl(trylast=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> None:
        """Deselect the others."""
        others = [item for item in items if not self.has(item)]
        if others:
            config.hook.pytest_deselected(items=others)
            items[:] = filter(self.has, items)

    def has(self, item: pytest.Item) -> bool:
        """Whether that run had this test."""
        return item.nodeid in self._nodeids
