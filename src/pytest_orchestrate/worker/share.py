"""A worker's share of the test files: it walks the whole tree and imports only what it claims."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.annotating import read_annotations, read_requirable
from pytest_orchestrate.internals.importing import TestFileImports
from pytest_orchestrate.internals.session import forget_collected, late_collection
from pytest_orchestrate.measuring import togetherness
from pytest_orchestrate.model.escaping import printable
from pytest_orchestrate.selecting import may_lack
from pytest_orchestrate.sharding import safety
from pytest_orchestrate.sharding.claims import Claims
from pytest_orchestrate.sharding.guards import AllItemsNeeded, Guards
from pytest_orchestrate.worker.collecting import Collecting
from pytest_orchestrate.worker.import_watch import plainly

#: Why everything is collected for the sake of requirements.
_REQUIRED = "tests may require what was left out"


def assigned(replay: dict[str, Any] | None) -> dict[str, bool]:
    """Return for each file that is known beforehand whether the worker is to collect it."""
    if replay is None:
        return {}
    return dict.fromkeys(replay["files"], False) | dict.fromkeys(replay["own"], True)


class Part:
    """What the walk found in one file, or outside of any."""

    __slots__ = ("collectors", "is_copy", "is_deferred", "items", "module", "problems")

    def __init__(self) -> None:
        #: Name of the module that it is imported as; None for other kinds of files.
        self.module: str | None = None
        #: The file's collectors; several if it was named several times.
        self.collectors: list[pytest.File] = []
        #: It is left to another worker.
        self.is_deferred = False
        #: It was left to another worker, but is here, too.
        self.is_copy = False
        #: As they were found, before any was deselected.
        self.items: list[pytest.Item] = []
        #: Serialised reports, how many collectors had begun, how many items of the part were found.
        self.problems: list[tuple[bytes, int, int]] = []


class Share:
    """Registered in a worker that is to collect a share.

    An empty passed report stands for a file that another worker has claimed, as ``--lf`` of
    pytest does it for files without failures. Such a file can be collected later, on the same
    tree of collectors.

    :param forced: The share is collected whatever hooks there are.
    :param assigned: File -> whether it is this worker's; others are claimed.
    """

    def __init__(
        self,
        config: pytest.Config,
        collecting: Collecting,
        claims: Claims,
        worker: int,
        forced: bool,
        assigned: Mapping[str, bool],
    ) -> None:
        self.config = config
        #: Why everything was collected after all.
        self.full_because: str | None = None
        self._collecting = collecting
        self._claims = claims
        #: Name to whether it is this worker's.
        self._claimed: dict[str, bool] = {}
        #: Name of a module to the number of files that would be imported under it.
        self._namesakes: Counter[str] = Counter()
        #: Name of an outermost package to what was claimed of it first, and its root.
        self._packages: dict[str, tuple[str, Path]] = {}
        self._imports = TestFileImports(config)
        self._worker = worker
        self._forced = forced
        self._assigned = assigned
        self._guards = Guards()
        self._is_over = False
        self._parts: dict[str, Part] = {}
        self._modules: list[str] = []
        self._keys: dict[pytest.Item | pytest.Collector, str] = {}
        collecting.found_problem = self._found_problem

    # --- the walk ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        """Note what is imported meanwhile."""
        before = set(sys.modules)
        result = yield
        files = {str(c.path) for part in self._parts.values() for c in part.collectors}
        self._modules = [
            name
            for name, module in list(sys.modules.items())
            if name not in before and _can_be_imported(module, files)
        ]
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_make_collect_report(
        self, collector: pytest.Collector
    ) -> pytest.CollectReport | None:
        """Leave a file to the worker that has claimed it."""
        if self._is_over or not isinstance(collector, pytest.File):
            return None
        part = self._part(collector.nodeid)
        is_new = not part.collectors
        part.collectors.append(collector)
        if self._is_named(collector):
            return None  # pytest itself has to find the names in it
        if is_new:
            part.is_deferred = not self._claim(collector, part)
        if not part.is_deferred:
            return None
        if isinstance(collector, pytest.Module):
            self._imports.put_on_path(collector.path)
        return pytest.CollectReport(collector.nodeid, "passed", None, [])

    @pytest.hookimpl
    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Note where a test was found."""
        if not self._is_over:
            self._part(self._key(item)).items.append(item)

    def _claim(self, collector: pytest.File, part: Part) -> bool:
        """Have it, or leave it; files of one module name go together.

        What becomes of the second one, an error or the module that is there already, shows only
        where the first one was imported. Likewise with packages of one name in two places.
        """
        name = collector.nodeid
        if isinstance(collector, pytest.Module):
            name = self._imports.module_name(collector.path)
            package = self._imports.package(collector.path)
            if package is not None:
                first, root = self._packages.setdefault(package[0], (name, package[1]))
                if root != package[1] and name not in self._namesakes:
                    name = first
            part.module = name
            self._namesakes[name] += 1
        if name not in self._claimed:
            is_ours = self._assigned.get(collector.nodeid)
            self._claimed[name] = (
                self._claims.claim(name, self._worker) if is_ours is None else is_ours
            )
        return self._claimed[name]

    def _is_named(self, collector: pytest.File) -> bool:
        named = any("::" in str(argument) for argument in self.config.args)
        return named and collector.session.isinitpath(collector.path)

    def _found_problem(self, nodeid: str, data: bytes, begun: int) -> None:
        part = self._part(_file_of(nodeid))
        part.problems.append((data, begun, len(part.items)))

    def _part(self, key: str) -> Part:
        part = self._parts.get(key)
        if part is None:
            part = self._parts[key] = Part()
        return part

    def _key(self, item: pytest.Item) -> str:
        parent = item.parent
        if parent is None:
            return _file_of(item.nodeid)
        key = self._keys.get(parent)
        if key is None:
            file = item.getparent(pytest.File)  # type: ignore[type-abstract]  # asked for by class
            key = self._keys[parent] = _file_of(item.nodeid) if file is None else file.nodeid
        return key

    # --- the end of the walk ---

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, object, object]:
        """Collect the rest, if a conftest that came along the way has to see all tests.

        :raises AllItemsNeeded: that of a guarded hook, whatever others have made of it; or hooks
            have marked tests that may require what no worker has collected.
        """
        is_first = not self._is_over
        if is_first:
            if not self._forced:
                obstacle = safety.first_obstacle(self.config.pluginmanager)
                if obstacle is not None:
                    self.full_because = f"{obstacle}; {safety.OVERRIDE}"
            if self.full_because is None and may_lack(self.config, items, self._parts):
                self.full_because = _REQUIRED
            if self.full_because is not None:
                self._collect_rest(session, items)
                self._collecting.selecting.know_collected(items)
            else:
                self._collecting.selecting.has_all = False
                self._collect_copy(session, items)
                if not self._forced:
                    self._guards.put_up(self.config.pluginmanager)
            self._is_over = True
        try:
            result = yield
        finally:
            self._guards.check()
        if is_first and self.full_because is None:
            own = [item for item in items if not self._part(self._key(item)).is_copy]
            if may_lack(self.config, own, self._parts):
                raise AllItemsNeeded(_REQUIRED)  # hooks have added markers
        return result

    def _collect_rest(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        for part in self._parts.values():
            if part.is_deferred:
                self._collect_part(session, part)
        items[:] = [item for part in self._parts.values() for item in part.items]

    def _collect_copy(self, session: pytest.Session, items: list[pytest.Item]) -> None:
        """Without a file of its own a worker would wait: it gets ready to help with the largest.

        The largest by its size, for nothing else is known here.
        """
        if any(part.collectors and not part.is_deferred for part in self._parts.values()):
            return
        deferred = [part for part in self._parts.values() if self._can_be_late(part)]
        if not deferred:
            return
        with self._collecting.unheard():
            largest = max(deferred, key=lambda part: _size(part.collectors[0].path))
            self._collect_part(session, largest)
            largest.is_copy = True
            items += largest.items

    def _can_be_late(self, part: Part) -> bool:
        return part.is_deferred and (part.module is None or self._namesakes[part.module] == 1)

    def _collect_part(self, session: pytest.Session, part: Part) -> None:
        part.is_deferred = False
        is_over, self._is_over = self._is_over, True
        path = list(sys.path)
        try:
            for collector in part.collectors:
                forget_collected(session, collector)
                part.items += session.genitems(collector)
        finally:
            self._is_over = is_over
            if sys.path[1:] == path and sys.path[0] in path:
                del sys.path[0]  # the file's folder had its place since the walk

    # --- for the controller ---

    def result(self, session: pytest.Session) -> tuple[wire.Share, list[pytest.Item]]:
        """Return what was collected, and its tests in the order in which the message has them."""
        selected: dict[str, list[pytest.Item]] = {key: [] for key in self._parts}
        for item in session.items:
            key = self._key(item)
            self._part(key)  # a hook may have added tests of its own
            selected.setdefault(key, []).append(item)
        deselected: dict[str, list[pytest.Item]] = {}
        for item in self._collecting.deselected:
            deselected.setdefault(_file_of(item.nodeid), []).append(item)
        parts, ordered = [], []
        for key, part in self._parts.items():
            items, left_out = selected[key], deselected.get(key, [])
            groups, affinities = togetherness(self.config, items)
            ordered += items
            parts.append(
                wire.Part(
                    key,
                    is_file=bool(part.collectors),
                    is_copy=part.is_copy,
                    nodeids=None if part.is_deferred else [item.nodeid for item in items],
                    groups=groups,
                    affinities=affinities,
                    annotations=read_annotations(self.config, items) if items else {},
                    found=len(part.items),
                    requirable=read_requirable(self.config, items, left_out),
                    problems=[
                        wire.CollectProblem(report, begun < self._collecting.begun, found)
                        for report, begun, found in part.problems
                    ],
                    cost=self._collecting.costs.get(key, 0.0),
                )
            )
        return wire.Share(parts, self._collecting.warnings, self._modules), ordered

    # --- later ---

    def collect_late(
        self, session: pytest.Session, file: str, wanted: list[tuple[str, int]]
    ) -> list[pytest.Item | None]:
        """Collect a file that was left to another worker; return the tests that are wanted.

        They are named by node id and occurrence; None stands for one that is not found.
        """
        parts = {printable(key): part for key, part in self._parts.items()}
        part = parts.get(file)
        items: list[pytest.Item] = []
        if part is not None and self._can_be_late(part):
            with self._collecting.unheard(), late_collection(self.config):
                self._collect_part(session, part)
                items = self._finished(session, part.items)
            session.testscollected += len(items)
        return _by_name(items, wanted)

    def _finished(self, session: pytest.Session, found: list[pytest.Item]) -> list[pytest.Item]:
        """Do with tests what pytest does at the end of collecting, and add them to the session."""
        before, session.items = session.items, list(found)
        try:
            self.config.hook.pytest_collection_modifyitems(
                session=session, config=self.config, items=session.items
            )
            self.config.hook.pytest_collection_finish(session=session)
        except AllItemsNeeded:
            # it did not when all was collected; who collected the file then can run its tests
            session.items = []
        finally:
            items, session.items = session.items, before
            session.items += items
        return items


def _by_name(items: list[pytest.Item], wanted: list[tuple[str, int]]) -> list[pytest.Item | None]:
    found: dict[tuple[str, int], pytest.Item] = {}
    seen: dict[str, int] = {}
    for item in items:
        occurrence = seen.get(item.nodeid, 0)
        seen[item.nodeid] = occurrence + 1
        found[printable(item.nodeid), occurrence] = item
    return [found.get((nodeid, occurrence)) for nodeid, occurrence in wanted]


def _can_be_imported(module: object, files: set[str]) -> bool:
    """Whether it is an ordinary module, and not a test file."""
    spec = plainly(module, "__spec__")
    if plainly(spec, "loader") is None or str(plainly(module, "__file__")) in files:
        return False
    return str(spec.name).rpartition(".")[2] != "conftest"


def _file_of(nodeid: Any) -> str:
    return str(nodeid).partition("::")[0]


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0
