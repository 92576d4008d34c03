"""The entry point: registers what is ours, decides whether this run is ours, wires the parts.

Merely installed, it adds settings, markers and hook specifications, and imports nothing that
takes time; everything else is imported when a run was asked to be orchestrated.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate import hookspecs, options

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_orchestrate.controller.run_context import RunContext
    from pytest_orchestrate.options import Options
    from pytest_orchestrate.transport.boot import Seed

#: Name of the plugin that the boot code registers in a worker (transport/boot.py).
_SEED = "pytest-orchestrate-worker"

#: Name of the plugin that the fork server's program registers (transport/fork_server.py).
_SERVER = "pytest-orchestrate-fork-server"

#: Whether flags of ours have short forms in this run.
_is_short_key = pytest.StashKey[bool]()
_run_id_key = pytest.StashKey[str]()


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the settings; short flags follow where this run asks for us already."""
    options.register_activation(parser)
    config = pluginmanager.get_plugin("pytestconfig")
    if isinstance(config, pytest.Config):
        config.stash[_is_short_key] = options.asked_for(config)
    options.register(parser)


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    """Add the hooks that conftests may implement, also when we are not active."""
    pluginmanager.add_hookspecs(hookspecs)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(
    early_config: pytest.Config, parser: pytest.Parser, args: list[str]
) -> Generator[None, None, None]:
    """Take over, when every installed plugin is known and no conftest is."""
    seed = early_config.pluginmanager.get_plugin(_SEED)
    server = early_config.pluginmanager.get_plugin(_SERVER)
    _add_short_flags(early_config, parser, args)
    has_old_flags = options.may_hold_old_flags(args)
    if has_old_flags:
        _read_old_flags(early_config, parser, args, ours=seed is not None or server is not None)
    if server is not None:
        seed = _serve(early_config, server.control)
    elif seed is None and options.asked_for(early_config):
        from pytest_orchestrate import xdist_contract

        # a conftest that implements one of these hooks is right also where no worker is started
        xdist_contract.add_hookspecs(early_config)
        xdist_contract.keep_out(early_config)
        if getattr(early_config.known_args_namespace, "looponfail", False):
            from pytest_orchestrate.xdist_contract.old_commands import refuse_loop

            refuse_loop()
        if _tests_may_run(early_config):
            from pytest_orchestrate.controller.memory import uncollected

            with uncollected():  # what is imported stays, and is set aside in the end
                settings = options.read(early_config)
                _check_reports(early_config, settings)
                seed = _orchestrate(early_config, settings)
        elif early_config.known_args_namespace.collectonly:
            from pytest_orchestrate.selecting import OnlyCollecting

            early_config.pluginmanager.register(OnlyCollecting(early_config), "orchestrate-collect")
    if seed is not None:
        from pytest_orchestrate.worker.session import WorkerSession

        early_config.pluginmanager.register(WorkerSession(seed, early_config), "orchestrate-worker")
    yield
    if has_old_flags or early_config.known_args_namespace.help:
        _add_old_flags(early_config, parser)
    if seed is not None or options.asked_for(early_config):
        options.accept_foreign_keys(early_config, parser)


def _add_short_flags(config: pytest.Config, parser: pytest.Parser, args: list[str]) -> None:
    """Not before all installed plugins had their chance to take these names."""
    if config.stash.get(_is_short_key, False):
        options.add_short_forms(config, parser, args)


def _read_old_flags(
    config: pytest.Config, parser: pytest.Parser, args: list[str], *, ours: bool
) -> None:
    """Read pytest-xdist's flags as settings of ours, if this run is ours or they ask for that."""
    from pytest_orchestrate.xdist_contract import old_commands

    given = old_commands.given_to(config, parser, [str(arg) for arg in args])
    if given.values and (
        ours or options.asked_for(config) or old_commands.ask_for_us(config, given)
    ):
        old_commands.translate(config, parser, given)
        config.pluginmanager.register(old_commands.StandsDown(), "orchestrate-stands-down")


def _add_old_flags(config: pytest.Config, parser: pytest.Parser) -> None:
    """Add pytest-xdist's flags where it is not there to do so, and nobody else did."""
    from pytest_orchestrate.xdist_contract import old_commands, old_flags

    manager = config.pluginmanager
    is_ours = manager.hasplugin(_SEED) or options.asked_for(config)
    if is_ours or not old_commands.is_installed():
        old_flags.add_flags(parser)


@pytest.fixture
def resource_slots(request: pytest.FixtureRequest) -> Callable[[str], tuple[int, ...]]:
    """Return a function that tells the slots which the test has of a resource, from 0 on.

    No two tests that run at the same time have the same slot, unless they share the resource.
    """
    from pytest_orchestrate.slots import find_slots

    return find_slots(request)


@pytest.fixture
def artifacts(request: pytest.FixtureRequest) -> Path:
    """Return an empty folder for screenshots, logs and the like, one for each attempt of a test.

    It is kept if the test fails, or always, as ``orchestrate_artifacts`` says.
    """
    from pytest_orchestrate.artifacts import find_folder

    return find_folder(request)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the markers, also when we are not active."""
    options.declare(config)


def pytest_report_header(config: pytest.Config) -> str | None:
    """One line, where something was asked of us in other words, or that we do not do."""
    if config.pluginmanager.hasplugin("orchestrate-stands-down"):
        from pytest_orchestrate.xdist_contract import old_commands

        return old_commands.notes(config)
    wanted = [
        setting.flag
        for setting in options.SETTINGS
        if getattr(config.known_args_namespace, setting.key, None)
    ]
    if not wanted or options.asked_for(config) or hasattr(config, "workerinput"):
        return None
    verb = "is" if len(wanted) == 1 else "are"
    return f"orchestrate: not switched on, so {', '.join(wanted)} {verb} ignored (-p orchestrate)"


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> int | None:
    """Carry out an action that takes the place of an ordinary run."""
    if not config.getoption("orchestrate_verify_collection"):
        return None
    from pytest_orchestrate.controller.verifying import verify

    return verify(config)


def run_id(config: pytest.Config) -> str:
    """Return what ``testrun_uid`` is in this process: ``--testrunuid``, or the id of the run."""
    given = getattr(config.option, "testrunuid", None)
    if given:
        return str(given)
    if _run_id_key not in config.stash:
        import uuid

        config.stash[_run_id_key] = uuid.uuid4().hex
    return config.stash[_run_id_key]


def _tests_may_run(config: pytest.Config) -> bool:
    """Whether this invocation is one that runs or collects tests at all."""
    given = config.known_args_namespace
    return not any(
        getattr(given, name, None)
        for name in (
            "help",
            "version",
            "markers",
            "showfixtures",
            "show_fixtures_per_test",
            "cacheshow",
            "collectonly",
            "setuponly",
            "setupplan",
            "orchestrate_verify_collection",
        )
    )


def _serve(config: pytest.Config, control: int) -> Seed:
    """Be a fork server. Returns in its children only, when they are workers."""
    from pytest_orchestrate.transport import fork_server

    preload = (*fork_server.NEEDED, *options.read(config).preload)
    own = fork_server.serve(control, preload)
    from pytest_orchestrate.internals.session import forget_cleanups
    from pytest_orchestrate.transport import forked_worker

    forget_cleanups(config)
    return forked_worker.become_worker(config, own)


def _check_reports(config: pytest.Config, settings: Options) -> None:
    """Refuse reports that could not be written when it is too late."""
    if settings.report and config.known_args_namespace.orchestrate_plan is None:
        from pytest_orchestrate.controller.report_places import check_places, other_files

        others = other_files(config.known_args_namespace, config.invocation_params.dir)
        check_places(settings.report, others)


def _orchestrate(config: pytest.Config, settings: Options) -> Seed | None:
    """Wire the parts for this run: the composition root.

    :returns: None; but workers may be forked in here, and in those what they are to be.
    """
    from pytest_orchestrate import xdist_contract
    from pytest_orchestrate.controller import one_process
    from pytest_orchestrate.controller.deciding import decide

    is_plan = config.known_args_namespace.orchestrate_plan is not None

    @functools.cache
    def context_of_run() -> RunContext:
        from pytest_orchestrate.controller.run_context import RunContext
        from pytest_orchestrate.controller.run_identity import new_run_id

        if is_plan:
            from pytest_orchestrate.controller.planned import PlanContext

            return PlanContext(config, settings, new_run_id())
        return RunContext(config, settings, new_run_id())

    forced = one_process.reason(config)
    replay = None
    if config.known_args_namespace.orchestrate_replay is not None:
        from pytest_orchestrate.controller.replaying import replay_of

        replay = context_of_run().replay = replay_of(config, settings, forced=forced)
    decision = (
        decide(config, settings, context_of_run, forced=forced)
        if replay is None
        else replay.decision
    )
    manager = config.pluginmanager
    plugin: Any
    if decision.workers:
        from pytest_orchestrate.controller.start_choice import choose_start

        if context_of_run.cache_info().currsize:
            context_of_run().let_go_of_history()
        start = choose_start(config, settings, decision.workers)
        if isinstance(start, int):
            return _serve(config, start)
        from pytest_orchestrate.controller.session import ControllerSession

        context = context_of_run()
        xdist_contract.offer(config, workers=decision.workers)
        plugin = ControllerSession(config, context, decision, start)
        manager.register(plugin, "dsession")
    else:
        from pytest_orchestrate.controller.inprocess import InProcessSession

        context = context_of_run()
        context.import_all()
        plugin = InProcessSession(config, context, decision)
        manager.register(plugin, "orchestrate-in-process")
    from pytest_orchestrate.controller.memory import set_imports_aside

    set_imports_aside(config)
    config.stash[_run_id_key] = context.run_id
    if settings.failures == "at-once":
        from pytest_orchestrate.controller.at_once import FailuresAtOnce

        manager.register(FailuresAtOnce(config), "orchestrate-failures")
    if is_plan:
        from pytest_orchestrate.controller.planned import PlanAtTheEnd, PlanContext

        assert isinstance(context, PlanContext)
        manager.register(PlanAtTheEnd(config, context), "orchestrate-plan")
        return None
    from pytest_orchestrate.controller.ending import Ending, SummaryAtTheEnd

    manager.register(SummaryAtTheEnd(context, Ending(config, context)), "orchestrate-summary")
    return None


@pytest.fixture(scope="session")
def worker_id(request: pytest.FixtureRequest) -> str:
    """Id of the worker that runs this test (``gw0`` ...), or ``master`` without workers."""
    given = getattr(request.config, "workerinput", None)
    return str(given["workerid"]) if given is not None else "master"


@pytest.fixture(scope="session")
def testrun_uid(request: pytest.FixtureRequest) -> str:
    """Id of this run, the same in all of its workers."""
    given = getattr(request.config, "workerinput", None)
    return str(given["testrunuid"]) if given is not None else run_id(request.config)
