"""Ctrl-C: dispatch stops, running tests have a grace period, nothing is left behind."""

from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys

import pytest

from tests.acceptance.live import MARK, Live, running, wait_until
from tests.acceptance.support import NO_NEIGHBOURS, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound, latest_log

Pytester = pytest.Pytester

#: Two tests that say that they run, and many that wait behind them.
SUITE = {
    "conftest.py": """
import os, pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

@pytest.fixture(scope="session", autouse=True)
def house():
    yield
    with open(HERE / "torn_down", "a") as file:
        file.write("session\\n")

@pytest.fixture
def room():
    yield
    with open(HERE / "torn_down", "a") as file:
        file.write("function\\n")

@pytest.fixture
def occupy(room):
    def stay(name, seconds):
        (HERE / name).touch()
        end = time.monotonic() + seconds
        while time.monotonic() < end and not (HERE / f"enough of {name}").exists():
            time.sleep(0.01)
    return stay
""",
    "test_a.py": "import pytest\ndef test_a(occupy): occupy('a', 600)\n"
    "@pytest.mark.parametrize('n', range(30))\ndef test_more(n, occupy): occupy('more', 0.2)\n",
    "test_b.py": "import pytest\ndef test_b(occupy): occupy('b', 600)\n"
    "@pytest.mark.parametrize('n', range(30))\ndef test_more(n, occupy): occupy('more', 0.2)\n",
}


def recorded_ends(live: Live) -> dict[str, str]:
    """Node id -> outcome of every test that was begun, from the log."""
    records = [json.loads(line) for line in latest_log(live.path).read_text().splitlines()]
    names: list[str] = []
    ends: dict[str, str] = {}
    for record in records:
        step = record.get("event") or record.get("command") or {}
        if step.get("event") == "TestsCollected":
            names = [test["nodeid"] for test in step["tests"]]
        elif step.get("event") == "TestFinished" or step.get("command") == "EndTest":
            ends[names[step["test"]]] = step["outcome"]
    return {name: outcome for name, outcome in ends.items() if outcome != "not run"}


#: The file that ends test_a.
ENOUGH = "enough of a"


def both_run(live: Live) -> None:
    live.wait_for_file("a")
    live.wait_for_file("b")


def assert_ends_soundly(live: Live, times: int) -> None:
    """Interrupt a run so many times: it ends soon, leaves nothing, and says what it was."""
    for _ in range(times):
        live.interrupt()
    assert live.wait() == 2, live.out
    live.assert_none_left()
    assert_log_is_sound(live.path)
    assert "KeyboardInterrupt" in live.out
    assert "crashed" not in live.out


def test_a_short_test_finishes_and_a_long_one_is_interrupted(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    with running(pytester, "--orchestrate-grace=3", "--orchestrate-collect=full") as live:
        both_run(live)
        live.interrupt()
        live.wait_for_text("may go on for 3 s")
        (live.path / ENOUGH).touch()
        code = live.wait()
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert code == 2, live.out
    ends = recorded_ends(live)
    assert ends.pop("test_b.py::test_b") == "interrupted"
    assert ends["test_a.py::test_a"] == "passed"
    assert len(ends) <= 2  # one more may have been on its way
    assert "KeyboardInterrupt" in live.out
    assert "interrupted: test_b.py::test_b" in live.out
    assert f"{len(ends)} passed" in live.out
    torn_down = (live.path / "torn_down").read_text().split()
    assert torn_down.count("session") == 2
    assert torn_down.count("function") == len(ends) + 1


def test_an_interrupted_run_says_what_it_waits_for(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    with running(pytester, "--orchestrate-grace=1") as live:
        both_run(live)
        live.interrupt()
        live.wait_for_text("may go on for 1 s; Ctrl-C again ends everything at once")
        assert live.wait() == 2


def test_a_test_that_hears_no_interrupt_is_killed_after_a_second_grace(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_deaf.py": """
import pathlib, signal, time
def test_deaf():
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    pathlib.Path("deaf").touch()
    time.sleep(600)
""",
        },
    )
    with running(pytester, "--orchestrate-grace=0.5", workers=1) as live:
        live.wait_for_file("deaf")
        live.interrupt()
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert recorded_ends(live) == {"test_deaf.py::test_deaf": "interrupted"}


def test_the_second_time_ends_it_at_once(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    with running(pytester, "--orchestrate-grace=300") as live:
        both_run(live)
        live.interrupt()
        live.wait_for_text("Ctrl-C again")
        live.interrupt()
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert recorded_ends(live)["test_b.py::test_b"] == "interrupted"
    assert "KeyboardInterrupt" in live.out
    assert "INTERNALERROR" not in live.out


def test_the_second_time_also_ends_what_tests_have_started(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
import pathlib, subprocess, time
def test_a():
    subprocess.Popen(["sleep", "600"])
    pathlib.Path("a").touch()
    time.sleep(600)
""",
        },
    )
    with running(pytester, "--orchestrate-grace=300", workers=1) as live:
        live.wait_for_file("a")
        live.interrupt()
        live.wait_for_text("Ctrl-C again")
        live.interrupt()
        assert live.wait() == 2, live.out
        live.assert_none_left()


@pytest.mark.parametrize("times", [1, 2])
def test_during_collection(pytester: Pytester, times: int) -> None:
    write_files(
        pytester,
        {
            **SUITE,
            **{
                f"test_slow_{number}.py": "import os, pathlib, time\n"
                "pathlib.Path('collecting' + os.environ['PYTEST_XDIST_WORKER']).touch()\n"
                "time.sleep(600)\n"
                for number in range(2)
            },
        },
    )
    with running(pytester, "--orchestrate-grace=300") as live:
        live.wait_for_file("collectinggw0")
        live.wait_for_file("collectinggw1")
        assert_ends_soundly(live, times)


@pytest.mark.parametrize("times", [1, 2])
def test_while_workers_start(pytester: Pytester, times: int) -> None:
    write_files(
        pytester,
        {
            **SUITE,
            "conftest.py": "import os, pathlib, time\n"
            "worker = os.environ.get('PYTEST_XDIST_WORKER')\n"
            "if worker:\n"
            "    pathlib.Path('starting' + worker).touch()\n"
            "    time.sleep(600)\n",
        },
    )
    with running(pytester, "--orchestrate-grace=300") as live:
        live.wait_for_file("startinggw0")
        live.wait_for_file("startinggw1")
        assert_ends_soundly(live, times)


#: A session whose start takes long in the controller, when workers have been started.
SLOW_START = """
import os, pathlib, time, pytest
worker = os.environ.get("PYTEST_XDIST_WORKER")
if worker:
    pathlib.Path("starting" + worker).touch()
    time.sleep(600)

class Slow:
    def __del__(self):
        pathlib.Path("finalizing").touch()
        time.sleep(5)

@pytest.hookimpl(wrapper=True)
def pytest_sessionstart():
    yield
    {wait}
"""


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize(
    ("wait", "sign"),
    [
        pytest.param("time.sleep(600)", "startinggw1", id="raised"),
        pytest.param("Slow()", "finalizing", id="lost"),
    ],
)
def test_while_another_plugin_starts(pytester: Pytester, wait: str, sign: str, times: int) -> None:
    write_files(pytester, {**SUITE, "conftest.py": SLOW_START.format(wait=wait)})
    with running(pytester, "--orchestrate-grace=300") as live:
        live.wait_for_file("startinggw0")
        live.wait_for_file("startinggw1")
        live.wait_for_file(sign)
        assert_ends_soundly(live, times)


def test_while_interpreters_start(pytester: Pytester) -> None:
    site = pytester.mkdir("site")
    (site / "sitecustomize.py").write_text(
        "import sys, pathlib, time\n"
        "if 'pytest' not in sys.orig_argv:\n"
        "    pathlib.Path('begun').touch()\n"
        "    time.sleep(600)\n"
    )
    write_files(pytester, SUITE)
    args = ("--orchestrate-grace=300", "--orchestrate-start=spawn")
    with running(pytester, *args, environ={"PYTHONPATH": str(site)}) as live:
        live.wait_for_file("begun")
        live.interrupt()
        assert live.wait() == 2, live.out
        live.assert_none_left()


def test_before_anything(pytester: Pytester) -> None:
    """While the controller loads its conftest: as plain pytest, which knows no grace there."""
    write_files(
        pytester,
        {
            **SUITE,
            "conftest.py": "import pathlib, time\npathlib.Path('c').touch()\ntime.sleep(600)",
        },
    )
    codes = []
    for workers in (2, None):
        with running(pytester, workers=workers) as live:
            live.wait_for_file("c").unlink()
            live.interrupt()
            codes.append(live.wait())
            live.assert_none_left()
    assert codes[0] == codes[1]


def test_for_the_whole_process_group(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    with running(pytester, "--orchestrate-grace=3") as live:
        both_run(live)
        live.interrupt_group()
        live.wait_for_text("may go on for 3 s")
        (live.path / ENOUGH).touch()
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)
    assert recorded_ends(live)["test_a.py::test_a"] == "passed"
    assert (live.path / "torn_down").read_text().split().count("session") == 2


def test_for_the_whole_process_group_while_workers_start(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    with running(pytester) as live:
        wait_until(live.worker_pids, "a worker is started")
        live.interrupt_group()
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert "INTERNALERROR" not in live.out


def test_typed_at_a_terminal(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [
            sys.executable,
            "-c",
            (
                "import fcntl, os, sys, termios\n"
                "os.setsid(); fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n"
                "os.execv(sys.executable, [sys.executable, *sys.argv[1:]])"
            ),
            "-m",
            "pytest",
            *NO_NEIGHBOURS,
            "-porchestrate",
            "--workers=2",
            "--orchestrate-grace=3",
            "--orchestrate-collect=full",
        ],
        cwd=pytester.path,
        env={**os.environ, MARK: "terminal"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        try:
            wait_until((pytester.path / "b").exists, "test_b runs")
            wait_until((pytester.path / "a").exists, "test_a runs")
            os.write(ours, b"\x03")
            printed = _read(ours, until="may go on for 3 s")
            (pytester.path / ENOUGH).touch()
            printed += _read(ours)
            assert process.wait(40) == 2, printed
        finally:
            process.kill()
            os.close(ours)
    assert "1 passed" in printed or "2 passed" in printed
    assert "interrupted: test_b.py::test_b" in printed
    assert_log_is_sound(pytester.path)


def _read(descriptor: int, until: str | None = None) -> str:
    """What is printed up to this text, or to the end."""
    printed = b""
    while until is None or until.encode() not in printed:
        try:
            data = os.read(descriptor, 1 << 16)
        except OSError:  # Linux says so when the other end is closed
            break
        if not data:
            break
        printed += data
    return printed.decode("utf-8", "replace")


@pytest.mark.parametrize("workers", [0, 2])
def test_raised_by_a_test(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): raise KeyboardInterrupt('enough')\n"})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.code == 2
    assert "KeyboardInterrupt" in ran.out
    assert "test_a.py:1" in ran.out


def test_in_process(pytester: Pytester) -> None:
    write_files(pytester, {**SUITE, "test_b.py": "", ENOUGH: ""})
    with running(pytester, workers=0) as live:
        live.wait_for_file("more")
        live.interrupt()
        assert live.wait() == 2
    assert_log_is_sound(live.path)
    assert "KeyboardInterrupt" in live.out


def test_ignored_by_the_shell_it_stays_ignored(pytester: Pytester) -> None:
    """A job in the background of a script is started with SIGINT ignored."""
    write_files(pytester, {"test_a.py": SUITE["test_a.py"], "conftest.py": SUITE["conftest.py"]})
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        context = running(pytester)
        live = context.__enter__()
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        live.wait_for_file("a")
        live.interrupt()
        (live.path / ENOUGH).touch()
        assert live.wait() == 0, live.out
    finally:
        context.__exit__(None, None, None)
    assert "31 passed" in live.out
