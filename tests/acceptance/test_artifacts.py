"""What tests leave behind in the folder that they were given."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.acceptance.support import run_orchestrated, write_files
from tests.support.runs import latest_log

Pytester = pytest.Pytester

TESTS = """\
import pytest

def test_good(artifacts):
    (artifacts / "page.png").write_bytes(b"png")

@pytest.mark.parametrize("page", ["../start", "end"])
def test_bad(artifacts, page):
    assert list(artifacts.iterdir()) == []
    (artifacts / "logs").mkdir()
    (artifacts / "logs" / "server.log").write_text(page)
    (artifacts / "page.png").write_bytes(b"png" * 5)
    assert page == ""

def test_bad_at_its_end(artifacts, request):
    (artifacts / "late.txt").write_text("late")
    request.addfinalizer(lambda: 1 / 0)

def test_without_files(artifacts):
    assert 0
"""
SUITE = {
    "test_a.py": TESTS,
    "test_b.py": "def test_nothing(): pass",
}
NAMES = {
    "test_a.py::test_bad[../start]": ["logs/server.log", "page.png"],
    "test_a.py::test_bad[end]": ["logs/server.log", "page.png"],
    "test_a.py::test_bad_at_its_end": ["late.txt"],
}


def left(pytester: Pytester) -> dict[str, list[str]]:
    """Node id -> names of its artifacts, as recorded; all of them are there, and nothing else."""
    folder = pytester.path / ".pytest_orchestrate"
    records: list[dict[str, Any]] = []
    found: dict[str, list[str]] = {}
    pending: list[dict[str, Any]] = []
    for line in latest_log(pytester.path).read_text(encoding="utf-8").splitlines():
        record = json.loads(line)
        if record["record"] == "artifact":
            pending.append(record)
        elif record["record"] == "attempt" and pending:
            assert {each["test"] for each in pending} == {record["test"]}
            found[record["nodeid"]] = [each["name"] for each in pending]
            records += pending
            pending = []
    assert not pending
    for record in records:
        path = folder / record["path"]
        assert path.is_file()
        assert path.stat().st_size == record["bytes"]
    there = [path for path in (folder / "artifacts").rglob("*") if path.is_file()]
    assert sorted(there) == sorted(folder / record["path"] for record in records)
    return found


WORKERS = {"in-process": 0, "workers": 2, "elsewhere": None}


@pytest.mark.parametrize("where", WORKERS)
def test_they_are_kept_of_attempts_that_did_not_end_well(pytester: Pytester, where: str) -> None:
    write_files(pytester, SUITE)
    spec = f"--orchestrate-worker-spec=popen//chdir={pytester.path}"
    elsewhere = (spec,) if where == "elsewhere" else ()
    ran = run_orchestrated(pytester, *elsewhere, workers=WORKERS[where])
    assert ran.counts == {"passed": 3, "failed": 3, "errors": 1}
    assert left(pytester) == NAMES
    assert "artifacts of 3 attempts: .pytest_orchestrate/artifacts/2" in ran.out


def test_all_are_kept_if_that_is_wanted(pytester: Pytester) -> None:
    write_files(pytester, SUITE)
    html = "--orchestrate-report=html:out/report.html"
    run_orchestrated(pytester, "--orchestrate-artifacts=always", html, workers=2)
    kept = {"test_a.py::test_good": ["page.png"], **NAMES}
    assert left(pytester) == kept
    page = (pytester.path / "out" / "report.html").read_text(encoding="utf-8")
    links = re.findall(r'"path":"(\.\./[^"]*)"', page)
    assert len(links) == sum(map(len, kept.values()))
    assert all((pytester.path / "out" / link).is_file() for link in links)


def test_what_a_test_has_left_is_kept_when_its_worker_dies(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_dying="""
        import os

        def test_dies(artifacts):
            (artifacts / "last.txt").write_text("words")
            os.abort()

        def test_lives(artifacts): pass
        """
    )
    ran = run_orchestrated(pytester, workers=2)
    assert ran.counts == {"passed": 1, "failed": 1}
    assert left(pytester) == {"test_dying.py::test_dies": ["last.txt"]}


def test_each_attempt_has_a_folder_of_its_own(pytester: Pytester) -> None:
    pytester.makepyfile(
        test_twice="""
        def test_again(artifacts):
            (artifacts / "name.txt").write_text(artifacts.name)
            assert 0
        """
    )
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for report in runtestprotocol(item, nextitem=nextitem, log=False):
                pass
            item._initrequest()
        """
    )
    run_orchestrated(pytester, "--orchestrate-artifacts=always", workers=0)
    assert sorted(
        path.read_text() for path in pytester.path.glob(".pytest_orchestrate/artifacts/*/*/*/*")
    ) == ["attempt-1", "attempt-2"]


def test_without_orchestration_it_is_a_temporary_folder(pytester: Pytester) -> None:
    pytester.makepyfile("def test_one(artifacts, tmp_path): assert artifacts == tmp_path")
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1)
    assert not (pytester.path / ".pytest_orchestrate").exists()
