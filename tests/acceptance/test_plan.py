"""``--orchestrate-plan``: what a run would be, without one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_orchestrate.report.words import seconds
from tests.acceptance.support import Ran, run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

everywhere = pytest.mark.parametrize("workers", [0, 2])

SUITE = {
    "test_a.py": """
import pytest, time

def test_login(): time.sleep(0.2)

@pytest.mark.requires("test_login")
def test_basket(): time.sleep(0.2)

@pytest.mark.requires("test_basket")
def test_pay(): time.sleep(0.2)
""",
    "test_b.py": """
import pytest, time

@pytest.fixture(scope="module")
def server(): time.sleep(0.1)

@pytest.mark.resource("db")
@pytest.mark.parametrize("n", range(3))
def test_db(server, n): time.sleep(0.05)

def test_other(): pass
""",
}


def plan(pytester: Pytester, *args: str, workers: int | str | None = 2) -> Ran:
    return run_orchestrated(pytester, "--orchestrate-plan", *args, workers=workers, log=False)


def as_json(pytester: Pytester, *args: str, workers: int | None = 2) -> Any:
    ran = run_orchestrated(pytester, "--orchestrate-plan=json", *args, workers=workers, log=False)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def nodeids(document: Any) -> list[str]:
    return [test["nodeid"] for test in document["order"]]


@everywhere
def test_nothing_runs_and_nothing_is_recorded(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): open('ran', 'w').close()\n"})
    ran = plan(pytester, workers=workers)
    assert ran.code == 0
    assert "orchestrate: plan for 1 test " in ran.out
    assert ran.outcomes == {}
    assert not (pytester.path / "ran").exists()
    assert not list(pytester.path.glob(".pytest_orchestrate/runs/*"))
    assert "passed" not in ran.out


@everywhere
def test_what_pytest_keeps_of_runs_stays_as_it_was(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): assert 0\ndef test_b(): pass\n"})
    run_orchestrated(pytester, workers=workers)
    log = latest_log(pytester.path)

    def kept() -> dict[str, bytes]:
        folder = pytester.path / ".cache-orchestrated" / "v" / "cache"
        return {path.name: path.read_bytes() for path in folder.iterdir()}

    before = kept()
    write_files(pytester, {"test_c.py": "def test_new(): pass\n"})
    assert plan(pytester, workers=workers).code == 0
    assert kept() == before
    assert latest_log(pytester.path) == log
    assert "1 test on" in plan(pytester, "--lf", workers=2).out


def test_it_shows_workers_order_limits_and_resources(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester)
    document = as_json(pytester)
    out = plan(pytester).out
    assert f"plan for 7 tests on 2 workers: {seconds(document['makespan'])} (no" in out
    chain = seconds(document["critical_path"]["seconds"])
    assert f"  bounded by: a chain of 3 tests: {chain} of " in out
    assert "test_a.py::test_login -> test_a.py::test_basket -> test_a.py::test_pay" in out
    (db,) = document["limits"]["resources"]
    assert f"  resource db (1 slot): held for {seconds(db['held'])} of " in out
    assert "\ngw0: " in out
    assert "\ngw1: " in out
    assert "\norder:\n" in out
    assert "7 tests collected in " in out
    assert "orchestrate: plan for" in plan(pytester, "-q").out
    assert "order:" not in plan(pytester, "-q").out


@everywhere
def test_as_json_it_is_all_that_is_printed(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester, workers=workers)
    document = as_json(pytester, workers=workers)
    assert document["format"] == 1
    assert document["mode"] == ("workers" if workers else "in-process")
    assert len(nodeids(document)) == document["measured"] == 7
    assert document["not_run"] == []
    chain = document["critical_path"]
    everything = sum(worker["busy"] for worker in document["per_worker"])
    assert 0.6 < chain["seconds"] <= document["lower_bound"] + 1e-9
    assert document["lower_bound"] <= document["makespan"] <= everything + 1e-9
    assert chain["kind"] == "chain"
    assert [name.rpartition("::")[2] for name in chain["tests"]] == [
        "test_login",
        "test_basket",
        "test_pay",
    ]
    assert sum(worker["tests"] for worker in document["per_worker"]) == 7
    (resource,) = document["limits"]["resources"]
    assert (resource["name"], resource["capacity"]) == ("db", 1)
    order = nodeids(document)
    assert [each for each in order if each.startswith("test_a")] == chain["tests"]


def test_in_process_the_order_is_that_of_the_run(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester, workers=0)
    assert nodeids(as_json(pytester, workers=0)) == run_orchestrated(pytester, workers=0).order


@pytest.mark.parametrize("mode", ["full", "sharded"])
@pytest.mark.usefixtures("default_modes")
def test_tests_are_collected_as_in_a_run(pytester: Pytester, mode: str) -> None:
    write_files(pytester, SUITE)
    document = as_json(pytester, f"--orchestrate-collect={mode}")
    assert len(document["order"]) == 7
    assert document["measured"] == 0
    selected = as_json(pytester, f"--orchestrate-collect={mode}", "-k", "test_pay")
    assert [name.rpartition("::")[2] for name in nodeids(selected)] == [
        "test_login",
        "test_basket",
        "test_pay",
    ]


def test_the_number_of_workers_is_decided_as_in_a_run(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    assert "plan for 1 test in-process" in plan(pytester, workers=None).out
    assert "plan for 1 test on 3 workers" in plan(pytester, workers=3).out


def test_the_flag_alone_asks_for_this_plugin_and_takes_no_path(pytester: Pytester) -> None:
    write_files(pytester, {"folder/test_a.py": "def test_it(): pass\n"})
    result = pytester.runpytest_subprocess("--orchestrate-plan", "folder")
    assert result.ret == 0
    result.stdout.fnmatch_lines(["orchestrate: plan for 1 test *"])


@everywhere
def test_tests_that_would_not_run_are_listed_with_the_reason(
    pytester: Pytester, workers: int
) -> None:
    source = """
import pytest

@pytest.mark.requires("test_nowhere")
def test_a(): pass

@pytest.mark.requires("test_a")
def test_b(): pass

def test_c(): pass
"""
    write_files(pytester, {"test_a.py": source})
    ran = plan(pytester, workers=workers)
    assert ran.code == 0
    assert "plan for 1 test " in ran.out
    assert "  not run: 2 tests\n" in ran.out
    assert "  error: test_a.py::test_a: " in ran.out
    assert "  blocked: test_a.py::test_b: requires test_a.py::test_a" in ran.out


@everywhere
def test_what_ends_a_run_before_its_tests_ends_a_plan(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    nothing = plan(pytester, "-k", "nothing", workers=workers)
    assert nothing.code == 5
    assert "plan for" not in nothing.out
    cycle = """
import pytest

@pytest.mark.requires("test_b")
def test_a(): pass

@pytest.mark.requires("test_a")
def test_b(): pass
"""
    write_files(pytester, {"test_cycle.py": cycle})
    refused = plan(pytester, workers=workers)
    assert refused.code == 4
    assert "requirements form a cycle" in refused.err
    write_files(pytester, {"test_cycle.py": "raise ValueError\n"})
    broken = plan(pytester, workers=workers)
    assert broken.code == 2
    assert "plan for" not in broken.out
    lenient = plan(pytester, "--continue-on-collection-errors", workers=workers)
    assert lenient.code == 1
    assert "plan for 1 test " in lenient.out


def test_without_the_terminal_there_is_still_json(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_it(): pass\n"})
    assert nodeids(as_json(pytester, "-p", "no:terminal")) == ["test_a.py::test_it"]


def test_printing_test_files_do_not_disturb_the_json(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "print('imported')\ndef test_it(): pass\n"})
    assert nodeids(as_json(pytester, "-s")) == ["test_a.py::test_it"]


def test_the_hook_at_the_end_of_a_run_is_not_called(pytester: Pytester) -> None:
    hook = "def pytest_orchestrate_run_finished(summary): print('run finished')\n"
    write_files(pytester, {"conftest.py": hook, "test_a.py": "def test_it(): pass\n"})
    assert "run finished" not in plan(pytester).out


@pytest.mark.parametrize("start", ["fork", "spawn"])
@pytest.mark.usefixtures("default_modes")
def test_long_plans_are_cut_and_say_so(pytester: Pytester, start: str) -> None:
    source = "".join(f"def test_{n}(): pass\n" for n in range(10))
    write_files(pytester, {f"test_{n:02}.py": source for n in range(30)})
    out = plan(pytester, f"--orchestrate-start={start}").out
    assert "order, the first 20 of 300:" in out
    assert "more units with " in out
    assert len(out.splitlines()) < 80
    assert len(plan(pytester, "-v").out.splitlines()) > 300
