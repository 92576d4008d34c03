from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_orchestrate.history.estimate import is_as_expected
from pytest_orchestrate.history.log import RunLog
from pytest_orchestrate.history.overview import attempts_of, overview, slowest
from pytest_orchestrate.history.schema import KEPT_RUNS, SCHEMA_VERSION
from pytest_orchestrate.history.store import History
from tests.unit.history import recorded
from tests.unit.history.recorded import Attempt, record_run

A, B = "tests/test_a.py::one", "tests/test_b.py::two"


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    history = History.open(tmp_path)
    yield history
    assert history.warnings == []
    history.close()


def fold_calls(history: History, nodeid: str, calls: list[float]) -> None:
    for number, call in enumerate(calls):
        assert history.fold(record_run(history.directory, number, [Attempt(nodeid, call)]))


class TestFolding:
    def test_opening_creates_nothing(self, tmp_path: Path) -> None:
        history = History.open(tmp_path / "not yet")
        assert history.usable
        assert history.estimates([A]) == [None]
        assert history.setup_costs(["tests/test_a.py"]) == {}
        assert history.collect_costs() == {}
        assert history.last_run(".") is None
        assert history.start_cost() is None
        assert history.fold_unfinished() == 0
        assert not (tmp_path / "not yet").exists()

    def test_a_run_is_counted_once_however_often_it_is_folded(self, history: History) -> None:
        path = record_run(history.directory, 1, [Attempt(A)])
        assert [history.fold(path) for _ in range(3)] == [True, False, False]
        assert len(attempts_of(history, A)) == 1

    def test_what_was_learnt_is_there_in_the_next_process(self, history: History) -> None:
        history.fold(record_run(history.directory, 1, [Attempt(A, 2.0)]))
        later = History.open(history.directory)
        assert later.estimates([A]) == [2.0]
        later.close()

    def test_phases_outcome_worker_revision_and_run_of_an_attempt_are_kept(
        self, history: History
    ) -> None:
        attempt = Attempt(A, 0.5, 0.25, 0.125, "failed", "gw7")
        history.fold(record_run(history.directory, 1, [attempt], revision="abc"))
        (found,) = attempts_of(history, A)
        assert (found.run, found.revision) == ("run-0001", "abc")
        row = found.attempt
        assert (row.setup, row.call, row.teardown) == (0.25, 0.5, 0.125)
        assert (row.outcome, row.worker, row.position) == ("failed", "gw7", 0)

    def test_a_late_tear_down_error_changes_the_stored_outcome(self, history: History) -> None:
        log = recorded.begin(history.directory, 1)
        recorded.add_attempts(log, 1, [Attempt(A), Attempt(B)])
        log.write({"record": "amend", "nodeid": A, "worker": "gw0", "outcome": "error"})
        history.fold(recorded.end(log))
        assert {test.nodeid: test.outcome for test in slowest(history)} == {
            A: "error",
            B: "passed",
        }

    def test_of_each_file_the_attempts_of_the_last_hundred_runs_are_kept(
        self, history: History
    ) -> None:
        for number in range(KEPT_RUNS + 3):
            attempts = [Attempt(A, float(number)), Attempt(A, 0.5)]
            if number < 2:
                attempts.append(Attempt(B))
            history.fold(record_run(history.directory, number, attempts))
        calls = [found.attempt.call for found in attempts_of(history, A)]
        assert calls == [call for number in range(3, 103) for call in (float(number), 0.5)]
        assert len(attempts_of(history, B)) == 2
        assert {test.nodeid: test.attempts for test in slowest(history)} == {A: 200, B: 2}

    def test_a_run_that_took_as_long_as_expected_leaves_the_estimate_as_it_is(
        self, history: History
    ) -> None:
        fold_calls(history, A, [1.0, 1.05, 0.95])
        assert history.estimates([A]) == [1.0]
        assert [found.attempt.call for found in attempts_of(history, A)] == [1.0, 1.05, 0.95]

    def test_what_took_as_long_as_expected_counts_once_something_has_changed(
        self, history: History
    ) -> None:
        fold_calls(history, A, [1.0, 1.05, 0.95, 1.0, 3.0])
        assert history.estimates([A]) == [median([1.0, 1.05, 0.95, 1.0, 3.0]) / 2 + 1.5]

    def test_an_unknown_record_or_key_is_passed_over(self, history: History) -> None:
        others = [{"record": "telemetry", "x": 1}, recorded.worker() | {"memory": 5}]
        assert history.fold(record_run(history.directory, 1, [Attempt(A)], others=others))

    def test_a_clock_that_was_set_back_makes_nothing_negative(self, history: History) -> None:
        history.fold(record_run(history.directory, 1, [Attempt(A, -5.0, setup=1.0)]))
        assert history.estimates([A]) == [1.0]


class TestUnfinishedRuns:
    def test_a_log_that_was_cut_off_is_folded_by_the_next_run(self, history: History) -> None:
        log = recorded.begin(history.directory, 1)
        recorded.add_attempts(log, 1, [Attempt(A, 3.0), Attempt(B, 4.0)])
        log.close()
        log.path.write_bytes(log.path.read_bytes()[:-10])
        assert history.fold_unfinished(history.directory) == 1
        assert history.estimates([A, B]) == [3.0, None]
        assert history.last_run(".") is None

    def test_a_live_log_is_left_alone(self, history: History) -> None:
        log = recorded.begin(history.directory, 1)
        recorded.add_attempts(log, 1, [Attempt(A)])
        log.flush()
        assert history.fold_unfinished() == 0
        recorded.end(log)
        assert history.fold_unfinished() == 1

    def test_what_was_folded_is_not_read_again(
        self, history: History, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        record_run(history.directory, 1, [Attempt(A)])
        cut_off = recorded.begin(history.directory, 2)
        cut_off.close()
        assert history.fold_unfinished() == 2
        monkeypatch.setattr(History, "fold", lambda *_: pytest.fail("folded again"))
        assert history.fold_unfinished() == 0

    def test_a_log_that_grew_after_it_was_folded_is_completed(self, history: History) -> None:
        log = recorded.begin(history.directory, 1)
        recorded.add_attempts(log, 1, [Attempt(A, 1.0)])
        log.flush()
        assert history.fold(log.path)
        recorded.add_attempts(log, 1, [Attempt(B, 2.0)], first=1)
        path = recorded.end(log)
        assert history.fold(path)
        assert len(attempts_of(history, A)) == len(attempts_of(history, B)) == 1
        facts = history.last_run(".")
        assert facts is not None
        assert facts.tests == 2
        assert not history.fold(path)

    def test_a_log_without_a_first_line_is_no_run_yet(self, history: History) -> None:
        log = RunLog.create(history.directory, "r", keep_output=True)
        assert not history.fold(log.path)
        log.close()


class TestEstimates:
    @settings(max_examples=25)
    @given(st.lists(st.floats(0, 1000), min_size=1, max_size=8))
    def test_half_the_median_of_the_last_five_calls_and_half_the_last(
        self, tmp_path_factory: pytest.TempPathFactory, calls: list[float]
    ) -> None:
        history = History.open(tmp_path_factory.mktemp("history"))
        fold_calls(history, A, calls)
        (estimate,) = history.estimates([A])
        history.close()
        assert estimate is not None
        exactly = median(calls[-5:]) / 2 + calls[-1] / 2
        # a call that took as long as expected has changed nothing
        assert estimate == pytest.approx(exactly) or is_as_expected(calls[-1], estimate)

    def test_an_older_run_that_is_folded_later_is_not_the_last(self, history: History) -> None:
        for number, call in ((2, 2.0), (1, 10.0)):
            history.fold(record_run(history.directory, number, [Attempt(A, call)]))
        assert history.estimates([A]) == [4.0]

    @pytest.mark.parametrize("outcome", ["skipped", "crashed", "interrupted"])
    def test_attempts_that_did_not_run_to_their_end_change_nothing(
        self, history: History, outcome: str
    ) -> None:
        fold_calls(history, A, [2.0])
        history.fold(record_run(history.directory, 5, [Attempt(A, 0.0, outcome=outcome)]))
        assert history.estimates([A]) == [2.0]

    def test_a_test_that_is_always_skipped_costs_what_its_skipping_costs(
        self, history: History
    ) -> None:
        skipped = Attempt(A, 0.0, setup=0.25, outcome="skipped")
        history.fold(record_run(history.directory, 1, [skipped]))
        assert history.estimates([A]) == [0.25]

    def test_an_unseen_test_gets_the_median_of_its_file(self, history: History) -> None:
        tests = [Attempt(f"tests/test_a.py::t{i}", call) for i, call in enumerate([1.0, 2.0, 9.0])]
        history.fold(record_run(history.directory, 1, [*tests, Attempt(B, 5.0)]))
        assert history.estimates(["tests/test_a.py::renamed", "tests/test_c.py::new"]) == [
            2.0,
            None,
        ]

    def test_a_test_that_only_ever_crashed_gets_the_median_of_its_file(
        self, history: History
    ) -> None:
        crashed = Attempt("tests/test_a.py::crashes", 0.0, outcome="crashed")
        history.fold(record_run(history.directory, 1, [Attempt(A, 3.0), crashed]))
        assert history.estimates([crashed.nodeid]) == [3.0]

    def test_the_order_asked_is_the_order_answered(self, history: History) -> None:
        names = [f"tests/test_a.py::t[{number}]" for number in range(1200)]
        attempts = [Attempt(name, float(number)) for number, name in enumerate(names)]
        history.fold(record_run(history.directory, 1, attempts))
        assert history.estimates(names[::-1]) == [float(n) for n in range(1199, -1, -1)]
        assert history.estimates([names[3], names[3]]) == [3.0, 3.0]

    def test_node_ids_with_lone_surrogates_are_found_again(self, history: History) -> None:
        odd = "tests/test_\udcff.py::t"
        fold_calls(history, odd, [2.0])
        assert history.estimates([odd]) == [2.0]

    def test_a_shared_fixture_does_not_count_for_the_test_that_came_first(
        self, history: History
    ) -> None:
        log = recorded.begin(history.directory, 1)
        log.write(recorded.fixture("tests/test_a.py", 5.0))
        recorded.add_attempts(log, 1, [Attempt(A, 1.0, setup=5.25), Attempt(B, 1.0, setup=0.5)])
        history.fold(recorded.end(log))
        assert history.estimates([A, B]) == [1.25, 1.5]

    def test_a_fixture_of_class_scope_counts_for_the_test_that_set_it_up(
        self, history: History
    ) -> None:
        log = recorded.begin(history.directory, 1)
        log.write(recorded.fixture("tests/test_a.py", 5.0, scope="class"))
        recorded.add_attempts(log, 1, [Attempt(A, 1.0, setup=5.25)])
        history.fold(recorded.end(log))
        assert history.estimates([A]) == [6.25]

    def test_a_fixture_that_took_longer_than_the_set_up_was_not_set_up_in_it(
        self, history: History
    ) -> None:
        log = recorded.begin(history.directory, 1)
        log.write(recorded.fixture("tests/test_a.py", 5.0))
        recorded.add_attempts(log, 1, [Attempt(A, 1.0, setup=0.25)])
        history.fold(recorded.end(log))
        assert history.estimates([A]) == [1.25]


class TestCosts:
    def test_to_enter_a_file_costs_its_import_and_its_module_fixtures(
        self, history: History
    ) -> None:
        file = "tests/test_a.py"
        others = [
            recorded.files({file: 1.0}),
            recorded.fixture(file, 0.5),
            recorded.fixture(file, 0.25, name="server"),
            recorded.fixture(file, 7.0, name="one_class", scope="class"),
            recorded.fixture(None, 9.0, name="everything", scope="session"),
        ]
        history.fold(record_run(history.directory, 1, [Attempt(A)], others=others))
        assert history.collect_costs() == {file: 1.0}
        assert history.setup_costs([file, "unknown.py"]) == {file: 1.75}

    def test_costs_are_the_median_over_workers_and_of_the_last_five_runs(
        self, history: History
    ) -> None:
        for number, cost in enumerate([50.0, 1.0, 2.0, 60.0, 3.0, 4.0]):
            others = [
                recorded.files({"tests/test_a.py": cost}, "gw0"),
                recorded.files({"tests/test_a.py": cost}, "gw1"),
                recorded.files({"tests/test_a.py": 1000.0}, "gw2"),
            ]
            history.fold(record_run(history.directory, number, [], others=others))
        assert history.collect_costs() == {"tests/test_a.py": 3.0}

    def test_a_module_fixture_that_is_gone_is_forgotten(self, history: History) -> None:
        for number in range(6):
            others = [recorded.fixture("tests/test_a.py", 2.0)] if number < 3 else []
            history.fold(record_run(history.directory, number, [Attempt(A)], others=others))
        assert history.setup_costs(["tests/test_a.py"]) == {"tests/test_a.py": 0.0}

    def test_a_run_of_other_files_says_nothing_about_this_one(self, history: History) -> None:
        others = [recorded.fixture("tests/test_a.py", 2.0)]
        history.fold(record_run(history.directory, 0, [Attempt(A)], others=others))
        for number in range(1, 8):
            history.fold(record_run(history.directory, number, [Attempt(B)]))
        assert history.setup_costs(["tests/test_a.py"]) == {"tests/test_a.py": 2.0}

    def test_a_worker_costs_the_median_start_of_the_last_five_runs_with_workers(
        self, history: History
    ) -> None:
        for number, start in enumerate([90.0, 1.0, 2.0, 3.0, 4.0, 5.0]):
            others = [recorded.worker("gw0", start), recorded.worker("gw1", start)]
            history.fold(record_run(history.directory, number, [], others=others))
        log = recorded.begin(history.directory, 9, mode="in-process")
        history.fold(recorded.end(log))
        assert history.start_cost() == 3.0


class TestRuns:
    def test_facts_of_the_last_run_of_the_same_selection(self, history: History) -> None:
        others = [recorded.worker("gw0", 1.0, 4.0), recorded.worker("gw1", 3.0, 6.0)]
        attempts = [Attempt(A, 1.0, 0.5, 0.25), Attempt(B, 2.0)]
        history.fold(record_run(history.directory, 1, attempts, others=others, revision="abc"))
        log = recorded.begin(history.directory, 2, selection="other")
        history.fold(recorded.end(log))
        facts = history.last_run(".")
        assert facts is not None
        assert (facts.run, facts.mode, facts.workers, facts.tests) == ("run-0001", "workers", 2, 2)
        assert (facts.work, facts.start, facts.collect, facts.duration) == (3.75, 2.0, 5.0, 10.0)
        assert (facts.exitstatus, facts.not_run, facts.revision) == (0, 0, "abc")
        assert history.last_run("never") is None

    def test_a_run_that_ran_all_of_it_says_more_than_a_later_one_that_did_not(
        self, history: History
    ) -> None:
        for number, not_run in enumerate([5, 0, 0, 5]):
            history.fold(recorded.end(recorded.begin(history.directory, number), not_run=not_run))
        facts = history.last_run(".")
        assert facts is not None
        assert facts.run == "run-0002"

    def test_a_run_that_ran_nothing_says_least(self, history: History) -> None:
        sharing = [{**recorded.worker(name), "collected": 1} for name in ("gw0", "gw1")]
        history.fold(record_run(history.directory, 1, [Attempt(A), Attempt(B)], others=sharing))
        log = recorded.begin(history.directory, 2)
        for name in ("gw0", "gw1"):
            log.write({**recorded.worker(name), "collected": 0})
        history.fold(recorded.end(log, exitstatus=2))
        facts = history.last_run(".")
        assert facts is not None
        assert (facts.run, facts.shared, facts.collect) == ("run-0001", True, 4.0)

    def test_overview_counts_runs_tests_and_files(self, history: History) -> None:
        history.fold(record_run(history.directory, 1, [Attempt(A), Attempt(A + "x"), Attempt(B)]))
        known = overview(history)
        assert known is not None
        assert (known.runs, known.tests, known.files) == (1, 3, 2)

    def test_brackets_in_a_pattern_are_those_of_node_ids(self, history: History) -> None:
        names = ["t.py::a[x]", "t.py::a[y]", "t.py::ax"]
        history.fold(record_run(history.directory, 1, [Attempt(name) for name in names]))
        for pattern, found in (("t.py::a[x]", names[:1]), ("*[[]*", []), ("*a[?]", names[:2])):
            assert [test.nodeid for test in slowest(history, pattern)] == found


class TestFile:
    def test_schema_version_is_in_the_file(self, history: History) -> None:
        history.fold(record_run(history.directory, 1, [Attempt(A)]))
        connection = sqlite3.connect(history.database.path)
        assert connection.execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        connection.close()

    def test_a_closed_history_opens_again_when_asked(self, history: History) -> None:
        history.fold(record_run(history.directory, 1, [Attempt(A, 2.0)]))
        history.close()
        assert history.estimates([A]) == [2.0]
