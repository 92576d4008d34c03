from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.forget import forget
from pytest_orchestrate.history.overview import attempts_of, overview, slowest
from pytest_orchestrate.history.schema import KEPT_RUNS
from pytest_orchestrate.history.store import History
from pytest_orchestrate.history.transfer import export_to, import_from
from tests.unit.history import recorded
from tests.unit.history.recorded import Attempt, record_run

A, B = "tests/test_a.py::one", "tests/test_b.py::two"
FILE = "tests/test_a.py"
OTHER = f"{FILE}::other"


@pytest.fixture
def here(tmp_path: Path) -> Iterator[History]:
    history = History.open(tmp_path / "here")
    yield history
    assert history.warnings == []
    history.close()


@pytest.fixture
def there(tmp_path: Path) -> Iterator[History]:
    history = History.open(tmp_path / "there")
    yield history
    assert history.warnings == []
    history.close()


def add_run(history: History, number: int, attempts: list[Attempt], name: str = "") -> None:
    others = [
        recorded.worker("gw0", float(number), 1.0),
        recorded.files({FILE: float(number)}),
        recorded.fixture(FILE, number / 2),
    ]
    history.fold(
        record_run(history.directory, number, attempts, others=others, run_id=f"{name}{number}")
    )


def everything(history: History, target: Path) -> object:
    """All of a history in a form that does not depend on the order of arrival."""
    export_to(history, target)
    content = json.loads(target.read_text())
    names = [run[0] for run in content["runs"]]
    for test in content["tests"].values():
        for attempt in test.get("attempts", ()):
            attempt[0] = names[attempt[0]]
    content["runs"].sort()
    estimates = {test.nodeid: test.estimate for test in slowest(history)}
    costs = history.collect_costs(), history.setup_costs([FILE]), history.start_cost()
    return content, estimates, costs


class TestExport:
    def test_an_export_imported_elsewhere_is_the_same_history(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        for number in range(1, 8):
            add_run(here, number, [Attempt(A, number / 10, 0.25, 0.125), Attempt(B, 1.0)])
        assert export_to(here, tmp_path / "export.json") == 2
        merged = import_from(there, tmp_path / "export.json")
        assert (merged.runs, merged.attempts, merged.durations) == (7, 14, None)
        first, second = (
            everything(history, tmp_path / f"{history.directory.name}.json")
            for history in (here, there)
        )
        assert first == second

    def test_importing_again_counts_nothing_twice(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        add_run(here, 1, [Attempt(A, 1.0)])
        export_to(here, tmp_path / "export.json")
        for expected in ((1, 1), (0, 0)):
            merged = import_from(there, tmp_path / "export.json")
            assert (merged.runs, merged.attempts) == expected
        assert import_from(here, tmp_path / "export.json").attempts == 0

    @settings(max_examples=15)
    @given(
        st.lists(st.tuples(st.integers(1, 9), st.sampled_from(["h", "t"])), max_size=8, unique=True)
    )
    def test_whoever_imports_from_whom_both_then_know_the_same(
        self, tmp_path_factory: pytest.TempPathFactory, runs: list[tuple[int, str]]
    ) -> None:
        folder = tmp_path_factory.mktemp("merge")
        here, there = History.open(folder / "here"), History.open(folder / "there")
        for history, name in ((here, "h"), (there, "t")):
            add_run(history, 0, [Attempt(A)], "both")
            for number, owner in runs:
                if owner == name:
                    # No two of one start: such costs count as one and the same.
                    after = 0.0 if owner == "h" else 0.5
                    add_run(history, number, [Attempt(A, number + after, after=after)], name)
        export_to(here, folder / "here.json")
        export_to(there, folder / "there.json")
        import_from(here, folder / "there.json")
        import_from(there, folder / "here.json")
        one, other = (
            [
                (found.run, msgspec.structs.replace(found.attempt, run=0))
                for found in sorted(attempts_of(history, A), key=lambda found: found.run)
            ]
            for history in (here, there)
        )
        assert one == other
        assert len(one) == 1 + len(runs)
        assert here.estimates([A]) == there.estimates([A])
        assert here.start_cost() == there.start_cost()
        here.close()
        there.close()

    def test_of_merged_runs_the_oldest_make_way(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        for number in range(1, KEPT_RUNS + 1):
            add_run(here, 10 * number, [Attempt(A, float(number))], "here")
        for number in (1, 2, 2001, 2002):
            add_run(there, number, [Attempt(A, 0.5), Attempt(A, 0.25)], "there")
        export_to(there, tmp_path / "export.json")
        assert import_from(here, tmp_path / "export.json").attempts == 4
        calls = [found.attempt.call for found in attempts_of(here, A)]
        assert calls == [*map(float, range(3, KEPT_RUNS + 1)), 0.5, 0.25, 0.5, 0.25]
        add_run(here, 3000, [Attempt(A, 4.0)], "next")
        calls = [found.attempt.call for found in attempts_of(here, A)]
        assert calls == [*map(float, range(4, KEPT_RUNS + 1)), 0.5, 0.25, 0.5, 0.25, 4.0]

    def test_a_test_of_which_all_attempts_make_way_has_taught_how_long_it_takes(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        add_run(there, 1, [Attempt(OTHER, 3.0)], "there")
        export_to(there, tmp_path / "export.json")
        for number in range(2, KEPT_RUNS + 2):
            add_run(here, number, [Attempt(A)], "here")
        assert import_from(here, tmp_path / "export.json").attempts == 0
        assert here.estimates([OTHER]) == [3.0]
        add_run(here, 500, [Attempt(OTHER, 5.0)], "last")
        assert here.estimates([OTHER]) == [4.5]

    def test_what_made_way_is_not_unlearnt_from_what_is_older(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        add_run(there, 1, [Attempt(OTHER, 3.0)], "there")
        export_to(there, tmp_path / "export.json")
        add_run(here, 2, [Attempt(OTHER, 5.0)], "here")
        for number in range(3, KEPT_RUNS + 3):
            add_run(here, number, [Attempt(A)], "here")
        import_from(here, tmp_path / "export.json")
        assert here.estimates([OTHER]) == [4.5]

    def test_a_run_that_was_cut_off_here_is_completed_by_an_export_that_has_all_of_it(
        self, here: History, there: History, tmp_path: Path
    ) -> None:
        log = recorded.begin(there.directory, 1)
        recorded.add_attempts(log, 1, [Attempt(A), Attempt(B)])
        log.flush()
        part = here.directory / "runs" / log.path.name
        part.parent.mkdir(parents=True)
        part.write_bytes(b"".join(log.path.read_bytes().splitlines(keepends=True)[:2]))
        assert here.fold(part)
        assert there.fold(recorded.end(log))
        export_to(there, tmp_path / "export.json")
        assert import_from(here, tmp_path / "export.json").attempts == 1
        facts = here.last_run(".")
        assert facts is not None
        assert facts.tests == 2

    def test_where_there_is_no_history_nothing_is_written(self, tmp_path: Path) -> None:
        history = History.open(tmp_path / "nowhere")
        with pytest.raises(HistoryError, match="no history in"):
            export_to(history, tmp_path / "export.json")
        assert list(tmp_path.iterdir()) == []

    def test_an_export_that_fails_leaves_the_former_file_alone(
        self, here: History, tmp_path: Path
    ) -> None:
        add_run(here, 1, [Attempt(A)])
        target = tmp_path / "export.json"
        target.mkdir()
        with pytest.raises(OSError, match=r"export\.json"):
            export_to(here, target)
        assert sorted(path.name for path in tmp_path.iterdir()) == ["export.json", "here"]


class TestDurations:
    def test_durations_of_pytest_split_are_first_estimates(
        self, here: History, tmp_path: Path
    ) -> None:
        source = tmp_path / ".test_durations"
        source.write_text(json.dumps({A: 1.5, B: 2.5}))
        assert import_from(here, source).durations == 2
        assert here.estimates([A, B, "tests/test_a.py::new"]) == [1.5, 2.5, 1.5]

    def test_a_history_begins_with_durations_that_are_there_and_only_once(
        self, here: History, tmp_path: Path
    ) -> None:
        source = tmp_path / ".test_durations"
        here.begin_with(source)
        assert here.known_tests() == 0
        source.write_text(json.dumps({A: 1.5}))
        here.begin_with(source)
        source.write_text(json.dumps({A: 9.0, B: 2.5}))
        here.begin_with(source)
        assert here.estimates([A]) == [1.5]
        assert here.known_tests() == 1
        assert not here.warnings

    @pytest.mark.parametrize("text", ["{", '{"a": "b"}'])
    def test_durations_that_cannot_be_read_are_a_warning(self, tmp_path: Path, text: str) -> None:
        source = tmp_path / ".test_durations"
        source.write_text(text)
        history = History.open(tmp_path / "history")
        history.begin_with(source)
        (warning,) = history.warnings
        assert warning.startswith(f"there are no estimates to begin with: {source} is n")
        assert history.known_tests() == 0

    def test_durations_as_early_versions_wrote_them(self, here: History, tmp_path: Path) -> None:
        source = tmp_path / ".test_durations"
        source.write_text(json.dumps([[A, 1.5], [B, 2]]))
        import_from(here, source)
        assert here.estimates([A, B]) == [1.5, 2.0]

    def test_durations_never_override_what_was_measured(
        self, here: History, tmp_path: Path
    ) -> None:
        add_run(here, 1, [Attempt(A, 3.0)])
        source = tmp_path / ".test_durations"
        source.write_text(json.dumps({A: 1.5, B: 2.5}))
        assert import_from(here, source).durations == 1
        assert here.estimates([A, B]) == [3.0, 2.5]

    def test_the_first_measurement_replaces_an_imported_duration(
        self, here: History, tmp_path: Path
    ) -> None:
        source = tmp_path / ".test_durations"
        source.write_text(json.dumps({A: 1.5}))
        import_from(here, source)
        add_run(here, 1, [Attempt(A, 3.0)])
        assert here.estimates([A]) == [3.0]

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "no json",
            "[1, 2]",
            '{"a": "b"}',
            '{"format": "pytest-orchestrate history", "version": 1, "runs": 5}',
            '{"format": "pytest-orchestrate history", "version": 2}',
            json.dumps(
                {
                    "format": "pytest-orchestrate history",
                    "version": 1,
                    "runs": [],
                    "files": {},
                    "fixtures": [],
                    "tests": {"t": {"attempts": [[0, "gw0", 0, 0, "passed", 1, 0, 1, 1, 5]]}},
                }
            ),
        ],
    )
    def test_a_file_of_another_kind_is_refused_by_its_name(
        self, here: History, tmp_path: Path, content: str
    ) -> None:
        add_run(here, 1, [Attempt(A, 3.0)])
        source = tmp_path / "something.json"
        source.write_text(content)
        with pytest.raises(HistoryError, match=r"something\.json"):
            import_from(here, source)
        assert here.estimates([A]) == [3.0]


class TestForgetting:
    def before(self, number: int) -> float:
        return recorded.EPOCH + 86_400 * number - 1

    def test_older_attempts_go_and_estimates_rest_on_the_newer(self, here: History) -> None:
        for number, call in ((1, 9.0), (2, 9.0), (3, 1.0)):
            add_run(here, number, [Attempt(A, call)])
        assert here.estimates([A]) == [5.0]
        gone = forget(here, self.before(3))
        assert (gone.attempts, gone.tests) == (2, 0)
        assert here.estimates([A]) == [1.0]
        known = overview(here)
        assert known is not None
        assert known.runs == 1

    def test_tests_of_which_nothing_is_left_no_longer_count_for_their_file(
        self, here: History
    ) -> None:
        add_run(here, 1, [Attempt("tests/test_a.py::renamed", 99.0), Attempt(B)])
        add_run(here, 2, [Attempt(A, 1.0)])
        assert forget(here, self.before(2)).tests == 2
        assert here.estimates(["tests/test_a.py::new", B]) == [1.0, None]

    def test_what_was_measured_since_stays_though_the_attempts_made_way(
        self, here: History
    ) -> None:
        add_run(here, 1, [Attempt(OTHER, 9.0)])
        add_run(here, 2, [Attempt(OTHER, 3.0)])
        for number in range(3, KEPT_RUNS + 3):
            add_run(here, number, [Attempt(A)])
        assert forget(here, self.before(1)).tests == 0
        assert here.estimates([OTHER]) == [4.5]
        assert forget(here, self.before(2)).tests == 0
        assert here.estimates([OTHER]) == [3.0]
        assert forget(here, self.before(3)).tests == 1

    def test_imported_durations_stay(self, here: History, tmp_path: Path) -> None:
        source = tmp_path / ".test_durations"
        source.write_text(json.dumps({A: 1.5, B: 2.5}))
        import_from(here, source)
        add_run(here, 1, [Attempt(A, 7.0)])
        forget(here, self.before(2))
        assert here.estimates([A, B]) == [1.5, 2.5]

    def test_of_a_run_that_began_before_the_newer_attempts_stay(self, here: History) -> None:
        add_run(here, 1, [Attempt(A, 5.0), Attempt(A, 1.0, after=86_400.0), Attempt(B)])
        gone = forget(here, self.before(2))
        assert (gone.attempts, gone.tests) == (2, 1)
        assert here.estimates([A]) == [1.0]
        add_run(here, 2, [Attempt(A, 4.0), Attempt(B, 3.0)])
        assert [found.attempt.call for found in attempts_of(here, A)] == [1.0, 4.0]
        assert [found.attempt.call for found in attempts_of(here, B)] == [3.0]

    def test_where_there_is_no_history_none_is_made(self, tmp_path: Path) -> None:
        history = History.open(tmp_path / "nowhere")
        assert forget(history, 1e12).attempts == 0
        assert list(tmp_path.iterdir()) == []


class TestKnownWork:
    def test_it_is_that_of_the_places_that_are_named(self, here: History, tmp_path: Path) -> None:
        source = tmp_path / ".test_durations"
        durations = {A: 1.5, f"{A}[2]": 0.5, B: 2.5, "other/test_c.py::C::three": 4.0}
        source.write_text(json.dumps(durations))
        import_from(here, source)

        def known(*places: str) -> tuple[int, float, float]:
            work = here.known_work(places)
            return work.tests, work.work, work.longest

        assert known(".") == (4, 8.5, 4.0)
        assert known("tests") == (3, 4.5, 2.5)
        assert known("tests/test_a.py", "other/test_c.py::C") == (3, 6.0, 4.0)
        assert known(A) == (2, 2.0, 1.5)
        assert known("test", f"{A}[") == (0, 0.0, 0.0)
        assert here.known_work(["tests"]).files == {FILE, "tests/test_b.py"}

    def test_what_files_cost_is_part_of_it(self, here: History) -> None:
        add_run(here, 4, [Attempt(A, 3.0)])
        work = here.known_work([FILE])
        # four seconds to collect the file, and half of that for its fixtures
        assert (work.tests, work.collect, work.longest) == (1, 4.0, 3.0)
        assert work.work == 5.0

    def test_what_stays_together_is_added_up(self, here: History) -> None:
        names = ["a.py::A::t[x::y]", "a.py::A::u", "a.py::v@g", "b.py::w[1]@g"]
        add_run(here, 4, [Attempt(name, 1.0 + n, 0.5) for n, name in enumerate(names)])
        expected = {"off": (), "file": (7.5, 4.5), "class": (4.0, 3.5, 4.5), "group": (8.0,)}
        for kind, seconds in expected.items():
            assert here.known_work(["."], kind).groups == seconds
            assert here.groups_of_run("4", kind) == seconds
