"""How local workers come to be in this run: what is tried first, and what else."""

from __future__ import annotations

import importlib.util
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_orchestrate.transport import fork_safety

if TYPE_CHECKING:
    from pytest_orchestrate.options import Options
    from pytest_orchestrate.transport.forking import ForkServer


class StartChoice(msgspec.Struct, frozen=True):
    """The way in which local workers are started."""

    #: None: each in an interpreter of its own.
    server: ForkServer | None
    #: For who wants to know; None where there is nothing to tell.
    story: str | None = None
    #: Why workers are not forked, though that was asked for.
    refusal: str | None = None


def choose_start(config: pytest.Config, settings: Options, workers: int) -> StartChoice | int:
    """Start a fork server, if workers are to be forked and can be.

    To be called where pytest's configuration has come as far as all workers share: the server
    is a fork of this process. Where this process is not to be forked, a fresh one is started
    that comes to the same point. Where that would not be better, workers are spawned.

    :param workers: How many there will be at first.
    :returns: The choice; or, in a server that is a fork of this process, its control socket.
    :raises pytest.UsageError: settings ask for what cannot be.
    """
    specs = _specs(settings)
    if settings.start == "spawn" or "popen" not in specs:
        return StartChoice(None)
    _check_preload(settings.preload)
    if not fork_safety.is_possible():
        if settings.start == "fork":
            raise pytest.UsageError(
                "orchestrate_start = fork: a fork server needs Linux; use spawn"
            )
        return StartChoice(None)
    circumstance = fork_safety.circumstance()
    if circumstance is None:
        obstacle = fork_safety.obstacle(())
        if obstacle is not None:  # the plugins would do the same in a fresh process
            refusal = obstacle if settings.start == "fork" else None
            return StartChoice(None, _not_forked(obstacle), refusal)
    from pytest_orchestrate.transport import forking

    server: ForkServer | int
    if circumstance is None:
        server = forking.forked_server()
        if isinstance(server, int):
            return server
        story = "workers are forked from a fork of this process"
    else:
        server = forking.fresh_server([str(arg) for arg in config.invocation_params.args])
        story = _forked_elsewhere(circumstance)
    config.add_cleanup(server.close)
    if specs == {"popen"}:  # they come to life while conftests are loaded here
        server.expect(range(workers))
    return StartChoice(server, story)


def expected_start(settings: Options) -> tuple[str, str | None]:
    """Return how :func:`choose_start` would have workers started, and its story; start nothing.

    Plugins that would stand in the way of a fresh process only do not show here.
    """
    if settings.start == "spawn":
        return "spawned", "asked for"
    specs = _specs(settings)
    if "popen" not in specs:
        return ", ".join(sorted(specs)), None
    if not fork_safety.is_possible():
        return "spawned", "a fork server needs Linux"
    circumstance = fork_safety.circumstance()
    if circumstance is not None:
        return "forked", _forked_elsewhere(circumstance)
    obstacle = fork_safety.obstacle(())
    return ("forked", None) if obstacle is None else ("spawned", _not_forked(obstacle))


def _specs(settings: Options) -> set[str]:
    return {spec.spec for spec in settings.worker_spec} or {"popen"}


def _not_forked(obstacle: str) -> str:
    return f"workers are not forked: {obstacle}"


def _forked_elsewhere(circumstance: str) -> str:
    return f"workers are forked from a process started for that: {circumstance}"


def _check_preload(names: tuple[str, ...]) -> None:
    """See whether the modules are there; whether they can be imported only an import tells."""
    for name in names:
        top = name.partition(".")[0]
        if top not in sys.modules and importlib.util.find_spec(top) is None:
            raise pytest.UsageError(
                f"orchestrate_preload: there is no module named {top!r} on this interpreter's "
                "path; install it, or leave it out"
            )
