"""The exit code is plain pytest's in every case; what did not run is never a success."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, run_plain, write_files

Pytester = pytest.Pytester

PASS = {"test_a.py": "def test_a(): pass\ndef test_b(): pass\n"}
FAIL = {"test_a.py": "def test_a(): pass\ndef test_b(): assert 0\ndef test_c(): pass\n"}
BROKEN = {**PASS, "test_broken.py": "import nothing_of_that_name\n"}
HOOK = "import os, pytest\ndef {0}: {1}\n"

#: Case: files, arguments, code.
CASES: dict[str, tuple[dict[str, str], list[str], int]] = {
    "all pass": (PASS, [], 0),
    "one fails": (FAIL, [], 1),
    "one fails, -x": (FAIL, ["-x"], 1),
    "one fails, --maxfail=5": (FAIL, ["--maxfail=5"], 1),
    "set-up fails": (
        {"test_a.py": "import pytest\n@pytest.fixture\ndef f(): 1/0\ndef test_a(f): pass\n"},
        [],
        1,
    ),
    "tear-down fails": (
        {
            "test_a.py": "import pytest\n@pytest.fixture\ndef f():\n    yield\n    1/0\n"
            "def test_a(f): pass\n"
        },
        [],
        1,
    ),
    "late tear-down fails": (
        {
            "test_a.py": "import pytest\n@pytest.fixture(scope='session')\ndef f():\n    yield\n"
            "    1/0\ndef test_a(f): pass\n"
        },
        [],
        1,
    ),
    "all are skipped": (
        {"test_a.py": "import pytest\npytestmark = pytest.mark.skip\ndef test_a(): pass\n"},
        [],
        0,
    ),
    "a module skips itself": (
        {"test_a.py": "import pytest\npytest.skip('no', allow_module_level=True)\n"},
        [],
        5,
    ),
    "xfailed": ({"test_a.py": "import pytest\n@pytest.mark.xfail\ndef test_a(): 1/0\n"}, [], 0),
    "xpassed, strict": (
        {"test_a.py": "import pytest\n@pytest.mark.xfail(strict=True)\ndef test_a(): pass\n"},
        [],
        1,
    ),
    "collection fails": (BROKEN, [], 2),
    "collection fails, -x": (BROKEN, ["-x"], 2),
    "collection fails, -x, with more to collect": (
        {**PASS, "test_0.py": "import nothing_of_that_name\n"},
        ["-x"],
        1,
    ),
    "collection fails, go on": (BROKEN, ["--continue-on-collection-errors"], 1),
    "interrupted by a test": ({"test_a.py": "def test_a(): raise KeyboardInterrupt\n"}, [], 2),
    "exit when a session's fixtures are torn down": (
        {
            "test_a.py": "import pytest\n@pytest.fixture(scope='session')\ndef f():\n    yield\n"
            "    pytest.exit('x', 6)\ndef test_a(f): pass\n"
        },
        [],
        6,
    ),
    "exit when a session ends": (
        {**PASS, "conftest.py": HOOK.format("pytest_sessionfinish()", "pytest.exit('x', 8)")},
        [],
        8,
    ),
    "interrupted while collecting": ({"test_a.py": "raise KeyboardInterrupt\n"}, [], 2),
    "exit in a test": ({"test_a.py": "import pytest\ndef test_a(): pytest.exit('x')\n"}, [], 2),
    "exit 0 in a test": (
        {"test_a.py": "import pytest\ndef test_a(): pytest.exit('x', 0)\ndef test_b(): 1/0\n"},
        [],
        0,
    ),
    "SystemExit at import": ({"test_a.py": "raise SystemExit(3)\n"}, [], 3),
    "SystemExit in a test": ({"test_a.py": "def test_a(): raise SystemExit(0)\n"}, [], 1),
    "internal error while running": (
        {**PASS, "conftest.py": HOOK.format("pytest_runtest_protocol(item)", "1/0")},
        [],
        3,
    ),
    "internal error while collecting": (
        {**PASS, "conftest.py": HOOK.format("pytest_collection_modifyitems()", "1/0")},
        [],
        3,
    ),
    "internal error in a report hook": (
        {**PASS, "conftest.py": HOOK.format("pytest_runtest_logreport()", "1/0")},
        [],
        3,
    ),
    "internal error when it starts": (
        {**PASS, "conftest.py": HOOK.format("pytest_sessionstart()", "1/0")},
        [],
        3,
    ),
    "an unknown option": (PASS, ["--no-such-option"], 4),
    "a path that does not exist": (PASS, ["nowhere"], 4),
    "a test that does not exist": (PASS, ["test_a.py::test_z"], 4),
    "a conftest that cannot be imported": (
        {**PASS, "conftest.py": "import nothing_of_that_name\n"},
        [],
        4,
    ),
    "a usage error in a hook": (
        {
            **PASS,
            "conftest.py": HOOK.format("pytest_collection()", "raise pytest.UsageError('so not')"),
        },
        [],
        4,
    ),
    "no tests": ({"test_a.py": ""}, [], 5),
    "no files": ({}, [], 5),
    "everything is deselected": (PASS, ["-k", "nothing"], 5),
    "the code is changed at the end": (
        {
            **FAIL,
            "conftest.py": HOOK.format("pytest_sessionfinish(session)", "session.exitstatus = 42"),
        },
        [],
        42,
    ),
    "warnings are errors": (
        {"test_a.py": "import warnings\ndef test_a(): warnings.warn('x')\n"},
        ["-Werror"],
        1,
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_it_is_plain_pytests(pytester: Pytester, case: str) -> None:
    files, args, code = CASES[case]
    write_files(pytester, files)
    plain = run_plain(pytester, *args).code
    assert plain == code, "plain pytest has another code than the table of these tests"
    codes = {
        workers: run_orchestrated(pytester, *args, workers=workers, log=False).code
        for workers in (0, 2)
    }
    assert codes == {0: code, 2: code}


def test_tests_that_no_worker_could_run_are_no_success(pytester: Pytester) -> None:
    """Each worker collects a test that the other has not; the one that has it dies."""
    write_files(
        pytester,
        {
            "conftest.py": """
import os, pathlib, pytest, time
told = pathlib.Path(__file__).with_name("told")
worker = os.environ.get("PYTEST_XDIST_WORKER")
@pytest.hookimpl(tryfirst=True)
def pytest_runtest_protocol():
    # the worker whose list counts dies before it has run anything
    if worker == "gw0":
        told.touch()
        os._exit(0)
def pytest_collection_finish(session):
    deadline = time.monotonic() + 30
    while worker == "gw1" and not told.exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)
""",
            "test_a.py": "import os, pytest\n"
            "worker = os.environ.get('PYTEST_XDIST_WORKER')\n"
            "@pytest.mark.parametrize('n', [worker + '1', worker + '2', worker + '3'])\n"
            "def test_a(n): pass\n",
        },
    )
    ran = run_orchestrated(pytester, "--orchestrate-max-crashes=0")
    assert ran.code == 1
    assert "not run" in ran.out


def test_a_crash_is_a_failure(pytester: Pytester) -> None:
    write_files(pytester, {**PASS, "test_c.py": "import os\ndef test_c(): os._exit(0)\n"})
    assert run_orchestrated(pytester).code == 1
