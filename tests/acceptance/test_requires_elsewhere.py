"""Required tests that were not collected: those of files and tests named, those of ``--lf``."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files

Pytester = pytest.Pytester

everywhere = pytest.mark.parametrize("workers", [0, 2])

SUITE = {
    "pytest.ini": "[pytest]\n",
    "test_a.py": "import pytest\ndef test_base(): pass\n"
    "@pytest.mark.requires('test_base')\ndef test_login(): pass\ndef test_other(): pass\n",
    "test_b.py": """
import os, pytest
class TestIt:
    def test_x(self): pass
    def test_y(self): pass
    @pytest.mark.requires("test_x")
    def test_z(self): pass
@pytest.mark.requires("test_a.py::test_login", "test_helps")
def test_after(): assert "MENDED" in os.environ
def test_helps(): pass
@pytest.mark.requires("schema")
def test_named(): pass
@pytest.mark.requires("test_a.py::test_bas")
def test_misspelt(): pass
""",
    "far/test_far.py": "import pytest\n"
    "@pytest.mark.provides('schema')\ndef test_makes(): pass\ndef test_other(): pass\n",
}


@everywhere
def test_what_named_tests_require_is_run_too(pytester: Pytester, workers: int) -> None:
    write_files(pytester, SUITE)
    named = ("test_b.py::test_after", "test_b.py::TestIt::test_z", "test_b.py::test_named")
    ran = run_orchestrated(pytester, *named, workers=workers, environ={"MENDED": "1"})
    assert ran.counts == {"passed": 8}, ran.out
    assert "collected 3 items" in ran.out
    assert "5 tests added because others require them" in ran.out
    assert "test_y" not in ran.out
    if workers:
        args = (*named, "--orchestrate-replay=last")
        again = run_orchestrated(pytester, *args, workers=None, environ={"MENDED": "1"})
        assert again.counts == {"passed": 8}, again.out


@everywhere
def test_what_the_last_failed_require_is_run_too(pytester: Pytester, workers: int) -> None:
    write_files(pytester, {**SUITE, "test_b.py": SUITE["test_b.py"].replace('_bas"', '_base"')})
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"failed": 1, "passed": 11}, ran.out
    ran = run_orchestrated(pytester, "--lf", workers=workers)
    assert ran.counts["failed"] == 1
    assert ran.counts["passed"] == 3
    assert "3 tests added because others require them" in ran.out
    ran = run_orchestrated(pytester, "--lf", "--orchestrate-missing=skip", workers=workers)
    assert ran.counts["blocked"] == 1
    assert "not collected in this run" in ran.out


def test_a_name_that_is_nowhere_is_an_error_of_the_test(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    ran = run_orchestrated(pytester, "test_b.py::test_misspelt")
    assert ran.counts == {"errors": 1}, ran.out
    assert "did you mean 'test_a.py::test_base'" in ran.out


@pytest.mark.skipif(pytest.version_tuple < (9, 0), reason="strict is a key of pytest 9")
def test_under_strict_it_is_a_usage_error(pytester: Pytester) -> None:
    write_files(pytester, {**SUITE, "pytest.ini": "[pytest]\nstrict = true\n"})
    ran = run_orchestrated(pytester, "test_b.py::test_misspelt", workers=0, log=False)
    assert ran.code == 4
    assert "requires 'test_a.py::test_bas'" in ran.err


def test_what_must_not_run_is_not_added(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    args = ("test_b.py::test_after", "--deselect=test_a.py::test_login")
    ran = run_orchestrated(pytester, *args)
    assert ran.counts == {"blocked": 1, "passed": 1, "deselected": 1}, ran.out
    assert "requires test_a.py::test_login, deselected in this run" in ran.out
    assert "collected 2 items / 1 deselected / 1 selected" in ran.out


def test_a_file_that_is_required_and_broken_ends_the_run(pytester: Pytester) -> None:
    write_files(pytester, {**SUITE, "test_a.py": "import nothing_of_that_name"})
    ran = run_orchestrated(pytester, "test_b.py::test_after", log=False)
    assert ran.code == 2
    assert "ERROR collecting test_a.py" in ran.out


@pytest.mark.usefixtures("default_modes")
def test_files_are_shared_out_as_long_as_what_is_required_is_among_them(
    pytester: Pytester,
) -> None:
    files = {
        **SUITE,
        "test_c.py": "import pytest\n@pytest.mark.requires('test_a.py::test_login')\n"
        "def test_c(): pass\n",
        "test_d.py": "import pytest\n@pytest.mark.requires('schema')\ndef test_d(): pass\n",
    }
    write_files(pytester, files)
    ran = run_orchestrated(pytester, "test_a.py", "test_c.py")
    assert "sharded collection" in ran.out
    assert "collected everything" not in ran.out
    assert ran.counts == {"passed": 4}
    ran = run_orchestrated(pytester, "test_a.py", "test_c.py", "test_d.py")
    assert "collected everything: tests may require what was left out" in ran.out
    assert ran.counts == {"passed": 6}


@pytest.mark.usefixtures("default_modes")
def test_where_a_hook_marks_tests_the_workers_begin_anew(pytester: Pytester) -> None:
    hook = """
import pytest
def pytest_collection_modifyitems(items):
    for item in items:
        if item.name == "test_d":
            item.add_marker(pytest.mark.requires("schema"))
"""
    files = {f"test_{name}.py": f"def test_{name}(): pass\n" for name in "cd"}
    write_files(pytester, {**SUITE, **files, "conftest.py": hook})
    ran = run_orchestrated(pytester, "test_c.py", "test_d.py")
    assert ran.counts == {"passed": 3}
    assert "tests may require what was left out; 2 workers begin anew" in ran.out


def test_a_debugger_and_a_plan_have_it_too(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    ran = run_orchestrated(pytester, "test_b.py::test_named", "--pdb", workers=None)
    assert ran.counts == {"passed": 2}
    ran = run_orchestrated(pytester, "test_b.py::test_named", "--orchestrate-plan", log=False)
    assert "plan for 2 tests on 2 workers" in ran.out
