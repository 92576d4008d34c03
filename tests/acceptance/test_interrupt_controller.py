"""When the controller is ended by force, its workers are gone within seconds."""

from __future__ import annotations

import signal
from pathlib import Path

import psutil
import pytest

from tests.acceptance.live import running, wait_until
from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound

Pytester = pytest.Pytester

CONFTEST = """
import pathlib, pytest
HERE = pathlib.Path(__file__).parent
@pytest.fixture(scope="session", autouse=True)
def house():
    yield
    with open(HERE / "torn_down", "a") as file:
        file.write("session\\n")
"""

LONG = """
import pathlib, signal, time
def test_long_{0}():
    {1}
    pathlib.Path("running_{0}").touch()
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_while_tests_run(pytester: Pytester, number: signal.Signals) -> None:
    write_files(
        pytester,
        {
            "conftest.py": CONFTEST,
            "test_a.py": LONG.format("a", "pass"),
            "test_b.py": LONG.format("b", "pass"),
            "test_c.py": "def test_c(): pass\n" * 50,
        },
    )
    with running(pytester) as live:
        live.wait_for_file("running_a")
        live.wait_for_file("running_b")
        live.process.send_signal(number)
        assert live.wait(10) == -number
        live.assert_none_left(8)
        assert (live.path / "torn_down").read_text().split() == ["session"] * 2
    assert_log_is_sound(live.path, finished=False)


def test_while_a_test_runs_that_hears_no_interrupt(pytester: Pytester) -> None:
    deaf = "signal.signal(signal.SIGINT, signal.SIG_IGN)"
    write_files(pytester, {"test_a.py": LONG.format("a", deaf)})
    with running(pytester, workers=1) as live:
        live.wait_for_file("running_a")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(10)


def test_what_the_tests_have_started_goes_with_a_worker_that_hears_nothing(
    pytester: Pytester,
) -> None:
    body = (
        "signal.signal(signal.SIGINT, signal.SIG_IGN); "
        "__import__('subprocess').Popen(['sleep', '600'])"
    )
    write_files(pytester, {"test_a.py": LONG.format("a", body)})
    with running(pytester, workers=1) as live:
        live.wait_for_file("running_a")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(10)


#: Between the first wait, which a signal cuts short, and the second one no instruction of Python
#: is executed, so what the signal asks for is not heard there.
ABOUT_TO_WAIT = """
import ctypes, functools, operator, pathlib, time
def test_a():
    waits = [
        functools.partial(pathlib.Path("running").touch),
        functools.partial(ctypes.CDLL(None).sleep, 600),
        functools.partial(time.sleep, 600),
    ]
    list(map(operator.methodcaller("__call__"), waits))
"""


def test_while_a_test_is_about_to_wait(pytester: Pytester) -> None:
    write_files(pytester, {"conftest.py": CONFTEST, "test_a.py": ABOUT_TO_WAIT})
    with running(pytester, workers=1) as live:
        live.wait_for_file("running")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(8)
        assert (live.path / "torn_down").read_text().split() == ["session"]


def _logs(path: Path) -> list[Path]:
    return list(path.glob(".pytest_orchestrate/runs/*.jsonl"))


def test_while_it_collects(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import pathlib, time\npathlib.Path('collecting').touch()\n"
            "time.sleep(600)\n"
        },
    )
    with running(pytester) as live:
        live.wait_for_file("collecting")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(8)


def test_while_workers_are_configured(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "import os, pathlib, time\n"
            "if 'PYTEST_XDIST_WORKER' in os.environ:\n"
            "    pathlib.Path('starting').touch()\n    time.sleep(600)\n"
        },
    )
    with running(pytester) as live:
        live.wait_for_file("starting")
        live.process.kill()
        live.wait(10)
        live.assert_none_left(20)


def test_a_run_after_it_folds_what_was_recorded(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": CONFTEST,
            "test_a.py": LONG.format("a", "pass"),
            "test_b.py": "def test_b(): pass\n",
        },
    )
    with running(pytester) as live:
        live.wait_for_file("running_a")
        wait_until(
            lambda: any(
                '"test_b.py::test_b","occurrence"' in log.read_text() for log in _logs(live.path)
            ),
            "test_b is recorded",
        )
        live.process.kill()
        live.wait(10)
        live.assert_none_left(8)
    ran = run_orchestrated(pytester, "test_b.py")
    assert ran.code == 0
    assert "history of 1 test" in ran.out


def test_a_worker_that_was_stopped_does_not_outlive_it_for_long(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": LONG.format("a", "pass")})
    with running(pytester, workers=1) as live:
        live.wait_for_file("running_a")
        worker = psutil.Process(live.worker_pids()[0])
        worker.suspend()
        live.process.kill()
        live.wait(10)
        worker.resume()  # nothing that is stopped can end itself
        live.assert_none_left(8)
