"""The tests that a worker has been sent and has not begun."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterable


class TestQueue:
    """Filled by the receiving thread, emptied by the thread that runs tests."""

    __test__ = False

    def __init__(self) -> None:
        self._tests: deque[int] = deque()
        self._changed = threading.Condition()
        self._finishing = False
        self._tears_down = False
        self._mark = 0
        #: Is not taken back.
        self._kept: int | None = None

    def put(self, tests: Iterable[int]) -> None:
        """Append tests."""
        with self._changed:
            self._tests.extend(tests)
            self._mark = len(self._tests) // 2
            self._changed.notify()

    def take_back(self, tests: Iterable[int]) -> list[int]:
        """Remove and return those of these tests that are still waiting, in queue order."""
        with self._changed:
            wanted = set(tests) - {self._kept}
            returned = [test for test in self._tests if test in wanted]
            if returned:
                self._tests = deque(test for test in self._tests if test not in wanted)
            return returned

    def tear_down(self) -> None:
        """Before any further test, fixtures of classes and modules are torn down."""
        with self._changed:
            self._tears_down = True
            self._changed.notify()

    def begin_tear_down(self) -> bool:
        """Whether fixtures are to be torn down now; asked for once, it is said once."""
        with self._changed:
            asked, self._tears_down = self._tears_down, False
            return asked

    def finish(self) -> None:
        """Nothing more will be put."""
        with self._changed:
            self._finishing = True
            self._changed.notify()

    def clear(self) -> None:
        """Forget what is waiting; nothing more will be put."""
        with self._changed:
            self._tests.clear()
            self._finishing, self._tears_down = True, False
            self._changed.notify()

    def get(self, timeout: float | None = None) -> int | None:
        """Return the next test, or None: at the end, or after ``timeout`` seconds without one.

        None as well while fixtures are to be torn down first.
        """
        with self._changed:
            if not self._tests:
                self._changed.wait_for(self._has_news, timeout)
            return self._tests.popleft() if self._tests and not self._tears_down else None

    def _has_news(self) -> bool:
        return bool(self._tests) or self._finishing or self._tears_down

    def peek(self, *, keep: bool = False) -> int | None:
        """Return the test that is next as things stand, or None.

        :param keep: It is not taken back any more.
        """
        with self._changed:
            following = self._tests[0] if self._tests else None
            self._kept = following if keep else None
            return following

    def drop(self, test: int) -> bool:
        """Forget the next test if it is still this one; return whether it was."""
        with self._changed:
            if self._tests and self._tests[0] == test:
                self._tests.popleft()
                return True
            return False

    @property
    def ended(self) -> bool:
        """Whether nothing is waiting, or to be torn down, and nothing more will be put."""
        with self._changed:
            return self._finishing and not self._tests and not self._tears_down

    def is_due(self) -> bool:
        """Whether the controller should hear of results now, to send more tests in time.

        True once when half of what was waiting at the last delivery is gone, and whenever
        fewer than two tests are left.
        """
        left = len(self._tests)
        if left <= self._mark:
            self._mark = left // 2
            return True
        return left < 2

    def __len__(self) -> int:
        return len(self._tests)
