"""What other plugins rely on in a distributed run: workerinput, nodes, hooks, names, options."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.support import Ran, run_orchestrated, write_files

SUITE = {
    "test_a.py": "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_a(n): pass\n",
    "test_b.py": "import pytest\n@pytest.mark.parametrize('n', range(4))\ndef test_b(n): pass\n",
}

#: Lets a conftest write down facts: one file a process.
TELLING = """
import json
import os
import pytest

# conftests know at once who they are; plugins that are imported before workers are forked do not
WHO = os.environ.get("PYTEST_XDIST_WORKER", "controller")

def tell(**facts):
    who = os.environ.get("PYTEST_XDIST_WORKER", "controller")
    with open(os.path.join(os.path.dirname(__file__), f"told-{who}.jsonl"), "a") as file:
        file.write(json.dumps(facts, default=str) + "\\n")
"""


def told(folder: Path, who: str) -> list[dict[str, Any]]:
    """What a process has told."""
    lines = (folder / f"told-{who}.jsonl").read_text().splitlines()
    return [json.loads(line) for line in lines]


def run_with(pytester: pytest.Pytester, conftest: str, *args: str, workers: int = 2) -> Ran:
    write_files(pytester, {**SUITE, "conftest.py": TELLING + conftest})
    return run_orchestrated(pytester, *args, workers=workers)


def test_a_worker_knows_that_it_is_one(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        variables = {k: v for k, v in os.environ.items() if k.startswith("PYTEST_XDIST")}
        tell(input=config.workerinput, output=config.workeroutput, variables=variables,
             dist=config.option.dist, numprocesses=config.option.numprocesses,
             xdist=config.pluginmanager.hasplugin("xdist"),
             dsession=config.pluginmanager.hasplugin("dsession"))
    else:
        tell(xdist=config.pluginmanager.hasplugin("xdist"),
             dsession=config.pluginmanager.hasplugin("dsession"),
             dist=config.option.dist, numprocesses=config.option.numprocesses)
"""
    run_with(pytester, conftest, "--testrunuid=mine")
    (controller,) = told(pytester.path, "controller")
    assert controller == {"xdist": True, "dsession": True, "dist": "load", "numprocesses": 2}
    runs = set()
    for number in (0, 1):
        (facts,) = told(pytester.path, f"gw{number}")
        given = facts["input"]
        assert given["workerid"] == f"gw{number}"
        assert given["workercount"] == 2
        assert "-p" in given["mainargv"]
        assert "orchestrate" in given["mainargv"]
        assert facts["output"] == {}
        assert facts["variables"] == {
            "PYTEST_XDIST_WORKER": f"gw{number}",
            "PYTEST_XDIST_WORKER_COUNT": "2",
            "PYTEST_XDIST_TESTRUNUID": given["testrunuid"],
        }
        assert (facts["dist"], facts["numprocesses"]) == ("no", None)
        assert (facts["xdist"], facts["dsession"]) == (True, False)
        runs.add(given["testrunuid"])
    assert runs == {"mine"}


def test_a_run_without_workers_does_not_look_distributed(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_configure(config):
    tell(input=hasattr(config, "workerinput"),
         xdist=config.pluginmanager.hasplugin("xdist"),
         dsession=config.pluginmanager.hasplugin("dsession"),
         variables=[k for k in os.environ if k.startswith("PYTEST_XDIST")],
         dist=getattr(config.option, "dist", "no"))
"""
    run_with(pytester, conftest, workers=0)
    (facts,) = told(pytester.path, "controller")
    assert facts == {
        "input": False,
        "xdist": False,
        "dsession": False,
        "variables": [],
        "dist": "no",
    }


NODE_HOOKS = """
def facts_of(node):
    return dict(
        id=node.gateway.id,
        spec=str(node.gateway.spec),
        popen=bool(node.gateway.spec.popen),
        input=sorted(node.workerinput),
        output=getattr(node, "workeroutput", None),
        info=sorted(getattr(node, "workerinfo", {})),
        config=node.config is CONFIG[0],
        roots=list(node.nodemanager.roots),
        testrunuid=node.nodemanager.testrunuid,
        hashable=isinstance(hash(node), int),
    )

CONFIG = []

def pytest_configure(config):
    CONFIG.append(config)

def pytest_configure_node(node):
    node.workerinput["added"] = {"by": node.gateway.id, "bytes": 3}
    tell(hook="configure_node", **facts_of(node))

def pytest_testnodeready(node):
    info = node.gateway._rinfo()
    tell(hook="testnodeready", platform=info.platform, version=info.version_info[:2],
         executable=info.executable, pid=node.workerinfo["pid"],
         python=node.workerinfo["version_info"][:2], **facts_of(node))

def pytest_xdist_node_collection_finished(node, ids):
    tell(hook="collection_finished", ids=sorted(ids), **facts_of(node))

def pytest_testnodedown(node, error):
    tell(hook="testnodedown", error=error, **facts_of(node))

@pytest.hookimpl(wrapper=True)
def pytest_runtestloop(session):
    tell(hook="loop begins", input=getattr(session.config, "workerinput", {}).get("added"))
    result = yield
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput["from"] = WHO
        session.config.workeroutput["odd"] = (1, {2: b"bytes"})
    tell(hook="loop ends")
    return result
"""


def test_hooks_of_nodes_are_called_once_for_each_worker_and_in_order(
    pytester: pytest.Pytester,
) -> None:
    ran = run_with(pytester, NODE_HOOKS)
    assert ran.counts == {"passed": 8}
    events = told(pytester.path, "controller")
    for worker in ("gw0", "gw1"):
        mine = [event["hook"] for event in events if event.get("id") == worker]
        assert mine == ["configure_node", "testnodeready", "collection_finished", "testnodedown"]
    every = sorted(f"test_{name}.py::test_{name}[{n}]" for name in "ab" for n in range(4))
    listed = [event["ids"] for event in events if event["hook"] == "collection_finished"]
    assert listed == [every, every]  # each collected a share of them
    hooks = [event["hook"] for event in events]
    assert hooks[:2] == ["configure_node", "configure_node"]
    # pytest-cov combines after its loop: every worker has left by then
    assert hooks[-1] == "loop ends"
    for worker in ("gw0", "gw1"):
        begins = told(pytester.path, worker)[0]
        assert begins["input"] == {"by": worker, "bytes": 3}


def test_nodes_have_the_attributes_that_plugins_read(pytester: pytest.Pytester) -> None:
    run_with(pytester, NODE_HOOKS)
    import sys

    for event in told(pytester.path, "controller"):
        if "id" not in event:
            continue
        assert event["config"]
        assert event["hashable"]
        assert event["popen"]
        assert event["roots"] == []
        assert event["testrunuid"]
        assert {"workerid", "workercount", "testrunuid", "mainargv", "added"} == set(event["input"])
        if event["hook"] == "configure_node":
            assert event["output"] is None
            assert event["info"] == []
        else:
            named = {"id", "sysplatform", "version_info", "executable", "version", "cwd", "pid"}
            assert named <= set(event["info"])
        if event["hook"] == "testnodeready":
            assert event["platform"] == sys.platform
            assert event["version"] == event["python"] == list(sys.version_info[:2])
            assert Path(event["executable"]).exists()
        if event["hook"] == "testnodedown":
            assert event["error"] is None
            assert event["output"]["from"] == event["id"]
            assert event["output"]["exitstatus"] == 0
            assert event["output"]["odd"][0] == 1


def test_output_of_a_worker_that_cannot_be_sent_ends_nothing(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        endless = []
        endless.append(endless)
        session.config.workeroutput.update(
            object=object(), text="\\udc80", number=10**30, endless=endless, good=WHO)

def pytest_testnodedown(node, error):
    tell(error=error, good=node.workeroutput["good"], number=str(node.workeroutput["number"]))
"""
    ran = run_with(pytester, conftest)
    assert ran.code == 0
    events = told(pytester.path, "controller")
    assert sorted(event["good"] for event in events) == ["gw0", "gw1"]
    assert all(event["error"] is None for event in events)
    assert all(event["number"] == str(10**30) for event in events)


def test_what_cannot_be_sent_to_a_worker_is_an_error_that_names_it(
    pytester: pytest.Pytester,
) -> None:
    write_files(pytester, SUITE)
    pytester.makeconftest(
        "def pytest_configure_node(node): node.workerinput['odd key'] = object()\n"
    )
    ran = run_orchestrated(pytester, log=False)
    assert ran.code == 4
    assert "odd key" in ran.err
    assert "INTERNALERROR" not in ran.out + ran.err


def test_reports_name_their_worker(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_runtest_logreport(report):
    if WHO == "controller":
        tell(nodeid=report.nodeid, worker=report.worker_id, node=report.node.gateway.id,
             uid=report.testrun_uid, index=report.item_index, when=report.when,
             info=report.node.workerinfo["id"])
"""
    run_with(pytester, conftest)
    events = told(pytester.path, "controller")
    assert len(events) == 24
    assert all(e["worker"] == e["node"] == e["info"] for e in events)
    assert {e["worker"] for e in events} <= {"gw0", "gw1"}
    assert len({e["uid"] for e in events}) == 1
    assert len({(e["nodeid"], e["index"]) for e in events}) == 8


FIXTURES = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_it(n, worker_id, testrun_uid, tmp_path, tmp_path_factory, request):
    base = tmp_path_factory.getbasetemp()
    pytest.tell(worker=worker_id, uid=testrun_uid, base=base, parent=base.parent,
                tmp=tmp_path, given=request.config.option.basetemp)
    (tmp_path / "file").touch()
"""


def fixtures_told(
    pytester: pytest.Pytester, *args: str, workers: int
) -> dict[str, list[dict[str, Any]]]:
    write_files(
        pytester,
        {
            "conftest.py": TELLING + "\npytest.tell = tell\n",
            "test_a.py": FIXTURES,
            "test_b.py": FIXTURES,
        },
    )
    ran = run_orchestrated(pytester, *args, workers=workers)
    assert ran.counts == {"passed": 8}
    found = {}
    for path in sorted(pytester.path.glob("told-*.jsonl")):
        who = path.stem.removeprefix("told-")
        found[who] = told(pytester.path, who)
        path.unlink()
    return found


def test_fixtures_name_the_worker_and_the_run(pytester: pytest.Pytester) -> None:
    found = fixtures_told(pytester, workers=2)
    everything = [event for events in found.values() for event in events]
    assert set(found) <= {"gw0", "gw1"}
    assert all(event["worker"] == who for who, events in found.items() for event in events)
    assert len({event["uid"] for event in everything}) == 1


def test_fixtures_exist_without_workers(pytester: pytest.Pytester) -> None:
    found = fixtures_told(pytester, workers=0)
    assert {event["worker"] for event in found["controller"]} == {"master"}
    assert len({event["uid"] for event in found["controller"]}) == 1
    (first,) = {event["uid"] for event in found["controller"]}
    (second,) = {event["uid"] for event in fixtures_told(pytester, workers=0)["controller"]}
    assert first != second


@pytest.mark.parametrize("given", [False, True])
def test_temporary_folders_of_workers_lie_side_by_side(
    pytester: pytest.Pytester, given: bool
) -> None:
    base = pytester.path.with_name(pytester.path.name + "-base")
    args = [f"--basetemp={base}"] if given else []
    found = fixtures_told(pytester, *args, workers=2)
    parents = {event["parent"] for events in found.values() for event in events}
    (parent,) = parents
    for who, events in found.items():
        assert {event["base"] for event in events} == {f"{parent}/popen-{who}"}
    if given:
        assert parent == str(base)


def test_the_options_are_known_when_plugins_decide(pytester: pytest.Pytester) -> None:
    # as pytest-cov does it: an early plugin, before any conftest is loaded
    write_files(pytester, {**SUITE, "early.py": TELLING})
    with (pytester.path / "early.py").open("a") as file:
        file.write("""
@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config):
    options = early_config.known_args_namespace
    tell(dist=options.dist, numprocesses=options.numprocesses,
         worker=hasattr(early_config, "workerinput"))

def pytest_configure(config):
    # as pytest-retry, pytest-benchmark and pytest-testmon do it
    tell(dist=config.option.dist, numprocesses=config.option.numprocesses)
""")
    run_orchestrated(pytester, "-p", "early", environ={"PYTHONPATH": _with_beside(pytester)})
    early, late = told(pytester.path, "controller")
    assert early == {"dist": "load", "numprocesses": 2, "worker": False}
    assert late == {"dist": "load", "numprocesses": 2}
    early, late = told(pytester.path, "gw0")
    assert early["worker"] is True
    assert late == {"dist": "no", "numprocesses": None}


def _with_beside(pytester: pytest.Pytester) -> str:
    beside = pytester.path.with_name(pytester.path.name + "-beside")
    return f"{beside}:{pytester.path}"


def test_p_no_xdist_does_not_take_the_contract_away(pytester: pytest.Pytester) -> None:
    # NO_NEIGHBOURS holds -pno:xdist already: what remains is that plugins find "xdist"
    conftest = """
def pytest_configure(config):
    tell(xdist=config.pluginmanager.hasplugin("xdist"))

class Randomly:
    def pytest_configure_node(self, node):
        node.workerinput["seed"] = 3

def pytest_plugin_registered(plugin, manager):
    if manager.hasplugin("xdist") and not manager.hasplugin("seeds"):
        manager.register(Randomly(), "seeds")
"""
    ran = run_with(pytester, conftest, "-p", "no:xdist")
    assert ran.counts == {"passed": 8}
    for who in ("controller", "gw0", "gw1"):
        assert told(pytester.path, who) == [{"xdist": True}]


@pytest.mark.parametrize("args", [[], ["--collect-only"], ["--fixtures"]], ids=" ".join)
def test_hooks_of_nodes_are_known_also_where_no_worker_is_started(
    pytester: pytest.Pytester, args: list[str]
) -> None:
    conftest = """
def pytest_configure_node(node): raise AssertionError
def pytest_testnodedown(node, error): raise AssertionError
"""
    write_files(pytester, {**SUITE, "conftest.py": conftest})
    ran = run_orchestrated(pytester, *args, workers=0, log=not args)
    assert ran.code == 0


def test_parts_of_pytest_may_be_switched_off(pytester: pytest.Pytester) -> None:
    write_files(pytester, SUITE)
    parts = ("tmpdir", "logging", "cacheprovider", "junitxml", "warnings", "faulthandler")
    for switched_off in (parts[:1], parts[1:2], parts):
        ran = run_orchestrated(pytester, *(f"-pno:{part}" for part in switched_off), cache=None)
        assert ran.counts == {"passed": 8}, switched_off


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_test_puts_in_the_place_of_system_calls_is_left_to_it(
    pytester: pytest.Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
import os, threading, time
import pytest

@pytest.fixture(scope="module", autouse=True)
def patched():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "getpid", lambda: -1)
        patch.setattr(time, "monotonic", lambda: 0.0)
        yield

@pytest.mark.parametrize("number", range(3))
def test_a(number, monkeypatch):
    slept = []
    monkeypatch.setattr(time, "sleep", slept.append)
    threading.Event().wait(0.25)  # what is overdue is sent meanwhile
    assert slept == []
"""
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 3}
