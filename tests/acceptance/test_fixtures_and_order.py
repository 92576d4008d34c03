"""Fixtures live where and as long as in plain pytest, whichever worker a test runs on."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.acceptance.support import run_orchestrated, run_plain, write_files
from tests.acceptance.tracing import (
    GROUPS,
    TRACED_PACKAGE,
    TRACING,
    Event,
    file_of,
    traces,
)

FILE = """
import unittest
import pytest

def setup_module(module):
    pytest.note("up", "setup_module", __file__)

def teardown_module(module):
    pytest.note("down", "setup_module", __file__)

@pytest.fixture(scope="module", params=["x", "y"])
def parameter(request):
    pytest.note("up", "parameter", __file__ + request.param)
    yield
    pytest.note("down", "parameter", __file__ + request.param)

def test_one(): pass

def test_two(parameter): pass

def test_three(parameter): pass

class TestGroup:
    @classmethod
    def setup_class(cls):
        pytest.note("up", "setup_class", __file__)

    @classmethod
    def teardown_class(cls):
        pytest.note("down", "setup_class", __file__)

    def test_in_class(self): pass
    def test_also(self): pass

class Case(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        pytest.note("up", "setUpClass", __file__)

    @classmethod
    def tearDownClass(cls):
        pytest.note("down", "setUpClass", __file__)

    def test_unit(self): pass
    def test_unit_too(self): pass
"""


def assert_nested(trace: list[Event]) -> None:
    """What was set up last is torn down first, and all is torn down."""
    up: list[Event] = []
    for kind, *what in trace:
        if kind == "up":
            assert what not in up, f"{what} was set up twice"
            up.append(what)
        elif kind == "down":
            assert up[-1:] == [what], f"{what} went down before {up[-1:]}"
            up.pop()
    assert not up, f"not torn down: {up}"


def assert_alone_in_file(trace: list[Event], root: Path) -> None:
    """While a test runs, nothing of another file, package or class is up."""
    up: list[Event] = []
    for kind, *what in trace:
        if kind == "up":
            up.append(what)
        elif kind == "down":
            up.remove(what)
        else:
            path = root / file_of(what[0])
            for scope, where in up:
                if scope in ("module", "setup_module", "setup_class"):
                    assert where == str(path), f"{what[0]} runs while {where} is up"
                elif scope == "package":
                    assert path.is_relative_to(where), f"{what[0]} runs while {where} is up"


def runs_of_files(trace: list[Event]) -> Counter[str]:
    """File -> how often a worker entered it."""
    found: Counter[str] = Counter()
    last = None
    for kind, *what in trace:
        if kind == "test":
            if file_of(what[0]) != last:
                found[file_of(what[0])] += 1
            last = file_of(what[0])
    return found


@pytest.fixture
def traced_suite(pytester: pytest.Pytester) -> pytest.Pytester:
    files = {"conftest.py": TRACING, "one/__init__.py": "", "two/__init__.py": ""}
    for folder in ("one", "two"):
        files |= {f"{folder}/conftest.py": TRACED_PACKAGE}
        files |= {f"{folder}/test_{name}.py": FILE for name in "abc"}
    write_files(pytester, files | {"test_top.py": FILE})
    return pytester


@pytest.mark.parametrize("workers", [0, 1, 2, 3])
def test_fixtures_go_up_and_down_as_in_plain(traced_suite: pytest.Pytester, workers: int) -> None:
    ran = run_orchestrated(traced_suite, workers=workers)
    assert ran.counts == {"passed": 63}
    found = traces(traced_suite.path)
    assert sum(kind == "test" for trace in found.values() for kind, *_ in trace) == 63
    for trace in found.values():
        assert_nested(trace)
        assert_alone_in_file(trace, traced_suite.path)
        ups = Counter(tuple(what) for kind, *what in trace if kind == "up")
        assert ups["session", ""] == 1
        for file, entered in runs_of_files(trace).items():
            assert ups["module", str(traced_suite.path / file)] == entered
            assert ups["setup_module", str(traced_suite.path / file)] == entered


def test_one_worker_sees_what_plain_pytest_sees(traced_suite: pytest.Pytester) -> None:
    run_plain(traced_suite)
    plain = traces(traced_suite.path)["main"]
    run_orchestrated(traced_suite, workers=1)
    one = traces(traced_suite.path)["gw0"]
    run_orchestrated(traced_suite, workers=0)
    here = traces(traced_suite.path)["main"]
    assert here == plain
    assert [event for event in one if event[0] != "test"] == [
        event for event in plain if event[0] != "test"
    ]


@pytest.mark.parametrize("workers", [1, 2])
def test_nextitem_is_what_comes_next(traced_suite: pytest.Pytester, workers: int) -> None:
    run_orchestrated(traced_suite, workers=workers)
    for trace in traces(traced_suite.path).values():
        told = [what for kind, *what in trace if kind == "test"]
        order = [nodeid for nodeid, _ in told]
        for position, (_, following) in enumerate(told[:-1]):
            assert following is not None, "nothing was said to follow, but something did"
            if workers == 1:
                assert following in ("?", order[position + 1])
            elif following in order:
                # what was announced may have been recalled, and may even have come again
                assert order.index(following) > position
        assert told[-1][1] is None or told[-1][1] not in order


def test_order_in_a_file_that_is_kept_whole_is_that_of_collection(
    traced_suite: pytest.Pytester,
) -> None:
    (traced_suite.path / "conftest.py").write_text(TRACING + GROUPS)
    run_plain(traced_suite, "-q")
    order = [what[0] for kind, *what in traces(traced_suite.path)["main"] if kind == "test"]
    run_orchestrated(traced_suite)
    for trace in traces(traced_suite.path).values():
        told = [what[0] for kind, *what in trace if kind == "test"]
        for file in {file_of(nodeid) for nodeid in told}:
            here = [nodeid for nodeid in told if file_of(nodeid) == file]
            assert here == sorted(here, key=order.index)


def test_grouped_files_are_set_up_once(traced_suite: pytest.Pytester) -> None:
    conftest = traced_suite.path / "conftest.py"
    conftest.write_text(TRACING + GROUPS)
    run_plain(traced_suite)
    plain = Counter(tuple(event) for event in traces(traced_suite.path)["main"] if event[0] == "up")
    run_orchestrated(traced_suite, workers=3)
    found = traces(traced_suite.path)
    ups = Counter(tuple(event) for trace in found.values() for event in trace if event[0] == "up")
    for event, count in plain.items():
        if event[1] not in ("session", "package"):
            assert ups[event] == count, event


@pytest.mark.parametrize("workers", [0, 1])
def test_a_hook_that_looks_at_the_next_test_is_told_when_a_class_is_over(
    pytester: pytest.Pytester, workers: int
) -> None:
    """SQLAlchemy's conftest disposes of what a class has used; nobody else is to lose it."""
    pytester.makepyfile(
        conftest="""
        import pytest

        current = None

        def pytest_runtest_setup(item):
            global current
            assert current in (None, item.cls), f"{current} is not over"
            current = item.cls

        @pytest.hookimpl(wrapper=True)
        def pytest_runtest_teardown(item, nextitem):
            global current
            yield
            if nextitem is None or nextitem.getparent(pytest.Class) is not item.parent:
                current = None
        """,
        test_it="""
        import pytest

        class TestOne:
            def test_a(self): pass

        class TestTwo:
            @pytest.mark.requires("TestOne")
            def test_b(self): pass

        class TestThree:
            @pytest.mark.requires("TestTwo")
            def test_c(self): pass
        """,
    )
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 3}
