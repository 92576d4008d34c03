"""Markers of pytest-dependency and pytest-depends, where these are not installed."""

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
