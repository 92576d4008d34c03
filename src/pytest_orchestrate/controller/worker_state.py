"""What the controller knows of one worker."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from pytest_orchestrate import wire
from pytest_orchestrate.model.worker import WorkerFacts
from pytest_orchestrate.transport.gateways import Link, starts_here
from pytest_orchestrate.transport.output import Lines
from pytest_orchestrate.xdist_contract import Node

if TYPE_CHECKING:
    from collections.abc import Sequence


class WorkerState:
    """One worker, from the moment it is started until it has left."""

    def __init__(self, link: Link, node: Node) -> None:
        self.link = link
        self.node = node
        #: its clock is ours; that of another machine tells another time
        self.shares_clock = starts_here(link.spec)
        self.started = time.monotonic()
        #: seconds from start to ready, and of collection
        self.start_seconds: float | None = None
        self.collect_seconds: float | None = None
        #: its process is up, and about to configure pytest
        self.is_configuring = False
        self.is_ready = False
        #: of what it has collected, once it has
        self.digest: bytes | None = None
        #: what it has collected, if that is a share only
        self.share: wire.Share | None = None
        self.collected_tests = 0
        #: collectors that failed there
        self.errors = 0
        #: what it said goodbye with; None: it has not finished its session
        self.farewell: wire.Farewell | None = None
        #: trouble that ends the run was reported by it
        self.trouble: wire.Trouble | None = None
        self.hung_up = False
        self.asked_to_leave: float | None = None
        self.killed: str | None = None
        #: what it still writes to its error output says only that it was interrupted
        self.is_hushed = False
        #: exit code of a pytest that ended before its session began
        self.unstarted: int | None = None
        #: since then a fresh process is to take its place; what it says does not count any more
        self.outdated_since: float | None = None
        #: interrupted, because it took too long to leave for that
        self.is_pressed = False
        self.leaving_since: float | None = None
        self.has_left = False
        #: index in the run -> position in the worker's own list, or None if they are equal
        self._positions: dict[int, int] | None = None
        self._indices: list[int | None] | None = None
        self.running: int | None = None
        self.running_since = 0.0
        self.order = 0
        self.last_word = self.last_own_word = time.monotonic()
        self.silence_shown = 0.0
        self.stacks_asked: float | None = None
        self.output = {1: Lines(), 2: Lines()}
        #: last lines of its error output
        self.stderr_tail: list[str] = []

    @property
    def id(self) -> str:
        """Return ``gw0`` and so on."""
        return self.node.gateway.id

    @property
    def number(self) -> int:
        """Return the worker's number."""
        return self.link.number

    @property
    def facts(self) -> WorkerFacts:
        """Return the worker as other plugins see it."""
        info: dict[str, Any] = self.node.workerinfo
        version = info.get("version_info")
        return WorkerFacts(
            id=self.id,
            number=self.number,
            spec=self.link.spec,
            pid=info.get("pid", self.link.pid),
            python=".".join(map(str, version[:3])) if version else None,
            executable=info.get("executable"),
        )

    def map_tests(self, nodeids: Sequence[str], index_of: dict[tuple[str, int], int]) -> list[int]:
        """Take in the worker's own list of tests; return the run's tests that it lacks."""
        seen: dict[str, int] = {}
        positions: dict[int, int] = {}
        indices: list[int | None] = []
        for position, nodeid in enumerate(nodeids):
            occurrence = seen.get(nodeid, 0)
            seen[nodeid] = occurrence + 1
            index = index_of.get((nodeid, occurrence))
            indices.append(index)
            if index is not None:
                positions[index] = position
        self._positions, self._indices = positions, indices
        return [index for index in index_of.values() if index not in positions]

    def has_position(self, test: int) -> bool:
        """Whether the worker knows this test of the run."""
        return self._positions is None or test in self._positions

    def append(self, tests: list[int]) -> int:
        """Give tests of the run the worker's next positions; return the first of them."""
        assert self._positions is not None
        assert self._indices is not None
        first = len(self._indices)
        self._positions.update((test, first + at) for at, test in enumerate(tests))
        self._indices += tests
        return first

    def positions(self, tests: list[int]) -> list[int]:
        """Return where the worker has these tests of the run."""
        if self._positions is None:
            return tests
        return [self._positions[test] for test in tests]

    def index(self, position: int) -> int:
        """Return the run's index of a test that the worker names by its position."""
        if self._indices is None:
            return position
        index = self._indices[position]
        assert index is not None, f"{self.id} names a test that it was never sent: {position}"
        return index
