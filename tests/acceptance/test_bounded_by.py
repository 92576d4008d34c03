"""What a real run says of what bounded it."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.support import Ran, run_orchestrated, write_files

Pytester = pytest.Pytester

#: Prints the figures, on which a machine that is busy with other things has less influence.
CONFTEST = """
def pytest_orchestrate_run_finished(summary):
    for limit in summary.limits.found:
        print("limit:", limit.kind, limit.name or ",".join(limit.tests))
"""


def found(ran: Ran) -> list[str]:
    """The limits, the greatest first."""
    return re.findall(r"^limit: (.*?) *$", ran.out, re.MULTILINE)


def bounded(ran: Ran) -> list[str]:
    """The line that says what bounded the run; none of those that blame a busy machine."""
    lines = re.findall(r"^  bounded by: (.*)$", ran.out, re.MULTILINE)
    return [line for line in lines if not re.match("nothing|start and|the end", line)]


def test_a_chain_of_requirements_is_told_test_by_test(pytester: Pytester) -> None:
    source = "import time\ndef test_x(): time.sleep(0.5)\n"
    after = """
import pytest, time

@pytest.mark.requires("test_a.py::test_x")
def test_y(): time.sleep(0.5)

@pytest.mark.requires("test_y")
def test_z(): time.sleep(0.5)

def test_other(): pass
"""
    write_files(pytester, {"conftest.py": CONFTEST, "test_a.py": source, "test_b.py": after})
    ran = run_orchestrated(pytester)
    assert found(ran)[0] == "chain test_a.py::test_x,test_b.py::test_y,test_b.py::test_z"
    for line in bounded(ran):
        assert re.fullmatch(
            r"a chain of 3 tests: \d\.\d s of \d\.\d s: "
            r"test_a\.py::test_x -> test_b\.py::test_y -> test_b\.py::test_z",
            line,
        )


def test_a_resource_is_told_with_its_slots(pytester: Pytester) -> None:
    source = """
import pytest, time

@pytest.mark.resource("db")
@pytest.mark.parametrize("n", range(5))
def test_db(n): time.sleep(0.25)
"""
    files = {"conftest.py": CONFTEST, "test_a.py": source, "test_b.py": "def test_o(): pass\n"}
    write_files(pytester, files)
    ran = run_orchestrated(pytester)
    assert found(ran)[0] == "resource db"
    for line in bounded(ran):
        assert re.match(r"resource db \(1 slot\): held for \d\.\d s of ", line)


def test_a_run_of_which_most_is_collection_says_so(pytester: Pytester) -> None:
    source = "import time\ntime.sleep(1.2)\ndef test_it(): pass\n"
    write_files(pytester, {"test_a.py": source, "test_b.py": source})
    ran = run_orchestrated(pytester, "-v")
    assert re.search(r"^  bounded by: (start and collection|the end): ", ran.out, re.MULTILINE)


def test_short_runs_and_runs_in_process_say_nothing(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): pass\ndef test_b(): pass\n"})
    short = run_orchestrated(pytester)
    is_short = re.search(r"on (1 of )?\d workers? in [0-4]\.\d+ s ", short.out)
    assert "bounded by" not in short.out or not is_short
    write_files(pytester, {"test_a.py": "import time\ndef test_a(): time.sleep(1.1)\n"})
    assert "bounded by" not in run_orchestrated(pytester, workers=0).out
    assert "bounded by" not in run_orchestrated(pytester, "-q").out


@pytest.mark.parametrize("workers", [0, 2])
def test_hooks_get_the_figures(pytester: Pytester, workers: int) -> None:
    tests = "import time\ndef test_a(): time.sleep(0.1)\ndef test_b(): time.sleep(0.05)\n"
    write_files(pytester, {"conftest.py": CONFTEST, "test_a.py": tests})
    kinds = {line.split()[0] for line in found(run_orchestrated(pytester, workers=workers))}
    assert kinds == {"test", "work"}
