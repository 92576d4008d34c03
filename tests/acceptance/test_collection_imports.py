"""Test files are imported as plain pytest imports them, in workers and nowhere else."""

from __future__ import annotations

import os

import pytest

from tests.acceptance.support import (
    assert_as_plain,
    run_orchestrated,
    run_plain,
    write_files,
)

Pytester = pytest.Pytester

SAYS_ITS_NAME = "def test_name(): assert __name__ == {name!r}\n"


def test_equal_basenames_in_packages_with_prepend(pytester: Pytester) -> None:
    files = {f"{name}/__init__.py": "" for name in ("top", "top/one", "top/two")}
    for part in ("one", "two"):
        name = f"top.{part}.test_it"
        files[f"top/{part}/test_it.py"] = SAYS_ITS_NAME.format(name=name)
        files[f"top/{part}/conftest.py"] = ""
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 2}


@pytest.mark.parametrize("mode", ["prepend", "append"])
def test_equal_basenames_outside_of_packages_are_an_error(pytester: Pytester, mode: str) -> None:
    text = "import time; time.sleep(0.05)\ndef test_it(): pass"
    pairs = [f"{folder}/test_{number}.py" for folder in ("one", "two") for number in range(4)]
    write_files(pytester, dict.fromkeys(pairs, text))
    _, ours = assert_as_plain(pytester, f"--import-mode={mode}")
    assert ours.code == pytest.ExitCode.INTERRUPTED
    assert ours.out.count("import file mismatch") == 4


def test_one_module_name_in_two_trees_with_importlib(pytester: Pytester) -> None:
    """pytest gives out the module it has already."""
    files = {}
    for tree in ("one", "two"):
        files[f"{tree}/pack/__init__.py"] = ""
        for number in range(4):
            files[f"{tree}/pack/test_{number}.py"] = f"""
import time; time.sleep(0.05)
def test_tree(): assert {tree!r} == "one"
def test_{tree}(): pass
"""
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester, "--import-mode=importlib")
    assert ours.counts == {"passed": 16}


def test_two_packages_of_one_name(pytester: Pytester) -> None:
    """What is in the second one is looked for in the first."""
    text = "import time; time.sleep(0.2)\ndef test_it(): pass"
    files = {f"{tree}/tests/__init__.py": "" for tree in "ab"}
    files |= {"a/tests/test_1.py": text, "b/tests/test_2.py": text, "b/tests/test_3.py": text}
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester, "--continue-on-collection-errors")
    assert ours.counts == {"passed": 1, "errors": 2}


def test_a_namespace_package_that_cannot_be_imported(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\nconsider_namespace_packages = true\npythonpath = .\n",
            "space/bad/__init__.py": "raise RuntimeError('bad')",
            "space/bad/test_bad.py": "def test_it(): pass",
            "space/good/test_good.py": "def test_it(): pass",
            "space/good/test_other.py": "def test_it(): pass",
        },
    )
    _, ours = assert_as_plain(pytester, "--continue-on-collection-errors")
    assert ours.counts == {"passed": 2, "errors": 1}


def test_what_tests_leave_behind_is_not_there_where_files_are_collected_late(
    pytester: Pytester,
) -> None:
    """Plain pytest has imported every file before the first test."""
    write_files(
        pytester,
        {
            "shop.py": "",
            "conftest.py": "import shop\nSHOP = shop\n",
            "test_big.py": """
import os, pathlib, time, pytest
import shop
from conftest import SHOP

run = os.environ.get("PYTEST_XDIST_TESTRUNUID")
deadline = time.monotonic() + 10
while run and not pathlib.Path(__file__).with_name(run).exists() and time.monotonic() < deadline:
    time.sleep(0.01)  # until the other worker has its file

FOUND = os.getcwd(), os.environ.get("SHOP")

@pytest.mark.parametrize("number", range(20))
def test_big(number, request):
    time.sleep(0.05)
    assert shop is SHOP
    assert FOUND == (str(request.config.invocation_params.dir), None)
""",
            "test_small.py": """
import os, pathlib, sys

pathlib.Path(__file__).with_name(os.environ.get("PYTEST_XDIST_TESTRUNUID", "plain")).touch()

def test_small(tmp_path):
    del sys.modules["shop"]
    import shop
    os.environ["SHOP"] = "open"
    os.chdir(tmp_path)
""",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 21}
    assert "sharded collection" in ours.out


def test_equal_helpers_where_files_are_collected_late(pytester: Pytester) -> None:
    """Imported within a test, it is that of the folder which came last."""
    files = {f"{folder}/lookup.py": f"WHERE = {folder!r}" for folder in "ab"}
    files["a/test_big.py"] = """
import time, pytest

@pytest.mark.parametrize("number", range(8))
def test_lookup(number):
    time.sleep(0.1)
    import lookup
    assert lookup.WHERE == "b"
"""
    files["b/test_small.py"] = "import time; time.sleep(0.1)\ndef test_it(): pass"
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 9}


@pytest.mark.parametrize("mode", ["prepend", "append"])
def test_helpers_in_the_folders_of_other_test_files(pytester: Pytester, mode: str) -> None:
    """Importing a test file puts its folder on the path, for all that come after it."""
    files = {
        "one/test_one.py": "import time; time.sleep(0.2)\ndef test_one(): pass",
        "one/helper.py": "WHERE = 'one'",
        "pack/__init__.py": "",
        "pack/sub/__init__.py": "",
        "pack/sub/test_sub.py": "def test_sub(): pass",
    }
    for number in range(6):
        files[f"two/test_{number}.py"] = """
import helper, pack.sub
def test_helper(): assert helper.WHERE == "one"
"""
    write_files(pytester, files)
    _, ours = assert_as_plain(pytester, f"--import-mode={mode}")
    assert ours.counts == {"passed": 8}


def test_equal_basenames_with_append(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "one/__init__.py": "",
            "one/test_it.py": SAYS_ITS_NAME.format(name="one.test_it"),
            "two/__init__.py": "",
            "two/test_it.py": SAYS_ITS_NAME.format(name="two.test_it"),
            "test_it.py": SAYS_ITS_NAME.format(name="test_it"),
        },
    )
    _, ours = assert_as_plain(pytester, "--import-mode=append")
    assert ours.counts == {"passed": 3}


def test_equal_basenames_with_importlib(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "one/test_it.py": "def test_it(where): assert where == 'one'",
            "one/conftest.py": "import pytest\n@pytest.fixture\ndef where(): return 'one'",
            "two/test_it.py": "def test_it(where): assert where == 'two'",
            "two/conftest.py": "import pytest\n@pytest.fixture\ndef where(): return 'two'",
            "two/deep/test_it.py": "def test_it(where): assert where == 'one'",
        },
    )
    _, ours = assert_as_plain(pytester, "--import-mode=importlib")
    assert ours.counts == {"passed": 2, "failed": 1}


def test_namespace_packages(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\npythonpath = .\nconsider_namespace_packages = true\n",
            "space/inner/__init__.py": "",
            "space/inner/test_it.py": SAYS_ITS_NAME.format(name="space.inner.test_it"),
            "space/other/__init__.py": "VALUE = 3",
            "space/other/test_it.py": """
from space.other import VALUE
def test_value(): assert VALUE == 3
def test_name(): assert __name__ == "space.other.test_it"
""",
        },
    )
    for mode in ("prepend", "importlib"):
        _, ours = assert_as_plain(pytester, f"--import-mode={mode}")
        assert ours.counts == {"passed": 3}


def test_tests_inside_packages_init(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\npython_files = *.py\n",
            "pack/__init__.py": "def test_in_init(): pass",
            "pack/unit.py": "def test_in_unit(): from pack import unit",
        },
    )
    _, ours = assert_as_plain(pytester)
    assert ours.counts == {"passed": 2}


def test_conftests_in_folders_below(pytester: Pytester) -> None:
    conftest = """
import pytest

@pytest.fixture
def level(): return {level!r}

@pytest.fixture(scope="package", autouse=True)
def opened(request):
    yield

def pytest_runtest_setup(item):
    item.user_properties.append(("hook of", {level!r}))

def pytest_collection_modifyitems(items):
    items.sort(key=lambda item: item.name)
"""
    test = "def test_level(level, record_property): record_property('level', level)"
    files = {}
    for folder in ("", "a/", "a/b/", "c/"):
        files[f"{folder}conftest.py"] = conftest.format(level=folder or "top")
        files[f"{folder}test_level{len(files)}.py"] = test
    write_files(pytester, files)
    plain, ours = assert_as_plain(pytester)
    assert plain.record is not None
    assert ours.record is not None
    for nodeid, attempts in plain.record["tests"].items():
        assert ours.record["tests"][nodeid] == attempts
    assert ours.counts == {"passed": 4}


def test_the_path_for_imports_is_that_of_a_plain_run(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "pytest.ini": "[pytest]\npythonpath = lib more\n",
            "lib/shop.py": "NAME = 'lib'",
            "more/till.py": "NAME = 'more'",
            "test_it.py": """
import sys
import shop
from till import NAME

def test_names(): assert (shop.NAME, NAME) == ("lib", "more")
def test_path(record_property): record_property("path", str(sys.path))
""",
        },
    )
    plain, ours = assert_as_plain(pytester)
    assert plain.record is not None
    assert ours.record is not None
    nodeid = "test_it.py::test_path"
    (expected,), (given,) = plain.record["tests"][nodeid], ours.record["tests"][nodeid]
    assert given["properties"] == expected["properties"]


WHERE = """
import os, pathlib

with open(pathlib.Path(__file__).parent / "imported", "a") as file:
    file.write(f"{os.getpid()}\\n")

def test_it(): pass
"""


def test_the_controller_imports_no_test_file(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "test_where.py": WHERE,
            "sub/test_below.py": WHERE,
            "sub/conftest.py": WHERE,
            "conftest.py": """
import os, sys

def pytest_collection_modifyitems(session, config, items):
    assert hasattr(config, "workerinput"), "called in the controller"

def pytest_itemcollected(item):
    assert hasattr(item.config, "workerinput"), "called in the controller"

def pytest_sessionfinish(session):
    if hasattr(session.config, "workerinput"):
        return
    names = [name for name in sys.modules if name.startswith("test_")]
    print(f"\\ncontroller: {os.getpid()}, {session.testscollected} collected, imported {names}")
""",
        },
    )
    ran = run_orchestrated(pytester, "-s")
    assert ran.counts == {"passed": 2}
    ran.result.stdout.re_match_lines([r"controller: \d+, 2 collected, imported \[\]"])
    controller = ran.out.partition("controller: ")[2].partition(",")[0]
    for folder in (pytester.path, pytester.path / "sub"):
        importers = (folder / "imported").read_text().split()
        assert len(set(importers)) == 2
        assert controller not in importers
        assert str(os.getpid()) not in importers


def test_initial_conftests_are_loaded_in_the_controller(pytester: Pytester) -> None:
    write_files(
        pytester,
        {
            "sub/conftest.py": """
def pytest_addoption(parser):
    parser.addoption("--shop", default="none")

def pytest_report_header(config):
    return f"shop: {config.option.shop}"
""",
            "sub/test_shop.py": """
def test_shop(request): assert request.config.getoption("--shop") == "corner"
""",
        },
    )
    _, ours = assert_as_plain(pytester, "sub", "--shop=corner")
    assert "shop: corner" in ours.out
    assert ours.counts == {"passed": 1}


def test_a_conftest_that_cannot_be_imported(pytester: Pytester) -> None:
    pytester.makeconftest("import no_such_module")
    pytester.makepyfile("def test_it(): pass")
    plain = run_plain(pytester)
    ours = run_orchestrated(pytester, log=False)
    assert plain.code == ours.code == pytest.ExitCode.USAGE_ERROR
    assert ours.err.count("no_such_module") == plain.err.count("no_such_module")
