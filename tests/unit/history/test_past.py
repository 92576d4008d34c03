"""What the history tells of earlier runs, for a report."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from pytest_orchestrate.history import schema
from pytest_orchestrate.history.forget import forget
from pytest_orchestrate.history.lineage import Forebears
from pytest_orchestrate.history.past import past
from pytest_orchestrate.history.store import History
from pytest_orchestrate.history.transfer import export_to, import_from
from pytest_orchestrate.model.collected import CollectedTest
from pytest_orchestrate.model.commands import EndTest
from pytest_orchestrate.model.events import TestsCollected
from pytest_orchestrate.report.document import RunFacts
from pytest_orchestrate.report.past import RUNS, Past, Since
from tests.unit.history import recorded
from tests.unit.history.recorded import EPOCH, Attempt, record_run

A, B = "tests/test_a.py::one", "tests/test_b.py::two"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History.open(tmp_path)
    yield history
    assert history.warnings == []
    history.close()


def facts(number: int, *, branch: str | None = "main", selection: str = ".") -> RunFacts:
    """Run ``number``, which need not be stored."""
    started = EPOCH + 86_400.0 * number
    return RunFacts(
        run=f"run-{number:04}", started=started, mode="", selection=selection, branch=branch
    )


def fold(
    history: History,
    number: int,
    *attempts: Attempt,
    branch: str | None = "main",
    revision: str | None = "abc",
    selection: str = ".",
    not_run: int = 0,
    exitstatus: int = 0,
    cut_off: int | None = None,
) -> None:
    log = recorded.begin(
        history.directory, number, revision=revision, branch=branch, selection=selection
    )
    recorded.add_attempts(log, number, attempts)
    if cut_off is not None:
        log.write({"record": "interrupted", "test": cut_off, "worker": "gw0", "started": None})
    assert history.fold(recorded.end(log, not_run=not_run, exitstatus=exitstatus))


def compared(history: History, branch: str | None, *based_on: str) -> tuple[str, str] | None:
    """The run that run 50 is compared with, and why."""
    found = past(
        history, facts(50, branch=branch), forebears=lambda: Forebears(frozenset(based_on))
    )
    return None if found.compared is None else (found.runs[found.compared].run, found.basis)


def test_nothing_is_known_without_a_history(history: History) -> None:
    assert past(history, facts(1)) == Past()


def test_earlier_runs_come_the_oldest_first_with_what_was_counted(history: History) -> None:
    fold(history, 2, Attempt(A, outcome="failed"), Attempt(A), Attempt(B, outcome="error"))
    fold(history, 1, Attempt(A, 2.0))
    found = past(history, facts(3))
    assert [run.run for run in found.runs] == ["run-0001", "run-0002"]
    assert found.compared == 1
    run = found.runs[1]
    assert (run.revision, run.branch, run.dirty) == ("abc", "main", False)
    assert (run.tests, run.failed, run.flaky) == (2, 1, 1)
    assert (run.wall, run.serial) == (10.0, 1.5)
    assert [(each.run, each.outcome, each.call) for each in found.attempts[A, 0]] == [
        (0, "passed", 2.0),
        (1, "failed", 0.5),
        (1, "passed", 0.5),
    ]


def test_seconds_are_those_of_all_phases(history: History) -> None:
    fold(history, 1, Attempt(A, 0.5, setup=0.25, teardown=0.125))
    (attempt,) = past(history, facts(2)).attempts[A, 0]
    assert (attempt.seconds, attempt.call) == (0.875, 0.5)


@pytest.mark.parametrize(
    ("ci", "dirty", "known"),
    [(None, None, None), ("GitLab CI", None, False), ("GitLab CI", True, True), (None, True, True)],
)
def test_a_ci_job_runs_what_it_has_checked_out(
    history: History, ci: str | None, dirty: bool | None, known: bool | None
) -> None:
    log = recorded.begin(history.directory, 1, ci=ci, dirty=dirty, branch="main")
    recorded.add_attempts(log, 1, [Attempt(A)])
    history.fold(recorded.end(log))
    assert past(history, facts(2)).runs[0].dirty is known


def test_the_run_itself_and_later_ones_are_not_past(history: History) -> None:
    for number in (1, 2, 3):
        fold(history, number, Attempt(A))
    assert [run.run for run in past(history, facts(2)).runs] == ["run-0001"]


def test_runs_that_were_cut_off_and_other_selections_do_not_count(history: History) -> None:
    fold(history, 1, Attempt(A))
    other = record_run(history.directory, 2, [Attempt(A)], branch="main", selection="-k one")
    history.fold(other)
    cut_off = recorded.begin(history.directory, 3, branch="main")
    recorded.add_attempts(cut_off, 3, [Attempt(A)])
    cut_off.close()
    history.fold(cut_off.path)
    assert [run.run for run in past(history, facts(4)).runs] == ["run-0001"]
    assert len(past(history, facts(4)).attempts[A, 0]) == 1


def test_of_a_stored_run_the_selection_is_known_word_for_word(history: History) -> None:
    for number in (1, 2):
        selection = "--token=secret"
        fold(history, number, Attempt(A), selection=selection)
    assert len(past(history, facts(2, selection="--token=***")).runs) == 1


def test_the_last_complete_run_on_the_branch_is_what_counts(history: History) -> None:
    fold(history, 1, Attempt(A), branch="feature")
    fold(history, 2, Attempt(A), branch="feature", not_run=1)
    fold(history, 3, Attempt(A), branch="feature", exitstatus=2)
    fold(history, 4, Attempt(A), branch="feature", selection="-k one")
    fold(history, 5, Attempt(A))
    assert compared(history, "feature", "abc") == ("run-0001", "branch")


def test_a_run_whose_last_test_was_cut_off_is_not_complete_whatever_its_exit_code(
    history: History,
) -> None:
    fold(history, 1, Attempt(A))
    fold(history, 2, Attempt(A), exitstatus=7, cut_off=1)
    assert compared(history, "main") == ("run-0001", "branch")
    last = history.last_run(".")
    assert last is not None
    assert last.run == "run-0001"


def test_it_is_found_however_long_ago(history: History) -> None:
    fold(history, 0, Attempt(A, 7.0), branch="feature")
    for number in range(1, RUNS + 3):
        fold(history, number, Attempt(A), branch="feature", not_run=1)
    found = past(history, facts(50, branch="feature"))
    assert len(found.runs) == RUNS
    assert found.compared == 0
    assert found.attempts[A, 0][0].call == 7.0


def test_a_branch_without_a_complete_run_goes_on_from_the_newest_ancestor(history: History) -> None:
    fold(history, 1, Attempt(A), revision="old")
    fold(history, 2, Attempt(A), revision="base", branch="trunk")
    fold(history, 3, Attempt(A), revision="newer")
    assert compared(history, "feature", "base", "old") == ("run-0002", "ancestor")
    fold(history, 4, Attempt(A), branch="feature", not_run=3)
    assert compared(history, "feature", "base", "old") == ("run-0002", "ancestor")
    fold(history, 5, Attempt(A), branch="feature")
    assert compared(history, "feature", "base", "old") == ("run-0005", "branch")


def test_where_git_knows_no_ancestor_it_is_the_default_branch(history: History) -> None:
    fold(history, 1, Attempt(A))
    fold(history, 2, Attempt(A))
    fold(history, 3, Attempt(A), branch="other")
    assert compared(history, "feature") == ("run-0002", "default")
    assert compared(history, "feature", "unknown") == ("run-0002", "default")
    # the default branch itself goes on from nothing
    assert compared(history, "main") == ("run-0002", "branch")


def test_with_runs_on_unrelated_branches_only_nothing_is_compared(history: History) -> None:
    fold(history, 1, Attempt(A, outcome="failed"), branch="other", revision="elsewhere")
    found = past(history, facts(3, branch="feature"), bad=[(A, 0)])
    assert (found.runs, found.compared, found.standing) == ((), None, {})


def test_nobody_asks_git_where_there_is_one_branch(history: History) -> None:
    fold(history, 1, Attempt(A))

    def never() -> Forebears:
        raise AssertionError

    assert past(history, facts(3), forebears=never).compared == 0


def test_runs_before_the_branch_are_of_its_line_and_later_ones_are_not(history: History) -> None:
    fold(history, 1, Attempt(A), revision="r1")
    fold(history, 2, Attempt(A), branch="feature", revision="r2")
    fold(history, 3, Attempt(A), revision="r1")
    fold(history, 4, Attempt(A), branch="other", revision="r4")
    found = past(
        history,
        facts(5, branch="feature"),
        forebears=lambda: Forebears(frozenset(["r1", "r2"])),
    )
    # run 3 is of the same code as run 1: flaky tests may show in it
    assert [run.run for run in found.runs] == ["run-0001", "run-0002", "run-0003"]
    assert found.elsewhere == {2}
    line = found.on_line()
    assert [run.run for run in line.runs] == ["run-0001", "run-0002"]
    assert [each.run for each in line.attempts[A, 0]] == [0, 1]


def test_runs_without_a_branch_follow_on_each_other(history: History) -> None:
    fold(history, 1, Attempt(A), branch=None, revision=None)
    fold(history, 2, Attempt(A))
    assert compared(history, None) == ("run-0001", "branch")


def since(history: History, number: int = 500, branch: str = "main") -> tuple[str, bool] | None:
    """Since which run A is bad, and whether that is a bound; None where it was good."""
    found = past(
        history,
        facts(number, branch=branch),
        bad=[(A, 0)],
        forebears=lambda: Forebears(frozenset(["abc"])),
    ).standing[A, 0]
    return None if found is None else (found.run.run, found.at_least)


def test_since_when_a_test_fails_is_known_beyond_the_runs_that_are_shown(history: History) -> None:
    fold(history, 0, Attempt(A))
    for number in range(1, RUNS + 10):
        fold(history, number, Attempt(A, outcome="failed"))
    assert since(history) == ("run-0001", False)
    fold(history, 90, Attempt(A))
    assert since(history) is None


def test_where_attempts_are_gone_it_fails_at_least_since_the_oldest(history: History) -> None:
    for number in range(schema.KEPT_RUNS + 3):
        fold(history, number, Attempt(A, outcome="failed"))
    assert since(history) == ("run-0003", True)


@pytest.mark.parametrize("way", ["forgotten", "merged"])
def test_where_attempts_made_way_it_is_a_bound_also_after_the_others_are_numbered_anew(
    history: History, tmp_path: Path, way: str
) -> None:
    same = A.replace("one", "other")
    (tmp_path / "durations").write_text(f'{{"{A}": 1.0}}')
    import_from(history, tmp_path / "durations")
    for number in range(1, schema.KEPT_RUNS + 3):
        fold(history, number, Attempt(A if number == 2 else same, outcome="failed"))
    if way == "forgotten":
        forget(history, EPOCH + 86_400.0 * 4)
    else:
        there = History.open(tmp_path / "there")
        there.fold(record_run(there.directory, 200, [Attempt(same)], run_id="there"))
        export_to(there, tmp_path / "export.json")
        import_from(history, tmp_path / "export.json")
        there.close()
    fold(history, 300, Attempt(A, outcome="failed"))
    assert since(history) == ("run-0300", True)


def test_runs_with_another_selection_or_cut_off_tell_since_when_too(history: History) -> None:
    fold(history, 1, Attempt(A))
    fold(history, 2, Attempt(A, outcome="failed"), selection="-k one")
    cut_off = recorded.begin(history.directory, 3, branch="main")
    recorded.add_attempts(cut_off, 3, [Attempt(A, outcome="failed")])
    cut_off.close()
    history.fold(cut_off.path)
    assert since(history) == ("run-0002", False)


def test_other_branches_tell_nothing_but_where_the_branch_came_from(history: History) -> None:
    fold(history, 1, Attempt(A))
    fold(history, 2, Attempt(A, outcome="failed"))
    fold(history, 3, Attempt(A), branch="other", revision="x")
    fold(history, 4, Attempt(A, outcome="failed"), branch="feature", revision="y")
    fold(history, 5, Attempt(A))
    assert since(history, branch="feature") == ("run-0002", False)
    assert since(history) is None


def test_of_a_test_that_never_ran_on_the_line_nothing_is_known(history: History) -> None:
    fold(history, 1, Attempt(B))
    assert past(history, facts(2), bad=[(A, 0)]).standing == {}


def test_tests_of_one_node_id_are_kept_apart(history: History) -> None:
    log = recorded.begin(history.directory, 1)
    record = {"record": "attempt", "nodeid": A, "worker": "gw0", "outcome": "passed"}
    for order in (0, 1):
        log.write({**record, "order": order, "occurrence": order, "call": float(order)})
    history.fold(recorded.end(log))
    found = past(history, facts(2, branch=None)).attempts
    assert found[A, 0][0].call == 0.0
    assert found[A, 1][0].call == 1.0


def test_of_two_tests_with_one_node_id_only_the_second_may_have_run(history: History) -> None:
    log = recorded.begin(history.directory, 1)
    log.write(
        {
            "record": "attempt",
            "nodeid": A,
            "worker": "gw0",
            "outcome": "passed",
            "order": 0,
            "occurrence": 1,
        }
    )
    history.fold(recorded.end(log))
    assert list(past(history, facts(2, branch=None)).attempts) == [(A, 1)]


def test_the_ring_of_attempts_may_have_gone_round(history: History) -> None:
    for number in range(schema.KEPT_RUNS + 3):
        fold(history, number, Attempt(A, float(number)))
    found = past(history, facts(500)).attempts[A, 0]
    assert [each.call for each in found] == [float(number) for number in range(83, 103)]


def test_branch_and_counts_go_along_to_other_machines(history: History, tmp_path: Path) -> None:
    fold(history, 1, Attempt(A, outcome="failed"))
    export_to(history, tmp_path / "export.json")
    there = History.open(tmp_path / "there")
    import_from(there, tmp_path / "export.json")
    assert past(there, facts(2)) == past(history, facts(2))
    assert past(there, facts(2)).runs[0].failed == 1
    there.close()


@pytest.mark.parametrize("version", [1, 2])
def test_of_runs_in_older_stores_less_is_known(tmp_path: Path, version: int) -> None:
    connection = sqlite3.connect(tmp_path / "history.sqlite3")
    for step in schema.MIGRATIONS[:version]:
        for statement in step:
            assert isinstance(statement, str)
            connection.execute(statement)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute(
        "INSERT INTO run VALUES (1, 'run-0000', 5.0, '.', 'workers', 2, 'abc', 0, 3, 1.5, NULL,"
        " NULL, 4.0, 0, 0, 1, 9)"
    )
    connection.commit()
    connection.close()
    history = History.open(tmp_path)
    fold(history, 1, Attempt(A))
    old, new = past(history, facts(2), forebears=lambda: Forebears(frozenset(["abc"]))).runs
    assert (old.run, old.tests, old.wall) == ("run-0000", 3, 4.0)
    assert (old.branch, old.failed, old.flaky) == (None, None, None)
    assert (new.branch, new.failed, new.flaky) == ("main", 0, 0)
    assert history.warnings == []
    history.close()


def test_what_the_compared_run_had_collected_is_read_from_its_log(history: History) -> None:
    log = recorded.begin(history.directory, 1)
    tests = [CollectedTest(A), CollectedTest(B)]
    log.event(TestsCollected(now=0.0, tests=tests, estimates=[None, None], setup_costs={}))
    recorded.add_attempts(log, 1, [Attempt(A, 1.0)])
    path = recorded.end(log)
    assert history.fold(path)
    assert past(history, facts(2, branch=None)).collected == {(A, 0), (B, 0)}
    path.unlink()
    assert past(history, facts(2, branch=None)).collected == frozenset()


def test_since_when_something_fails_at_once_is_in_the_logs(history: History) -> None:
    for number, broken in enumerate([False, True, True, True]):
        log = recorded.begin(history.directory, number, branch="main")
        tests = [CollectedTest(A), CollectedTest(B)]
        log.event(TestsCollected(now=0.0, tests=tests, estimates=[None, None], setup_costs={}))
        if broken:
            log.command(EndTest(1, "error", "requires 'nope'"))
        recorded.add_attempts(log, number, [Attempt(A)])
        if broken:
            log.write({"record": "uncollected", "nodeid": "e.py", "longrepr": "no shop"})
        # without --continue-on-collection-errors a run is interrupted by that
        assert history.fold(recorded.end(log, exitstatus=2 if number == 3 else 0))
    bad = [("e.py", 0), (B, 0), (A, 0)]
    found = past(history, facts(50), bad=bad)
    assert found.compared == 2
    assert found.failed_at_once == {("e.py", 0), (B, 0)}
    since = {name: each and (each.run.run, each.at_least) for name, each in found.standing.items()}
    assert since == {("e.py", 0): ("run-0001", False), (B, 0): ("run-0001", False), (A, 0): None}
    (history.directory / "runs" / "run-0001.jsonl").unlink()
    found = past(history, facts(50), bad=bad)
    assert found.standing["e.py", 0] == Since(found.runs[2], at_least=True)
