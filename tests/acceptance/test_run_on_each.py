"""Every worker runs every test: ``orchestrate_run_on = each``, or ``--dist=each``."""

from __future__ import annotations

import json
from xml.etree import ElementTree as ET

import pytest

from tests.acceptance.support import run_orchestrated, write_files

SUITE = {
    "test_a.py": """
import os
from pathlib import Path
import pytest

WHO = os.environ["PYTEST_XDIST_WORKER"]
HERE = Path(__file__).parent

def test_first(): pass

@pytest.mark.xdist_group("whole")
@pytest.mark.parametrize("n", range(3))
def test_each(n, worker_id): assert (n, worker_id) != (1, "gw0")

@pytest.mark.requires("test_each[1]")
@pytest.mark.resource("db")
def test_requires(): pass
""",
    "test_b.py": """
import os
from pathlib import Path
import pytest

WHO = os.environ["PYTEST_XDIST_WORKER"]
CRASHED = Path(__file__).with_name("crashed")

@pytest.mark.parametrize("where", [WHO] if WHO == "gw1" else [])
def test_collected_by_one(where): pass

def test_crash(worker_id):
    if worker_id == "gw1" and "crash" in os.environ.get("TOLD", ""):
        os._exit(3)

def test_last(): pass
""",
}
NAMES = [
    "test_a.py::test_first",
    *(f"test_a.py::test_each[{n}]" for n in range(3)),
    "test_a.py::test_requires",
    "test_b.py::test_crash",
    "test_b.py::test_last",
]
ONE = "test_b.py::test_collected_by_one[gw1]"


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    write_files(pytester, SUITE)


def test_each_worker_runs_all_that_it_has_collected(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(
        pytester,
        "-n2",
        "--dist=each",
        "-v",
        "--orchestrate-report=json:r.json",
        "--orchestrate-report=junit:r.xml",
        workers=None,
    )
    assert ran.record is not None
    skipped = "test_b.py::test_collected_by_one[NOTSET]"  # what pytest makes of no parameters
    assert ran.counts == {"passed": 13, "failed": 1, "skipped": 1, "blocked": 1}
    assert "--dist=each is --orchestrate-run-on=each" in ran.out
    report = json.loads((pytester.path / "r.json").read_text())
    found: dict[str, dict[str, str]] = {}
    for test in report["tests"]:
        (worker,) = [each["worker"] for each in test["attempts"]] or [test["group"].split()[-1]]
        found.setdefault(worker, {})[test["nodeid"]] = test["outcome"]
    bad = {"test_a.py::test_each[1]": "failed", "test_a.py::test_requires": "blocked"}
    every = dict.fromkeys(NAMES, "passed")
    assert found == {"gw0": {**every, **bad, skipped: "skipped"}, "gw1": {**every, ONE: "passed"}}
    # in the order of collection, as far as nothing has to wait
    for worker in found:
        mine = [line.split()[-1] for line in ran.out.splitlines() if f"[{worker}]" in line]
        free = [name for name in NAMES if name != "test_a.py::test_requires"]
        assert [name for name in mine if name in free][: len(free)] == free
    assert ran.out.count("[100%]") == 1
    # which worker, where two cases have one name
    cases = ET.parse(pytester.path / "r.xml").iter("testcase")
    workers = [
        each.find("properties/property[@name='worker']")
        for each in cases
        if each.get("name") == "test_last"
    ]
    assert [each.get("value") for each in workers if each is not None] == ["gw0", "gw1"]

    # the tests of one worker are those that it ran, and no others of these names
    again = run_orchestrated(
        pytester, "-n2", "--dist=each", "--orchestrate-replay=last:gw1", workers=None
    )
    assert again.counts == {"passed": 8}

    # it has failed on one worker: that it passed on the other takes nothing away
    again = run_orchestrated(pytester, "-n2", "--dist=each", "--lf", workers=None)
    assert sorted(again.outcomes["test_a.py::test_each[1]"]) == ["failed", "passed"]
    assert again.counts["failed"] == 1
    assert "flaky" not in again.out


def test_who_takes_the_place_of_a_crashed_worker_takes_over_its_tests(
    pytester: pytest.Pytester,
) -> None:
    ran = run_orchestrated(
        pytester,
        "--orchestrate-run-on=each",
        "--orchestrate-report=json:r.json",
        environ={"TOLD": "crash"},
    )
    report = json.loads((pytester.path / "r.json").read_text())
    ended = {
        (test["nodeid"], test["occurrence"]): (test["outcome"], test["attempts"][-1]["worker"])
        for test in report["tests"]
        if test["attempts"]
    }
    assert ended["test_b.py::test_crash", 0] == ("passed", "gw0")
    assert ended["test_b.py::test_crash", 1] == ("crashed", "gw1")
    assert ended["test_b.py::test_last", 0] == ("passed", "gw0")
    assert ended["test_b.py::test_last", 1] == ("passed", "gw2")
    assert ran.code == 1
