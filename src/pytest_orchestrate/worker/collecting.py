"""What a worker has collected, for the controller."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence

import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.annotating import read_annotations, read_requirable
from pytest_orchestrate.internals.cache import last_failed_status
from pytest_orchestrate.measuring import FileCosts, togetherness
from pytest_orchestrate.selecting import Selecting
from pytest_orchestrate.worker.serial import report_bytes


class Collecting:
    """Listens to pytest's own collection; registered in every worker."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        #: collectors that failed
        self.errors = 0
        #: warnings until the controller was told what was collected
        self.warnings: list[wire.WarningRecord] = []
        #: collectors begun: ``-x`` would have stopped at the one after an error
        self.begun = 0
        self.deselected: list[pytest.Item] = []
        self.selecting = Selecting(config, self._undo)
        costs = FileCosts()
        config.pluginmanager.register(costs, "orchestrate-file-costs")
        #: seconds that the collection of each file took
        self.costs = costs.seconds
        #: told of each problem: node id, serialised report, collectors begun until then
        self.found_problem: Callable[[str, bytes, int], None] = lambda *_: None
        self._found = 0
        #: report, collectors begun and tests found until then
        self._problems: list[tuple[bytes, int, int]] = []
        self._is_deaf = False

    # --- hooks ---

    @pytest.hookimpl(tryfirst=True)
    def pytest_collectstart(self) -> None:
        """Count collectors."""
        if not self.selecting.is_looking:
            self.begun += 1

    @pytest.hookimpl(trylast=True)
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep what was not collected well."""
        if self._is_deaf:
            return
        self._found += sum(isinstance(node, pytest.Item) for node in report.result)
        self.errors += report.failed
        if not report.passed:
            data = report_bytes(self.config, report)
            self._problems.append((data, self.begun, self._found))
            self.found_problem(report.nodeid, data, self.begun)

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[object]) -> None:
        """Keep what was deselected. pytest-testmon gives things that only can be counted."""
        self.deselected += [item for item in items if isinstance(item, pytest.Item)]

    def _undo(self, items: Sequence[pytest.Item]) -> None:
        undone = set(items)
        self.deselected = [item for item in self.deselected if item not in undone]

    @contextlib.contextmanager
    def unheard(self) -> Iterator[None]:
        """Within it, collection errors are nobody's business: another worker has reported them."""
        self._is_deaf = True
        try:
            yield
        finally:
            self._is_deaf = False

    # --- for the controller ---

    def result(self, items: list[pytest.Item]) -> wire.Collection:
        """Return what was collected; without items, why collection came to no end."""
        status, passed_over = last_failed_status(self.config)
        groups, affinities = togetherness(self.config, items)
        faults = self.selecting.faults
        return wire.Collection(
            nodeids=[item.nodeid for item in items],
            groups=groups,
            affinities=affinities,
            annotations=read_annotations(self.config, items),
            found=self._found + self.selecting.refused,
            requirable=read_requirable(self.config, items, self.deselected, self.selecting.seen),
            remarks=self.selecting.remarks(),
            problems=[
                wire.CollectProblem(report, begun < self.begun, found)
                for report, begun, found in self._problems
            ],
            warnings=self.warnings,
            costs={file: cost for file, cost in self.costs.items() if file not in faults},
            last_failed_status=status,
            passed_over_files=passed_over,
        )


def digest(collection: wire.Collection) -> bytes:
    """Return bytes that are equal for collections of the same tests in the same order."""
    hashed = hashlib.blake2b(digest_size=16)
    for nodeid in collection.nodeids:
        hashed.update(nodeid.encode("utf-8", "surrogatepass"))
        hashed.update(b"\0")
    told = (collection.groups, collection.annotations, len(collection.problems))
    hashed.update(repr(told).encode("utf-8", "surrogatepass"))
    return hashed.digest()
