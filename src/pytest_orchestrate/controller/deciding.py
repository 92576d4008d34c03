"""How many workers this run gets: gathers the facts, leaves the decision to ``fleet_size``."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_orchestrate import xdist_contract
from pytest_orchestrate.controller import fleet_size
from pytest_orchestrate.controller.cores import usable_cores

if TYPE_CHECKING:
    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.options import Options

#: Seconds from starting a worker until it can collect, before any run has measured it, where
#: workers are forked
USUAL_FORK = 0.2
#: and where each is an interpreter of its own.
USUAL_START = 0.6


def decide(
    config: pytest.Config,
    settings: Options,
    context: Callable[[], RunContext],
    *,
    forced: str | None,
) -> fleet_size.Decision:
    """Return how many workers to start, and why, before any of them is started.

    :param context: Asked only if the history has to be: workers that do not wait for that are
        there sooner.
    """
    if forced is None and not _knows_its_interpreter():
        forced = "the Python interpreter's path is unknown (sys.executable)"
    explicit = settings.workers != "auto" or settings.spec_workers > 0
    expected = small = None
    each = settings.run_on == "each"
    if not explicit and forced is None and not each:
        expected = _expected(context())
        if expected is None:
            small = _is_small(config)
    return fleet_size.choose(
        settings.workers,
        cores=usable_cores(),
        spec_workers=settings.spec_workers,
        most=settings.max_workers,
        in_process_because=forced,
        nested="PYTEST_CURRENT_TEST" in os.environ,
        expected=expected,
        small=small,
        each=each,
    )


def ask_hook(
    config: pytest.Config, context: RunContext, decision: fleet_size.Decision
) -> fleet_size.Decision:
    """Let hooks change an automatic number of workers, ours first, then pytest-xdist's.

    Conftests may implement them, so it is asked when they are loaded.

    :raises pytest.UsageError: the answer is no number of workers.
    """
    options = context.options
    is_fixed = options.workers != "auto" or options.spec_workers or context.replay is not None
    if is_fixed or not decision.workers:
        return decision
    name = "pytest_orchestrate_auto_workers"
    answer = config.hook.pytest_orchestrate_auto_workers(config=config)
    if answer is None:
        name, answer = "pytest_xdist_auto_num_workers", xdist_contract.auto_workers(config)
    if answer is None:
        return decision
    if not isinstance(answer, int) or isinstance(answer, bool) or answer < 0:
        raise pytest.UsageError(
            f"the hook {name} returned {answer!r}; accepted are whole numbers from 0 on, and None"
        )
    most = options.max_workers
    return fleet_size.Decision(min(answer, most) if most else answer, name)


def _expected(context: RunContext) -> fleet_size.Expected | None:
    last = context.last_run()
    if last is None or not last.tests or last.not_run:
        return None
    store = context.history
    measured = store.start_cost() if store is not None else None
    return fleet_size.Expected(
        tests=last.tests,
        work=last.work,
        start=_usual_start(context) if measured is None else measured,
        collect=last.collect or 0.0,
        # unless a run on workers has shown otherwise
        sharded=context.options.collect != "full" and last.shared is not False,
    )


def _usual_start(context: RunContext) -> float:
    may_fork = sys.platform == "linux" and context.options.start != "spawn"
    return USUAL_FORK if may_fork else USUAL_START


def _is_small(config: pytest.Config) -> bool:
    given = config.known_args_namespace
    patterns = [str(pattern) for pattern in config.getini("python_files")]
    if getattr(given, "doctestmodules", False):
        patterns.append("*.py")
    # pytest's own default for text files is test*.txt
    patterns += [str(pattern) for pattern in getattr(given, "doctestglob", None) or ["test*.txt"]]
    arguments = [str(argument) for argument in given.file_or_dir]
    if not arguments and config.invocation_params.dir == config.rootpath:
        for path in config.getini("testpaths"):
            arguments += sorted(map(str, config.rootpath.glob(str(path))))
    return fleet_size.quick_walk(
        arguments or ["."],
        patterns,
        [str(pattern) for pattern in config.getini("norecursedirs")],
        config.invocation_params.dir,
        pyargs=bool(given.pyargs),
    )


def _knows_its_interpreter() -> bool:
    """Whether this process knows the interpreter to start workers with."""
    return bool(sys.executable) and Path(sys.executable).exists()
