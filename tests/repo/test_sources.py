"""What holds for every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.repo.documents import ROOT, SOURCES

LONGEST = 400
FILES = [
    path
    for folder in ("src", "tests", "benchmarks", "docs", "examples")
    for path in sorted((ROOT / folder).rglob("*.py"))
]


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


WRITTEN = [path for kind in ("py", "js", "css") for path in sorted(SOURCES.rglob(f"*.{kind}"))]


@pytest.mark.parametrize("path", WRITTEN, ids=named)
def test_no_module_is_longer_than_400_lines(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST


@pytest.mark.parametrize("path", FILES, ids=named)
def test_nothing_is_left_to_be_done(path: Path) -> None:
    marks = "|".join(("TO" + "DO", "FIX" + "ME", "X" * 3))
    assert not re.search(rf"\b({marks})\b", path.read_text(encoding="utf-8"))
