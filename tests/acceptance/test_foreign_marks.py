"""Markers of pytest-dependency, pytest-depends and pytest-order, where these are not installed."""

from __future__ import annotations

import pytest

from tests.acceptance.support import run_orchestrated, write_files

SUITE = {
    "pytest.ini": (
        "[pytest]\naddopts = --strict-markers --strict-config\nautomark_dependency = true\n"
    ),
    # what is required is collected last
    "test_a.py": """
import pytest

@pytest.mark.dependency(depends=["test_z.py::TestZ::test_good"], scope="session")
def test_elsewhere(): pass

@pytest.mark.dependency(depends=["bad"], scope="session")
def test_blocked(): pass

@pytest.mark.dependency(name="after", depends=["test_blocked"])
def test_blocked_too(): pass

@pytest.mark.depends(on=["test_z.py"])
def test_a_file(): pass
""",
    "test_z.py": """
import pytest

class TestZ:
    def test_good(self): pass

    @pytest.mark.dependency(name="bad")
    def test_bad(self): assert False
""",
}


@pytest.mark.parametrize("workers", [0, 2])
def test_they_require_and_provide_across_files_and_workers(
    pytester: pytest.Pytester, workers: int
) -> None:
    write_files(pytester, SUITE)
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.outcomes == {
        "test_a.py::test_elsewhere": ["passed"],
        "test_a.py::test_blocked": ["skipped"],
        "test_a.py::test_blocked_too": ["skipped"],
        "test_a.py::test_a_file": ["skipped"],
        "test_z.py::TestZ::test_good": ["passed"],
        "test_z.py::TestZ::test_bad": ["failed"],
    }
    assert "warning" not in ran.out.lower()


ORDER = {
    "test_a.py": """
import pytest

@pytest.mark.order("last")
def test_last(): pass

@pytest.mark.order(1)
def test_1(): pass

@pytest.mark.order(after="test_b.py::test_b")
def test_after(): pass

@pytest.mark.order(after="tset_last")
def test_lost(): pass
""",
    "test_b.py": """
import pytest

@pytest.mark.order(before="test_a.py::test_1")
def test_before(): pass

def test_b(): assert False

@pytest.mark.order(0)
def test_0(): pass
""",
}


@pytest.mark.parametrize("workers", [0, 2])
def test_order_holds_across_files_and_workers(pytester: pytest.Pytester, workers: int) -> None:
    write_files(pytester, ORDER)
    ran = run_orchestrated(pytester, workers=workers)
    assert ran.counts == {"passed": 6, "failed": 1, "warnings": 1}
    names = [nodeid.rpartition("::test_")[2] for nodeid in ran.order]
    for first, then in (("0", "1"), ("before", "1"), ("b", "after"), ("1", "last"), ("b", "last")):
        assert names.index(first) < names.index(then)
    # where the mark is, as if that line had warned
    assert "test_a.py:13: PytestWarning: test_a.py::test_lost has order(after='tset_" in ran.out
    assert "and there is no such test; did you mean 'test_last'" in ran.out


def test_tests_whose_order_is_a_circle_are_named(pytester: pytest.Pytester) -> None:
    circle = """
import pytest

@pytest.mark.order(after="test_b")
def test_a(): pass

@pytest.mark.requires("test_a")
def test_b(): pass
"""
    write_files(pytester, {"test_a.py": circle})
    ran = run_orchestrated(pytester, log=False)
    assert ran.code == 4
    assert "the order of these tests is a circle" in ran.out + ran.err
    assert "test_a.py::test_a, test_a.py::test_b" in ran.out + ran.err
