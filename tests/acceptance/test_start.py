"""How local workers come to be: forked from a server, or each by itself."""

from __future__ import annotations

import sys

import pytest

from tests.acceptance.support import (
    NO_NEIGHBOURS,
    assert_as_plain,
    run_orchestrated,
    run_plain,
    write_files,
)

AUTO = "--orchestrate-start=auto"
FORK = "--orchestrate-start=fork"
SPAWN = "--orchestrate-start=spawn"

pytestmark = [
    pytest.mark.usefixtures("default_modes"),
    pytest.mark.skipif(
        sys.platform != "linux", reason="a fork server needs Linux's /proc and fork"
    ),
]

#: A test that leaves the ids of three generations: its worker's, and of the two before it.
GENERATIONS = """
    import os, pathlib, psutil

    def test_generations(worker_id):
        server = psutil.Process(os.getppid())
        ids = f"{os.getpid()} {server.pid} {server.ppid()}"
        pathlib.Path("generations").write_text(ids)
    """

#: Leaves the id of the controller.
CONTROLLER = """
    import os, pathlib

    def pytest_configure(config):
        if not hasattr(config, "workerinput"):
            pathlib.Path("controller").write_text(str(os.getpid()))
    """


@pytest.mark.parametrize("start", [(), (AUTO,), (FORK,)], ids=["default", "auto", "fork"])
def test_workers_are_forked_from_a_fork_of_the_controller(
    pytester: pytest.Pytester, start: tuple[str, ...]
) -> None:
    pytester.makeconftest(CONTROLLER)
    pytester.makepyfile(GENERATIONS)
    ran = run_orchestrated(pytester, *start, "-v")
    assert ran.code == 0
    assert ", forked, " in ran.out
    assert "workers are forked from a fork of this process" in ran.out
    _, _, grandparent = (pytester.path / "generations").read_text().split()
    assert grandparent == (pytester.path / "controller").read_text()


def test_workers_are_spawned_on_request(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(CONTROLLER)
    pytester.makepyfile(GENERATIONS)
    ran = run_orchestrated(pytester, SPAWN)
    assert ran.code == 0
    assert ", popen, " in ran.out
    _, parent, _ = (pytester.path / "generations").read_text().split()
    assert parent == (pytester.path / "controller").read_text()


@pytest.mark.parametrize("start", [AUTO, SPAWN])
def test_outcomes_do_not_depend_on_the_start(pytester: pytest.Pytester, start: str) -> None:
    pytester.makepyfile(
        test_a="""
        import pytest

        @pytest.fixture(scope="module")
        def thing():
            yield 1

        @pytest.mark.parametrize("i", range(5))
        def test_passes(thing, i): pass

        def test_fails(thing): assert thing == 2

        @pytest.mark.skip(reason="no")
        def test_skipped(): pass
        """,
        test_b="""
        def test_prints(capfd):
            print("x")
            assert capfd.readouterr().out == "x\\n"

        def test_rewritten():
            values = [1, 2]
            assert values == [1, 3]
        """,
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, start)
    assert ours.outcomes == plain.outcomes
    assert ours.code == plain.code
    assert "assert [1, 2] == [1, 3]" in ours.out


def test_each_forked_worker_has_random_numbers_of_its_own(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        early="import random\n",
        test_it="""
        import random, pathlib, time, pytest

        @pytest.mark.parametrize("i", range(2))
        def test_draw(i, worker_id):
            pathlib.Path(f"drawn-{worker_id}").write_text(str(random.random()))
            deadline = time.monotonic() + 20
            while len(list(pathlib.Path().glob("drawn-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
        """,
    )
    ran = run_orchestrated(pytester, FORK, "-p", "early")
    assert ran.counts == {"passed": 2}
    drawn = {path.read_text() for path in pytester.path.glob("drawn-*")}
    assert len(drawn) == 2


@pytest.mark.parametrize("workers", [0, 2])
def test_the_collector_tells_tests_of_what_plugins_have_made(
    pytester: pytest.Pytester, workers: int
) -> None:
    """It is set aside, which they are not to notice (hypothesis, for one, looks for holders)."""
    write_files(
        pytester,
        {
            "early.py": "class Made: pass\nMADE = Made()\n",
            "test_it.py": """
import gc, sys, early, pytest

def test_of_its_holders():
    assert early.__dict__ in gc.get_referrers(early.MADE)

@pytest.mark.skipif(not (3, 11) <= sys.version_info < (3, 14), reason="it has others")
def test_of_no_others():
    async def look():
        made = early.Made()
        return gc.get_referrers(made)

    with pytest.raises(StopIteration) as ended:
        look().send(None)
    assert ended.value.value == []

def test_of_itself():
    assert early.MADE in [each for each in gc.get_objects() if type(each) is early.Made]
""",
        },
    )
    assert_as_plain(pytester, "-p", "early", workers=workers)


def test_what_a_plugin_cleans_up_at_exit_is_there_until_the_run_ends(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        keeper="""
        import tempfile
        FOLDER = tempfile.TemporaryDirectory()
        """,
        test_it="""
        import os, pytest, keeper

        @pytest.mark.parametrize("i", range(20))
        def test_folder(i):
            assert os.path.isdir(keeper.FOLDER.name)
            if i == 5:
                os._exit(1)
        """,
    )
    ran = run_orchestrated(pytester, FORK, "-p", "keeper")
    assert ran.counts == {"passed": 19, "failed": 1}


def test_exit_handlers_of_tests_run_when_a_forked_worker_leaves(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import atexit, pathlib, tempfile, weakref

        def test_registers(worker_id):
            atexit.register(pathlib.Path("handler-ran").write_text, "yes")
            test_registers.folder = tempfile.TemporaryDirectory(dir=".")
        """
    )
    ran = run_orchestrated(pytester, FORK)
    assert ran.counts == {"passed": 1}
    assert (pytester.path / "handler-ran").read_text() == "yes"
    assert not list(pytester.path.glob("tmp*"))


@pytest.mark.parametrize("start", [AUTO, SPAWN])
def test_multiprocessing_works_inside_tests(pytester: pytest.Pytester, start: str) -> None:
    pytester.makepyfile(
        work="def double(x): return 2 * x\n",
        test_it="""
        import multiprocessing, pytest, work

        @pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
        def test_pool(method):
            with multiprocessing.get_context(method).Pool(1) as pool:
                assert pool.map(work.double, [1, 2]) == [2, 4]
        """,
    )
    ran = run_orchestrated(pytester, start)
    assert ran.counts == {"passed": 3}


def test_conftests_see_the_environment_of_their_worker(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import os
        SEEN = os.environ.get("PYTEST_XDIST_WORKER")
        """
    )
    pytester.makepyfile(
        """
        import conftest

        def test_seen(worker_id):
            assert conftest.SEEN == worker_id
        """
    )
    assert run_orchestrated(pytester, FORK).counts == {"passed": 1}


def test_workers_find_what_the_pythonpath_setting_names(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\npythonpath = first second")
    for folder in ("first", "second"):
        pytester.mkdir(folder).joinpath("found.py").write_text(f"WHERE = {folder!r}\n")
    pytester.makepyfile("import found\ndef test_found(): assert found.WHERE == 'first'\n")
    assert run_orchestrated(pytester).counts == {"passed": 1}


def test_two_workers_share_a_basetemp(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pathlib, pytest, time

        @pytest.mark.parametrize("i", range(2))
        def test_both(i, tmp_path, worker_id):
            (tmp_path / "mine").touch()
            pathlib.Path(f"ready-{worker_id}").touch()
            deadline = time.monotonic() + 20
            while len(list(pathlib.Path().glob("ready-*"))) < 2:
                assert time.monotonic() < deadline
                time.sleep(0.01)
            assert (tmp_path / "mine").exists()
            assert tmp_path.is_relative_to(pathlib.Path("base").resolve())
        """
    )
    assert run_orchestrated(pytester, "--basetemp=base").counts == {"passed": 2}


@pytest.mark.parametrize("start", [AUTO, SPAWN])
def test_workers_have_the_flags_of_the_interpreter(pytester: pytest.Pytester, start: str) -> None:
    pytester.makepyfile("def test_optimised(): assert False\n")
    command = [sys.executable, "-O", "-W", "error", "-m", "pytest", *NO_NEIGHBOURS]
    result = pytester.run(*command, "-p", "orchestrate", "--workers=2", start, "--assert=plain")
    result.assert_outcomes(passed=1)
    assert result.stderr.str() == ""


def test_what_is_to_end_ends_once_in_each_process(pytester: pytest.Pytester) -> None:
    """Sessions, and exit handlers of conftests, everywhere; what came before only once."""
    pytester.makepyfile(
        early="""
        import atexit, os

        def note(text):
            with open("notes", "a") as file:
                file.write(f"{text} {os.environ.get('PYTEST_XDIST_WORKER', 'controller')}\\n")

        atexit.register(note, "early-exit")

        def pytest_addoption(pluginmanager):
            pluginmanager.get_plugin("pytestconfig").add_cleanup(lambda: note("early-cleanup"))
        """
    )
    pytester.makeconftest(
        """
        import atexit, early

        atexit.register(early.note, "exit")

        def pytest_configure(config):
            config.add_cleanup(lambda: early.note("cleanup"))

        def pytest_sessionfinish(session):
            early.note("finish")

        def pytest_unconfigure():
            early.note("unconfigure")
        """
    )
    pytester.makepyfile("def test_one(): pass\ndef test_two(): pass\n")
    ran = run_orchestrated(pytester, "-p", "early")
    assert ran.counts == {"passed": 2}
    told: dict[str, list[str]] = {}
    for line in (pytester.path / "notes").read_text().splitlines():
        word, process = line.split()
        told.setdefault(process, []).append(word)
    every = ["finish", "unconfigure", "cleanup", "exit"]
    assert told == {
        "controller": [*every[:3], "early-cleanup", "exit", "early-exit"],
        "gw0": every,
        "gw1": every,
    }


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import sys; sys.exit(7)", 7),
        ("import nowhere", 4),
        ("import pytest\ndef pytest_configure(): raise pytest.UsageError('no')", 4),
    ],
)
@pytest.mark.parametrize("start", [AUTO, SPAWN])
def test_a_worker_that_cannot_be_configured_says_how_it_ended(
    pytester: pytest.Pytester, body: str, code: int, start: str
) -> None:
    lines = "\n    ".join(body.splitlines())
    pytester.makeconftest(f"import os\nif 'PYTEST_XDIST_WORKER' in os.environ:\n    {lines}\n")
    pytester.makepyfile("def test_one(): pass\n")
    ran = run_orchestrated(pytester, start, "--orchestrate-max-crashes=0")
    assert ran.code != 0
    assert f"pytest ended there with exit code {code}" in ran.out + ran.err
