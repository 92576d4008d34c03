"""Plugins that listen to reports hear each of them, however they come to listen."""

from __future__ import annotations

import pytest

from tests.acceptance.support import assert_as_plain, run_orchestrated, run_plain, write_files

Pytester = pytest.Pytester

TESTS = {"test_a.py": "def test_a(): pass\n", "test_b.py": "def test_b(): pass\n"}

HEARD = """
    if not hasattr(CONFIG, "workerinput"):
        with open(CONFIG.rootpath / "heard", "a") as file:
            file.write(f"{report.when}\\n")
"""


def heard(pytester: Pytester) -> list[str]:
    path = pytester.path / "heard"
    lines = path.read_text().split() if path.exists() else []
    path.unlink(missing_ok=True)
    return sorted(lines)


@pytest.mark.parametrize(
    "listener",
    [
        "def pytest_runtest_logreport(report):" + HEARD,
        "@functools.wraps(TerminalReporter.pytest_runtest_logreport)\n"
        "def pytest_runtest_logreport(report):" + HEARD,
        "def pytest_report_teststatus(report):" + HEARD,
    ],
    ids=["plain", "wrapped", "status"],
)
def test_a_conftest_hears_set_ups_and_tear_downs(pytester: Pytester, listener: str) -> None:
    head = """
import functools
from _pytest.terminal import TerminalReporter

def pytest_configure(config):
    global CONFIG
    CONFIG = config

"""
    write_files(pytester, {**TESTS, "conftest.py": head + listener})
    run_plain(pytester)
    expected = heard(pytester)
    assert expected == sorted(["setup", "call", "teardown"] * 2)
    run_orchestrated(pytester)
    assert heard(pytester) == expected


def test_one_that_comes_with_the_first_test_hears_the_others(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "def test_a(): pass\n",
            "test_b.py": """
import pathlib, time

def test_b():
    deadline = time.monotonic() + 30
    while not pathlib.Path("listening").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
""",
            "conftest.py": """
import pathlib

class Listener:
    def pytest_runtest_logreport(self, report):
        with open("heard", "a") as file:
            file.write(f"{report.nodeid}:{report.when}\\n")

def pytest_runtest_logfinish(nodeid):
    if CONFIG is not None and nodeid == "test_a.py::test_a":
        CONFIG.pluginmanager.register(Listener(), "listener")
        pathlib.Path("listening").touch()

CONFIG = None

def pytest_configure(config):
    global CONFIG
    if not hasattr(config, "workerinput"):
        CONFIG = config
""",
        },
    )
    run_orchestrated(pytester)
    assert {"test_b.py::test_b:call", "test_b.py::test_b:teardown"} <= set(heard(pytester))


def test_durations_of_all_phases(pytester: Pytester) -> None:
    write_files(pytester, TESTS)
    _, ours = assert_as_plain(pytester, "--durations=0", "-vv")
    for when in ("setup", "call", "teardown"):
        assert ours.out.count(f"s {when} ") == 2


def test_what_cannot_be_raised_in_the_controller_is_warned_of(pytester: Pytester) -> None:
    """pytest looks for cycles before it ends, also among what the run has set aside."""
    write_files(
        pytester,
        {
            **TESTS,
            "conftest.py": """
class Cycle:
    def __init__(self): self.me = self
    def __del__(self): raise ValueError("gone")

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.kept = Cycle()

def pytest_sessionfinish(session):
    if not hasattr(session.config, "workerinput"):
        del session.config.kept
""",
        },
    )
    plain = run_plain(pytester, "-Werror")
    ours = run_orchestrated(pytester, "-Werror")
    assert plain.code == ours.code == 1
