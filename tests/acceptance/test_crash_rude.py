"""Tests that treat their process badly: the run ends, in bounded time, and tells the truth."""

from __future__ import annotations

import os
import signal

import pytest

from tests.acceptance.live import running, wait_until
from tests.acceptance.support import assert_as_plain, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound

Pytester = pytest.Pytester

BESIDE = "import pytest\n@pytest.mark.parametrize('n', range(8))\ndef test_beside(n): pass\n"

HEAD = """
import io, os, pathlib, signal, subprocess, sys, threading, time, warnings
def attempt(what):
    try: what()
    except OSError: pass
"""

#: Bodies of tests after which the process is as good as before.
ODD = {
    "replaces_stdout": "sys.stdout = io.StringIO(); print('lost')",
    "deletes_the_variable": "del os.environ['PYTEST_CURRENT_TEST']",
    "exits": "sys.exit(3)",
    "raises_system_exit": "raise SystemExit",
    "raises_generator_exit": "raise GeneratorExit",
    "raises_a_base_exception": "class Odd(BaseException): pass\n    raise Odd('odd')",
    "exhausts_the_stack": "def f(): f()\n    f()",
    "has_no_memory": "raise MemoryError",
    "makes_a_group": "attempt(os.setpgrp)",
    "makes_a_session": "attempt(os.setsid)",
    "forks_a_child_that_exits": "pid = os.fork()\n    if not pid: os._exit(0)\n"
    "    assert os.waitpid(pid, 0) == (pid, 0)",
    "leaves_a_process": "subprocess.Popen([sys.executable, '-c', 'input()'], stdin=-1)",
    "leaves_a_thread": "threading.Thread(target=time.sleep, args=(600,), daemon=True).start()",
    "turns_warnings_to_errors": "warnings.simplefilter('error')",
}

#: Bodies of tests after which it is not, though pytest goes on with others. (After
#: ``sys.stdout.close()`` pytest's capture is broken for whatever runs next in that process,
#: and which tests those are depends on the placement.)
RUDE = {
    "closes 1": "os.close(1)",
    "closes 2": "os.close(2)",
    "clears the environment": "os.environ.clear()",
    "moves to a deleted folder": "os.mkdir('gone'); os.chdir('gone'); os.rmdir('../gone')",
    "ignores the interrupt": "signal.signal(signal.SIGINT, signal.SIG_IGN)",
    "sets an alarm": "signal.signal(signal.SIGALRM, lambda *_: None); signal.alarm(1)",
    "clears the modules": "sys.modules.pop('_pytest.runner'); sys.modules.pop('pytest')",
    "limits recursion": "sys.setrecursionlimit(120)",
    "stops the clock": "time.time = lambda: 0.0; time.monotonic = lambda: 0.0",
}


def test_what_is_odd_has_the_outcome_of_plain_pytest(pytester: Pytester) -> None:
    tests = "".join(f"def test_{name}():\n    {body}\n" for name, body in ODD.items())
    write_files(pytester, {"test_odd.py": HEAD + tests, "test_beside.py": BESIDE})
    assert_as_plain(pytester, "-Wignore")


@pytest.mark.parametrize("body", RUDE)
def test_what_is_rude_has_the_outcome_of_plain_pytest(pytester: Pytester, body: str) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": f"{HEAD}"
            "def test_before(): pass\n"
            f"def test_rude():\n    {RUDE[body]}\n"
            "def test_after(): pass\n",
            "test_beside.py": BESIDE,
        },
    )
    assert_as_plain(pytester, "-Wignore")


def test_a_test_that_closes_the_connection_is_told_apart(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": "import os\ndef test_before(): pass\n"
            "def test_rude(): os.closerange(3, 256)\n"
            "def test_after(): pass\n",
            "test_beside.py": BESIDE,
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.code == 1
    outcomes = ran.outcomes
    assert len(outcomes) == 11
    outcomes.pop("test_rude.py::test_rude")
    assert ran.counts["failed"] == 1
    if "it had lost its connection to the controller" not in ran.out:
        # it was its last test, and what it could not send any more was found when it had left:
        # capture could not be ended, neither after the call nor after the tear-down
        assert ran.counts["errors"] == 1
    assert set(map(tuple, outcomes.values())) == {("passed",)}


@pytest.mark.parametrize("ending", ["sys.exit(0)", "raise RuntimeError", "return"])
def test_a_forked_child_that_comes_back_through_its_parents_stack_ends_there(
    pytester: Pytester, ending: str
) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
import os, pytest
@pytest.fixture(autouse=True)
def diary(request):
    with open(request.config.rootpath / "diary.txt", "a") as file:
        file.write(request.node.nodeid + "\\n")
""",
            "test_fork.py": f"""
import os, sys
def test_before(): pass
def test_fork():
    pid = os.fork()
    if not pid:
        {ending}
    os.waitpid(pid, 0)
def test_after(): pass
""",
            "test_beside.py": BESIDE,
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 11}
    assert ran.code == 0
    assert sorted((pytester.path / "diary.txt").read_text().split()) == sorted(ran.outcomes)


def test_in_process_a_forked_child_that_comes_back_leaves_the_record_alone(
    pytester: Pytester,
) -> None:
    """It goes on as a second pytest, as in a plain run; it is the parent that is recorded."""
    write_files(
        pytester,
        {
            "test_fork.py": "import os, sys\ndef test_before(): pass\n"
            "def test_fork():\n    pid = os.fork()\n    if not pid: sys.exit(0)\n"
            "    assert os.waitpid(pid, 0)[1] != 0\n"
            "def test_after(): pass\n",
        },
    )
    with running(pytester, workers=0) as live:
        assert live.wait() == 0, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert "1 failed, 2 passed" in live.out  # said by the child
    assert "3 passed" in live.out
    again = run_orchestrated(pytester, "--deselect=test_fork.py::test_fork", workers=0)
    assert "history of 3 tests" in again.out


#: A child that outlives its worker and has every descriptor of it.
HOLDER = """
import os, pathlib, signal, time
def hold():
    if not os.fork():
        pathlib.Path("child").write_text(str(os.getpid()))
        time.sleep(600)
        os._exit(0)
    while not pathlib.Path("child").exists():
        time.sleep(0.01)
"""


def test_a_crash_is_noticed_also_when_a_child_holds_the_connection(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": HOLDER + "def test_rude():\n    hold(); print('said')\n"
            "    os.kill(os.getpid(), signal.SIGKILL)\n",
            "test_beside.py": BESIDE,
        },
    )
    with running(pytester, "-rA") as live:
        assert live.wait() == 1, live.out
    assert_log_is_sound(live.path)
    assert "1 failed, 8 passed" in live.out
    assert "killed by signal SIGKILL (9)" in live.out
    assert "said" in live.out


@pytest.mark.parametrize("detach", ["", "os.setsid()"])
def test_a_child_that_outlives_the_session_delays_nothing(pytester: Pytester, detach: str) -> None:
    holder = HOLDER.replace("        pathlib", f"        {detach}\n        pathlib")
    write_files(
        pytester,
        {"test_rude.py": holder + "def test_rude(): hold()\n", "test_beside.py": BESIDE},
    )
    with running(pytester) as live:
        assert live.wait() == 0, live.out
        child = int((live.path / "child").read_text())
        assert child in [stray.pid for stray in live.strays()]  # as after plain pytest
    assert_log_is_sound(live.path)
    assert "9 passed" in live.out
    assert "killed" not in live.out  # as is said of who has not left in time


def test_a_thread_that_never_ends_is_named_and_ended_with_its_worker(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": "import threading, time\n"
            "def test_rude(): threading.Thread(target=time.sleep, args=(600,)).start()\n",
            "test_beside.py": BESIDE,
        },
    )
    with running(pytester) as live:
        code = live.wait()
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert code == 0, live.out
    assert "9 passed" in live.out
    assert "had not ended 10 s after its session had (a thread or an exit handler" in live.out


@pytest.mark.parametrize("capture", ["--capture=fd", "-s"])
def test_a_hundred_megabytes_are_no_reason_to_fail(pytester: Pytester, capture: str) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": "def test_rude():\n"
            "    for _ in range(100): print('x' * 999 + '\\n' + ('y' * 999 + '\\n') * 1000)\n",
            "test_beside.py": BESIDE,
        },
    )
    with running(pytester, capture, "--orchestrate-record=no-output") as live:
        assert live.wait(60) == 0, live.out[-2000:]
    assert_log_is_sound(live.path)
    assert "9 passed" in live.out
    assert live.out.count("y" * 999) == (100_000 if capture == "-s" else 0)


def test_much_output_of_a_test_that_crashes_is_cut_at_its_beginning(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_rude.py": "import os\ndef test_rude():\n"
            "    for n in range(20000): print(n, 'x' * 99)\n"
            "    os._exit(1)\n",
        },
    )
    with running(pytester, workers=1) as live:
        assert live.wait() == 1
    assert "19999 xxx" in live.out
    assert "\n7 xxx" not in live.out


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1])
def test_a_worker_that_somebody_ends_is_replaced(
    pytester: Pytester, number: signal.Signals
) -> None:
    write_files(
        pytester,
        {
            # `nohup` leaves SIGHUP ignored
            "test_a.py": "import os, pathlib, signal, time\ndef test_a():\n"
            f"    signal.signal({number:d}, signal.SIG_DFL)\n"
            "    pathlib.Path('a').write_text(str(os.getpid())); time.sleep(600)\n"
            "def test_after(): pass\n",
            "test_beside.py": BESIDE,
        },
    )
    with running(pytester) as live:
        path = live.wait_for_file("a")
        wait_until(path.read_text, "the worker says who it is")
        os.kill(int(path.read_text()), number)
        assert live.wait() == 1, live.out
    assert_log_is_sound(live.path)
    assert "1 failed, 9 passed" in live.out
    assert f"killed by signal {number.name}" in live.out
