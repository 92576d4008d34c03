"""The line that says what bounded a run."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.support import Ran, run_orchestrated, write_files

Pytester = pytest.Pytester


def bounded(ran: Ran) -> list[str]:
    return re.findall(r"^  bounded by: (.*)$", ran.out, re.MULTILINE)


def test_a_chain_of_requirements_is_told_test_by_test(pytester: Pytester) -> None:
    source = """
import pytest, time

def test_x(): time.sleep(0.5)
"""
    after = """
import pytest, time

@pytest.mark.requires("test_a.py::test_x")
def test_y(): time.sleep(0.5)

@pytest.mark.requires("test_y")
def test_z(): time.sleep(0.5)

def test_other(): pass
"""
    write_files(pytester, {"test_a.py": source, "test_b.py": after})
    (line,) = bounded(run_orchestrated(pytester))
    assert re.fullmatch(
        r"a chain of 3 tests: 1\.[56] s of [12]\.\d s: "
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
    write_files(pytester, {"test_a.py": source, "test_b.py": "def test_other(): pass\n"})
    (line,) = bounded(run_orchestrated(pytester))
    assert line.startswith("resource db (1 slot): held for 1.")


def test_a_run_says_it_of_late_starts_and_slow_collection(pytester: Pytester) -> None:
    source = "import time\ntime.sleep(1.2)\ndef test_it(): pass\n"
    write_files(pytester, {"test_a.py": source, "test_b.py": source})
    (line,) = bounded(run_orchestrated(pytester))
    assert line.startswith("start and collection: ")


def test_short_runs_and_runs_in_process_say_nothing(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): pass\ndef test_b(): pass\n"})
    short = run_orchestrated(pytester)
    assert bounded(short) == [] or "in 0." not in short.out
    write_files(pytester, {"test_a.py": "import time\ndef test_a(): time.sleep(1.1)\n"})
    assert bounded(run_orchestrated(pytester, workers=0)) == []
    assert bounded(run_orchestrated(pytester, "-q")) == []


def test_hooks_get_the_figures(pytester: Pytester) -> None:
    conftest = """
def pytest_orchestrate_run_finished(summary):
    print("kinds:", *(limit.kind for limit in summary.limits.found))
"""
    tests = "import time\ndef test_a(): time.sleep(0.1)\ndef test_b(): time.sleep(0.05)\n"
    write_files(pytester, {"conftest.py": conftest, "test_a.py": tests})
    for workers in (0, 2):
        ran = run_orchestrated(pytester, workers=workers)
        (kinds,) = re.findall(r"kinds: (.*)", ran.out)
        assert sorted(kinds.split()) == ["test", "work"]
