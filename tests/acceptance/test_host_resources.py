"""``db = 1 host``: what all runs on the machine share, between runs that go on side by side."""

from __future__ import annotations

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import NamedTuple

import psutil
import pytest

from pytest_orchestrate.controller.host_slots import HostSlots
from pytest_orchestrate.model.annotations import Demand
from tests.acceptance.live import Live, running, wait_until
from tests.acceptance.support import run_orchestrated, write_files
from tests.support.checker import check
from tests.support.replay import replay

Pytester = pytest.Pytester

everywhere = pytest.mark.parametrize("workers", [0, 1, 2])

INI = "[pytest]\norchestrate_resources =\n    db = 1 host\n    board = 2 host\n"

#: A fixture that writes down from when until when a test ran, in which run, and with which slots.
SPANS = """
import json, os, pathlib, time, pytest

HERE = pathlib.Path(__file__).parent

def beside(name):
    deadline = time.monotonic() + 30
    while not (HERE / name).exists():
        assert time.monotonic() < deadline, name + " never came"
        time.sleep(0.01)

@pytest.fixture
def span(request):
    began = time.time()
    slots = {name: os.environ[name] for name in os.environ if "ORCHESTRATE_SLOT" in name}
    yield
    record = [request.node.name, os.environ["RUN"], began, time.time(), slots]
    with open(HERE / "spans", "a") as file:
        file.write(json.dumps(record) + "\\n")
"""


class Span(NamedTuple):
    name: str
    run: str
    began: float
    ended: float
    slots: dict[str, str]


def spans(path: Path) -> list[Span]:
    return [Span(*json.loads(line)) for line in (path / "spans").read_text().splitlines()]


def overlaps(found: list[Span]) -> list[tuple[Span, Span]]:
    return [
        (one, other)
        for one, other in combinations(found, 2)
        if one.began < other.ended and other.began < one.ended
    ]


def suite(marks: str, count: int = 4, seconds: float = 0.1) -> str:
    return (
        f"import time, pytest\npytestmark = [{marks}]\n"
        f"@pytest.mark.parametrize('n', range({count}))\n"
        f"def test_it(n, span): time.sleep({seconds})\n"
    )


@pytest.fixture(autouse=True)
def machine(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lock files of this test's own, so that nobody else's runs are waited for."""
    folder = pytester.path / "runtime"
    folder.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder))


@contextlib.contextmanager
def two_runs(
    pytester: Pytester, *args: str, workers: tuple[int, int]
) -> Iterator[tuple[Live, Live]]:
    with (
        running(pytester, *args, workers=workers[0], environ={"RUN": "one"}) as one,
        running(pytester, *args, workers=workers[1], environ={"RUN": "two"}) as two,
    ):
        yield one, two


def assert_both_pass(one: Live, two: Live) -> None:
    assert (one.wait(), two.wait()) == (0, 0), one.out + two.out
    logs = list((one.path / ".pytest_orchestrate" / "runs").glob("*.jsonl"))
    assert len(logs) == 2
    for log in logs:
        assert not check(log) + replay(log)


@contextlib.contextmanager
def held_by_another_run(demand: Demand) -> Iterator[HostSlots]:
    slots = HostSlots({"db": 1, "board": 2}, "another-run")
    assert slots.take([[demand]], "its-test")
    yield slots
    slots.close()


@pytest.mark.parametrize("workers", [(2, 2), (2, 0), (1, 0), (0, 0)])
def test_tests_of_two_runs_never_overlap(pytester: Pytester, workers: tuple[int, int]) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": suite("pytest.mark.resource('db')"),
            "test_b.py": suite("pytest.mark.resource('db')"),
            "test_c.py": suite("", seconds=0.01).replace("span", ""),
        },
    )
    with two_runs(pytester, workers=workers) as (one, two):
        assert_both_pass(one, two)
    found = spans(pytester.path)
    assert len(found) == 16
    assert not overlaps(found)


def test_slots_are_numbered_over_the_machine(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": suite("pytest.mark.resource('board')", 5),
            "test_b.py": suite("pytest.mark.resource('board')", 5),
        },
    )
    with two_runs(pytester, workers=(2, 2)) as (one, two):
        assert_both_pass(one, two)
    found = spans(pytester.path)
    assert len(found) == 20
    assert {span.slots["PYTEST_ORCHESTRATE_SLOT_BOARD"] for span in found} == {"0", "1"}
    assert not [(one, two) for one, two in overlaps(found) if one.slots == two.slots]


def test_two_runs_that_want_two_things_in_opposite_order_both_end(pytester: Pytester) -> None:
    db, board = "pytest.mark.resource('db')", "pytest.mark.resource('board', 2)"
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": suite(f"{db}, {board}", 5, 0.02),
            "test_b.py": suite(f"{board}, {db}", 5, 0.02),
            "test_c.py": suite(db, 5, 0.02),
            "test_d.py": suite(board, 5, 0.02),
        },
    )
    with two_runs(pytester, workers=(2, 2)) as (one, two):
        assert_both_pass(one, two)
    assert len(spans(pytester.path)) == 40


def test_readers_of_two_runs_share_and_a_writer_is_alone(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": "import os, pathlib, time, pytest\nfrom conftest import beside\n"
            "@pytest.mark.resource('db', shared=True)\n"
            "def test_reads(span):\n"
            "    run = os.environ['RUN']\n"
            "    pathlib.Path('reads-' + run).touch()\n"
            "    beside('reads-one')\n    beside('reads-two')\n"
            "@pytest.mark.resource('db')\n@pytest.mark.parametrize('n', range(3))\n"
            "@pytest.mark.requires('test_reads')\n"
            "def test_writes(span, n): time.sleep(0.1)\n",
        },
    )
    with two_runs(pytester, workers=(2, 2)) as (one, two):
        assert_both_pass(one, two)
    pairs = overlaps(spans(pytester.path))
    assert {one.name for pair in pairs for one in pair} == {"test_reads"}


@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_killed_run_held_is_free_when_its_tests_are_gone(
    pytester: Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": """
import os, pathlib, time, pytest

@pytest.mark.resource("db")
def test_db(span):
    if os.environ["RUN"] == "one":
        pathlib.Path("begun").touch()
        while True:
            pathlib.Path("last").write_text(str(time.time()))
            time.sleep(0.005)
""",
        },
    )
    with running(pytester, workers=workers, environ={"RUN": "one"}) as one:
        one.wait_for_file("begun")
        with running(pytester, workers=workers, environ={"RUN": "two"}) as two:
            two.wait_for_text("waiting for db (host): held by run ")
            assert f"process {one.process.pid}" in two.out
            assert "test_a.py::test_db" in two.out
            os.kill(one.process.pid, signal.SIGKILL)
            assert two.wait() == 0, two.out
    (span,) = (span for span in spans(pytester.path) if span.run == "two")
    assert span.began >= float((pytester.path / "last").read_text() or 0)
    assert not overlaps(spans(pytester.path))  # the other one may have torn down


def test_what_a_killed_worker_held_goes_to_others(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import os, signal, pytest\npytestmark = pytest.mark.resource('db')\n"
            "def test_dies(): os.kill(os.getpid(), signal.SIGKILL)\n"
            "@pytest.mark.parametrize('n', range(5))\ndef test_it(n): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"failed": 1, "passed": 5}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("workers", [0, 2])
def test_what_a_test_leaves_behind_holds_nothing(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "conftest.py": SPANS,
            "test_a.py": """
import os, pathlib, time, pytest

@pytest.mark.resource("db")
def test_forks(span):
    if os.environ["RUN"] == "two":
        return
    if not os.fork():
        os.setsid()
        null = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(null, descriptor)
        pathlib.Path("pid").write_text(str(os.getpid()))
        time.sleep(60)
        os._exit(0)
    while not (pathlib.Path("pid").exists() and pathlib.Path("pid").read_text()):
        time.sleep(0.01)
    os.kill(os.getpid(), 9)
""",
        },
    )
    with running(pytester, workers=workers, environ={"RUN": "one"}) as one:
        child = one.wait_for_file("pid")
        wait_until(child.read_text, "the child has written its id")
        with running(pytester, workers=workers, environ={"RUN": "two"}) as two:
            assert two.wait() == 0, two.out
        assert psutil.pid_exists(int(child.read_text()))


@everywhere
def test_who_waits_says_for_whom_and_ctrl_c_ends_it(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import pytest\n@pytest.mark.resource('db')\ndef test_db(): assert 0\n",
        },
    )
    with held_by_another_run(Demand("db")), running(pytester, workers=workers) as run:
        run.wait_for_text("waiting for db (host): held by run another-run, process ")
        assert f"process {os.getpid()}" in run.out
        assert "(its-test)" in run.out
        run.interrupt()
        assert run.wait() == 2
        run.assert_none_left()
    assert "INTERNALERROR" not in run.out
    assert "Traceback" not in run.out


def test_nothing_else_waits(pytester: Pytester) -> None:
    """Other tests, those that want to be alone among them, run while the machine is busy."""
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import pathlib, pytest\n"
            "@pytest.mark.resource('db')\ndef test_db(): pass\n"
            "@pytest.mark.resource('db')\n@pytest.mark.resource('board')\ndef test_both(): pass\n"
            "@pytest.mark.resource('board')\ndef test_board(): pathlib.Path('board').touch()\n"
            "@pytest.mark.exclusive\ndef test_alone(): pathlib.Path('alone').touch()\n"
            "def test_plain(): pathlib.Path('plain').touch()\n",
        },
    )
    with held_by_another_run(Demand("db")) as other, running(pytester, workers=2) as run:
        for name in ("board", "alone", "plain"):
            run.wait_for_file(name)
        run.wait_for_text("waiting for db (host)")
        other.close()
        assert run.wait() == 0, run.out
    assert "5 passed" in run.out


@pytest.mark.parametrize("workers", [0, 1, 2])
def test_an_exclusive_test_has_its_slot(pytester: Pytester, workers: int) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import pytest\n"
            "@pytest.mark.exclusive\n@pytest.mark.resource('db')\n"
            "def test_alone(resource_slots): assert resource_slots('db') == (0,)\n"
            "def test_plain(): pass\n",
        },
    )
    assert run_orchestrated(pytester, workers=workers).counts == {"passed": 2}


@everywhere
@pytest.mark.parametrize("fault", ["no folder", "open to others"])
def test_a_place_for_lock_files_that_will_not_do_is_a_usage_error(
    pytester: Pytester, workers: int, fault: str
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import pytest\n@pytest.mark.resource('db')\n"
            "def test_db(): open('ran', 'w')\n",
        },
    )
    place = pytester.path / "elsewhere"
    if fault == "no folder":
        place.touch()
    else:
        (place / "pytest-orchestrate").mkdir(parents=True)
        (place / "pytest-orchestrate").chmod(0o777)
    ran = run_orchestrated(
        pytester, workers=workers, environ={"XDG_RUNTIME_DIR": str(place)}, log=False
    )
    assert ran.code == 4
    assert "runs cannot share 'db'" in ran.err
    assert str(place) in ran.err
    assert "XDG_RUNTIME_DIR" in ran.err
    assert not (pytester.path / "ran").exists()


@everywhere
def test_lock_files_that_cannot_be_used_any_more_end_the_run(
    pytester: Pytester, workers: int
) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": INI,
            "test_a.py": "import shutil, pytest\n"
            "def test_removes(): shutil.rmtree('runtime')\n"
            "@pytest.mark.requires('test_removes')\n@pytest.mark.resource('db')\n"
            "def test_db(): open('ran', 'w')\n",
        },
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.code == 4
    assert "runs cannot share 'db'" in ran.err
    assert not (pytester.path / "ran").exists()


#: The tests of one batch, which a worker gets with one slot; the first one removes the locks.
REMOVED = """
import os, pathlib, shutil, pytest

FOLDER = pathlib.Path("runtime/pytest-orchestrate").absolute()

@pytest.mark.resource("db")
def test_removes():
    shutil.rmtree(FOLDER)
    if "BLOCKED" in os.environ:
        FOLDER.touch()

@pytest.fixture
def used():
    FOLDER.with_name("used").touch()

@pytest.mark.resource("db")
@pytest.mark.requires("test_removes", colocate=True)
def test_db(used): assert os.listdir(FOLDER) == ["db.0.test"]
"""


@pytest.mark.parametrize("workers", [1, 2])
def test_a_worker_makes_the_folder_anew_that_a_test_has_removed(
    pytester: Pytester, workers: int
) -> None:
    write_files(pytester, {"pytest.ini": INI, "test_a.py": REMOVED})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 2}
    assert (pytester.path / "runtime" / "pytest-orchestrate").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("workers", [1, 2])
def test_a_test_whose_slot_a_worker_cannot_lock_has_an_error_at_set_up(
    pytester: Pytester, workers: int
) -> None:
    write_files(pytester, {"pytest.ini": INI, "test_a.py": REMOVED})
    ran = run_orchestrated(pytester, workers=workers, environ={"BLOCKED": "1"})
    assert ran.code == 1
    assert ran.counts == {"passed": 1, "errors": 1}
    assert "ERROR at setup of test_db" in ran.out
    assert "the slot of a resource ('host') cannot be locked" in ran.out
    assert "INTERNALERROR" not in ran.out + ran.err
    assert not (pytester.path / "runtime" / "used").exists()


@everywhere
def test_where_no_test_needs_it_there_are_no_lock_files(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {"pytest.ini": INI, "test_a.py": "def test_a(): pass\n"})
    assert run_orchestrated(pytester, workers=workers).counts == {"passed": 1}
    assert not list((pytester.path / "runtime").iterdir())
