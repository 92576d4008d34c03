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
    from pytest_orchestrate.history.known_work import KnownWork
    from pytest_orchestrate.history.store import History
    from pytest_orchestrate.options import Options

#: Seconds from starting a worker until it can collect, before any run has measured it, where
#: workers are forked
USUAL_FORK = 0.2
#: and where each is an interpreter of its own.
USUAL_START = 0.6

#: Share of the test files of which nothing may be known, and durations still count as known: there
#: are files without a test.
MOST_UNKNOWN = 0.1


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
    unknown = "durations unknown"
    each = settings.run_on == "each"
    if not explicit and forced is None and not each:
        expected = _expected(context())
        if expected is None:
            small = _is_small(config)
            store = context().history
            if store is not None and store.known_tests():
                unknown = "no whole run like this yet"
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
        unknown=unknown,
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
    store = context.history
    if store is None:
        return None
    measured = store.start_cost()
    start = _usual_start(context) if measured is None else measured
    sharded = context.options.collect != "full"
    together = context.options.keep_together
    last = context.last_run()
    if last is None:
        known = _known_work(context.config, store, together)
        if known is None:
            return None
        return fleet_size.Expected(
            known.tests, known.work, start, known.collect, known.longest, sharded, known.groups
        )
    if not last.tests or last.not_run:
        return None
    return fleet_size.Expected(
        tests=last.tests,
        work=last.work,
        start=start,
        collect=last.collect or 0.0,
        # unless a run on workers has shown otherwise
        sharded=sharded and last.shared is not False,
        groups=store.groups_of_run(last.run, together),
    )


def _known_work(config: pytest.Config, store: History, keep_together: str) -> KnownWork | None:
    """What is known of tests that have not been run together yet; None if it is too little."""
    given = config.known_args_namespace
    if any(getattr(given, name, None) for name in ("keyword", "markexpr", "lf", "pyargs")):
        return None  # most of the tests may be left out
    if not store.known_tests():
        return None
    arguments = [argument.partition("::") for argument in _arguments(config)]
    folder, root = config.invocation_params.dir, config.rootpath

    def place(path: str | Path) -> str:
        return Path(os.path.relpath(os.path.normpath(folder / path), root)).as_posix()

    places = [f"{place(path)}{mark}{rest}" for path, mark, rest in arguments]
    known = store.known_work(places, keep_together)
    if not known.tests:
        return None
    paths = [path for path, _, _ in arguments]
    patterns, left_out = _patterns(config)
    try:
        files = {place(file) for file in fleet_size.walked(paths, patterns, left_out, folder)}
    except fleet_size.TooMuch:
        return None
    return known if len(files - known.files) <= len(files) * MOST_UNKNOWN else None


def _usual_start(context: RunContext) -> float:
    may_fork = sys.platform == "linux" and context.options.start != "spawn"
    return USUAL_FORK if may_fork else USUAL_START


def _is_small(config: pytest.Config) -> bool:
    patterns, left_out = _patterns(config)
    return fleet_size.quick_walk(
        _arguments(config),
        patterns,
        left_out,
        config.invocation_params.dir,
        pyargs=bool(config.known_args_namespace.pyargs),
    )


def _patterns(config: pytest.Config) -> tuple[list[str], list[str]]:
    """Patterns of test files, and of folders that pytest does not enter."""
    given = config.known_args_namespace
    patterns = [str(pattern) for pattern in config.getini("python_files")]
    if getattr(given, "doctestmodules", False):
        patterns.append("*.py")
    # pytest's own default for text files is test*.txt
    patterns += [str(pattern) for pattern in getattr(given, "doctestglob", None) or ["test*.txt"]]
    return patterns, [str(pattern) for pattern in config.getini("norecursedirs")]


def _arguments(config: pytest.Config) -> list[str]:
    """What pytest is to collect, relative to where it was started."""
    arguments = [str(argument) for argument in config.known_args_namespace.file_or_dir]
    if not arguments and config.invocation_params.dir == config.rootpath:
        for path in config.getini("testpaths"):
            arguments += sorted(map(str, config.rootpath.glob(str(path))))
    return arguments or ["."]


def _knows_its_interpreter() -> bool:
    """Whether this process knows the interpreter to start workers with."""
    return bool(sys.executable) and Path(sys.executable).exists()
