"""A worker that dies under a test: that test has crashed, and nothing else is lost."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from tests.acceptance.support import PYTEST_9, Ran, run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

#: Writes down every test that begins, in whatever process.
DIARY = """
import os, pytest

@pytest.fixture(autouse=True)
def diary(request, pytestconfig):
    with open(pytestconfig.rootpath / "diary.txt", "a") as file:
        file.write(request.node.nodeid + "\\n")
"""

#: Way to die -> (code of it, what is said of it).
DEATHS = {
    "SIGSEGV": ("import ctypes; ctypes.string_at(0)", "killed by signal SIGSEGV (11)"),
    "SIGKILL": (
        "import signal; os.kill(os.getpid(), signal.SIGKILL)",
        "killed by signal SIGKILL (9)",
    ),
    "SIGABRT": ("os.abort()", "killed by signal SIGABRT (6)"),
    "exit 0": ("os._exit(0)", "exited with code 0"),
    "exit 7": ("os._exit(7)", "exited with code 7"),
}


def suite(pytester: Pytester, death: str, *, tests: int = 30, at: int = 12) -> str:
    """Many quick tests in three files, one of which dies; returns its node id."""
    write_files(pytester, {"conftest.py": DIARY})
    per_file = tests // 3
    for file in range(3):
        lines = ["import os, sys, pytest"]
        for number in range(file * per_file, (file + 1) * per_file):
            body = "pass"
            if number == at:
                body = f"print('said on the way'); sys.stderr.write('and complained\\n'); {death}"
            lines.append(f"def test_{number}(): {body}")
        write_files(pytester, {f"test_{'abc'[file]}.py": "\n".join(lines) + "\n"})
    return f"test_{'abc'[at // per_file]}.py::test_{at}"


def diary(pytester: Pytester) -> list[str]:
    return (pytester.path / "diary.txt").read_text().split()


def only_crash(ran: Ran, crashed: str, total: int) -> None:
    """That test failed, once; every other passed, once."""
    outcomes = dict(ran.outcomes)
    assert len(outcomes) == total
    assert outcomes.pop(crashed) == ["failed"]
    assert set(map(tuple, outcomes.values())) == {("passed",)}
    assert ran.code == 1


@pytest.mark.parametrize("death", DEATHS)
def test_the_test_under_which_a_worker_dies_crashed_and_the_others_pass_once(
    pytester: Pytester, death: str
) -> None:
    code, said = DEATHS[death]
    crashed = suite(pytester, code)
    ran = run_orchestrated(pytester, "-v", "--junitxml=out.xml")
    only_crash(ran, crashed, 30)
    assert sorted(diary(pytester)) == sorted(ran.outcomes)
    assert said in ran.out
    assert "said on the way" in ran.out
    assert "and complained" in ran.out
    if death in ("SIGSEGV", "SIGABRT"):  # the signals that faulthandler hears
        assert "Fatal Python error" in ran.out
        assert 'test_b.py", line 4 in test_12' in ran.out
    cases = ET.parse(pytester.path / "out.xml").getroot().findall(".//testcase")
    assert len(cases) == 30
    failed = [case.get("name") for case in cases if case.find("failure") is not None]
    assert failed == ["test_12"]
    assert said in ET.tostring(
        next(case for case in cases if case.get("name") == "test_12"), encoding="unicode"
    )
    attempts = [
        record
        for line in latest_log(pytester.path).read_text().splitlines()
        if (record := json.loads(line))["record"] == "attempt" and record["outcome"] == "crashed"
    ]
    assert [attempt["nodeid"] for attempt in attempts] == [crashed]
    assert said in attempts[0]["longrepr"]


@pytest.mark.parametrize("at", [0, 29], ids=["first", "last"])
@pytest.mark.parametrize("workers", [1, 2])
def test_the_first_and_the_last_test_may_crash(pytester: Pytester, at: int, workers: int) -> None:
    crashed = suite(pytester, "os._exit(9)", at=at)
    ran = run_orchestrated(pytester, workers=workers)
    only_crash(ran, crashed, 30)
    assert sorted(diary(pytester)) == sorted(ran.outcomes)


def test_a_crash_counts_for_exitfirst(pytester: Pytester) -> None:
    crashed = suite(pytester, "os._exit(9)", at=0)
    ran = run_orchestrated(pytester, "-x", workers=1)
    assert ran.outcomes == {crashed: ["failed"]}
    assert ran.code == 1
    assert "stopping after 1 failures" in ran.out
    assert diary(pytester) == [crashed]


def test_crashes_count_for_maxfail(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import os\n"
            + "".join(f"def test_{n}(): {'os._exit(9)' if n < 2 else 'pass'}\n" for n in range(9))
        },
    )
    ran = run_orchestrated(pytester, "--maxfail=2", workers=1)
    assert ran.counts == {"failed": 2}
    assert ran.code == 1
    assert "stopping after 2 failures" in ran.out


def test_last_failed_selects_what_crashed(pytester: Pytester) -> None:
    crashed = suite(pytester, "os._exit(9)")
    run_orchestrated(pytester)
    again = run_orchestrated(pytester, "--lf")
    assert again.outcomes == {crashed: ["failed"]}
    assert "rerun previous 1 failure" in again.out


def test_a_test_that_dies_during_setup_crashed(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
                import os, pytest

                @pytest.fixture(scope="module")
                def house():
                    print("on fire")
                    os._exit(4)

                def test_outside(): pass
                def test_inside(house): pass
                def test_beside(): pass
            """.replace("\n" + " " * 16, "\n"),
            "test_b.py": "def test_b(): pass\n",
        },
    )
    ran = run_orchestrated(pytester)
    only_crash(ran, "test_a.py::test_inside", 4)
    assert "on fire" in ran.out


def test_a_test_that_dies_during_teardown_crashed(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
                import os, pytest

                @pytest.fixture
                def house():
                    yield
                    os._exit(4)

                def test_before(): pass
                def test_inside(house): pass
                def test_after(): pass
            """.replace("\n" + " " * 16, "\n"),
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"failed": 1, "passed": 3}  # its call had passed, and was counted
    shown = "FAILED test_a.py::test_inside"
    assert (f"{shown} - gw" if PYTEST_9 else shown) in ran.out
    assert "exited with code 4" in ran.out
    assert ran.code == 1


def test_what_a_module_fixture_does_in_a_later_teardown_is_no_running_tests_fault(
    pytester: Pytester,
) -> None:
    write_files(
        pytester,
        {
            "test_a.py": """
                import os, pytest

                @pytest.fixture(scope="module", autouse=True)
                def house():
                    yield
                    os._exit(4)

                @pytest.mark.parametrize("n", range(5))
                def test_a(n): pass
            """.replace("\n" + " " * 16, "\n"),
            "test_b.py": "def test_b(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, workers=1)
    assert ran.code == 1
    assert ran.outcomes["test_b.py::test_b"] == ["passed"]
    assert [ran.outcomes[f"test_a.py::test_a[{n}]"] for n in range(4)] == [["passed"]] * 4
    assert "exited with code 4" in ran.out


@pytest.mark.parametrize("limit", [0, 1])
def test_one_crash_more_than_allowed_ends_the_run(pytester: Pytester, limit: int) -> None:
    write_files(
        pytester,
        {
            "test_a.py": "import os\n"
            + "".join(f"def test_{n}(): {'os._exit(9)' if n < 4 else 'pass'}\n" for n in range(9))
        },
    )
    ran = run_orchestrated(pytester, f"--orchestrate-max-crashes={limit}", workers=1)
    assert ran.counts == {"failed": limit + 1}
    assert ran.code == 1
    assert f"{8 - limit} tests were not run" in ran.out
    assert f"not run: {8 - limit} tests" in ran.out
    assert f"{limit} may be replaced" in ran.out


def test_each_of_many_crashing_tests_crashes_once(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "conftest.py": DIARY,
            "test_a.py": "import os\n"
            + "".join(
                f"def test_{n}(): {'os._exit(9)' if n % 5 == 0 else 'pass'}\n" for n in range(30)
            ),
        },
    )
    ran = run_orchestrated(pytester)
    assert ran.counts == {"failed": 6, "passed": 24}
    assert sorted(diary(pytester)) == sorted(ran.outcomes)


def test_results_of_the_last_moment_before_a_crash_are_kept(pytester: Pytester) -> None:
    tests = "".join(f"def test_{n}(): pass\n" for n in range(300))
    write_files(
        pytester,
        {
            "conftest.py": DIARY,
            "test_a.py": f"import os, signal\n{tests}"
            "def test_end(): os.kill(os.getpid(), signal.SIGKILL)\n",
        },
    )
    ran = run_orchestrated(pytester, workers=1)
    only_crash(ran, "test_a.py::test_end", 301)
    assert sorted(diary(pytester)) == sorted(ran.outcomes)


def test_a_crash_in_a_thread_after_its_test_is_reported_and_loses_nothing(
    pytester: Pytester,
) -> None:
    """Nobody can know which test began it; whoever runs then has crashed, or nobody."""
    write_files(
        pytester,
        {
            "conftest.py": DIARY,
            "test_a.py": """
                import os, threading, time, pytest

                def test_begin():
                    threading.Timer(0.05, os._exit, [6]).start()

                @pytest.mark.parametrize("n", range(40))
                def test_then(n): time.sleep(0.01)
            """.replace("\n" + " " * 16, "\n"),
        },
    )
    ran = run_orchestrated(pytester, workers=1)
    assert ran.code == 1
    assert len(ran.outcomes) == 41
    ran_once = diary(pytester)
    assert len(set(ran_once)) == len(ran_once)
    # whoever had begun, and perhaps not got as far as its fixtures
    crashed = {nodeid for nodeid, ends in ran.outcomes.items() if "failed" in ends}
    assert len(crashed) <= 1
    assert set(ran.outcomes) - crashed <= set(ran_once) <= set(ran.outcomes)
    assert "exited with code 6" in ran.out


def test_a_crash_leaves_the_log_readable_and_the_next_run_whole(pytester: Pytester) -> None:
    suite(pytester, "os._exit(9)")
    run_orchestrated(pytester)
    for file in ("a", "b", "c"):
        path = Path(pytester.path / f"test_{file}.py")
        path.write_text(path.read_text().replace("os._exit(9)", "pass"))
    assert run_orchestrated(pytester).code == 0
