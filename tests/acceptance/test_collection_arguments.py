"""Arguments name what is collected, in every way that pytest knows."""

from __future__ import annotations

import pytest

from tests.acceptance.support import (
    assert_as_plain,
    assert_same,
    run_orchestrated,
    run_plain,
    write_files,
)

Pytester = pytest.Pytester

NAMED = """
import pytest

class TestShop:
    @pytest.mark.parametrize("size", ["small", "big", "a b", "x::y", "[z]", "ü"])
    def test_sizes(self, size): pass

    def test_open(self): assert 0

    class TestInside:
        def test_deep(self): pass

def test_alone(): pass
"""

TWO_FILES = {
    "test_a.py": "def test_1(): pass\ndef test_2(): assert 0\ndef test_3(): pass",
    "sub/test_b.py": "def test_1(): pass\ndef test_2(): pass",
}


@pytest.mark.parametrize(
    "arguments",
    [
        ("test_it.py::TestShop::test_sizes[big]",),
        ("test_it.py::TestShop::test_sizes[x::y]", "test_it.py::TestShop::test_sizes[[z]]"),
        ("test_it.py::TestShop::test_sizes[a b]", "test_it.py::TestShop::test_sizes[small]"),
        ("test_it.py::TestShop::TestInside", "test_it.py::test_alone", "test_a.py"),
        ("test_it.py::TestShop::test_sizes", "sub", "test_it.py::TestShop"),
    ],
    ids=["parameter", "colons", "order", "class", "overlapping"],
)
def test_names_behind_a_path(pytester: Pytester, arguments: tuple[str, ...]) -> None:
    write_files(pytester, {"test_it.py": NAMED, **TWO_FILES})
    plain, ours = assert_as_plain(pytester, *arguments)
    assert ours.outcomes
    assert set(plain.order) == set(ours.order)


@pytest.mark.parametrize(
    "arguments",
    [
        ("test_a.py", "test_a.py"),
        ("--keep-duplicates", "test_a.py", "test_a.py"),
        (".", "test_a.py"),
        ("--keep-duplicates", "test_a.py", "."),
        ("sub/test_b.py", "sub", "test_a.py::test_1", "test_a.py::test_1"),
        ("--keep-duplicates", "sub", "sub/test_b.py", "test_a.py::test_1", "test_a.py::test_1"),
    ],
    ids=" ".join,
)
def test_what_is_named_twice_runs_as_often_as_plainly(
    pytester: Pytester, arguments: tuple[str, ...]
) -> None:
    write_files(pytester, TWO_FILES)
    assert_as_plain(pytester, *arguments)


def test_different_tests_of_one_node_id_all_run(pytester: Pytester) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collect_file(parent, file_path):
            if file_path.suffix == ".list":
                return List.from_parent(parent, path=file_path)

        class List(pytest.File):
            def collect(self):
                for number in range(4):
                    yield Check.from_parent(self, name="check", number=number)

        class Check(pytest.Item):
            def __init__(self, number, **rest):
                super().__init__(**rest)
                self.number = number

            def runtest(self):
                assert self.number % 2
        """
    )
    pytester.makefile(".list", a="", b="")
    _, ours = assert_as_plain(pytester)
    assert ours.outcomes == {
        "a.list::check": ["failed", "failed", "passed", "passed"],
        "b.list::check": ["failed", "failed", "passed", "passed"],
    }


def test_pyargs(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "lib/shop/__init__.py": "",
            "lib/shop/conftest.py": "import pytest\n@pytest.fixture\ndef till(): return 1",
            "lib/shop/test_till.py": "def test_till(till): assert till == 1",
            "lib/shop/parts/__init__.py": "",
            "lib/shop/parts/test_part.py": "def test_part(till): assert till == 2",
            "lib/space/test_space.py": "def test_space(): pass",
            "project/pytest.ini": "[pytest]\npythonpath = ../lib",
        },
    )
    environ = {"PYTHONPATH": str(pytester.path.with_name(pytester.path.name + "-beside"))}
    environ["PYTHONPATH"] += f":{pytester.path / 'lib'}"
    for arguments in (
        ("shop", "space.test_space"),
        ("shop.parts", "shop.test_till::test_till"),
    ):
        plain = run_plain(pytester, "--pyargs", *arguments, environ=environ)
        ours = run_orchestrated(pytester, "--pyargs", *arguments, environ=environ)
        assert plain.outcomes
        assert_same(plain, ours)


def test_arguments_of_a_file(pytester: Pytester) -> None:
    write_files(pytester, {**TWO_FILES, "chosen.txt": "test_a.py::test_1\nsub\n-v\n"})
    _, ours = assert_as_plain(pytester, "@chosen.txt")
    assert ours.counts == {"passed": 3}


def test_testpaths(pytester: Pytester) -> None:
    write_files(
        pytester,
        {"pytest.ini": "[pytest]\ntestpaths = sub no*\n", "nobody/test_c.py": "", **TWO_FILES},
    )
    _, ours = assert_as_plain(pytester)
    assert set(ours.outcomes) == {"sub/test_b.py::test_1", "sub/test_b.py::test_2"}


def test_started_below_the_root(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(pytester, {"pytest.ini": "[pytest]\ntestpaths = sub\n", **TWO_FILES})
    monkeypatch.chdir(pytester.path / "sub")
    plain = run_plain(pytester, "-v", "-rA", "..", ".")
    ours = run_orchestrated(pytester, "-v", "-rA", "..", ".")
    assert_same(plain, ours)
    assert "PASSED test_b.py::test_1" in ours.out


def test_started_outside_of_the_root(pytester: Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    write_files(
        pytester,
        {
            "suite/pytest.ini": "[pytest]\naddopts = -rA\n",
            **{f"suite/{name}": text for name, text in TWO_FILES.items()},
            "elsewhere/readme": "",
        },
    )
    monkeypatch.chdir(pytester.path / "elsewhere")
    plain = run_plain(pytester, "../suite")
    ours = run_orchestrated(pytester, "../suite", log=False)
    assert_same(plain, ours)
    assert (pytester.path / "suite/.pytest_orchestrate/runs").is_dir()


@pytest.mark.parametrize("flags", [("--rootdir=sub",), ("-c", "sub/other.ini")])
def test_a_root_that_is_given(pytester: Pytester, flags: tuple[str, ...]) -> None:
    write_files(pytester, {**TWO_FILES, "sub/other.ini": "[pytest]\npython_functions = test_2\n"})
    plain = run_plain(pytester, *flags, "sub", "test_a.py")
    ours = run_orchestrated(pytester, *flags, "sub", "test_a.py", log=False)
    assert_same(plain, ours)


@pytest.mark.parametrize(
    "arguments",
    [
        ("nowhere",),
        ("test_a.py", "nowhere.py"),
        ("test_a.py::TestNone::test_9", "sub/test_b.py::test_1", "sub/test_b.py::test_7"),
        ("--pyargs", "no_such_package.tests"),
    ],
    ids=["folder", "file", "names", "package"],
)
def test_what_does_not_exist_is_a_usage_error_that_names_it_once(
    pytester: Pytester, arguments: tuple[str, ...]
) -> None:
    write_files(pytester, TWO_FILES)
    plain = run_plain(pytester, *arguments)
    ours = run_orchestrated(pytester, *arguments, log=False)
    assert plain.code == ours.code == pytest.ExitCode.USAGE_ERROR
    assert [line for line in plain.err.splitlines() if line] == [
        line for line in ours.err.splitlines() if line
    ]
    assert ours.err.count("ERROR: ") == plain.err.count("ERROR: ")
    assert not ours.outcomes
    assert plain.telling_lines() == ours.telling_lines()


LATE = """
import os, pathlib, pytest, time

@pytest.hookimpl(tryfirst=True)
def pytest_plugin_registered(plugin_name):
    if plugin_name == "terminalreporter" and os.environ.get("PYTEST_XDIST_WORKER") == "gw1":
        pathlib.Path("late").touch()
        time.sleep(60)

def pytest_sessionstart():
    while os.environ.get("PYTEST_XDIST_WORKER") == "gw0" and not os.path.exists("late"):
        time.sleep(0.01)
"""


@pytest.mark.parametrize("start", ["auto", "spawn"])
def test_a_worker_that_is_interrupted_before_its_terminal_is_muted_says_nothing(
    pytester: Pytester, start: str
) -> None:
    write_files(pytester, {**TWO_FILES, "conftest.py": LATE})
    ours = run_orchestrated(
        pytester, "test_a.py", "nowhere.py", f"--orchestrate-start={start}", log=False
    )
    assert ours.code == pytest.ExitCode.USAGE_ERROR
    assert pytester.path.joinpath("late").exists()
    assert "KeyboardInterrupt" not in ours.out + ours.err


def test_a_path_that_holds_no_tests(pytester: Pytester) -> None:
    write_files(pytester, {**TWO_FILES, "empty/readme": ""})
    _, ours = assert_as_plain(pytester, "empty")
    assert ours.code == pytest.ExitCode.NO_TESTS_COLLECTED
