"""The tests that a worker can run, by the positions at which the controller knows them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate import wire
from pytest_orchestrate.internals.session import import_quietly
from pytest_orchestrate.worker.before_tests import BeforeTests

if TYPE_CHECKING:
    from pytest_orchestrate.worker.share import Share


class KnownTests:
    """Grows when tests of files are sent that were left to other workers."""

    def __init__(self) -> None:
        self._items: list[pytest.Item | None] = []
        self._session: pytest.Session | None = None
        self._share: Share | None = None
        #: put in by the receiving thread, before it queues the tests
        self._expected: deque[wire.CollectFile] = deque()
        self._modules: list[str] = []
        #: Only there where files may be collected late.
        self._before_tests: BeforeTests | None = None

    def begin(
        self, session: pytest.Session, items: list[pytest.Item], share: Share | None = None
    ) -> None:
        """Take in what the worker has collected."""
        self._session, self._share = session, share
        self._items = list(items)

    def expect(self, message: wire.CollectFile | wire.ImportModules) -> None:
        """Tests of one more file may follow, or need these modules."""
        if isinstance(message, wire.ImportModules):
            self._modules += message.names
        else:
            self._expected.append(message)

    def at(self, position: int) -> pytest.Item | None:
        """Return the test at this position, collecting its file if need be; None: not found."""
        if self._modules:
            names, self._modules = self._modules, []
            assert self._session is not None
            import_quietly(self._session.config, names)
        if self._before_tests is None and self._share is not None:
            self._before_tests = BeforeTests()
        while position >= len(self._items):
            message = self._expected.popleft()
            assert message.first == len(self._items)
            assert self._session is not None
            assert self._share is not None
            assert self._before_tests is not None
            with self._before_tests.again():
                self._items += self._share.collect_late(self._session, message.file, message.tests)
        return self._items[position]
