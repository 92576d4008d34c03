"""``orchestrate_order = failures-first``, with real histories and real repositories."""

from __future__ import annotations

import json
import os
import shutil
import subprocess

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import assert_stops_at_once, latest_log

Pytester = pytest.Pytester

FIRST = "--orchestrate-order=failures-first"
everywhere = pytest.mark.parametrize("workers", [0, 1, 2])
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git here")

SOURCE = """
import os, time, pytest
@pytest.mark.parametrize("n", range(10))
def test_it(n):
    time.sleep(0.01)
    assert f"{__name__}-{n}" not in os.environ.get("BROKEN", "").split()
"""
SUITE = {f"tests/test_{name}.py": SOURCE for name in "abcdef"}


def broken(*names: str) -> dict[str, str]:
    return {"BROKEN": " ".join(names)}


def git(pytester: Pytester, *words: str) -> None:
    identity = [f"user.{key}=nobody@example.org" for key in ("name", "email")]
    options = [word for value in (*identity, "commit.gpgsign=false") for word in ("-c", value)]
    subprocess.run(["git", *options, *words], cwd=pytester.path, check=True, capture_output=True)


#: On a busy machine git may need more than its second.
PATIENT = """
import os
if "PYTEST_XDIST_WORKER" not in os.environ:
    from pytest_orchestrate.controller import changes
    changes.PATIENCE = 30.0
"""


def commit_all(pytester: Pytester) -> None:
    git(pytester, "init")
    write_files(pytester, {".gitignore": ".*\n__pycache__\n", "conftest.py": PATIENT})
    git(pytester, "add", ".")
    git(pytester, "commit", "-m", "all")


def courses(pytester: Pytester) -> list[list[str]]:
    """What each worker ran in the last run, in order; reports of several come in any order."""
    names: list[str] = []
    found: dict[int, list[str]] = {}
    for line in latest_log(pytester.path).read_text(encoding="utf-8").splitlines():
        event = json.loads(line).get("event", {})
        if event.get("event") == "TestsCollected":
            names += [test["nodeid"].removeprefix("tests/") for test in event["tests"]]
        elif event.get("event") == "TestStarted":
            found.setdefault(event["worker"], []).append(names[event["test"]])
    return list(found.values())


def place(pytester: Pytester, name: str) -> int:
    """How many tests its worker ran before it."""
    return next(course.index(name) for course in courses(pytester) if name in course)


def heads(pytester: Pytester, count: int) -> list[list[str]]:
    """Of each worker the files of its first tests."""
    return [[name.partition("::")[0] for name in each[:count]] for each in courses(pytester)]


@everywhere
def test_what_failed_last_runs_first(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester, workers=workers, environ=broken("test_e-7"))
    ran = run_orchestrated(pytester, FIRST, workers=workers, environ=broken("test_e-7"))
    assert ran.counts == {"failed": 1, "passed": 59}
    assert place(pytester, "test_e.py::test_it[7]") == 0
    assert "history of 60 tests, failures first" in ran.out
    assert "order: failures-first (1 failed last time; not a git repository)" in ran.out


@everywhere
def test_with_x_the_run_ends_early(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester, workers=workers, environ=broken("test_e-7"))
    ran = run_orchestrated(pytester, FIRST, "-x", workers=workers, environ=broken("test_e-7"))
    assert ran.counts["failed"] == 1
    assert place(pytester, "test_e.py::test_it[7]") == 0
    assert_stops_at_once(pytester.path)


@everywhere
def test_more_recent_failures_come_before_earlier_ones(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    for names in (("test_c-3",), ("test_c-5",), ()):
        run_orchestrated(pytester, workers=workers, environ=broken(*names))
    ran = run_orchestrated(pytester, FIRST, workers=workers)
    assert "order: failures-first (2 failed recently;" in ran.out
    assert place(pytester, "test_c.py::test_it[5]") == 0
    assert place(pytester, "test_c.py::test_it[3]") == 1


@needs_git
@everywhere
def test_tests_of_a_changed_file_come_first(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    commit_all(pytester)
    run_orchestrated(pytester, workers=workers)
    write_files(pytester, {"tests/test_d.py": SOURCE + "\n"})
    ran = run_orchestrated(pytester, FIRST, workers=workers)
    assert "order: failures-first (10 in changed files)" in ran.out
    assert ["test_d.py"] * 10 in heads(pytester, 10)


@needs_git
@everywhere
def test_without_a_history_changes_decide(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {**SUITE, "shop/b.py": ""})
    commit_all(pytester)
    write_files(pytester, {"tests/test_new.py": SOURCE, "shop/b.py": "changed = True\n"})
    ran = run_orchestrated(pytester, FIRST, "--orchestrate-collect=full", workers=workers)
    assert "no history yet, failures first" in ran.out
    assert "order: failures-first (10 in changed files, 10 near changed files)" in ran.out
    assert ["test_new.py"] * 10 in heads(pytester, 10)
    if workers < 2:
        assert heads(pytester, 20)[0][10:] == ["test_b.py"] * 10


@needs_git
@pytest.mark.parametrize("workers", [0, 2])
def test_with_recording_off_changes_decide_too(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    commit_all(pytester)
    write_files(pytester, {"tests/test_d.py": SOURCE + "\n"})
    off = "--orchestrate-record=off"
    ran = run_orchestrated(pytester, FIRST, off, workers=workers, log=False)
    assert ran.counts == {"passed": 60}
    assert "order: failures-first (10 in changed files)" in ran.out


@needs_git
def test_the_last_commit_is_a_change(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    commit_all(pytester)
    write_files(pytester, {"conftest.py": f"{PATIENT}\n", "tests/test_c.py": SOURCE + "\n"})
    git(pytester, "add", ".")
    git(pytester, "commit", "-m", "more")
    run_orchestrated(pytester, FIRST, workers=0)
    assert heads(pytester, 10) == [["test_c.py"] * 10]


@everywhere
def test_new_tests_come_first(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    run_orchestrated(pytester, workers=workers)
    write_files(pytester, {"tests/test_g.py": SOURCE})
    ran = run_orchestrated(pytester, FIRST, "--orchestrate-collect=full", workers=workers)
    assert "order: failures-first (10 new; not a git repository)" in ran.out
    assert ["test_g.py"] * 10 in heads(pytester, 10)


@everywhere
def test_where_nothing_is_known_it_is_as_fast_as_can_be(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    ran = run_orchestrated(pytester, FIRST, workers=workers)
    assert ran.counts == {"passed": 60}
    assert "no test is likelier to fail than others; not a git repository" in ran.out


@everywhere
def test_what_a_likely_failure_requires_is_pulled_up(pytester: Pytester, workers: int) -> None:
    late = """
import os, pytest
def test_base(): pass
@pytest.mark.requires("test_base")
def test_late(): assert "BROKEN" not in os.environ
"""
    write_files(pytester, {**SUITE, "tests/test_z.py": late})
    full = "--orchestrate-collect=full"
    run_orchestrated(pytester, full, workers=workers, environ=broken("x"))
    run_orchestrated(pytester, FIRST, full, workers=workers, environ=broken("x"))
    assert place(pytester, "test_z.py::test_base") == 0
    assert place(pytester, "test_z.py::test_late") < 25  # what was sent ahead comes before


@everywhere
def test_priorities_are_stronger(pytester: Pytester, workers: int) -> None:
    marked = """
import os, pytest
@pytest.mark.low
def test_low(): assert "BROKEN" not in os.environ
def test_failing(): assert "BROKEN" not in os.environ
@pytest.mark.high
def test_high(): pass
"""
    write_files(pytester, {**SUITE, "tests/test_m.py": marked})
    full = "--orchestrate-collect=full"
    for _ in range(2):
        run_orchestrated(pytester, FIRST, full, workers=workers, environ=broken("x"))
    assert place(pytester, "test_m.py::test_high") == 0
    assert place(pytester, "test_m.py::test_failing") < 2
    assert place(pytester, "test_m.py::test_low") > 20


@pytest.mark.skipif(os.name == "nt", reason="a script stands in for git")
@everywhere
def test_a_git_that_does_not_answer_takes_a_second_at_most(
    pytester: Pytester, workers: int
) -> None:
    write_files(pytester, {**SUITE, "bin/git": "#!/bin/sh\nexec sleep 300\n"})
    (pytester.path / "bin/git").chmod(0o755)
    (pytester.path / ".git").mkdir()
    path = f"{pytester.path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    ran = run_orchestrated(pytester, FIRST, workers=workers, environ={"PATH": path})
    assert ran.counts == {"passed": 60}
    assert "git has not answered within 1 s" in ran.out


@pytest.mark.parametrize("order", ["fastest", "declared"])
def test_git_is_asked_for_this_order_only(pytester: Pytester, order: str) -> None:
    write_files(pytester, {**SUITE, "bin/git": "#!/bin/sh\ntouch asked\n"})
    (pytester.path / "bin/git").chmod(0o755)
    (pytester.path / ".git").mkdir()
    path = f"{pytester.path / 'bin'}{os.pathsep}{os.environ['PATH']}"
    for workers in (0, 2):
        choice = f"--orchestrate-order={order}"
        run_orchestrated(pytester, choice, workers=workers, environ={"PATH": path})
    assert not (pytester.path / "asked").exists()
