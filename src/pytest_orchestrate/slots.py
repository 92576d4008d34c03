"""What a running test is told of the slots of resources that it has."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_orchestrate.locking import FileLock

#: Name of the plugin.
PLUGIN = "orchestrate-slots"
#: Environment variable of a running test: this, and the name of the resource.
VARIABLE = "PYTEST_ORCHESTRATE_SLOT_"
#: Seconds in which others have ended their look at a lock.
PATIENCE = 5.0


class Slots:
    """Registered as a plugin where tests run."""

    def __init__(self) -> None:
        self._expected: dict[int, Mapping[str, list[int]]] = {}
        self._locks: dict[int, list[tuple[str, bool]]] = {}
        self._held: Mapping[str, list[int]] = {}

    def expect(
        self,
        slots: Mapping[int, Mapping[str, list[int]]],
        locks: Mapping[int, list[tuple[str, bool]]] | None = None,
    ) -> None:
        """Tests that will be run have these slots: by the test's number, then by resource.

        :param locks: By the test's number, the files that are to be locked while it runs, each
            with whether the lock is shared.
        """
        self._locks.update(locks or {})
        self._expected.update(slots)

    def has(self, test: int) -> bool:
        """Whether a test has slots of anything, for which others may wait."""
        return test in self._expected

    def add(self, test: int, slots: Mapping[str, list[int]]) -> None:
        """A test that will be run has these slots, too, or instead of others of the resource."""
        self._expected[test] = {**self._expected[test], **slots}

    @contextlib.contextmanager
    def given(self, test: int, nodeid: str = "") -> Iterator[None]:
        """Within it a test runs that has slots.

        :raises RuntimeError: somebody else uses what it has.
        """
        held = self._held = self._expected.pop(test)
        variables = {variable(name): numbers for name, numbers in held.items() if numbers}
        for name, numbers in variables.items():
            os.environ[name] = ",".join(map(str, numbers))
        locks: list[FileLock] = []
        try:
            for path, shared in self._locks.pop(test, ()):
                locks.append(_locked(path, shared=shared, nodeid=nodeid))
            yield
        finally:
            for each in locks:
                each.release()
            self._held = {}
            for name in variables:
                os.environ.pop(name, None)

    def of(self, name: str) -> tuple[int, ...]:
        """Return the slots that the running test has of a resource.

        :raises pytest.UsageError: it has none.
        """
        if name not in self._held:
            known = ", ".join(sorted(self._held)) or "none"
            raise pytest.UsageError(
                f"this test has no slot of {name!r}: mark it with "
                f"@pytest.mark.resource({name!r}). It has slots of: {known}."
            )
        return tuple(self._held[name])


def _locked(path: str, *, shared: bool, nodeid: str) -> FileLock:
    """Lock a file, so that a slot is known to be in use while this process lives.

    Only who holds the slot locks it for longer than a look at it takes.
    """
    import time

    from pytest_orchestrate.locking import FileLock, said_by_holder

    deadline = time.monotonic() + PATIENCE
    while (held := FileLock.taken(Path(path), shared=shared)) is None:
        if time.monotonic() < deadline:
            time.sleep(0.005)
            continue
        text = said_by_holder(Path(path)) or "an unknown process"
        raise RuntimeError(f"{path} is locked by {text}, though this run has the slot")
    held.write(f"{nodeid} in process {os.getpid()} since {time.strftime('%H:%M:%S')}")
    return held


def find_slots(request: pytest.FixtureRequest) -> Callable[[str], tuple[int, ...]]:
    """Return what the fixture ``resource_slots`` is; without orchestration, slots from 0 on."""
    slots = request.config.pluginmanager.getplugin(PLUGIN)
    if isinstance(slots, Slots):
        return slots.of
    amounts = {
        mark.args[0]: mark.args[1] if len(mark.args) > 1 else mark.kwargs.get("amount", 1)
        for mark in request.node.iter_markers("resource")
        if mark.args
    }
    return lambda name: tuple(range(amounts.get(name, 1)))


def variable(name: str) -> str:
    """Return the environment variable with the slots of a resource."""
    return VARIABLE + re.sub(r"\W", "_", name).upper()
