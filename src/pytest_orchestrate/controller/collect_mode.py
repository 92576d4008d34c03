"""Whether each worker collects all test files or a share of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec
import pytest

from pytest_orchestrate.sharding import safety, selection
from pytest_orchestrate.transport.gateways import is_local

if TYPE_CHECKING:
    from pytest_orchestrate.controller.run_context import RunContext


class CollectMode(msgspec.Struct, frozen=True):
    """How workers collect, and why they collect everything.

    ``auto`` is a share, unless a conftest below the arguments turns out to stand in the way;
    ``sharded`` is a share whatever hooks there are.
    """

    mode: Literal["full", "auto", "sharded"]
    reason: str | None = None


def collect_mode(config: pytest.Config, context: RunContext, workers: int) -> CollectMode:
    """Decide how so many workers collect, as far as it is known before they are started."""
    wanted = context.options.collect
    if wanted == "full":
        return CollectMode("full", "asked for")
    if context.options.run_on == "each":
        return CollectMode("full", "each worker runs every test")
    if workers < 2:
        return CollectMode("full", "one worker")
    if context.replay is not None and not context.replay.course.owners:
        return CollectMode("full", "as in the recorded run")
    specs = {spec.spec for spec in context.options.worker_spec} or {"popen"}
    if len(specs) > 1:
        return CollectMode("full", "workers of different kinds")
    if not all(map(is_local, specs)):
        return CollectMode("full", "workers with folders of their own")
    because = selection.selection_obstacle(config)
    if because is not None:
        return CollectMode("full", because)
    if wanted == "sharded":
        return CollectMode("sharded", "asked for")
    obstacle = safety.first_obstacle(config.pluginmanager)
    if obstacle is not None:
        return CollectMode("full", f"{obstacle}; {safety.OVERRIDE}")
    return CollectMode("auto")
