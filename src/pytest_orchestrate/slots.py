"""What a running test is told of the slots of resources that it has."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator, Mapping

import pytest

#: Name of the plugin.
PLUGIN = "orchestrate-slots"
#: Environment variable of a running test: this, and the name of the resource.
VARIABLE = "PYTEST_ORCHESTRATE_SLOT_"


class Slots:
    """Registered as a plugin where tests run."""

    def __init__(self) -> None:
        self._expected: dict[int, Mapping[str, list[int]]] = {}
        self._held: Mapping[str, list[int]] = {}

    def expect(self, slots: Mapping[int, Mapping[str, list[int]]]) -> None:
        """Tests that will be run have these slots: by the test's number, then by resource."""
        self._expected.update(slots)

    def has(self, test: int) -> bool:
        """Whether a test has slots of anything, for which others may wait."""
        return test in self._expected

    @contextlib.contextmanager
    def given(self, test: int) -> Iterator[None]:
        """Within it a test runs that has slots."""
        held = self._held = self._expected.pop(test)
        variables = {variable(name): numbers for name, numbers in held.items() if numbers}
        for name, numbers in variables.items():
            os.environ[name] = ",".join(map(str, numbers))
        try:
            yield
        finally:
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
