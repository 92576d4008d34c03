"""Which tests may run: those whose requirements are met; and which never will.

A *need* of several tests is kept once, however many they are: a folder that a thousand tests
require costs what its tests are, not a thousand times that.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from pytest_orchestrate.engine.lifecycle import TestLives
from pytest_orchestrate.errors import IllegalMove
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.outcome import GOOD


class _OpenNeed:
    """A need, as far as it is decided."""

    __slots__ = ("behind", "cause", "left", "need", "state", "waiters")

    def __init__(self, need: Need) -> None:
        self.need = need
        #: Targets that have not ended.
        self.left = len(need.targets)
        self.state: Literal["open", "met", "failed"] = "open"
        #: The target that it failed by.
        self.cause = -1
        #: Tests that have this need.
        self.waiters: list[int] = []
        #: Longest path of work behind it, in seconds; -1: not measured.
        self.behind = -1.0

    def settle(self, test: int, outcome: str) -> str:
        """One of its targets has ended; returns its state since."""
        self.left -= 1
        if self.state != "open":
            return self.state
        need = self.need
        good = outcome in GOOD or (need.when == "ran" and outcome != "not run")
        if good and (need.any or not self.left):
            self.state = "met"
        elif not good and (not need.any or not self.left):
            self.state, self.cause = "failed", test
        return self.state


class Settled(msgspec.Struct, frozen=True):
    """What the end of a test means for others."""

    #: Tests that may run now.
    ready: list[int]
    #: Tests that will not run, each with the reason.
    blocked: list[tuple[int, str]]


class Readiness:
    """Knows of every test that waits for others."""

    __slots__ = ("_bad", "_lives", "_needs", "_of_target", "_roots", "_waiting", "behind")

    def __init__(self, lives: TestLives) -> None:
        self._lives = lives
        self._needs: dict[Need, _OpenNeed] = {}
        #: Target -> what it may decide.
        self._of_target: dict[int, list[_OpenNeed]] = {}
        #: Waiting test -> how many of its needs are open.
        self._waiting: dict[int, int] = {}
        #: Outcome of every test that did not end well.
        self._bad: dict[int, str] = {}
        #: Blocked test -> the one that began it.
        self._roots: dict[int, int] = {}
        #: Test -> seconds of the longest path of work that waits for it.
        self.behind: dict[int, float] = {}

    def __len__(self) -> int:
        """How many tests wait for others."""
        return len(self._waiting)

    def is_waiting(self, test: int) -> bool:
        """Whether a test waits for others."""
        return test in self._waiting

    def add(self, test: int, needs: Iterable[Need]) -> str | None:
        """A test with needs; all of their targets are known. Returns why it is blocked, if it is.

        It waits from now on, unless all of its needs are met already.
        """
        unmet = 0
        for need in needs:
            each = self._needs.get(need)
            if each is None:
                each = self._needs[need] = self._opened(need)
            if each.state == "failed":
                self._waiting.pop(test, None)
                return self._blocked(test, each)
            if each.state == "open":
                each.waiters.append(test)
                unmet += 1
        if unmet:
            self._waiting[test] = unmet
        return None

    def note(self, test: int, outcome: str) -> None:
        """A test has ended that nobody waits for, as yet."""
        if outcome not in GOOD:
            self._bad[test] = outcome

    def settle(self, test: int, outcome: str) -> Settled:
        """A test has ended."""
        ready: list[int] = []
        blocked: list[tuple[int, str]] = []
        ended = deque([(test, outcome)])
        while ended:
            test, outcome = ended.popleft()
            self.note(test, outcome)
            for need in self._of_target.pop(test, ()):
                if need.state != "open":
                    continue
                state = need.settle(test, outcome)
                if state == "met":
                    self._release(need.waiters, ready)
                elif state == "failed":
                    for waiter in need.waiters:
                        if self._waiting.pop(waiter, 0):
                            blocked.append((waiter, self._blocked(waiter, need)))
                            ended.append((waiter, "blocked"))
        return Settled(ready, blocked)

    def root(self, test: int) -> int:
        """The test that began what has blocked this one, or -1."""
        return self._roots.get(test, -1)

    def forget(self, test: int) -> None:
        """A test does not wait any more."""
        self._waiting.pop(test, None)

    def clear(self) -> list[int]:
        """Let nothing wait any more; returns what did."""
        tests = list(self._waiting)
        self._waiting.clear()
        self._of_target.clear()
        return tests

    def measure(self, seconds: Callable[[int], float]) -> None:
        """Find the longest path of work behind each test.

        :param seconds: Expected duration of a test.
        :raises IllegalMove: tests wait for each other in a circle.
        """
        behind: dict[int, float] = {}
        for need in self._needs.values():
            need.behind = -1.0
        under_way: set[int] = set()
        for first in self._of_target:
            stack = [first]
            while stack:
                test = stack[-1]
                if test in behind:
                    stack.pop()
                    continue
                unknown = [
                    waiter
                    for need in self._of_target.get(test, ())
                    if need.behind < 0.0
                    for waiter in need.waiters
                    if waiter not in behind
                ]
                if unknown:
                    if test in under_way:
                        name = self._lives.names[test]
                        raise IllegalMove(f"tests require each other in a circle: {name}")
                    under_way.add(test)
                    stack += unknown
                    continue
                stack.pop()
                under_way.discard(test)
                longest = 0.0
                for need in self._of_target.get(test, ()):
                    if need.behind < 0.0:
                        paths = (seconds(each) + behind[each] for each in need.waiters)
                        need.behind = max(paths, default=0.0)
                    longest = max(longest, need.behind)
                behind[test] = longest
        self.behind = {test: length for test, length in behind.items() if length > 0.0}

    def _opened(self, need: Need) -> _OpenNeed:
        """A need that nobody had; some of its targets may have ended before."""
        each = _OpenNeed(need)
        for target in need.targets:
            if self._lives.states[target] in ("finished", "ended"):
                each.settle(target, self._bad.get(target, "passed"))
            else:
                self._of_target.setdefault(target, []).append(each)
        return each

    def _release(self, waiters: list[int], ready: list[int]) -> None:
        waiting = self._waiting
        for waiter in waiters:
            left = waiting.get(waiter, 0)
            if left == 1:
                del waiting[waiter]
                ready.append(waiter)
            elif left:
                waiting[waiter] = left - 1

    def _blocked(self, test: int, need: _OpenNeed) -> str:
        """Take note of a blocked test; returns why it is."""
        cause, names = need.cause, self._lives.names
        root = self._roots[test] = self._roots.get(cause, cause)
        which = "requires" if not need.need.any else "requires one of several tests, last"
        if root == cause:
            return f"{which} {names[cause]} ({self._bad[cause]})"
        return f"{which} {names[cause]}, which is blocked by {names[root]} ({self._bad[root]})"
