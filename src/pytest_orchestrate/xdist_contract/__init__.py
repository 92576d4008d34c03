"""What other plugins expect of distributed runs, as pytest-xdist taught them.

Plugins and conftests recognise a worker by ``config.workerinput``, a controller by a plugin
named ``dsession``, distribution as such by a plugin named ``xdist`` and by options such as
``dist``; they take part through hooks named ``pytest_configure_node`` and so on, and read
attributes of a *node*. This module is the only place that speaks that language. Sources:
pytest-cov 7.1 ``plugin.py``, pytest-randomly 5.1, pytest-rerunfailures 16.7,
pytest-django 4.14 ``fixtures.py``, ``_pytest/terminal.py``, ``_pytest/reports.py``.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from collections.abc import Iterable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

#: The environment variables that tell tests and their children where they run.
WORKER_VARIABLE = "PYTEST_XDIST_WORKER"
COUNT_VARIABLE = "PYTEST_XDIST_WORKER_COUNT"
RUN_VARIABLE = "PYTEST_XDIST_TESTRUNUID"


class NodeHooks:
    """Specifications of the hooks that other plugins implement."""

    @pytest.hookspec
    def pytest_configure_node(self, node: Node) -> None:
        """Fill ``node.workerinput`` before a worker is configured."""

    @pytest.hookspec
    def pytest_testnodeready(self, node: Node) -> None:
        """Take note of a worker that has been configured."""

    @pytest.hookspec
    def pytest_testnodedown(self, node: Node, error: object | None) -> None:
        """Take note of a worker that has left; ``node.workeroutput`` is what it returned."""

    @pytest.hookspec
    def pytest_xdist_setupnodes(self, config: pytest.Config, specs: list[Any]) -> None:
        """Take note: workers of these execnet specifications are about to be started."""

    @pytest.hookspec
    def pytest_xdist_node_collection_finished(self, node: Node, ids: list[str]) -> None:
        """Take note of the tests that a worker can run, by node id."""

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_auto_num_workers(self, config: pytest.Config) -> int | None:
        """Return how many workers ``auto`` is; None leaves that to us."""

    @pytest.hookspec(firstresult=True)
    def pytest_handlecrashitem(
        self, crashitem: str, report: pytest.TestReport, sched: Schedule
    ) -> None:
        """Take note of a test whose worker has died under it, and add to its report."""

    # Known by name only, so that a plugin that implements one is no error; not called.

    @pytest.hookspec
    def pytest_xdist_newgateway(self, gateway: object) -> None:
        """Never called here."""

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_getremotemodule(self) -> None:
        """Never called here."""

    @pytest.hookspec
    def pytest_xdist_rsyncstart(self, source: object, gateways: object) -> None:
        """Never called here."""

    @pytest.hookspec
    def pytest_xdist_rsyncfinish(self, source: object, gateways: object) -> None:
        """Never called here."""

    @pytest.hookspec(firstresult=True)
    def pytest_xdist_make_scheduler(self, config: object, log: object) -> None:
        """Never called here."""


class Standin:
    """Registered under the names ``xdist`` and ``dsession``, which others ask for."""


class GatewayView:
    """The part of an execnet gateway that other plugins read."""

    def __init__(self, identity: str, spec: object) -> None:
        self.id = identity
        self.spec = spec
        self._info: SimpleNamespace | None = None

    def _rinfo(self) -> SimpleNamespace:
        """Return platform, version and executable of the worker's interpreter."""
        return self._info if self._info is not None else SimpleNamespace()

    def know(self, workerinfo: dict[str, Any]) -> None:
        """Take in what the worker said of itself."""
        self._info = SimpleNamespace(
            version=workerinfo["version"],
            version_info=tuple(workerinfo["version_info"]),
            platform=workerinfo["sysplatform"],
            cwd=workerinfo["cwd"],
            executable=workerinfo["executable"],
            pid=workerinfo["pid"],
        )

    def __repr__(self) -> str:
        return f"<worker {self.id}>"


class NodeManager:
    """The part of xdist's ``NodeManager`` that other plugins read."""

    def __init__(self, config: pytest.Config, run_id: str) -> None:
        self.config = config
        self.testrunuid = run_id
        self.roots: list[Path] = []
        self.specs: list[object] = []


class Schedule:
    """The part of xdist's schedulers that ``pytest_handlecrashitem`` is given."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        #: Tests that somebody wants to be run once more.
        self.wanted: list[str] = []

    def mark_test_pending(self, item: str) -> None:
        """Take note that a crashed test is to be run once more, which is not done here."""
        self.wanted.append(item)


class Node:
    """A worker, as hooks and reports show it (``report.node``)."""

    def __init__(
        self, manager: NodeManager, gateway: GatewayView, workerinput: dict[str, Any]
    ) -> None:
        self.nodemanager = manager
        self.config = manager.config
        self.gateway = gateway
        self.workerinput = workerinput
        self.workerinfo: dict[str, Any] = {}
        #: only there once the worker has said goodbye; others ask with ``hasattr``
        self.workeroutput: dict[str, Any]

    def __repr__(self) -> str:
        return f"<Node {self.gateway.id}>"

    def know(self, info: dict[str, Any]) -> None:
        """Take in what the worker said of itself when it was ready."""
        self.workerinfo = {
            **info,
            "version_info": tuple(info["version_info"]),
            "id": self.gateway.id,
            "spec": self.gateway.spec,
        }
        self.gateway.know(info)


def tell_specs(manager: NodeManager, specs: Iterable[Any]) -> None:
    """Tell plugins which workers are about to be started, by their execnet specifications."""
    manager.specs = list(specs)
    manager.config.hook.pytest_xdist_setupnodes(config=manager.config, specs=manager.specs)


def tell_collected(node: Node, nodeids: list[str], missing: Iterable[int]) -> None:
    """Tell plugins which of the run's tests a worker can run: all, but for those missing."""
    reporter: Any = node.config.pluginmanager.getplugin("terminalreporter")
    if hasattr(reporter, "tests_count"):
        # pytest-sugar hears of the hook only where pytest-xdist can be imported
        reporter.tests_count = len(nodeids)
    if hears_of_collections(node.config):
        hook = node.config.hook.pytest_xdist_node_collection_finished
        lacks = frozenset(missing)
        hook(node=node, ids=[each for n, each in enumerate(nodeids) if n not in lacks])


def hears_of_collections(config: pytest.Config) -> bool:
    """Whether a plugin wants to know what each worker has collected.

    Then no test may run before all have: pytest-testmon 2.2 begins its record of the run anew when
    the last one has told it (``pytest_testmon.py``, ``TestmonXdistSync``).
    """
    return bool(config.hook.pytest_xdist_node_collection_finished.get_hookimpls())


def tell_crash(config: pytest.Config, report: pytest.TestReport) -> None:
    """Let plugins add to the report of a test whose worker has died under it.

    The test has failed, whatever they say. pytest-rerunfailures asks for another attempt and calls
    the report a rerun; as nothing is run again here, that would lose the failure.
    """
    schedule = Schedule(config)
    nodeid = str(report.nodeid)
    config.hook.pytest_handlecrashitem(crashitem=nodeid, report=report, sched=schedule)
    report.outcome = "failed"
    if schedule.wanted:
        again = "A plugin wants it to be run again, which is not done after a crash."
        report.sections.append(("pytest_handlecrashitem", again))


def auto_workers(config: pytest.Config) -> int | None:
    """Return how many workers ``auto`` is to plugins other than pytest-xdist, or None."""
    module = sys.modules.get("xdist.plugin")
    without = [] if module is None else [module]
    name = "pytest_xdist_auto_num_workers"
    answer: int | None = config.pluginmanager.subset_hook_caller(name, without)(config=config)
    return answer


def is_xdist_worker(request_or_session: pytest.FixtureRequest | pytest.Session) -> bool:
    """Whether this process is a worker, of ours or of pytest-xdist."""
    return hasattr(request_or_session.config, "workerinput")


def is_xdist_controller(request_or_session: pytest.FixtureRequest | pytest.Session) -> bool:
    """Whether this process has workers, of ours or of pytest-xdist."""
    return request_or_session.config.pluginmanager.hasplugin("dsession")


def get_xdist_worker_id(request_or_session: pytest.FixtureRequest | pytest.Session) -> str:
    """Id of the worker that this process is (``gw0`` ...), or ``master``."""
    given = getattr(request_or_session.config, "workerinput", None)
    return "master" if given is None else str(given["workerid"])


def uid(config: pytest.Config, run_id: str) -> str:
    """Return what plugins and tests are told of the run: ``--testrunuid``, or its own id."""
    return str(getattr(config.option, "testrunuid", None) or run_id)


def workerinput(number: int, count: int, run_id: str, argv: Iterable[str]) -> dict[str, Any]:
    """Return what a worker finds as ``config.workerinput`` before plugins add to it."""
    return {
        "workerid": f"gw{number}",
        "workercount": count,
        "testrunuid": run_id,
        "mainargv": list(argv),
    }


def workerinfo() -> dict[str, Any]:
    """Return what a worker says of itself when it is ready."""
    return {
        "version": sys.version,
        "version_info": tuple(sys.version_info),
        "sysplatform": sys.platform,
        # platform.platform() names the C library, too, but asks for the processor in a process
        "platform": f"{platform.system()}-{platform.release()}-{platform.machine()}",
        "executable": sys.executable,
        "cwd": str(Path.cwd()),
        "pid": os.getpid(),
        "pytest": pytest.__version__,
    }


def worker_environment(number: int, count: int, run_id: str) -> dict[str, str]:
    """Return the environment variables of a worker."""
    return {
        WORKER_VARIABLE: f"gw{number}",
        COUNT_VARIABLE: str(count),
        RUN_VARIABLE: run_id,
    }


def offer(config: pytest.Config, *, workers: int) -> None:
    """Make a run look distributed to plugins that decide early.

    To be called when every installed plugin is registered and no conftest is:
    pytest-cov decides in ``pytest_load_initial_conftests``, from the namespace of the options
    known so far. The options proper are only set where pytest-xdist is not there to act on
    them.
    """
    early = config.known_args_namespace
    values = {"dist": "load", "numprocesses": workers, "distload": True, "maxprocesses": None}
    for name, value in values.items():
        setattr(early, name, value)
        if not is_loaded(config):
            setattr(config.option, name, value)
    _offer_names(config, "xdist")


def count(config: pytest.Config, workers: int) -> None:
    """Say how many workers there will be, to plugins that ask when they are configured.

    To be called when pytest-xdist, if it is there, has decided to do nothing itself: without
    ``tx`` it goes on doing nothing, whatever the other options say from then on.
    """
    option = config.option
    option.dist, option.numprocesses, option.tx = "load", workers, []


def withdraw(config: pytest.Config) -> None:
    """Make a run that was to have workers look like one without, before it is configured."""
    forget_options(config.option)
    manager = config.pluginmanager
    if isinstance(manager.get_plugin("xdist"), Standin):
        manager.unregister(name="xdist")


def offer_in_worker(config: pytest.Config) -> None:
    """Make a worker look like one, before its conftests are loaded."""
    early = config.known_args_namespace
    early.dist, early.numprocesses, early.distload = "load", None, True
    if hasattr(early, "cov_append"):
        # or pytest-cov would erase what workers that have finished already have measured
        early.cov_append = True
    if not is_loaded(config):
        config.option.dist, config.option.numprocesses = "no", None
        config.option.distload = False
    _offer_names(config, "xdist")


def tell_of_reruns() -> None:
    """Let pytest-rerunfailures report each rerun in this worker, whatever else is installed.

    It asks whether there is a pytest-xdist (1.20 or later) that bears with several reports of one
    phase, and keeps reruns in workers to itself if there is none. We bear with them.
    """
    plugin = sys.modules.get("pytest_rerunfailures")
    if hasattr(plugin, "works_with_current_xdist"):
        setattr(plugin, "works_with_current_xdist", lambda: True)  # noqa: B010 - of a module


def forget_options(option: argparse.Namespace) -> None:
    """Make the options say that nothing is distributed, whatever the arguments do."""
    option.dist, option.distload, option.numprocesses = "no", False, None
    option.maxprocesses = None
    if getattr(option, "tx", None):
        option.tx = []


def is_loaded(config: pytest.Config) -> bool:
    """Whether pytest-xdist is a plugin of this run, whatever name it is registered by."""
    module = sys.modules.get("xdist.plugin")
    return module is not None and config.pluginmanager.is_registered(module)


def keep_out(config: pytest.Config) -> None:
    """Let no conftest load pytest-xdist where this is not yet done.

    Its options and hooks would collide with those that stand in for them.
    """
    if not is_loaded(config):
        for name in ("xdist", "xdist.plugin"):
            if not config.pluginmanager.hasplugin(name):
                config.pluginmanager.set_blocked(name)


def _offer_names(config: pytest.Config, name: str) -> None:
    manager = config.pluginmanager
    add_hookspecs(config)
    keep_out(config)
    if not manager.hasplugin(name):
        if manager.is_blocked(name):
            manager.unblock(name)
        manager.register(Standin(), name)


def add_hookspecs(config: pytest.Config) -> None:
    """Add the specifications of :class:`NodeHooks`, unless they are known (as pytest-xdist's)."""
    # the manager's own hooks: before pytest 9, config.hook is a proxy of them
    known = getattr(config.pluginmanager.hook, "pytest_configure_node", None)
    if known is None or not known.has_spec():
        config.pluginmanager.add_hookspecs(NodeHooks)


def inside_xdist() -> bool:
    """Whether this process was started in a worker (of ours or of pytest-xdist)."""
    return WORKER_VARIABLE in os.environ
