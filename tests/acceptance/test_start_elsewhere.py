"""What happens where workers cannot simply be forked from the controller."""

from __future__ import annotations

import os
import re
import sys

import pytest

from tests.acceptance.live import running
from tests.acceptance.support import LIMIT, NO_NEIGHBOURS, run_orchestrated, write_files
from tests.support.runs import assert_log_is_sound

FORK = "--orchestrate-start=fork"
SPAWN = "--orchestrate-start=spawn"

#: The note of a run whose workers were forked from a fresh process.
FRESH = "workers are forked from a process started for that: "

pytestmark = [
    pytest.mark.usefixtures("default_modes"),
    pytest.mark.skipif(
        sys.platform != "linux", reason="a fork server needs Linux's /proc and fork"
    ),
]

#: Runs pytest, but is not pytest.
CALLER = "import sys, pytest; sys.exit(pytest.main())"

TESTS = "def test_one(): pass\ndef test_two(): pass\n"


def run_by(pytester: pytest.Pytester, *program: str) -> str:
    """Run by another program than pytest; return what it printed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        if "coverage" in program:  # its own, not that of whoever runs these tests
            for name in [name for name in os.environ if name.startswith("COVERAGE_")]:
                patch.delenv(name)
        patch.setenv("PYTHONPATH", str(pytester.path))
        result = pytester.run(
            sys.executable,
            *program,
            *NO_NEIGHBOURS,
            "-p",
            "orchestrate",
            "--workers=2",
            "-v",
            timeout=LIMIT,
        )
    result.assert_outcomes(passed=2)
    assert result.ret == 0
    assert_log_is_sound(pytester.path)
    return result.stdout.str()


def test_a_program_that_calls_pytest_is_not_forked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import psutil

        def test_one():
            server = psutil.Process().parent()
            assert "pytest-orchestrate-fork-server" in " ".join(server.cmdline())

        def test_two(): pass
        """
    )
    assert FRESH + "pytest was called by another program" in run_by(pytester, "-c", CALLER)


def test_a_run_that_a_test_started_is_not_forked(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(TESTS)
    environ = {"PYTEST_CURRENT_TEST": "test_it.py::test_it (call)"}
    ran = run_orchestrated(pytester, "-v", environ=environ)
    assert ran.counts == {"passed": 2}
    assert FRESH + "this run was started by a test" in ran.out


def test_a_run_under_coverage_is_not_forked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    out = run_by(pytester, "-m", "coverage", "run", "-m", "pytest")
    assert FRESH + "coverage measures this process" in out
    assert (pytester.path / ".coverage").exists()


def test_where_coverage_measures_every_process_workers_are_spawned(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(helper="def double(x): return 2 * x\n", test_it=f"import helper\n{TESTS}")
    (pytester.path / ".coveragerc").write_text("[run]\npatch = subprocess\nparallel = true\n")
    out = run_by(pytester, "-m", "coverage", "run", "-m", "pytest")
    assert "workers are not forked: coverage measures this process" in out
    assert len(list(pytester.path.glob(".coverage.*"))) >= 3


def test_coverage_that_follows_forks_is_no_obstacle(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    (pytester.path / ".coveragerc").write_text(
        "[run]\npatch = subprocess, fork, _exit\nparallel = true\n"
    )
    run_by(pytester, "-m", "coverage", "run", "-m", "pytest")
    assert len(list(pytester.path.glob(".coverage.*"))) >= 3


def test_a_profiled_run_is_not_forked(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    assert FRESH + "a profiler watches" in run_by(pytester, "-m", "cProfile", "-m", "pytest")


@pytest.mark.parametrize(
    ("plugin", "why"),
    [
        (
            "import threading as t\nt.Thread(target=t.Event().wait, daemon=True).start()",
            "a plugin has started a thread (2 are running)",
        ),
        ("import socket\nkept = socket.socket()", "a plugin has opened a socket"),
        ("import asyncio\nkept = asyncio.new_event_loop()", "a plugin has opened"),
        ("kept = open('kept', 'w')", "/kept for writing"),
        ("import subprocess\nkept = subprocess.Popen(['sleep', '60'])", "has started a process"),
    ],
    ids=["thread", "socket", "loop", "file", "process"],
)
def test_what_children_cannot_share_makes_workers_start_by_themselves(
    pytester: pytest.Pytester, plugin: str, why: str
) -> None:
    pytester.makepyfile(
        holder=f"{plugin}\ndef pytest_unconfigure():\n    getattr(kept, 'kill', int)()\n"
        if "kept" in plugin
        else plugin,
        test_it=TESTS,
    )
    asked = run_orchestrated(pytester, FORK, "-p", "holder")
    assert asked.counts == {"passed": 2}
    assert "workers are not forked: " in asked.out
    assert why in asked.out
    assert ", popen, " in asked.out
    silent = run_orchestrated(pytester, "-p", "holder")
    assert silent.counts == {"passed": 2}
    assert "not forked" not in silent.out
    assert ", popen, " in silent.out


def test_a_fresh_server_that_cannot_start_is_no_loss(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        fragile="""
        import os, sys
        if "fork-server" in " ".join(sys.orig_argv):
            os._exit(1)
        """,
        test_it=TESTS,
    )
    out = run_by(pytester, "-c", CALLER, "-p", "fragile")
    assert "workers are not forked: the fork server has ended" in out


def test_specifications_of_other_kinds_are_started_beside_forks(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os, pathlib, pytest, sys, time

        @pytest.mark.parametrize("i", range(2))
        def test_both(i, worker_id):
            pathlib.Path(f"main-{worker_id}").write_text(" ".join(sys.orig_argv))
            deadline = time.monotonic() + 20
            while len(list(pathlib.Path().glob("main-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        """
    )
    other = f"popen//python={sys.executable}"
    ran = run_orchestrated(
        pytester,
        "--orchestrate-worker-spec=popen",
        f"--orchestrate-worker-spec={other}",
        workers=None,
    )
    assert ran.counts == {"passed": 2}
    assert "forked" in ran.out
    assert " -m pytest " in (pytester.path / "main-gw0").read_text()
    assert " -m pytest " not in (pytester.path / "main-gw1").read_text()


# --- preloading ---


def test_preloaded_modules_are_imported_once_and_not_in_the_controller(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\npythonpath = .\norchestrate_preload = heavy.part heavy\n")
    imported = "import os\nwith open('imported', 'a') as file: file.write(f'{os.getpid()} ')\n"
    write_files(pytester, {"heavy/__init__.py": imported, "heavy/part.py": ""})
    pytester.makepyfile(
        """
        import os, sys
        assert "heavy.part" in sys.modules
        import heavy

        def test_one():
            assert open("imported").read() == f"{os.getppid()} "

        def test_two(): pass
        """
    )
    assert run_orchestrated(pytester).counts == {"passed": 2}


HEAVY = "import heavy\ndef test_{0}(): pass\n"


def heavy_package(pytester: pytest.Pytester) -> None:
    """Half a second of imports, where packages are installed; each file of tests needs them."""
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\npythonpath = site-packages\n",
            "site-packages/heavy/__init__.py": "import time, heavy.part\n",
            "site-packages/heavy/part.py": "import time; time.sleep(0.3)\nimport heavy.last\n",
            "site-packages/heavy/last.py": "import light",
            "site-packages/light.py": "",
            **{f"test_{number}.py": HEAVY.format(number) for number in range(4)},
        },
    )


def test_an_import_that_every_worker_pays_for_is_named(pytester: pytest.Pytester) -> None:
    heavy_package(pytester)
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 4}
    assert re.search(
        r"  every worker imports heavy \(0\.\d\d s\): orchestrate_preload = heavy imports it once",
        ran.out,
    )
    assert "light" not in ran.out


@pytest.mark.parametrize("args", [("--orchestrate-preload=heavy",), (SPAWN,)], ids=str)
def test_nothing_is_said_where_preloading_helps_or_cannot(
    pytester: pytest.Pytester, args: tuple[str, ...]
) -> None:
    heavy_package(pytester)
    ran = run_orchestrated(pytester, *args)
    assert ran.counts == {"passed": 4}
    assert "every worker imports" not in ran.out


def test_a_module_to_preload_that_is_not_there_is_a_usage_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    ran = run_orchestrated(pytester, "--orchestrate-preload=json nowhere.at.all", log=False)
    assert ran.code == pytest.ExitCode.USAGE_ERROR
    assert "orchestrate_preload: there is no module named 'nowhere'" in ran.err


def test_a_module_that_cannot_be_preloaded_is_named_and_workers_are_spawned(
    pytester: pytest.Pytester,
) -> None:
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(broken="raise KeyError('at once')\n", test_it=TESTS)
    ran = run_orchestrated(pytester, "--orchestrate-preload=broken")
    assert ran.counts == {"passed": 2}
    assert "broken cannot be imported: KeyError: 'at once'" in ran.out


def test_preloading_that_lasts_can_be_interrupted(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = .\n")
    body = "import pathlib, time\npathlib.Path('began').touch()\ntime.sleep(600)\n"
    pytester.makepyfile(lasting=body, test_it=TESTS)
    pytester.makeconftest(
        "import pathlib\ndef pytest_sessionstart(): pathlib.Path('session').touch()\n"
    )
    with running(pytester, "--orchestrate-preload=lasting") as live:
        live.wait_for_file("began")
        live.wait_for_file("session")
        live.interrupt_group()
        assert live.wait() == 2, live.out
        live.assert_none_left()


def test_threads_that_end_before_forks_are_no_obstacle(pytester: pytest.Pytester) -> None:
    """As those of OpenBLAS, which has handlers for forks, and so NumPy's."""
    pytester.makeini("[pytest]\npythonpath = .\n")
    pytester.makepyfile(
        calculating="""
        import os, threading

        ending = threading.Event()
        thread = threading.Thread(target=ending.wait)

        def end():
            if thread.is_alive():
                ending.set()
                thread.join()

        thread.start()
        os.register_at_fork(before=end)
        """,
        test_it=TESTS,
    )
    for args in (["--orchestrate-preload=calculating"], ["-p", "calculating"]):
        ran = run_orchestrated(pytester, FORK, *args)
        assert ran.counts == {"passed": 2}
        assert ", forked, " in ran.out
        assert "not forked" not in ran.out


def test_numpy_is_preloaded_and_random_in_each_worker(pytester: pytest.Pytester) -> None:
    pytest.importorskip("numpy")
    pytester.makepyfile(
        """
        import pathlib, pytest, sys, time
        assert "numpy" in sys.modules
        import numpy

        @pytest.mark.parametrize("i", range(2))
        def test_product(i, worker_id):
            ones = numpy.ones((300, 300))
            assert (ones @ ones)[0, 0] == 300
            pathlib.Path(f"drawn-{worker_id}").write_text(str(numpy.random.rand()))
            deadline = time.monotonic() + 20
            while len(list(pathlib.Path().glob("drawn-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        """
    )
    assert run_orchestrated(pytester, "--orchestrate-preload=numpy").counts == {"passed": 2}
    assert len({path.read_text() for path in pytester.path.glob("drawn-*")}) == 2
