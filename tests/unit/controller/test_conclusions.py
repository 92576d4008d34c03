"""What stands beside a run's records finds its way into the report, or a remark does."""

from __future__ import annotations

from pathlib import Path

from msgspec.structs import replace

from pytest_orchestrate.controller.conclusions import concluded
from pytest_orchestrate.history.store import History
from pytest_orchestrate.report.document import RunFacts
from tests.support.reports import report_of, reported
from tests.unit.controller.test_ancestry import commit, git
from tests.unit.history.recorded import EPOCH, Attempt, record_run

A = "tests/test_a.py::one"


def test_earlier_runs_and_this_ones_log_are_looked_at(tmp_path: Path) -> None:
    history = History.open(tmp_path)
    history.fold(record_run(tmp_path, 1, [Attempt(A, outcome="failed")], branch="main"))
    log = record_run(tmp_path, 2, [Attempt(A)], branch="main")
    facts = RunFacts("run-0002", EPOCH + 2 * 86_400.0, "workers", selection=".", branch="main")
    found = concluded(report_of(reported(A), run=facts), log=log, history=history, root=tmp_path)
    history.close()
    assert found.changes is not None
    assert found.changes.fixed == (0,)
    assert len(found.trend) == 2
    assert found.remarks == ()


def test_a_new_branch_goes_on_from_what_git_says_that_it_is_based_on(tmp_path: Path) -> None:
    git(tmp_path, "init", "-b", "trunk")
    base = commit(tmp_path)
    git(tmp_path, "switch", "-c", "elsewhere")
    other = commit(tmp_path, "another")
    git(tmp_path, "switch", "-c", "feature", base)
    revision = commit(tmp_path)
    history = History.open(tmp_path / ".pytest_orchestrate")
    runs = ((base, "trunk", "failed"), (other, "elsewhere", "passed"))
    for number, (at, branch, outcome) in enumerate(runs, 1):
        attempts = [Attempt(A, outcome=outcome)]
        history.fold(record_run(history.directory, number, attempts, revision=at, branch=branch))
    facts = RunFacts(
        "run-0003",
        EPOCH + 3 * 86_400.0,
        "workers",
        selection=".",
        revision=revision,
        branch="feature",
    )
    report = report_of(reported(A, "failed"), run=facts)
    for root in (tmp_path, None):
        found = concluded(report, log=None, history=history, root=root)
        assert found.changes is not None
        assert (found.changes.run, found.changes.basis) == ("run-0001", "ancestor")
        assert found.changes.still_failing == (0,)
        assert [(group.since, group.since_branch) for group in found.groups] == [
            ("run-0001", "trunk")
        ]
    history.close()


def test_what_cannot_be_found_out_is_a_remark(tmp_path: Path) -> None:
    (tmp_path / ".coverage").write_text("no database")
    (tmp_path / "log").write_text("no log\n")
    report = replace(report_of(reported(A)), remarks=("before",))
    report = replace(report, run=replace(report.run, started=tmp_path.stat().st_mtime - 60.0))
    found = concluded(report, log=tmp_path / "log", history=None, root=tmp_path)
    before, coverage, shorter = found.remarks
    assert before == "before"
    assert coverage.startswith("coverage could not be found out: ")
    assert shorter.startswith("what would make the run shorter could not be found out: ")
    assert "log, line 1" in shorter
    assert found.score is not None
