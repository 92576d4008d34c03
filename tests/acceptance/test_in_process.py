"""Runs that cannot, or need not, leave the process that the user started."""

from __future__ import annotations

import json
import os
import pty
import re
import select
import subprocess
import sys
import time

import pytest

from tests.acceptance.support import (
    LIMIT,
    NO_NEIGHBOURS,
    Ran,
    assert_same,
    run_orchestrated,
    run_plain,
    write_files,
)
from tests.support.records import read_records
from tests.support.runs import assert_log_is_sound

Pytester = pytest.Pytester

SUITE = {
    "test_a.py": """
import os, pytest

@pytest.fixture(scope="session")
def opened():
    yield "opened"

@pytest.fixture(scope="module", params=["one", "two"])
def part(request, opened):
    yield request.param
    print("closed", request.param)

def test_part(part): print("in", part)
def test_fails(part): assert part == "one"
def test_skips(): pytest.skip("no need")
@pytest.mark.xfail
def test_expected(): assert 0
@pytest.mark.xfail
def test_unexpected(): pass
def test_controller(opened, request):
    assert not hasattr(request.config, "workerinput")
""",
    "test_b.py": """
import pytest, unittest

@pytest.fixture
def unclean():
    yield
    raise RuntimeError("left open")

def test_unclean(unclean): pass

class Case(unittest.TestCase):
    def test_parts(self):
        for number in range(3):
            with self.subTest(number=number):
                assert number != 1
""",
}


def log_of(pytester: Pytester) -> list[dict[str, object]]:
    """The records of the last run's log, which has to be sound and in-process."""
    records = list(read_records(assert_log_is_sound(pytester.path)))
    assert (records[0]["mode"], records[0]["workers"]) == ("in-process", 0)
    return records


def in_process(pytester: Pytester, *flags: str, workers: int | None = 2) -> tuple[Ran, Ran]:
    """Run both ways, compare, and look into the log."""
    plain = run_plain(pytester, *flags)
    ours = run_orchestrated(pytester, *flags, workers=workers)
    assert_same(plain, ours)
    assert "orchestrate: in-process (" in ours.out
    attempts = [record for record in log_of(pytester) if record["record"] == "attempt"]
    assert [record["nodeid"] for record in attempts] == plain.order
    return plain, ours


@pytest.mark.parametrize(
    "flags", [(), ("-v", "-rA", "--durations=3"), ("-x",), ("-p", "no:terminal")], ids=" ".join
)
def test_no_workers(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, *flags)
    ours = run_orchestrated(pytester, *flags, workers=0)
    assert_same(plain, ours)
    assert plain.order == ours.order
    log_of(pytester)


@pytest.mark.parametrize("flags", [(), ("-q",), ("-v",), ("-rA", "--durations=0", "-vv")])
def test_the_terminal_shows_the_same(pytester: Pytester, flags: tuple[str, ...]) -> None:
    late = """
import pytest

class Late:
    def pytest_report_teststatus(self, report):
        if report.when == "call" and report.passed:
            return "passed", "L", "LATE"

@pytest.mark.parametrize("number", range(4))
def test_status(request, number):
    if number == 2:
        request.config.pluginmanager.register(Late())
"""
    subtests = """
import unittest

class TestSteps(unittest.TestCase):
    def test_steps(self):
        for number in range(3):
            with self.subTest(number=number):
                self.assertNotEqual(number, 1)
    def test_fine(self): pass
"""
    write_files(pytester, SUITE | {"test_steps.py": subtests, "test_z.py": late})
    plain = run_plain(pytester, *flags)
    ours = run_orchestrated(pytester, *flags, workers=0)
    assert shown(plain.out) == shown(ours.out) != []


def shown(text: str) -> list[str]:
    """Return what is told of the tests while they run, without durations."""
    told = text.partition(" ERRORS ")[0].splitlines()
    return [
        re.sub(r"\d+\.\d+", "0", line)
        for line in told
        if line.startswith("test_") or line.endswith("%]")
    ]


@pytest.mark.parametrize("flag", ["--setup-show", "--stepwise"])
def test_flags_that_need_one_process(pytester: Pytester, flag: str) -> None:
    write_files(pytester, SUITE)
    plain, ours = in_process(pytester, flag)
    assert f"orchestrate: in-process ({flag})" in ours.out
    shown = [line for line in plain.out.splitlines() if " F " in line or "SETUP" in line]
    assert shown == [line for line in ours.out.splitlines() if " F " in line or "SETUP" in line]


@pytest.mark.parametrize(
    "flag",
    ["--setup-plan", "--fixtures", "--fixtures-per-test", "--markers", "--cache-show", "--help"],
)
def test_flags_that_run_no_test(pytester: Pytester, flag: str) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, flag)
    ours = run_orchestrated(pytester, flag, log=False)
    assert plain.code == ours.code == 0
    if flag == "--setup-plan":
        assert plain.telling_lines() == ours.telling_lines()
    assert not (pytester.path / ".pytest_orchestrate/runs").exists()


def test_the_debugger_after_a_failure(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, "--pdb", stdin=b"p part\nc\n" * 5)
    ours = run_orchestrated(pytester, "--pdb", stdin=b"p part\nc\n" * 5)
    assert_same(plain, ours)
    assert ours.out.count("entering PDB") == plain.out.count("entering PDB") > 0
    assert "(Pdb) 'two'" in ours.out
    log_of(pytester)


def test_the_debugger_before_each_test(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_1(): pass\ndef test_2(): assert 0"})
    plain = run_plain(pytester, "--trace", stdin=b"c\n" * 5)
    ours = run_orchestrated(pytester, "--trace", stdin=b"c\n" * 5)
    assert_same(plain, ours)
    assert ours.out.count("runcall") == plain.out.count("runcall") == 2
    log_of(pytester)


def test_leaving_the_debugger_ends_the_run(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester, "--pdb", stdin=b"q\n")
    ours = run_orchestrated(pytester, "--pdb", stdin=b"q\n")
    assert plain.code == ours.code == 2
    assert plain.telling_lines() == ours.telling_lines()
    log_of(pytester)


def test_the_debugger_on_a_terminal(pytester: Pytester) -> None:
    pytester.makepyfile("def test_it():\n    answer = 42\n    assert not answer")
    ours, theirs = pty.openpty()
    command = ["-m", "pytest", *NO_NEIGHBOURS, "-p", "orchestrate", "--workers=2", "--pdb"]
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=pytester.path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        until(ours, b"(Pdb)")
        os.write(ours, b"p answer + 1\n")
        until(ours, b"43")
        os.write(ours, b"continue\n")
        until(ours, b"1 failed")
        assert process.wait(LIMIT) == 1
    finally:
        process.kill()
        process.wait()
        os.close(ours)
    log_of(pytester)


def until(descriptor: int, wanted: bytes) -> None:
    """Read from a terminal until a text appears."""
    seen = b""
    deadline = time.monotonic() + LIMIT
    while wanted not in seen:
        readable, _, _ = select.select([descriptor], [], [], deadline - time.monotonic())
        assert readable, seen.decode(errors="replace")
        seen += os.read(descriptor, 65536)


def test_a_breakpoint_in_a_test_without_workers(pytester: Pytester) -> None:
    pytester.makepyfile("def test_it():\n    x = 41\n    breakpoint()\n    assert x")
    plain = run_plain(pytester, stdin=b"p x + 1\nc\n")
    ours = run_orchestrated(pytester, workers=0, stdin=b"p x + 1\nc\n")
    assert_same(plain, ours)
    assert "(Pdb) 42" in ours.out


def test_main_with_plugin_objects(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            **SUITE,
            "start.py": """
import gc, pytest, sys

class Spy:
    def __init__(self):
        self.seen = []

    def pytest_runtest_logreport(self, report):
        if report.when == "call":
            self.seen.append(report.nodeid)

if __name__ == "__main__":
    spy = Spy()
    code = pytest.main(["-p", "orchestrate", "--workers=2", *sys.argv[1:]], plugins=[spy])
    print("seen", len(spy.seen), "frozen", gc.get_freeze_count())
    sys.exit(code)
""",
        },
    )
    result = pytester.run(sys.executable, "start.py", *NO_NEIGHBOURS, timeout=LIMIT)
    assert result.ret == 1
    result.stdout.fnmatch_lines(
        ["orchestrate: in-process (pytest.main(plugins=*", "seen * frozen 0"]
    )
    log_of(pytester)


#: Three ways to write to ``kept.txt`` at the end of the process.
OPEN_FILE = "file(config)"
SUSPENDED = """waiting(config)
        next(config.kept)"""
FINALIZER = "Finalized(config)"


@pytest.mark.parametrize("workers", [0, 2])
@pytest.mark.parametrize("kept", [OPEN_FILE, SUSPENDED, FINALIZER], ids=["open", "yield", "del"])
def test_what_a_conftest_leaves_open_is_written_though_memory_is_set_aside(
    pytester: Pytester, workers: int, kept: str
) -> None:
    conftest = f"""
import gc, os

def file(config):
    file = open(config.rootpath / "kept.txt", "w")
    file.write("kept")
    return file

def raw(config):
    return os.open(config.rootpath / "kept.txt", os.O_WRONLY | os.O_CREAT)

def waiting(config, write=os.write):
    number = raw(config)
    try:
        yield
    finally:
        write(number, b"kept")

class Finalized:
    def __init__(self, config): self.number = raw(config)
    def __del__(self, write=os.write): write(self.number, b"kept")

class Unhashable(type):
    def __eq__(self, other): raise RuntimeError("compared")

class Kept(metaclass=Unhashable):
    pass

kept = Kept()

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.kept = {kept}
        assert gc.get_freeze_count() > 1000
"""
    write_files(pytester, {"conftest.py": conftest, "test_a.py": "def test_a(): pass"})
    assert run_orchestrated(pytester, workers=workers).code == 0
    assert (pytester.path / "kept.txt").read_text() == "kept"


def test_a_run_that_a_test_starts(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": "pytest_plugins = 'pytester'",
            "test_outer.py": """
import pytest
from pathlib import Path

def inner(pytester, how, *flags):
    pytester.makepyfile(test_1="def test_1(): pass", test_2="def test_2(): assert 0")
    result = getattr(pytester, how)("-p", "orchestrate", *flags)
    result.assert_outcomes(passed=1, failed=1)
    assert len(list(Path(pytester.path, ".pytest_orchestrate/runs").iterdir())) == 1
    return result.stdout.str()

@pytest.mark.parametrize("how", ["runpytest_subprocess", "runpytest_inprocess"])
def test_auto(pytester, how):
    text = inner(pytester, how)
    assert "orchestrate: in-process (" in text
    if how == "runpytest_subprocess":
        assert "started by a test" in text

def test_explicit(pytester):
    assert "orchestrate: 2 workers (asked for)" in inner(
        pytester, "runpytest_subprocess", "--workers=2"
    )
""",
        },
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"passed": 3}, ran.out


@pytest.mark.parametrize("arguments", [("test_a.py",), ("test_b.py::test_unclean", ".")])
def test_one_file_without_history_needs_no_workers(
    pytester: Pytester, arguments: tuple[str, ...]
) -> None:
    write_files(pytester, SUITE)
    _, ours = in_process(pytester, *arguments, workers=None)
    assert "asked for" not in ours.out


def test_a_short_suite_with_history_needs_no_workers(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    plain = run_plain(pytester)
    run_orchestrated(pytester, workers=2)
    ours = run_orchestrated(pytester, workers=None)
    assert plain.outcomes.keys() == ours.outcomes.keys()
    assert "orchestrate: in-process (" in ours.out


def test_the_tests_of_an_interrupted_run_are_accounted_for(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
def test_1(): pass
def test_2(): raise KeyboardInterrupt
def test_3(): pass
"""
        },
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, workers=0)
    assert plain.code == ours.code == pytest.ExitCode.INTERRUPTED
    log_of(pytester)


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("pytest.exit('enough', 7)", 7),
        ("request.session.shouldstop = 'stopped by a test'", pytest.ExitCode.INTERRUPTED),
        ("request.session.shouldfail = 'failed by a test'", pytest.ExitCode.TESTS_FAILED),
    ],
    ids=["exit", "shouldstop", "shouldfail"],
)
def test_a_test_that_ends_the_run(pytester: Pytester, statement: str, code: int) -> None:
    pytester.makepyfile(
        f"""
        import pytest

        def test_1(): pass
        def test_2(request): {statement}
        def test_3(): assert 0
        """
    )
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, workers=0)
    assert plain.code == ours.code == code
    assert plain.outcomes == ours.outcomes
    assert plain.telling_lines() == ours.telling_lines()
    log_of(pytester)


def test_collection_errors_in_process(pytester: Pytester) -> None:
    write_files(pytester, {**SUITE, "test_c.py": "raise RuntimeError('no')"})
    for flags in ((), ("--continue-on-collection-errors",)):
        plain = run_plain(pytester, *flags)
        ours = run_orchestrated(pytester, *flags, workers=0, log=bool(flags))
        assert_same(plain, ours)
    log_of(pytester)


def test_durations_of_pytest_split_decide_how_many_workers_there_are(
    pytester: pytest.Pytester,
) -> None:
    files = {f"test_{name}.py": f"def test_{name}(): pass\n" for name in "ab"}
    durations = {f"test_{name}.py::test_{name}": 0.01 for name in "ab"}
    write_files(pytester, {**files, ".test_durations": json.dumps(durations)})
    ran = run_orchestrated(pytester, workers=None, environ={"PYTHON_CPU_COUNT": "2"})
    assert "orchestrate: in-process (0.0 s expected, " in ran.out
    assert ", history of 2 tests" in ran.out
