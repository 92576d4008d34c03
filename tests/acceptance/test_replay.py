"""Doing a recorded run again: the same tests, on the same workers, in the same order."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_orchestrate.history.course import RecordedCourse, read_course
from tests.acceptance.support import Ran, run_orchestrated, write_files

Pytester = pytest.Pytester

TESTS = """
import pytest, time

@pytest.mark.parametrize("n", range(6))
def test_it(n): time.sleep(0.005 * n)

@pytest.mark.requires("test_it")
def test_after(): pass

@pytest.mark.resource("db")
def test_db(): time.sleep(0.01)

@pytest.mark.exclusive
def test_alone(): pass
"""


def suite(pytester: Pytester) -> None:
    write_files(pytester, {f"test_{name}.py": TESTS for name in "abcde"})


def course(pytester: Pytester, which: str = "last") -> RecordedCourse:
    return read_course(pytester.path / ".pytest_orchestrate", which)


def lanes(recorded: RecordedCourse) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for step in recorded.steps:
        found.setdefault(step.worker, []).append(step.nodeid)
    return found


def replay(pytester: Pytester, which: str, *args: str, workers: int | None = None) -> Ran:
    return run_orchestrated(pytester, f"--orchestrate-replay={which}", *args, workers=workers)


@pytest.mark.parametrize("collect", ["auto", "full"])
def test_all_workers_run_the_same_again(pytester: Pytester, collect: str) -> None:
    suite(pytester)
    run_orchestrated(pytester, f"--orchestrate-collect={collect}", workers=3)
    first = course(pytester)
    again = replay(pytester, first.run)
    assert again.counts == {"passed": 45}
    assert lanes(course(pytester)) == lanes(first)
    assert course(pytester).owners == first.owners
    assert f"3 workers (as in run {first.run})" in again.out


def test_one_worker_runs_the_same_again_beside_what_that_requires(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import time\ndef test_first(): time.sleep(0.05)\n",
            "test_b.py": "import pytest\n"
            "@pytest.mark.requires('test_a.py')\ndef test_second(): pass\n"
            "def test_third(): pass\n",
        },
    )
    run_orchestrated(pytester, workers=2)
    first = course(pytester)
    place = {step.nodeid: step.worker for step in first.steps}
    worker = place["test_b.py::test_second"]
    again = replay(pytester, f"{first.run}:gw{worker}")
    assert "test_a.py::test_first" in again.outcomes
    assert lanes(course(pytester)) == lanes(course(pytester, f"{first.run}:gw{worker}"))


def test_in_this_process_all_run_in_the_order_of_their_starts(pytester: Pytester) -> None:
    suite(pytester)
    run_orchestrated(pytester, workers=2)
    first = course(pytester)
    again = replay(pytester, first.run, workers=0)
    assert again.order == [step.nodeid for step in first.steps]
    told = f"in-process (as in run {first.run}, but not on 2 workers: 0 workers asked for)"
    assert told in again.out


def test_a_run_without_workers_can_be_done_again(pytester: Pytester) -> None:
    suite(pytester)
    run_orchestrated(pytester, workers=0)
    first = course(pytester)
    assert replay(pytester, "last:main").order == [step.nodeid for step in first.steps]


def test_a_failure_that_depends_on_the_order_is_seen_again(pytester: Pytester) -> None:
    names = "abcdef"
    write_files(
        pytester,
        {
            "shared_state.py": "seen = set()\n",
            **{
                f"test_{name}.py": "import shared_state, time\n"
                f"def test_{name}():\n"
                "    time.sleep(0.02)\n"
                f"    shared_state.seen.add('{name}')\n"
                "    assert len(shared_state.seen) < 3, sorted(shared_state.seen)\n"
                for name in names
            },
        },
    )
    first = run_orchestrated(pytester, workers=2)
    failed = {nodeid for nodeid, ends in first.outcomes.items() if "failed" in ends}
    assert failed
    commands = [line for line in first.out.splitlines() if ", to replay: " in line]
    assert commands
    for line in commands:
        what, _, command = line.partition(", to replay: ")
        worker = what.rpartition(" ")[2]
        again = replay(pytester, command.rpartition("--orchestrate-replay ")[2])
        mine = {s.nodeid for s in course(pytester).steps}
        assert {n for n, ends in again.outcomes.items() if "failed" in ends} == failed & mine, (
            worker
        )


def test_a_crash_happens_again_and_what_came_after_it_too(pytester: Pytester) -> None:
    lines = [f"def test_{n}(): {'os._exit(3)' if n == 4 else 'pass'}" for n in range(9)]
    write_files(
        pytester,
        {
            "test_a.py": "import os\n" + "\n".join(lines) + "\n",
            "test_b.py": "import time\ndef test_b(): time.sleep(0.3)\n",
        },
    )
    run_orchestrated(pytester, workers=2)
    first = course(pytester)
    again = replay(pytester, first.run)
    assert again.counts == {"failed": 1, "passed": 9}
    assert lanes(course(pytester)) == lanes(first)


def test_without_the_crash_the_worker_goes_on(pytester: Pytester) -> None:
    lines = [f"def test_{n}(): {'os._exit(3)' if n == 4 else 'pass'}" for n in range(9)]
    text = "import os\n" + "\n".join(lines) + "\n"
    write_files(pytester, {"test_a.py": text, "test_b.py": "def test_b(): pass\n"})
    run_orchestrated(pytester, workers=2)
    first = course(pytester)
    write_files(pytester, {"test_a.py": text.replace("os._exit(3)", "pass")})
    again = replay(pytester, first.run)
    assert again.counts == {"passed": 10}
    assert lanes(course(pytester)) == lanes(first)


def test_what_is_not_there_any_more_is_said(pytester: Pytester) -> None:
    suite(pytester)
    run_orchestrated(pytester, workers=2)
    run = course(pytester).run
    Path(pytester.path / "test_a.py").write_text("def test_new(): pass\n")
    again = replay(pytester, run)
    assert again.counts == {"passed": 36, "deselected": 1}
    assert f"9 tests of run {run} were not collected" in again.out


@pytest.mark.parametrize(
    ("which", "said"),
    [
        ("nonsense", "no run 'nonsense' is recorded in"),
        ("last:gw9", "no worker 'gw9' of run"),
    ],
)
def test_a_run_or_worker_that_there_is_not_is_an_error(
    pytester: Pytester, which: str, said: str
) -> None:
    suite(pytester)
    run_orchestrated(pytester, workers=2)
    ran = replay(pytester, which)
    assert ran.code == 4
    assert said in ran.err


def test_with_nothing_recorded_it_is_an_error(pytester: Pytester) -> None:
    suite(pytester)
    ran = run_orchestrated(pytester, "--orchestrate-replay=last", workers=None, log=False)
    assert ran.code == 4
    assert "no run is recorded in" in ran.err


def test_the_command_is_right_where_arguments_stand_behind_dashes(pytester: Pytester) -> None:
    slow = "import time\ndef test_a(): time.sleep(0.1); assert 0\n"
    files = [f"test_{n}.py" for n in "abcdef"]
    write_files(pytester, dict.fromkeys(files, slow))
    ran = run_orchestrated(pytester, "--", *files)
    run = course(pytester).run
    assert re.search(
        rf" --orchestrate-replay {run}:gw[01] -- {' '.join(files)}$", ran.out, re.MULTILINE
    )
