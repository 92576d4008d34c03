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

    @contextlib.contextmanager
    def given(self, test: int) -> Iterator[bool]:
        """Within it a test runs. Gives whether it has resources, for which others may wait."""
        held = self._expected.pop(test, None)
        if held is None:
            yield False
            return
        variables = {variable(name): numbers for name, numbers in held.items() if numbers}
        self._held = held
        for name, numbers in variables.items():
            os.environ[name] = ",".join(map(str, numbers))
        try:
            yield True
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
