"""Which artifacts are kept."""

from __future__ import annotations

import os
from pathlib import Path

from pytest_orchestrate.history import artifacts
from pytest_orchestrate.history.log import RunLog

NOW = 1_000_000_000.0


def leave(directory: Path, run: str, size: int = 10, days: float = 0.0) -> Path:
    folder = artifacts.folder(directory, run) / "test" / "attempt-1"
    folder.mkdir(parents=True)
    (folder / "page.png").write_bytes(b"x" * size)
    for path in (folder / "page.png", folder, *folder.parents[:2]):
        os.utime(path, (NOW - days * artifacts.DAY,) * 2)
    return artifacts.folder(directory, run)


def prune(directory: Path, *, runs: int = 9, days: int = 9, size: int = 10**6) -> list[str]:
    found = artifacts.prune(directory, runs=runs, days=days, size=size, now=NOW)
    return [path.name for path in found]


def test_the_oldest_runs_go_first(tmp_path: Path) -> None:
    for run in ("2", "1", "3"):
        leave(tmp_path, run)
    assert prune(tmp_path, runs=2) == ["1"]
    assert sorted(path.name for path in artifacts.folder(tmp_path).iterdir()) == ["2", "3"]


def test_what_is_too_old_or_too_much_goes(tmp_path: Path) -> None:
    leave(tmp_path, "1", days=9.5)
    leave(tmp_path, "2", size=600)
    leave(tmp_path, "3", size=600)
    assert prune(tmp_path, size=1000) == ["2", "1"]


def test_those_of_a_run_that_goes_on_stay(tmp_path: Path) -> None:
    leave(tmp_path, "1", days=99)
    log = RunLog.create(tmp_path, "1", keep_output=True)
    assert prune(tmp_path, runs=1) == []
    log.close()
    assert prune(tmp_path, runs=1) == ["1"]


def test_without_any_there_is_nothing_to_do(tmp_path: Path) -> None:
    assert prune(tmp_path) == []
