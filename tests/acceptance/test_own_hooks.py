"""The hooks that conftests may implement: who calls them, when, with what, how often."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.printed import ours
from tests.acceptance.support import LIMIT, Ran, run_orchestrated, run_plain, write_files

FILE = """
import pytest

@pytest.mark.parametrize("n", range(3))
def test_it(n): pass
"""

SUITE = {f"test_{name}.py": FILE for name in "abc"}

TELLING = """
import json
import os
import pytest

WHO = os.environ.get("PYTEST_XDIST_WORKER", "controller")

def tell(hook, **facts):
    with open(os.path.join(os.path.dirname(__file__), "told.jsonl"), "a") as file:
        file.write(json.dumps(dict(hook=hook, who=WHO, **facts), default=str) + "\\n")

def frozen(thing, name):
    try:
        setattr(thing, name, getattr(thing, name))
    except AttributeError:
        return True
    return False
"""


def told(folder: Path) -> list[dict[str, Any]]:
    """What was told since the last look."""
    path = folder / "told.jsonl"
    if not path.exists():
        return []
    events = [json.loads(line) for line in path.read_text().splitlines()]
    path.unlink()
    return events


def run_with(
    pytester: pytest.Pytester,
    conftest: str,
    *args: str,
    workers: int | str | None = 2,
    files: dict[str, str] | None = None,
) -> Ran:
    write_files(pytester, {**(files or SUITE), "conftest.py": TELLING + conftest})
    return run_orchestrated(pytester, *args, workers=workers)


def test_workers_are_configured_ready_and_down(pytester: pytest.Pytester) -> None:
    conftest = """
def facts(worker):
    return dict(id=worker.id, number=worker.number, spec=worker.spec, pid=worker.pid,
                python=worker.python, executable=worker.executable, frozen=frozen(worker, "id"))

def pytest_orchestrate_configure_worker(worker, workerinput):
    workerinput["colour"] = ["red", "green"][worker.number]
    tell("configure", input=sorted(workerinput), **facts(worker))

def pytest_orchestrate_worker_ready(worker):
    tell("ready", **facts(worker))

def pytest_orchestrate_worker_down(worker, reason):
    tell("down", reason=reason, **facts(worker))

def pytest_sessionstart(session):
    if WHO != "controller":
        tell("start", colour=session.config.workerinput["colour"])
"""
    run_with(pytester, conftest)
    events = told(pytester.path)
    for number, colour in enumerate(["red", "green"]):
        (start,) = [e for e in events if e["hook"] == "start" and e["who"] == f"gw{number}"]
        assert start["colour"] == colour
        mine = [e for e in events if e.get("number") == number]
        assert [e["hook"] for e in mine] == ["configure", "ready", "down"]
        configured, ready, down = mine
        assert all(e["who"] == "controller" and e["frozen"] for e in mine)
        assert all(e["id"] == f"gw{number}" and e["spec"] == "popen" for e in mine)
        assert {"workerid", "workercount", "testrunuid", "mainargv"} <= set(configured["input"])
        assert configured["python"] is None
        assert ready["python"] == ".".join(map(str, sys.version_info[:3]))
        assert ready["executable"] == sys.executable
        assert ready["pid"] == down["pid"] != configured["pid"]
        assert down["reason"] is None


def test_a_worker_that_crashed_is_down_for_a_reason(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_orchestrate_worker_down(worker, reason):
    tell("down", id=worker.id, reason=reason)

def pytest_testnodedown(node, error):
    tell("nodedown", id=node.gateway.id, reason=error, output=hasattr(node, "workeroutput"))
"""
    dying = "import os\ndef test_dies(): os._exit(9)\n"
    run_with(pytester, conftest, files={**SUITE, "test_dies.py": dying})
    events = told(pytester.path)
    downs = {e["id"]: e["reason"] for e in events if e["hook"] == "down"}
    assert len(downs) == 3 or len(downs) == 2
    (reason,) = [reason for reason in downs.values() if reason is not None]
    assert "9" in reason
    nodes = {e["id"]: e for e in events if e["hook"] == "nodedown"}
    assert {worker: e["reason"] for worker, e in nodes.items()} == downs
    assert all(e["output"] == (e["reason"] is None) for e in nodes.values())


def test_groups_are_asked_for_in_the_process_that_collects(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_collection_modifyitems(items):
    tell("modified")

def pytest_orchestrate_group_item(item):
    tell("group", nodeid=item.nodeid, item=isinstance(item, pytest.Item))
    return None if "test_a" in item.nodeid else "one"
"""
    run_with(pytester, conftest)
    events = told(pytester.path)
    for worker in ("gw0", "gw1"):
        mine = [e for e in events if e["who"] == worker]
        assert [e["hook"] for e in mine] == ["modified"] + 9 * ["group"]
        assert len({e["nodeid"] for e in mine[1:]}) == 9
        assert all(e["item"] for e in mine[1:])
    assert not [e for e in events if e["who"] == "controller"]
    run_with(pytester, conftest, workers=0)
    assert [e["hook"] for e in told(pytester.path)] == ["modified"] + 9 * ["group"]


def test_the_first_group_that_is_not_none_counts(pytester: pytest.Pytester) -> None:
    conftest = """
class Other:
    @pytest.hookimpl(trylast=True)
    def pytest_orchestrate_group_item(self, item):
        tell("last", nodeid=item.nodeid)
        return "other"

def pytest_configure(config):
    config.pluginmanager.register(Other())

def pytest_orchestrate_group_item(item):
    return "mine" if "test_a" in item.nodeid else None
"""
    run_with(pytester, conftest, workers=1)
    asked = [e["nodeid"] for e in told(pytester.path)]
    assert sorted(asked) == sorted(
        f"test_{name}.py::test_it[{n}]" for name in "bc" for n in range(3)
    )


def test_a_conftest_in_a_folder_groups_the_tests_of_that_folder(
    pytester: pytest.Pytester,
) -> None:
    inner = """
import pytest

def pytest_orchestrate_group_item(item):
    pytest.tell("group", nodeid=item.nodeid)
    return "inner"
"""
    files = {**SUITE, "inner/conftest.py": inner, "inner/test_d.py": FILE}
    run_with(pytester, "pytest.tell = tell\n", workers=1, files=files)
    asked = [event["nodeid"] for event in told(pytester.path)]
    assert asked == [f"inner/test_d.py::test_it[{n}]" for n in range(3)]


@pytest.mark.parametrize("workers", [0, 2])
def test_estimates_are_asked_for_once_a_test(pytester: pytest.Pytester, workers: int) -> None:
    conftest = """
def pytest_orchestrate_estimate(test):
    tell("estimate", nodeid=test.nodeid, occurrence=test.occurrence, group=test.group,
         file=test.file, frozen=frozen(test, "nodeid"))
    return 0.5
"""
    run_with(pytester, conftest, workers=workers)
    events = told(pytester.path)
    assert len(events) == 9
    assert all(e["who"] == "controller" and e["frozen"] for e in events)
    assert {(e["nodeid"], e["occurrence"]) for e in events} == {
        (f"test_{name}.py::test_it[{n}]", 0) for name in "abc" for n in range(3)
    }
    assert all(e["nodeid"].startswith(e["file"] + "::") and e["group"] is None for e in events)


def test_estimates_change_the_order(pytester: pytest.Pytester) -> None:
    conftest = """
def pytest_orchestrate_estimate(test):
    return {"test_a.py": 0.001, "test_b.py": 0.002, "test_c.py": 60.0}.get(test.file)

def pytest_runtest_setup(item):
    tell("setup", nodeid=item.nodeid)
"""
    run_with(pytester, conftest)
    events = told(pytester.path)
    first: dict[str, str] = {}
    for event in events:
        first.setdefault(event["who"], event["nodeid"])
    # what takes longest is begun first by whoever has it
    assert any(nodeid.startswith("test_c.py") for nodeid in first.values())


@pytest.mark.parametrize("answer", ["'long'", "-1", "float('nan')"])
def test_an_estimate_that_is_no_time_is_a_usage_error(
    pytester: pytest.Pytester, answer: str
) -> None:
    conftest = f"def pytest_orchestrate_estimate(test): return {answer}\n"
    write_files(pytester, {**SUITE, "conftest.py": conftest})
    ran = run_orchestrated(pytester, log=False)
    assert ran.code == 4
    assert "pytest_orchestrate_estimate" in ran.err
    assert "test_a.py::test_it[0]" in ran.err


@pytest.mark.parametrize(("answer", "workers"), [(0, 0), (1, 1), (3, 3), (None, None)])
def test_a_conftest_says_how_many_workers_auto_may_use(
    pytester: pytest.Pytester, answer: int | None, workers: int | None
) -> None:
    conftest = f"""
def pytest_orchestrate_auto_workers(config):
    tell("auto", config=hasattr(config, "rootpath"))
    return {answer}
"""
    ran = run_with(pytester, conftest, workers="auto")
    assert ran.counts == {"passed": 9}
    (event,) = told(pytester.path)
    assert event == {"hook": "auto", "who": "controller", "config": True}
    head = ours(ran.out)[0]
    if workers == 0:
        assert "in-process" in head
        assert "pytest_orchestrate_auto_workers" in head
    elif workers is not None:
        assert f"{workers} worker" in head
        assert "pytest_orchestrate_auto_workers" in head


@pytest.mark.parametrize("answer", ["'two'", "-1", "2.5", "True"])
def test_a_wrong_number_of_workers_is_an_error_of_the_hook(
    pytester: pytest.Pytester, answer: str
) -> None:
    conftest = f"def pytest_orchestrate_auto_workers(config): return {answer}\n"
    write_files(pytester, {**SUITE, "conftest.py": conftest})
    ran = run_orchestrated(pytester, workers="auto", log=False)
    assert ran.code == 4
    assert "pytest_orchestrate_auto_workers" in ran.err
    assert answer in ran.err


def test_a_run_that_a_conftest_puts_in_process_does_not_look_distributed(
    pytester: pytest.Pytester,
) -> None:
    conftest = """
def pytest_orchestrate_auto_workers(config):
    return 0

def pytest_configure(config):
    manager = config.pluginmanager
    tell("configure", dist=config.option.dist, numprocesses=config.option.numprocesses,
         names=[name for name in ("xdist", "dsession") if manager.hasplugin(name)])
"""
    run_with(pytester, conftest, workers="auto")
    (event,) = told(pytester.path)
    assert (event["dist"], event["numprocesses"], event["names"]) == ("no", None, [])


def test_an_explicit_number_of_workers_is_not_asked_about(pytester: pytest.Pytester) -> None:
    conftest = "def pytest_orchestrate_auto_workers(config): raise AssertionError\n"
    assert run_with(pytester, conftest, workers=2).counts == {"passed": 9}
    assert run_with(pytester, conftest, workers=0).counts == {"passed": 9}


@pytest.mark.parametrize("workers", [0, 2])
def test_the_end_of_a_run_is_told_once(pytester: pytest.Pytester, workers: int) -> None:
    conftest = """
def pytest_orchestrate_run_finished(summary):
    tell("finished", mode=summary.mode, workers=summary.workers, collected=summary.collected,
         ran=summary.ran, outcomes=dict(summary.outcomes), status=summary.exitstatus,
         wall=summary.wall, serial=summary.serial, run=summary.run, frozen=frozen(summary, "run"),
         names=[worker.name for worker in summary.per_worker])
"""
    bad = "def test_bad(): assert 0\n"
    run_with(pytester, conftest, workers=workers, files={**SUITE, "test_bad.py": bad})
    (event,) = told(pytester.path)
    assert event["who"] == "controller"
    assert event["mode"] == ("workers" if workers else "in-process")
    assert event["collected"] == event["ran"] == 10
    assert event["outcomes"] == {"passed": 9, "failed": 1}
    assert event["status"] == 1
    assert event["frozen"]
    assert event["wall"] >= event["serial"] / 2 >= 0
    assert event["names"] == (["gw0", "gw1"] if workers else ["main"])


def test_an_unknown_hook_of_ours_is_an_error_as_for_any_plugin(
    pytester: pytest.Pytester,
) -> None:
    write_files(pytester, {**SUITE, "conftest.py": "def pytest_orchestrate_nothing(): pass\n"})
    ran = run_orchestrated(pytester, log=False)
    assert ran.code not in (0, 1)
    assert "unknown hook 'pytest_orchestrate_nothing'" in ran.out + ran.err
    here = run_orchestrated(pytester, workers=0, log=False)
    assert here.code == ran.code


def test_a_wrong_argument_of_a_hook_is_named(pytester: pytest.Pytester) -> None:
    conftest = "def pytest_orchestrate_worker_ready(wrong): pass\n"
    write_files(pytester, {**SUITE, "conftest.py": conftest})
    ran = run_orchestrated(pytester, log=False)
    assert ran.code != 0
    assert re.search(r"Argument\(s\) \{'wrong'\} are declared", ran.out + ran.err)


def test_hooks_do_no_harm_where_the_plugin_is_not_asked_for(pytester: pytest.Pytester) -> None:
    hooks = {
        "pytest_orchestrate_auto_workers": "config",
        "pytest_orchestrate_configure_worker": "worker, workerinput",
        "pytest_orchestrate_worker_ready": "worker",
        "pytest_orchestrate_worker_down": "worker, reason",
        "pytest_orchestrate_group_item": "item",
        "pytest_orchestrate_estimate": "test",
        "pytest_orchestrate_run_finished": "summary",
    }
    defined = "".join(f"def {name}({args}): raise AssertionError\n" for name, args in hooks.items())
    write_files(pytester, {**SUITE, "conftest.py": defined})
    result = pytester.runpytest_subprocess("-p", "no:randomly", timeout=LIMIT)
    result.assert_outcomes(passed=9)
    assert result.ret == 0
    # switched off altogether, pytest does not know them
    assert "unknown hook" in run_plain(pytester).out
