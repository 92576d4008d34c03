"""Which test runs where and after which, and what is told of what is torn down late."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections import Counter

import pytest

from tests.acceptance.support import assert_as_plain, run_orchestrated, run_plain, write_files
from tests.acceptance.tracing import GROUPS, TRACING, traces

LEAKY = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def leaky_module():
    yield
    raise RuntimeError("module")

@pytest.fixture(scope="class")
def leaky_class():
    yield
    raise RuntimeError("class")

@pytest.fixture
def leaky():
    yield
    raise RuntimeError("function")

def test_first(): pass

class TestGroup:
    def test_in_class(self, leaky_class): pass
    def test_also(self, leaky_class): pass

def test_leaks(leaky): pass

def test_fails(): assert 0

def test_last(): pass
"""


#: The passed report of a tear-down is held back for as long as it takes, and not just a moment.
HELD_BACK = """
def pytest_configure(config):
    if hasattr(config, "workerinput"):
        from pytest_orchestrate.worker import running
        running.HOLD = 30.0
"""


def test_tear_down_errors_are_told_of_the_test_that_plain_tells_them_of(
    pytester: pytest.Pytester,
) -> None:
    files = {f"test_{name}.py": LEAKY for name in "abcd"}
    write_files(pytester, {"conftest.py": GROUPS + HELD_BACK, **files})
    assert_as_plain(pytester)


def test_tear_down_errors_of_session_and_package_are_told(pytester: pytest.Pytester) -> None:
    leaky = """
import pytest

@pytest.fixture(scope="{scope}", autouse=True)
def leaky_{scope}():
    yield
    raise RuntimeError("{scope}")
"""
    files = {
        "conftest.py": leaky.format(scope="session"),
        "one/__init__.py": "",
        "one/conftest.py": leaky.format(scope="package"),
        "one/test_a.py": "def test_a(): pass\ndef test_b(): pass\n",
    }
    write_files(pytester, files)
    plain = run_plain(pytester)
    ran = run_orchestrated(pytester, workers=1)
    # plain pytest tells both on the last test, in one report
    assert ran.counts == plain.counts
    assert ran.outcomes == plain.outcomes
    assert ran.code == plain.code == 1


#: Waits until the tests named have begun, wherever they run.
WAITING = """
import os
import time
from pathlib import Path

def wait_for(*names):
    deadline = time.monotonic() + 30
    missing = [name for name in names if not Path(f"ran-{name}").exists()]
    assert missing, "it came last"
    while missing:
        assert time.monotonic() < deadline, f"still behind this test: {missing}"
        missing = [name for name in missing if not Path(f"ran-{name}").exists()]

def ran(name):
    Path(f"ran-{name}").touch()
"""


@pytest.mark.parametrize("scope", ["function", "module"])
def test_no_test_waits_behind_a_long_one(pytester: pytest.Pytester, scope: str) -> None:
    names = [f"{number:02}" for number in range(12)]
    quick = "".join(f"def test_{name}(resource): ran('{name}')\n" for name in names)
    write_files(
        pytester,
        {
            "waiting.py": WAITING,
            "test_a.py": f"""
import pytest
from waiting import ran, wait_for

@pytest.fixture(scope="{scope}")
def resource(): pass

def test_long(resource):
    wait_for(*{names!r})

{quick}
""",
            "test_b.py": "def test_other(): pass\n",
        },
    )
    ran = run_orchestrated(pytester, "-o", "pythonpath=.")
    assert ran.counts == {"passed": 14}, ran.out


def test_a_late_tear_down_error_belongs_to_the_last_user(pytester: pytest.Pytester) -> None:
    # test_long ends when test_last has been told to have passed, which is before the worker
    # that ran it knows of nothing to come, and tears the module down
    write_files(
        pytester,
        {
            "conftest.py": """
import os
from pathlib import Path
import pytest

@pytest.hookimpl(optionalhook=True)
def pytest_orchestrate_estimate(test):
    return 9.0 if test.nodeid.endswith("test_long") else 0.0001

def pytest_runtest_logfinish(nodeid):
    if nodeid.endswith("test_last") and "PYTEST_XDIST_WORKER" not in os.environ:
        Path("told").touch()
""",
            "test_a.py": """
import pytest

@pytest.fixture(scope="module", autouse=True)
def leaky():
    yield
    raise RuntimeError("late")

def test_first(): pass
def test_last(): pass
""",
            "test_b.py": """
import time
from pathlib import Path

def test_long():
    deadline = time.monotonic() + 20
    while not Path("told").exists():
        assert time.monotonic() < deadline
        time.sleep(0.01)

def test_then(): pass
""",
        },
    )
    plain = run_plain(pytester, "--junitxml=plain.xml", "-rA")
    (pytester.path / "told").unlink()
    ran = run_orchestrated(pytester, "--junitxml=ours.xml", "-rA")
    assert ran.counts == plain.counts == {"passed": 4, "errors": 1}
    assert ran.code == plain.code
    assert "ERROR test_a.py::test_last - RuntimeError: late" in ran.out
    found = []
    for name in ("plain.xml", "ours.xml"):
        (suite,) = ET.parse(pytester.path / name).getroot()
        totals = {key: suite.get(key) for key in ("tests", "errors", "failures")}
        cases = {case.get("name"): [child.tag for child in case] for case in suite}
        assert len(cases) == len(suite)
        found.append((totals, cases))
    assert found[0] == found[1]


def test_tests_of_one_group_run_on_one_worker_in_order(pytester: pytest.Pytester) -> None:
    source = """
import pytest

@pytest.mark.parametrize("n", range(6))
def test_it(n, worker_id):
    pytest.note("test", f"{__name__}::{n}", None)
"""
    grouping = (
        TRACING.replace("def pytest_runtest_protocol", "def unused")
        + """
def pytest_orchestrate_group_item(item):
    return f"group {item.callspec.params['n'] % 3}"
"""
    )
    write_files(
        pytester,
        {"conftest.py": grouping, **{f"test_{name}.py": source for name in "abcd"}},
    )
    ran = run_orchestrated(pytester, workers=3)
    assert ran.counts == {"passed": 24}
    places: dict[int, set[str]] = {}
    for worker, trace in traces(pytester.path).items():
        told = [what[0] for kind, *what in trace if kind == "test"]
        for nodeid in told:
            places.setdefault(int(nodeid[-1]) % 3, set()).add(worker)
        for group in range(3):
            here = [nodeid for nodeid in told if int(nodeid[-1]) % 3 == group]
            assert here == sorted(here)
    assert all(len(workers) == 1 for workers in places.values())


def test_session_parameters_are_not_set_up_for_each_test(pytester: pytest.Pytester) -> None:
    source = "\n".join(f"def test_{n}(backend): pass" for n in range(8))
    conftest = (
        TRACING
        + """
@pytest.fixture(scope="session", params=["one", "two"])
def backend(request):
    note("up", "backend", request.param)
    yield
    note("down", "backend", request.param)
"""
    )
    write_files(pytester, {"conftest.py": conftest, "test_a.py": source, "test_b.py": source})
    ran = run_orchestrated(pytester)
    assert ran.counts == {"passed": 32}
    for trace in traces(pytester.path).values():
        ups = Counter(what[1] for kind, *what in trace if kind == "up" and what[0] == "backend")
        assert max(ups.values()) <= 2
