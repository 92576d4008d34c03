"""What is told of a run that has no end: it was cut off, or it goes on."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from tests.acceptance.live import running
from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound, latest_log

Pytester = pytest.Pytester

SUITE = """
import os, pathlib, signal, time
def test_good(): pass
def test_bad(): assert 0
def test_long():
    {}
def test_later(): pass
def test_last(): pass
"""
LONG = "pathlib.Path('running').touch(); time.sleep(600)"


def tell(pytester: Pytester, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest_orchestrate.cli", *arguments],
        cwd=pytester.path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "death",
    [
        "os._exit(3)",
        pytest.param(
            "os.kill(os.getpid(), signal.SIGKILL)",
            marks=pytest.mark.skipif(sys.platform == "win32", reason="no such signal"),
        ),
    ],
)
def test_a_test_that_ends_the_only_process_is_named(pytester: Pytester, death: str) -> None:
    write_files(pytester, {"test_a.py": SUITE.format(death)})
    ran = run_orchestrated(pytester, workers=0, log=False)
    assert ran.code not in (0, 1)
    assert_log_is_sound(pytester.path, finished=False)
    shown = tell(pytester, "report", "show").stdout
    assert "\n1 of 5 tests failed, 1 interrupted, 2 not run (pass rate 50.0 %)\n" in shown
    assert "\n  interrupted: test_a.py::test_long\n" in shown
    assert "\n  not run: 2 tests: the run was cut off\n" in shown
    assert tell(pytester, "report", "failed").stdout == "test_a.py::test_bad\n"


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_run_whose_only_process_is_killed_while_it_collects_is_on_record(
    pytester: Pytester,
) -> None:
    write_files(pytester, {"test_a.py": "import os\nos.kill(os.getpid(), 9)\n"})
    assert run_orchestrated(pytester, workers=0, log=False).code == -9
    run = latest_log(pytester.path).stem
    told = f"the run {run} was cut off before any test was known"
    assert told in tell(pytester, "report", "show").stderr


def test_of_a_run_that_goes_on_is_told_what_is_so_far(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": SUITE.format(LONG)})
    with running(pytester, workers=0) as live:
        live.wait_for_file("running")
        run = latest_log(pytester.path).stem
        found = json.loads(tell(pytester, "report", "show", "--format=json").stdout)
        failed = tell(pytester, "report", "failed")
        explained = tell(pytester, "explain", "test_long").stdout
        live.process.kill()
        live.wait()
    summary = found["summary"]
    assert (summary["goes_on"], summary["exitstatus"], summary["reason"]) == (True, None, None)
    assert summary["outcomes"] == {"failed": 1, "not run": 2, "passed": 1, "running": 1}
    assert (summary["running"], summary["interrupted"]) == (["test_a.py::test_long"], [])
    assert (failed.returncode, failed.stdout) == (0, "test_a.py::test_bad\n")
    assert failed.stderr == f"pytest-orchestrate: the run {run} goes on\n"
    assert "test_long: began on main, and has not ended yet\n" in explained
    assert "the log ends here: the run goes on\n" in explained
    assert "1 interrupted, 2 not run" in tell(pytester, "report", "show").stdout
