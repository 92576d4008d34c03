"""Folders and files of a report."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.areas import areas
from tests.support.reports import attempt_of, reported


def test_folders_come_before_what_is_in_them_with_the_sums_of_it() -> None:
    found = areas(
        [
            reported("tests/b/test_b.py::one", attempts=[attempt_of(call=1.0)]),
            reported("tests/test_a.py::one", "failed", [attempt_of("failed", call=2.0)]),
            reported("tests/b/test_b.py::two", "blocked"),
            reported("test_top.py::one", attempts=[attempt_of(call=1.0)]),
        ]
    )
    assert [(area.path, area.is_file, area.tests, area.seconds) for area in found] == [
        ("test_top.py", True, 1, 1.0),
        ("tests", False, 3, 3.0),
        ("tests/b", False, 2, 1.0),
        ("tests/b/test_b.py", True, 2, 1.0),
        ("tests/test_a.py", True, 1, 2.0),
    ]
    assert found[1].outcomes == {"passed": 1, "failed": 1, "blocked": 1}
    assert found[1].share == 0.75
    assert all(area.coverage is None for area in found)


def test_source_files_are_there_with_their_coverage() -> None:
    found = areas([reported("tests/test_a.py::one")], {"src/a.py": (5, 10), "src/b.py": (0, 30)})
    assert {area.path: area.coverage for area in found} == {
        "src": 0.125,
        "src/a.py": 0.5,
        "src/b.py": 0.0,
        "tests": None,
        "tests/test_a.py": None,
    }
    assert found[0].tests == 0


def test_a_source_file_without_lines_has_no_coverage() -> None:
    (area,) = areas([], {"empty.py": (0, 0)})
    assert area.coverage is None


def test_shares_of_files_add_up() -> None:
    tests = [reported(f"test_{each}.py::one") for each in range(7)]
    assert sum(area.share for area in areas(tests)) == pytest.approx(1.0)
    assert areas([reported("a.py::one", attempts=[attempt_of(call=0.0)])])[0].share == 0.0
