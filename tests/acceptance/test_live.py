"""What the user of a terminal sees while a run goes on, and after it."""

from __future__ import annotations

import re
import sys

import pytest

if sys.platform == "win32":
    pytest.skip("terminals of this kind are POSIX", allow_module_level=True)

from tests.acceptance.screen import Window, window
from tests.acceptance.support import write_files

WAITS = """
import pathlib, sys, time

def test_waits():
    deadline = time.monotonic() + 60
    while not pathlib.Path("go").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert "rich" not in sys.modules  # the controller draws
"""
FAILS = """
import pytest

@pytest.mark.parametrize("n", range(4))
def test_number(n):
    assert n != 2, "two is too many"
"""
SHOW = "--orchestrate-live=on"
BAR = re.compile("[█░]{4}")
#: What pytest alone does not send to a terminal: it ends lines, and gives them colours.
MOVES = re.compile(rb"\x1b\[[\d?]*[A-Zhl]")


@pytest.fixture(autouse=True)
def suite(pytester: pytest.Pytester) -> None:
    write_files(pytester, {"tests/slow/test_slow.py": WAITS, "tests/api/test_api.py": FAILS})


def go(pytester: pytest.Pytester) -> None:
    (pytester.path / "go").touch()


def wait_for_line(there: Window, *parts: str) -> str:
    """Wait until one line has all of these; return it."""

    def found() -> list[str]:
        return [line for line in there.lines if all(part in line for part in parts)]

    there.wait_until(found, " and ".join(parts))
    return found()[0]


def assert_clean(there: Window) -> None:
    """Nothing of the region is left, and the cursor stands where a prompt belongs."""
    assert not BAR.search(there.shown), there.shown
    assert not there.screen.cursor.hidden
    assert b"\x1b[?25l" not in there.raw
    assert there.screen.cursor.x == 0
    assert there.screen.cursor.y == len(there.lines)


def test_the_region_tells_what_runs_and_how_far_the_run_is(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        from pytest_orchestrate.report import overdue
        overdue.SLOW_SECONDS = 1.2
        def pytest_orchestrate_estimate(test):
            return 0.01
        """
    )
    with window(pytester, SHOW, columns=120) as there:
        wait_for_line(there, "4/5", "1 failed", "3 passed")
        wait_for_line(there, " s  gw", "  SLOW tests/slow/test_slow.py::test_waits")
        assert "tests/slow 0/1" in there.lines
        failure = "FAILED tests/api/test_api.py::test_number[2] - AssertionError: two is too many"
        assert there.lines.index(failure) < len(there.lines) - 3
        assert "..." not in there.shown.partition("collected")[2]  # no letters besides
        slow = "orchestrate: SLOW tests/slow/test_slow.py::test_waits "
        (notice,) = (line for line in there.lines if line.startswith(slow))
        assert re.search("test_waits has .* was expected$", notice)
        go(pytester)
        assert there.wait() == 1
        assert_clean(there)
        assert there.shown.count("= FAILURES =") == 1
        assert "1 failed, 4 passed" in there.lines[-1]
        assert "[100%]" not in there.shown


def test_a_window_may_be_small_and_change(pytester: pytest.Pytester) -> None:
    with window(pytester, SHOW, columns=100, rows=20) as there:
        wait_for_line(there, "4/5", "3 passed")
        wait_for_line(there, "tests/slow/test_slow.py::test_waits")
        there.resize(40, 20)
        wait_for_line(there, "s  gw", "  test_waits")
        there.wait_until(lambda: sum("4/5" in line for line in there.lines) == 1, "one bar")
        assert len(wait_for_line(there, "4/5", "1 failed")) < 40
        go(pytester)
        assert there.wait() == 1
        assert_clean(there)


@pytest.mark.parametrize("times", [1, 2])
def test_ctrl_c_leaves_a_clean_screen(pytester: pytest.Pytester, times: int) -> None:
    with window(pytester, SHOW, "--orchestrate-grace=0.3" if times == 1 else "-q") as there:
        wait_for_line(there, "4/5")
        there.press("\x03")
        if times == 2:
            wait_for_line(there, "4/5", "ending")
            there.press("\x03")
        assert there.wait() == 2
        assert_clean(there)
        assert "orchestrate: interrupted: running tests may go on for" in there.shown
        assert "KeyboardInterrupt" in there.shown


def test_what_others_write_stands_above_in_whole_lines(pytester: pytest.Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": """
                import sys
                def pytest_runtest_logreport(report):
                    if hasattr(report, "node") and report.when == "call":
                        print("a hook tells of", report.nodeid)
                        print("and complains", file=sys.stderr)
                """.replace("\n                ", "\n"),
            "tests/api/test_api.py": """
import os, pytest

def test_prints(capfd):
    with capfd.disabled():
        print("said by a test")

def test_dies():
    os._exit(7)
""",
        },
    )
    with window(pytester, SHOW, "-v", environ={"NO_COLOR": "1"}) as there:
        # the bar, the folder, the test and the line of the cursor are all that is below
        wait_for_line(there, "2/3", "1 failed", "1 passed")
        wait_for_line(there, "tests/slow/test_slow.py::test_waits")
        above = there.lines
        for line in (
            "said by a test",
            "a hook tells of tests/api/test_api.py::test_prints",
            "a hook tells of tests/api/test_api.py::test_dies",
            "and complains",
        ):
            whole = [each.removeprefix("[gw0] ").removeprefix("[gw1] ") for each in above]
            assert line in whole, there.shown
        assert any(re.match(r"\[gw\d\] \[ \d\d%\] PASSED tests/api/", line) for line in above)
        assert any(re.match(r"\[gw\d\] \[ \d\d%\] FAILED tests/api/", line) for line in above)
        assert sum(bool(BAR.search(line)) for line in above) == 1
        go(pytester)
        assert there.wait() == 1
        assert_clean(there)
        assert not re.search(rb"\x1b\[[\d;]*m", there.raw)  # NO_COLOR


@pytest.mark.parametrize(
    ("fault", "code"),
    [("raise RuntimeError('the hook is broken')", 3), ("import os; os._exit(9)", 9)],
    ids=["raises", "exits"],
)
def test_a_broken_controller_leaves_a_terminal_that_can_be_used(
    pytester: pytest.Pytester, fault: str, code: int
) -> None:
    pytester.makeconftest(
        f"""
        import pathlib
        def pytest_runtest_logreport(report):
            if hasattr(report, "node") and "waits" in report.nodeid and report.when == "call":
                {fault}
        """
    )
    with window(pytester, SHOW) as there:
        wait_for_line(there, "4/5")
        go(pytester)
        assert there.wait() == code
        if code == 3:
            assert_clean(there)
            assert "INTERNALERROR> RuntimeError: the hook is broken" in there.shown
        else:  # nobody can take the region away, but the prompt comes below it
            assert not there.screen.cursor.hidden
            assert there.screen.cursor.y == len(there.lines)


def test_a_fault_in_what_is_shown_is_not_the_run_s(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import pathlib
        def lines(*args, **how):
            pathlib.Path("go").touch()
            raise RuntimeError("no lines today")
        def pytest_configure(config):
            if not hasattr(config, "workerinput"):
                from pytest_orchestrate.report import progress
                progress.lines = lines
        """
    )
    with window(pytester, SHOW, columns=120) as there:
        assert there.wait() == 1
        assert_clean(there)
        warning = "warning: the status region was given up: RuntimeError: no lines today"
        assert there.shown.count(warning) == 1
        assert "1 failed, 4 passed" in there.shown


@pytest.mark.parametrize(
    ("args", "environ"),
    [
        ((SHOW, "-s"), {}),
        ((SHOW,), {"TERM": "dumb"}),
        ((SHOW, "-p", "other_terminal"), {}),
        ((), {"CI": "true"}),
    ],
    ids=["not captured", "dumb", "another terminal plugin", "in CI"],
)
def test_elsewhere_pytest_shows_its_own_progress(
    pytester: pytest.Pytester, args: tuple[str, ...], environ: dict[str, str]
) -> None:
    go(pytester)
    pytester.makepyfile(
        other_terminal="""
        import pytest
        from _pytest.terminal import TerminalReporter

        class Mine(TerminalReporter):
            pass

        def pytest_deselected(items):
            assert items[0].config.pluginmanager.hasplugin("terminalreporter")

        @pytest.hookimpl(trylast=True)
        def pytest_configure(config):
            manager = config.pluginmanager
            reporter = manager.getplugin("terminalreporter")
            if type(reporter) is TerminalReporter:
                manager.unregister(reporter)
                manager.register(Mine(config), "terminalreporter")
        """
    )
    environ = {"PYTHONPATH": str(pytester.path), **environ}
    with window(pytester, *args, "-k", "not number[0]", environ=environ) as there:
        assert there.wait() == 1
        assert not BAR.search(there.raw.decode())
        assert not MOVES.search(there.raw)
        letters = "".join(re.findall(r"^([.F]+)(?: |$)", there.shown, re.MULTILINE))
        assert sorted(letters) == sorted("...F")


def test_a_run_that_will_be_over_at_once_keeps_its_letters(pytester: pytest.Pytester) -> None:
    go(pytester)
    for args in (("--orchestrate-live=off",), ()):  # the second run knows what to expect
        with window(pytester, *args) as there:
            assert there.wait() == 1
            assert "[100%]" in there.shown
            assert not MOVES.search(there.raw)
