"""Folders and files: how their tests went, what they took, and how much of the code was run."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from pytest_orchestrate.report.attempts import TestReport
from pytest_orchestrate.report.findings import Area


class _Sum(msgspec.Struct):
    tests: int = 0
    outcomes: dict[str, int] = {}
    seconds: float = 0.0
    covered: int = 0
    lines: int = 0

    def add(self, other: _Sum) -> None:
        self.tests += other.tests
        for outcome, count in other.outcomes.items():
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + count
        self.seconds += other.seconds
        self.covered += other.covered
        self.lines += other.lines


def areas(
    tests: Sequence[TestReport], coverage: Mapping[str, tuple[int, int]] | None = None
) -> list[Area]:
    """Every file with tests and every folder above one, folders before what is in them.

    :param coverage: Source file -> lines that were run, and lines that could be; such files and
        their folders are there, too, also where there are no tests.
    """
    files: dict[str, _Sum] = {}
    for test in tests:
        if test.is_collection:  # it stands for a file of which there are no tests
            continue
        there = files.get(test.file)
        if there is None:
            there = files[test.file] = _Sum()
        there.tests += 1
        there.outcomes[test.outcome] = there.outcomes.get(test.outcome, 0) + 1
        there.seconds += test.seconds
    for path, (covered, lines) in (coverage or {}).items():
        there = files.setdefault(path, _Sum())
        there.covered, there.lines = covered, lines
    folders: dict[str, _Sum] = {}
    for path, there in files.items():
        for folder in _folders(path):
            folders.setdefault(folder, _Sum()).add(there)
    whole = sum(there.seconds for there in files.values())
    found = [(path, True, there) for path, there in files.items()]
    found += [(path, False, there) for path, there in folders.items()]
    found.sort(key=lambda each: (each[0].split("/"), each[1]))
    return [_area(path, there, whole, is_file=is_file) for path, is_file, there in found]


def _folders(path: str) -> Iterable[str]:
    """The folders that a file is in; an absolute path has none that would be told."""
    end = path.find("/", 1)
    while end > 0:
        yield path[:end]
        end = path.find("/", end + 1)


def _area(path: str, there: _Sum, whole: float, *, is_file: bool) -> Area:
    return Area(
        path=path,
        is_file=is_file,
        tests=there.tests,
        outcomes=there.outcomes,
        seconds=there.seconds,
        share=min(1.0, there.seconds / whole) if whole > 0 else 0.0,
        coverage=there.covered / there.lines if there.lines else None,
    )
