"""The hooks of a process that run guarded, and what becomes known when one needs all items."""

from __future__ import annotations

import pytest

from pytest_orchestrate.sharding import safety


class AllItemsNeeded(BaseException):
    """A guarded hook has come to where it may need all items; the text says where.

    No ``Exception``, so that nobody takes it for an error of the hook.
    """


class Guards:
    """Puts guarded versions in the place of hooks, and notes what they come to."""

    def __init__(self) -> None:
        self._reached: AllItemsNeeded | None = None

    def put_up(self, pluginmanager: pytest.PytestPluginManager) -> None:
        """Guard the hooks that need it, from now on and whoever calls them."""
        for hook in safety.guarded_hooks(pluginmanager):
            alarms = Alarms(self, hook.obstacle)
            hook.function.__code__ = hook.guarded.armed(alarms.at)

    def check(self) -> None:
        """Raise what a hook has raised since the last time, though somebody may have caught it."""
        reached, self._reached = self._reached, None
        if reached is not None:
            raise reached

    def note(self, reached: AllItemsNeeded) -> None:
        """A hook has come to a guarded place."""
        self._reached = self._reached or reached


class Alarms:
    """What one hook raises."""

    def __init__(self, guards: Guards, hook: safety.Obstacle) -> None:
        self._guards = guards
        self._hook = hook

    def at(self, line: int) -> type[AllItemsNeeded]:
        """Return what is raised where a guarded branch begins."""
        guards = self._guards
        hook = self._hook
        text = f"{hook.hook} in {hook.place} came to line {line}, and may need all tests there"

        class Alarm(AllItemsNeeded):
            def __init__(self) -> None:
                super().__init__(text)
                guards.note(self)

        return Alarm
