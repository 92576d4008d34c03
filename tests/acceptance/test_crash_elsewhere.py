"""A worker that dies when it runs no test: said clearly, never a hang, never a false green."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files

Pytester = pytest.Pytester

PASSING = {
    f"test_{file}.py": "".join(f"def test_{n}(): pass\n" for n in range(5)) for file in "abc"
}

#: Lines that are true in one worker only, whichever that is, and in all of them.
IN_ONE = """
import os
def chosen():
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return False
    try:
        os.close(os.open(os.environ["ONCE"], os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return False
    return True
"""
IN_ALL = """
import os
def chosen():
    return "PYTEST_XDIST_WORKER" in os.environ
"""


def once(pytester: Pytester) -> dict[str, str]:
    """Environment for :data:`IN_ONE`."""
    return {"ONCE": str(pytester.path / "once")}


def test_death_while_the_interpreter_starts(pytester: Pytester) -> None:
    site = pytester.mkdir("site")
    (site / "sitecustomize.py").write_text(
        "import os, sys\nif 'pytest' not in sys.orig_argv:\n    os._exit(5)\n"
    )
    write_files(pytester, PASSING)
    beside = pytester.path.with_name(pytester.path.name + "-beside")
    ran = run_orchestrated(
        pytester, "--orchestrate-start=spawn", environ={"PYTHONPATH": f"{beside}:{site}"}
    )
    assert ran.code not in {0, 5}
    assert "could not be started" in ran.out + ran.err
    assert "exited with code 5" in ran.out + ran.err
    assert "passed" not in ran.counts


def test_an_interpreter_that_does_not_exist(pytester: Pytester) -> None:
    write_files(pytester, PASSING)
    ran = run_orchestrated(
        pytester, "--orchestrate-worker-spec=2*popen//python=/nowhere/python", workers=None
    )
    assert ran.code == 4
    assert "/nowhere/python" in ran.err
    assert "could not be started" in ran.err


@pytest.mark.parametrize("hook", ["", "pytest_configure", "pytest_sessionstart"])
@pytest.mark.parametrize("status", [0, 3])
def test_death_of_every_worker_while_it_is_configured(
    pytester: Pytester, hook: str, status: int
) -> None:
    body = f"if chosen():\n    print('farewell')\n    os._exit({status})\n"
    if hook:
        argument = "session" if hook == "pytest_sessionstart" else "config"
        body = f"def {hook}({argument}):\n" + "".join(f"    {x}\n" for x in body.splitlines())
    write_files(pytester, {"conftest.py": IN_ALL + body, **PASSING})
    ran = run_orchestrated(pytester, "--orchestrate-max-crashes=1")
    assert ran.code == 1
    assert "gw0 crashed while it was being started" in ran.out
    assert f"exited with code {status}" in ran.out
    assert "passed" not in ran.counts


def test_death_of_one_worker_while_it_is_configured(pytester: Pytester) -> None:
    body = "def pytest_configure():\n    if chosen(): os._exit(0)\n"
    write_files(pytester, {"conftest.py": IN_ONE + body, **PASSING})
    ran = run_orchestrated(pytester, environ=once(pytester))
    assert ran.counts == {"passed": 15}
    assert "crashed while it was being started" in ran.out
    assert ran.code == 1  # a worker died, and nobody knows why: never a green


def test_a_conftest_that_fails_in_workers_only(pytester: Pytester) -> None:
    write_files(pytester, {"conftest.py": IN_ALL + "if chosen(): raise OSError('no oil')\n"})
    ran = run_orchestrated(pytester, "--orchestrate-max-crashes=0")
    assert ran.code not in {0, 5}
    assert "no oil" in ran.out + ran.err


@pytest.mark.parametrize("status", [0, 9])
def test_death_of_every_worker_while_it_collects(pytester: Pytester, status: int) -> None:
    body = f"if chosen(): os._exit({status})\ndef test_it(): pass\n"
    write_files(pytester, {**PASSING, "test_d.py": IN_ALL + body})
    ran = run_orchestrated(pytester, "--orchestrate-max-crashes=1")
    assert ran.code == 1
    assert "crashed while it collected" in ran.out
    assert f"exited with code {status}" in ran.out
    assert "passed" not in ran.counts


def test_death_of_one_worker_while_it_collects(pytester: Pytester) -> None:
    body = "if chosen(): os._exit(0)\ndef test_it(): pass\n"
    write_files(pytester, {**PASSING, "test_d.py": IN_ONE + body})
    ran = run_orchestrated(pytester, environ=once(pytester))
    assert ran.counts == {"passed": 16}
    assert "crashed while it collected" in ran.out
    assert ran.code == 1


@pytest.mark.parametrize("status", [0, 11])
def test_death_of_every_worker_while_it_finishes_its_session(
    pytester: Pytester, status: int
) -> None:
    body = f"def pytest_sessionfinish():\n    if chosen(): os._exit({status})\n"
    write_files(pytester, {"conftest.py": IN_ALL + body, **PASSING})
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 15}
    assert "crashed while it finished its session" in ran.out
    assert f"exited with code {status}" in ran.out
    assert ran.code == 1


def test_death_in_the_teardown_of_a_session_fixture(pytester: Pytester) -> None:
    body = """
import pytest
@pytest.fixture(scope="session", autouse=True)
def house():
    yield
    os._exit(0)
"""
    write_files(pytester, {"conftest.py": "import os\n" + body, **PASSING})
    ran = run_orchestrated(pytester)
    assert len(ran.outcomes) == 15
    assert "exited with code 0" in ran.out
    assert ran.code == 1


@pytest.mark.parametrize(
    ("death", "said"),
    [
        ("os._exit(3)", "exited with code 3"),
        ("__import__('ctypes').string_at(0)", "killed by signal SIGSEGV (11)"),
    ],
    ids=["exit", "segfault"],
)
def test_death_at_exit(pytester: Pytester, death: str, said: str) -> None:
    body = f"import atexit\nif chosen(): atexit.register(lambda: {death})\n"
    write_files(pytester, {"conftest.py": IN_ALL + body, **PASSING})
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 15}
    assert "ended badly after its session" in ran.out
    assert said in ran.out
    assert ran.code == 1


#: Tests of two workers wait for each other.
MEETING = """
import pathlib, time
def come(name):
    pathlib.Path("come-" + name).touch()
def wait_for(name):
    deadline = time.monotonic() + 30
    while not pathlib.Path("come-" + name).exists():
        assert time.monotonic() < deadline, name
        time.sleep(0.01)
"""


def test_death_of_a_worker_that_waits_loses_nothing(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "meeting.py": MEETING,
            "test_a.py": "from meeting import come, wait_for\n"
            "def test_long():\n    come('long')\n    wait_for('dies')\n",
            "test_b.py": "import os, threading, time\nfrom meeting import come, wait_for\n"
            "def die():\n    time.sleep(0.3)\n    come('dies')\n    os._exit(2)\n"
            "def test_short():\n    wait_for('long')\n    threading.Thread(target=die).start()\n",
        },
    )
    ran = run_orchestrated(pytester, "-o", "pythonpath=.")
    assert ran.counts == {"passed": 2}
    assert "exited with code 2" in ran.out
    assert ran.code == 1
