"""Reports, commands and history claim nothing that did not happen."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.acceptance.support import NO_NEIGHBOURS, run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester


def told(pytester: Pytester, *arguments: str, workers: int = 2) -> dict[str, Any]:
    """The JSON report of a run."""
    run_orchestrated(pytester, *arguments, "--orchestrate-report=json:r.json", workers=workers)
    report: dict[str, Any] = json.loads((pytester.path / "r.json").read_text())
    return report


@pytest.mark.parametrize("workers", [0, 2])
def test_a_late_tear_down_that_fails_leaves_a_failed_test_failed(
    pytester: Pytester, workers: int
) -> None:
    late = (
        "import pytest\n@pytest.fixture(scope='module', autouse=True)\n"
        "def house():\n    yield\n    assert not 'gone'\n"
    )
    write_files(
        pytester,
        {"test_a.py": f"{late}def test_a(): assert 0\n", "test_b.py": "def test_b(): pass\n"},
    )
    report = told(pytester, workers=workers)
    assert report["summary"]["outcomes"] == {"failed": 1, "passed": 1}
    assert sorted(test["outcome"] for test in report["tests"]) == ["failed", "passed"]


@pytest.mark.parametrize("workers", [0, 2])
def test_what_was_collected_when_another_file_could_not_be_is_told_as_not_run(
    pytester: Pytester, workers: int
) -> None:
    write_files(pytester, {"test_a.py": "import nowhere\n", "test_b.py": "def test_b(): pass\n"})
    report = told(pytester, workers=workers)
    reason = "1 error during collection"
    assert report["summary"]["outcomes"] == {"not run": 1}
    assert report["summary"]["uncollected"] == 1
    assert report["summary"]["not_run"] == [{"count": 1, "reason": reason}]
    commands = report["commands"]
    again = commands["rerun_failed"]
    assert " -m pytest -p orchestrate " in again
    assert again.endswith(" test_a.py")
    assert not commands["replay"]
    assert not commands["explain"]


def test_a_replay_is_compared_with_no_whole_run_and_no_whole_run_with_it(
    pytester: Pytester,
) -> None:
    write_files(pytester, {f"test_{n}.py": "def test_it(): pass\n" for n in "abcd"})
    told(pytester, "--orchestrate-collect=full")
    whole = latest_log(pytester.path).stem
    replay = told(pytester, f"--orchestrate-replay={whole}:gw0")
    assert not replay["changes"] or not replay["changes"]["removed"]
    again = told(pytester)
    assert again["changes"]["run"] == whole


def test_set_up_only_is_no_run(pytester: Pytester) -> None:
    write_files(pytester, {"test_a.py": "def test_a(): assert 0\n"})
    ran = pytester.runpytest_subprocess(*NO_NEIGHBOURS, "-p", "orchestrate", "--setup-only")
    assert ran.ret == 0
    assert not (pytester.path / ".pytest_orchestrate").exists()
