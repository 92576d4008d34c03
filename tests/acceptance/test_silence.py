"""A worker that says nothing for long is named, with its test and its stacks."""

from __future__ import annotations

import psutil
import pytest

from tests.acceptance.live import running, wait_until
from tests.acceptance.support import write_files
from tests.support.runs import assert_log_is_sound, latest_log

Pytester = pytest.Pytester

#: Runs until the file ``enough`` exists.
LONG = """
import pathlib, time

def wait_for_the_end():
    while not pathlib.Path("enough").exists():
        time.sleep(0.05)

def test_long():
    pathlib.Path("long").touch()
    wait_for_the_end()
"""


def test_a_long_test_is_named_with_its_stack_and_may_go_on(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": LONG, "test_b.py": "def test_b(): pass\n"})
    with running(pytester, "--orchestrate-silence=0.5") as live:
        live.wait_for_text("in wait_for_the_end")
        (live.path / "enough").touch()
        assert live.wait() == 0, live.out
    assert_log_is_sound(live.path)
    assert "has said nothing for" in live.out
    assert "it has been running test_long.py::test_long for" in live.out
    assert "stacks of gw" in live.out
    assert "Thread MainThread" in live.out
    assert "2 passed" in live.out
    assert "has said nothing for" in latest_log(live.path).read_text()


def test_it_is_named_less_and_less_often(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": LONG})
    with running(pytester, "--orchestrate-silence=0.3", workers=1) as live:
        wait_until(lambda: live.out.count("has said nothing for") >= 3, lambda: live.out)
        (live.path / "enough").touch()
        assert live.wait() == 0
    seconds = [
        float(line.split("has said nothing for ")[1].split(" s")[0])
        for line in live.out.splitlines()
        if "has said nothing for" in line
    ]
    assert seconds[2] >= 1  # at least doubled, twice


def test_zero_is_never(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": "import time\ndef test_long(): time.sleep(2)\n"})
    with running(pytester, "--orchestrate-silence=0", workers=1) as live:
        assert live.wait() == 0
    assert "has said nothing" not in live.out


def test_workers_that_wait_for_work_are_not_silent(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": LONG, "test_b.py": "def test_b(): pass\n"})
    with running(pytester, "--orchestrate-silence=0.5", "-v") as live:
        live.wait_for_text("has said nothing for")
        (live.path / "enough").touch()
        assert live.wait() == 0
    named = {
        line.split("has said nothing")[0].split()[-1]
        for line in live.out.splitlines()
        # a busy machine may let them be silent before there are tests
        if "has said nothing for" in line and "started" not in line and "collects" not in line
    }
    assert len(named) == 1


def test_a_stopped_worker_is_said_to_be_stopped_and_can_go_on(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": LONG, "test_b.py": "def test_b(): pass\n"})
    with running(pytester, "--orchestrate-silence=0.5", workers=1) as live:
        live.wait_for_file("long")
        worker = psutil.Process(live.worker_pids()[0])
        worker.suspend()
        live.wait_for_text("does not answer: its process is stopped by a signal")
        assert "test_long.py::test_long" in live.out
        (live.path / "enough").touch()
        worker.resume()
        assert live.wait() == 0, live.out
    assert_log_is_sound(live.path)
    assert "2 passed" in live.out


def test_a_stopped_worker_can_be_interrupted(pytester: Pytester) -> None:
    write_files(pytester, {"test_long.py": LONG})
    with running(pytester, "--orchestrate-grace=0.5", workers=1) as live:
        live.wait_for_file("long")
        psutil.Process(live.worker_pids()[0]).suspend()
        live.interrupt()
        assert live.wait() == 2, live.out
        live.assert_none_left()
    assert_log_is_sound(live.path)


def test_a_worker_whose_interpreter_is_locked_is_said_not_to_answer(pytester: Pytester) -> None:
    """A regular expression that never ends holds the interpreter's lock."""
    write_files(
        pytester,
        {
            "test_stuck.py": "import pathlib, re\ndef test_stuck():\n"
            "    pathlib.Path('stuck').touch()\n"
            "    re.match(r'(a|a?)+$', 'a' * 60 + 'b')\n"
        },
    )
    with running(pytester, "--orchestrate-silence=0.5", "--orchestrate-grace=0.5") as live:
        live.wait_for_file("stuck")
        live.wait_for_text("does not answer: something in it holds the interpreter's lock")
        assert "test_stuck.py::test_stuck" in live.out
        live.interrupt()
        assert live.wait() == 2
        live.assert_none_left()


def test_a_late_tear_down_is_silent_too(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": LONG.replace("def test_long", "def test_other")
            + "import pytest\n@pytest.fixture(scope='module', autouse=True)\n"
            "def house():\n    yield\n    wait_for_the_end()\n"
            "def test_a(): pass\n",
            "test_b.py": "def test_b(): pass\n",
        },
    )
    arguments = ["--orchestrate-silence=0.5", "--deselect=test_a.py::test_other"]
    with running(pytester, *arguments, workers=1) as live:
        live.wait_for_text("in wait_for_the_end")
        assert "has said nothing for" in live.out
        (live.path / "enough").touch()
        assert live.wait() == 0, live.out


def test_a_silent_start_and_a_silent_collection_are_named(pytester: Pytester) -> None:
    wait = (
        "import os, pathlib, time\n"
        "while 'PYTEST_XDIST_WORKER' in os.environ and not pathlib.Path({!r}).exists():\n"
        "    time.sleep(0.05)\n"
    )
    write_files(
        pytester,
        {
            "conftest.py": wait.format("started"),
            "test_a.py": wait.format("collected") + "def test_a(): pass\n",
        },
    )
    with running(pytester, "--orchestrate-silence=0.5", workers=1) as live:
        live.wait_for_text("it is being started")
        (live.path / "started").touch()
        live.wait_for_text("it collects")
        live.wait_for_text("in pytest_collection")
        (live.path / "collected").touch()
        assert live.wait() == 0, live.out
