"""What a job of GitHub Actions is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate.controller.github import annotation_lines
from tests.support.reports import report_of, reported


@pytest.mark.parametrize(
    ("workspace", "file"),
    [
        ("repository", "packages/shop/tests/test_a.py"),
        ("repository/packages/shop", "tests/test_a.py"),
        ("elsewhere", "tests/test_a.py"),
        ("", "tests/test_a.py"),
    ],
)
def test_paths_are_those_of_the_repository(tmp_path: Path, workspace: str, file: str) -> None:
    root = tmp_path / "repository/packages/shop"
    report = report_of(reported("tests/test_a.py::test_a", "failed"))
    (line,) = annotation_lines(report, root, workspace and str(tmp_path / workspace))
    assert line.startswith(f"::error file={file},line=3,")
