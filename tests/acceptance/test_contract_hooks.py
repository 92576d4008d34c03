"""Hooks of pytest-xdist beside those of its nodes, and the functions that conftests import."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.acceptance.test_contract import TELLING, told

HOOKS = """
import pytest_orchestrate

try:
    import xdist  # as conftests do that have been written for it
except ImportError:
    xdist = pytest_orchestrate

def answers(of):
    ours, theirs = (
        (each.is_xdist_worker(of), each.is_xdist_controller(of), each.get_xdist_worker_id(of))
        for each in (pytest_orchestrate, xdist)
    )
    assert ours == theirs
    return ours

def pytest_xdist_setupnodes(config, specs):
    tell(hook="setupnodes", specs=[(spec.id, bool(spec.popen)) for spec in specs])

def pytest_configure_node(node):
    node.workerinput["raw"] = b"\\x00\\xff"
    tell(hook="configure_node")

def pytest_xdist_node_collection_finished(node, ids):
    tell(hook="collected", id=node.gateway.id, ids=sorted(ids))

def pytest_handlecrashitem(crashitem, report, sched):
    tell(hook="crash", item=crashitem, config=sched.config is CONFIG[0])
    assert report.node.gateway.id == report.worker_id
    report.sections.append(("from a plugin", "the printer was on fire"))
    sched.mark_test_pending(crashitem)
    report.outcome = "rerun"

def pytest_testnodedown(node, error):
    tell(hook="down", id=node.gateway.id, error=error, output=hasattr(node, "workeroutput"))

CONFIG = []

def pytest_configure(config):
    CONFIG.append(config)

@pytest.fixture
def asked(request):
    assert request.config.workerinput["raw"] == b"\\x00\\xff"
    # hypothesis looks for it, subtests need it
    assert request.config.pluginmanager.hasplugin("terminalreporter")
    return answers(request)

@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session):
    tell(hook="end", asked=answers(session))
"""

FILE = """
import os

def test_asked(asked, worker_id):
    assert asked == (True, False, worker_id)

def test_crash():
    if "{name}" == "a":
        os._exit(3)
"""


def test_plugins_hear_of_start_collection_and_crash(pytester: pytest.Pytester) -> None:
    files = {f"test_{name}.py": FILE.format(name=name) for name in "ab"}
    write_files(pytester, {**files, "conftest.py": TELLING + HOOKS})
    ran = run_orchestrated(pytester)
    # a plugin that calls the crash a rerun does not make it go away
    assert ran.counts == {"failed": 1, "passed": 3}
    assert ran.code == 1
    assert "the printer was on fire" in ran.out
    assert "which is not done after a crash" in ran.out

    events = told(pytester.path, "controller")
    hooks = [event["hook"] for event in events]
    assert hooks[:2] == ["setupnodes", "configure_node"]
    assert events[0]["specs"] == [["gw0", True], ["gw1", True]]
    (crash,) = (event for event in events if event["hook"] == "crash")
    assert (crash["item"], crash["config"]) == ("test_a.py::test_crash", True)
    collected = {event["id"]: event["ids"] for event in events if event["hook"] == "collected"}
    assert {"gw0", "gw1"} <= set(collected)
    assert collected["gw0"] == [f"test_{f}.py::test_{t}" for f in "ab" for t in ("asked", "crash")]
    assert events[-1]["asked"] == [False, True, "master"]
    # pytest-cov tells by these which workers have failed
    down = {event["id"]: event for event in events if event["hook"] == "down"}
    assert [each["output"] for each in down.values()].count(False) == 1
    assert all((each["error"] is None) is each["output"] for each in down.values())


@pytest.mark.parametrize(("ours", "workers"), [("None", 3), ("2", 2)])
def test_their_hook_says_what_auto_is_where_ours_does_not(
    pytester: pytest.Pytester, ours: str, workers: int
) -> None:
    conftest = f"""
def pytest_xdist_auto_num_workers(config): return 3
def pytest_orchestrate_auto_workers(config): return {ours}
"""
    files = {f"test_{name}.py": "def test_it(): pass\n" for name in "ab"}
    write_files(pytester, {**files, "conftest.py": conftest})
    ran = run_orchestrated(pytester, workers=None, environ={"PYTHON_CPU_COUNT": "2"})
    name = "pytest_xdist_auto_num_workers" if workers == 3 else "pytest_orchestrate_auto_workers"
    assert f"orchestrate: {workers} workers ({name})" in ran.out
