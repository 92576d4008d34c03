"""The lines that the plugin adds: one at the head, a few at the end."""

from __future__ import annotations

import re

import pytest

from tests.acceptance.printed import ours
from tests.acceptance.support import run_orchestrated, run_plain, write_files

SUITE = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_it(n):
    pass
"""


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_a=SUITE, test_b=SUITE)


@pytest.mark.usefixtures("default_modes")
def test_the_header_says_what_is_about_to_be_done(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester)
    head = ran.out.partition("collected ")[0]
    (line,) = ours(head)
    assert line.startswith("orchestrate: 2 workers")
    for part in ("forked", "sharded collection", "no history yet"):
        assert part in line


def test_the_header_knows_the_history(pytester: pytest.Pytester) -> None:
    run_orchestrated(pytester)
    ran = run_orchestrated(pytester)
    assert "history of 8 tests" in ours(ran.out)[0]


def test_the_header_says_why_the_run_is_in_process(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, workers=0)
    assert re.match(r"orchestrate: in-process \(.+\)", ours(ran.out)[0])
    ran = run_orchestrated(pytester, "--pdb", workers=2)
    assert "--pdb" in ours(ran.out)[0]


def test_the_summary_sums_up(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester)
    line = ours(ran.out)[-1]
    assert re.match(r"orchestrate: 8 tests on (2|1 of 2) workers in [\d.]+ s ", line)
    assert re.search(r"workers? \d+ % busy$", line)
    last = ran.out.strip().splitlines()[-1]
    assert "8 passed" in last  # pytest's own line stays the last one


def test_the_summary_in_process_speaks_of_no_workers(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, workers=0)
    assert re.match(r"orchestrate: 8 tests in-process in [\d.]+ s", ours(ran.out)[-1])
    assert "worker" not in ours(ran.out)[-1]


def test_the_summary_names_slow_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_slow="""
        import time
        def test_slow():
            end = time.perf_counter() + 0.3
            while time.perf_counter() < end:
                pass
        """
    )
    ran = run_orchestrated(pytester, "--durations=0")
    assert any("test_slow.py::test_slow" in line for line in ours(ran.out))


def test_verbose_tells_of_each_worker(pytester: pytest.Pytester) -> None:
    ran = run_orchestrated(pytester, "-v")
    for worker in ("gw0", "gw1"):
        assert any(line.strip().startswith(f"{worker}: ") for line in ours(ran.out))


@pytest.mark.parametrize("workers", [0, 2])
def test_quiet_is_one_line_and_very_quiet_is_none(pytester: pytest.Pytester, workers: int) -> None:
    assert len(ours(run_orchestrated(pytester, "-q", workers=workers).out)) == 1
    assert not ours(run_orchestrated(pytester, "-qq", workers=workers).out)


@pytest.mark.parametrize("workers", [0, 2])
def test_header_and_summary_can_be_left_out(pytester: pytest.Pytester, workers: int) -> None:
    ran = run_orchestrated(pytester, "--no-header", workers=workers)
    assert len(ours(ran.out)) == 1
    assert "tests" in ours(ran.out)[0]
    ran = run_orchestrated(pytester, "--no-summary", workers=workers)
    assert len(ours(ran.out)) == 1
    assert "history" in ours(ran.out)[0]
    ran = run_orchestrated(pytester, "--no-header", "--no-summary", workers=workers)
    plain = run_plain(pytester, "--no-header", "--no-summary")
    assert not ours(ran.out)
    assert ran.telling_lines() == plain.telling_lines()


def test_an_inert_plugin_says_nothing(pytester: pytest.Pytester) -> None:
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    assert "orchestrate: " not in result.stdout.str()
    assert not (pytester.path / ".pytest_orchestrate").exists()


@pytest.mark.parametrize("start", ["auto", "spawn"])
def test_a_reporter_that_a_plugin_puts_in_its_place_is_mute_in_workers_too(
    pytester: pytest.Pytester, start: str
) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
import sys, pytest
from _pytest.terminal import TerminalReporter

class Pretty(TerminalReporter):
    def pytest_sessionstart(self, session):
        super().pytest_sessionstart(session)
        self.write_line("pretty")

@pytest.hookimpl(trylast=True)
def pytest_configure(config):
    config.pluginmanager.unregister(config.pluginmanager.getplugin("terminalreporter"))
    config.pluginmanager.register(Pretty(config, sys.stdout), "terminalreporter")
""",
        },
    )
    ran = run_orchestrated(pytester, f"--orchestrate-start={start}")
    assert ran.code == 0
    assert ran.out.count("pretty") == ran.out.count("test session starts") == 1
