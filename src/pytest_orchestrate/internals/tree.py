"""The tree of collectors of a session, and what it can hold beside what was asked for.

Checked against pytest 8.4.2 and 9.2.0.
"""

from __future__ import annotations

import contextlib
from collections.abc import Generator, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

#: Plugins that choose by ``-k`` and ``-m``, ``--lf``, ``--sw``.
_CHOOSERS = ("mark", "lfplugin", "stepwiseplugin")
#: What ``--lf`` registers to leave files out, and tests of files.
_NARROWING = ("lfplugin-collwrapper", "lfplugin-collskip")


class WholeFiles:
    """A plugin that keeps what files contain, where ``--lf`` leaves some of it out.

    ``LFPluginCollWrapper`` removes tests from the report that it is given. To collect a module
    once more would give it a second ``setup_module``, so what was there has to be kept.
    """

    def __init__(self) -> None:
        self.contents: dict[pytest.Collector, list[pytest.Item | pytest.Collector]] = {}

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
        """Keep it; the innermost wrapper sees it first."""
        report = yield
        if isinstance(collector, pytest.File):
            self.contents[collector] = list(report.result)
        return report


class CollectorTree:
    """The tree of a session that is about to end collecting.

    A directory, file or class has one node, whoever comes to it: fixtures belong to nodes. Relies
    on ``Session._collection_cache`` (collector -> report, until collecting is over), which
    ``Session.collect`` and ``Session.genitems`` fill, on ``Session._collect_path`` and on
    ``PytestPluginManager._is_in_confcutdir``. Reports of what is collected here are not told to
    ``pytest_collectreport``, and a debugger is not started for what fails.

    :param items: Tests that were collected.
    :param contents: What files contain, if not all of it is in their reports.
    """

    def __init__(
        self,
        session: pytest.Session,
        items: Sequence[pytest.Item],
        contents: Mapping[pytest.Collector, Sequence[pytest.Item | pytest.Collector]],
    ) -> None:
        self._session: Any = session
        self._contents = contents
        self._known = set(items)
        self._files: dict[Path, list[pytest.File]] = {}
        self._folders: dict[Path, pytest.Collector | None] = {}
        #: Where the files of a folder have been looked up.
        self._found: dict[Path, list[pytest.File]] = {}
        self._collected: set[pytest.Collector] = set()
        #: Reports of what could not be collected.
        self.failures: list[tuple[pytest.Collector, pytest.CollectReport]] = []
        for parent in dict.fromkeys(item.parent for item in items):
            for node in parent.iter_parents() if parent is not None else ():
                if isinstance(node, pytest.File):
                    files = self._files.setdefault(node.path, [])
                    if node not in files:
                        files.append(node)
                elif isinstance(node, pytest.Directory):
                    self._folders.setdefault(node.path, node)

    def files_at(self, path: Path) -> list[pytest.File]:
        """Return the collectors of a file; none if pytest would not collect it."""
        found = self._found.get(path)
        if found is None:
            found = self._found[path] = list(self._files.get(path, ()))
            kinds = {type(node) for node in found}
            folder = self._folder(path.parent)
            found += [
                node
                for node in (self._children(folder) if folder is not None else ())
                if node.path == path and isinstance(node, pytest.File) and type(node) not in kinds
            ]
        return found

    def files_below(self, path: Path) -> Iterator[pytest.File]:
        """Yield the collectors of all files in a folder and in those below it."""
        folder = self._folder(path)
        seen: set[Path] = set()
        for node in self._children(folder) if folder is not None else ():
            if isinstance(node, pytest.File):
                if node.path not in seen:
                    seen.add(node.path)
                    yield from self.files_at(node.path)
            elif isinstance(node, pytest.Directory):
                self._folders.setdefault(node.path, node)
                yield from self.files_below(node.path)

    def tests(self, node: pytest.Item | pytest.Collector) -> Iterator[pytest.Item]:
        """Yield all tests of a file in pytest's order; those known already as they are."""
        if isinstance(node, pytest.Item):
            if node not in self._known:
                self._known.add(node)
                node.ihook.pytest_itemcollected(item=node)
            yield node
        else:
            for each in self._children(node):
                yield from self.tests(each)

    def _folder(self, path: Path) -> pytest.Collector | None:
        if path not in self._folders:
            self._folders[path] = self._found_folder(path)
        return self._folders[path]

    def _found_folder(self, path: Path) -> pytest.Collector | None:
        session = self._session
        manager = session.config.pluginmanager
        if not path.is_dir() or not manager._is_in_confcutdir(path):
            return None
        if path.parent == path or not manager._is_in_confcutdir(path.parent):
            nodes = session._collect_path(path, {})
        else:
            above = self._folder(path.parent)
            nodes = self._children(above) if above is not None else ()
        folders = (n for n in nodes if isinstance(n, pytest.Directory) and n.path == path)
        return next(folders, None)

    def _children(self, node: pytest.Collector) -> Sequence[pytest.Item | pytest.Collector]:
        cache: dict[pytest.Collector, pytest.CollectReport] = self._session._collection_cache
        report = cache.get(node)
        if report is None or (self._may_be_deferred(node, report) and node not in self._collected):
            self._collected.add(node)
            report = cache[node] = _collected(node)
            if report.failed:
                self.failures.append((node, report))
        contents = self._contents.get(node) or report.result
        return contents if report.passed else ()

    @staticmethod
    def _may_be_deferred(node: pytest.Collector, report: pytest.CollectReport) -> bool:
        """An empty report may stand for what ``--lf`` has passed over."""
        return isinstance(node, pytest.File) and report.passed and not report.result


def _collected(node: pytest.Collector) -> pytest.CollectReport:
    node.ihook.pytest_collectstart(collector=node)
    try:
        report: pytest.CollectReport = node.ihook.pytest_make_collect_report(collector=node)
    except SystemExit as error:
        text = f"{node.nodeid} ended the interpreter when it was imported: {error!r}"
        report = pytest.CollectReport(node.nodeid, "failed", text, [])
    vars(report).pop("call", None)
    return report


@contextlib.contextmanager
def collecting_unnarrowed(config: pytest.Config) -> Iterator[None]:
    """Within it, ``--lf`` leaves out nothing that is collected."""
    manager = config.pluginmanager
    plugins = [(name, manager.getplugin(name)) for name in _NARROWING]
    plugins = [(name, plugin) for name, plugin in plugins if plugin is not None]
    for name, _ in plugins:
        manager.unregister(name=name)
    try:
        yield
    finally:
        for name, plugin in plugins:
            manager.register(plugin, name)


def modify_unchosen(
    session: pytest.Session, items: Sequence[pytest.Item], but_for: object
) -> list[pytest.Item]:
    """Do with more tests what plugins do at the end of collecting; return those that are left.

    Who chooses by ``-k``, ``-m``, ``--lf`` or ``--sw`` is not asked, nor is the plugin ``but_for``.
    """
    manager = session.config.pluginmanager
    choosers = [manager.getplugin(name) for name in _CHOOSERS]
    hook = manager.subset_hook_caller(
        "pytest_collection_modifyitems", [*filter(None, choosers), but_for]
    )
    left = list(items)
    hook(session=session, config=session.config, items=left)
    return left
