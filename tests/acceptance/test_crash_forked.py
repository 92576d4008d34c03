"""Death, and the ways in which a run ends, where workers are forked from a server."""

from __future__ import annotations

import signal

import psutil
import pytest

from pytest_orchestrate.transport import fork_safety
from tests.acceptance.live import running, wait_until
from tests.acceptance.support import Ran, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound

Pytester = pytest.Pytester

FORK = "--orchestrate-start=fork"

pytestmark = pytest.mark.skipif(not fork_safety.is_possible(), reason="the fork server needs Linux")

PASSING = {f"test_{file}.py": "".join(f"def test_{n}(): pass\n" for n in range(5)) for file in "bc"}

IN_WORKERS = "import os\nin_worker = 'PYTEST_XDIST_WORKER' in os.environ\n"

LONG = """
import pathlib, time
def test_long():
    pathlib.Path("long").touch()
    time.sleep(600)
"""


def run(pytester: Pytester, *args: str, workers: int = 2) -> Ran:
    ran = run_orchestrated(pytester, FORK, *args, workers=workers)
    assert "are not forked" not in ran.out
    assert ", forked," in ran.out
    return ran


@pytest.mark.parametrize(
    ("death", "said"),
    [
        ("import ctypes; ctypes.string_at(0)", "killed by signal SIGSEGV (11)"),
        ("os._exit(0)", "exited with code 0"),
        ("os._exit(7)", "exited with code 7"),
    ],
)
def test_a_test_that_dies_crashed_and_its_worker_is_replaced(
    pytester: Pytester, death: str, said: str
) -> None:
    write_files(
        pytester,
        {**PASSING, "test_a.py": f"import os\ndef test_a(): print('last words'); {death}\n"},
    )
    ran = run(pytester)
    assert ran.counts == {"failed": 1, "passed": 10}
    assert ran.code == 1
    assert said in ran.out
    assert "last words" in ran.out


@pytest.mark.parametrize(
    ("files", "said"),
    [
        (
            {"conftest.py": IN_WORKERS + "if in_worker: os._exit(0)\n"},
            "crashed while it was being started",
        ),
        (
            {"test_a.py": IN_WORKERS + "if in_worker: os._exit(0)\n"},
            "crashed while it collected",
        ),
        (
            {
                "conftest.py": IN_WORKERS + "def pytest_sessionfinish():\n"
                "    if in_worker: os._exit(0)\n"
            },
            "crashed while it finished its session",
        ),
    ],
    ids=["configuring", "collecting", "finishing"],
)
def test_death_elsewhere_is_no_success(
    pytester: Pytester, files: dict[str, str], said: str
) -> None:
    write_files(pytester, {**PASSING, **files})
    ran = run(pytester, "--orchestrate-max-crashes=0")
    assert ran.code == 1
    assert said in ran.out
    assert "exited with code 0" in ran.out


def test_death_at_exit_is_no_success(pytester: Pytester) -> None:
    body = IN_WORKERS + "import atexit\nif in_worker: atexit.register(os._exit, 3)\n"
    write_files(pytester, {**PASSING, "conftest.py": body})
    ran = run(pytester)
    assert ran.counts == {"passed": 10}
    assert "exited with code 3" in ran.out
    assert ran.code == 1


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_no_process(pytester: Pytester, times: int) -> None:
    write_files(pytester, {**PASSING, "test_a.py": LONG})
    grace = "0.5" if times == 1 else "300"
    with running(pytester, FORK, f"--orchestrate-grace={grace}") as live:
        live.wait_for_file("long")
        for _ in range(times):
            live.interrupt_group()
            live.wait_for_text("Ctrl-C again")
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert "interrupted: test_a.py::test_long" in live.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["SIGTERM", "SIGKILL"])
def test_workers_and_server_do_not_outlive_the_controller(
    pytester: Pytester, number: signal.Signals
) -> None:
    write_files(pytester, {**PASSING, "test_a.py": LONG})
    with running(pytester, FORK) as live:
        live.wait_for_file("long")
        live.process.send_signal(number)
        live.wait(10)
        live.assert_none_left()


def test_a_run_outlives_its_server(pytester: Pytester) -> None:
    """What the server would have told is missing; a replacement is started in the other way."""
    write_files(
        pytester,
        {
            **PASSING,
            "test_a.py": "import os, pathlib, time\ndef test_a():\n"
            "    pathlib.Path('a').touch()\n"
            "    while not pathlib.Path('enough').exists(): time.sleep(0.01)\n"
            "    os._exit(9)\n"
            "def test_after(): pass\n",
        },
    )
    with running(pytester, FORK, workers=1) as live:
        live.wait_for_file("a")
        (server,) = live.process.children()
        server.kill()
        wait_until(
            lambda: not server.is_running() or server.status() == psutil.STATUS_ZOMBIE,
            "the server is gone",
        )
        (live.path / "enough").touch()
        assert live.wait() == 1, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert "1 failed, 11 passed" in live.out


def test_workers_go_on_when_their_server_is_killed(pytester: Pytester) -> None:
    suite = (
        "import pathlib, time, pytest\n"
        "@pytest.mark.parametrize('n', range(40))\n"
        "def test_it(n):\n    pathlib.Path('begun').touch()\n    time.sleep(0.02)\n"
    )
    write_files(pytester, {f"test_{name}.py": suite for name in "abc"})
    with running(pytester, FORK) as live:
        live.wait_for_file("begun")
        (server,) = [each for each in live.process.children() if each.children()]
        server.kill()
        assert live.wait() == 0, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert "120 passed" in live.out


def test_a_server_that_was_stopped_holds_nobody_up(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **PASSING,
            "test_a.py": "import pathlib, time\ndef test_a():\n"
            "    pathlib.Path('a').touch()\n"
            "    while not pathlib.Path('enough').exists(): time.sleep(0.01)\n",
        },
    )
    with running(pytester, FORK) as live:
        live.wait_for_file("a")
        (server,) = live.process.children()
        server.suspend()
        (live.path / "enough").touch()
        assert live.wait() == 0, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)


def test_a_child_that_holds_the_connection_delays_nothing(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **PASSING,
            "test_a.py": "import os, signal, time\ndef test_a():\n"
            "    if not os.fork(): time.sleep(600); os._exit(0)\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n",
        },
    )
    with running(pytester, FORK) as live:
        assert live.wait() == 1, live.out
    assert_log_is_sound(live.path)
    assert "1 failed, 10 passed" in live.out
    assert "killed by signal SIGKILL" in live.out
