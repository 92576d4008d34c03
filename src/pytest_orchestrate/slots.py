"""What a running test is told of the slots of resources that it has."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate.errors import OrchestrateError

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
    def given(self, test: int, item: pytest.Item) -> Iterator[None]:
        """Within it a test runs that has slots.

        If somebody else uses what it has, or that cannot be known, its set-up fails.
        """
        held = self._held = self._expected.pop(test)
        variables = {variable(name): numbers for name, numbers in held.items() if numbers}
        for name, numbers in variables.items():
            os.environ[name] = ",".join(map(str, numbers))
        locks: list[FileLock] = []
        refusal: _Refusal | None = None
        try:
            try:
                for path, shared in self._locks.pop(test, ()):
                    locks.append(_locked(path, shared=shared, nodeid=item.nodeid))
            except _CannotLock as error:
                refusal = _Refusal(str(error))
                item.config.pluginmanager.register(refusal)
            yield
        finally:
            if refusal is not None:
                item.config.pluginmanager.unregister(refusal)
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


class _CannotLock(OrchestrateError):
    """The lock file of a slot could not be locked; the text says which, and why."""


class _Refusal:
    """The plugin, for one test, that lets its set-up fail before any fixture."""

    def __init__(self, text: str) -> None:
        self._text = text

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        pytest.fail(self._text, pytrace=False)


def _locked(path: str, *, shared: bool, nodeid: str) -> FileLock:
    """Lock a file, so that a slot is known to be in use while this process lives.

    Only who holds the slot locks it for longer than a look at it takes. A test may have removed
    the folder, with all that it took for temporary: it is made anew.

    :raises _CannotLock: somebody else holds the lock, or there can be no such file.
    """
    import time

    from pytest_orchestrate.locking import said_by_holder

    deadline = time.monotonic() + PATIENCE
    try:
        while (held := _taken(Path(path), shared=shared)) is None:
            if time.monotonic() >= deadline:
                text = said_by_holder(Path(path)) or "an unknown process"
                raise _CannotLock(
                    f"orchestrate_resources: {path} is locked by {text}, though this run has the "
                    "slot: has somebody removed the lock files?"
                )
            time.sleep(0.005)
    except OSError as error:
        raise _CannotLock(
            f"orchestrate_resources: the slot of a resource ('host') cannot be locked: {path}: "
            f"{error.strerror or error}. Has a test changed that folder?"
        ) from error
    held.write(f"{nodeid} in process {os.getpid()} since {time.strftime('%H:%M:%S')}")
    return held


def _taken(path: Path, *, shared: bool) -> FileLock | None:
    from pytest_orchestrate.locking import FileLock, prepare_folder

    try:
        return FileLock.taken(path, shared=shared)
    except FileNotFoundError:
        prepare_folder(path.parent)
        return FileLock.taken(path, shared=shared)


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
