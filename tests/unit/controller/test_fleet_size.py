from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.controller import fleet_size
from pytest_orchestrate.controller.fleet_size import Decision, Expected, choose, quick_walk

SECONDS = st.floats(0, 1000)
HISTORIES = st.builds(Expected, st.integers(0, 10_000), SECONDS, SECONDS, SECONDS, SECONDS)
PATTERNS = ("test_*.py", "*_test.py")
NOT_ENTERED = (".*", "build", "venv")


def expected(
    *, tests: int = 1000, work: float, start: float = 0.5, collect: float = 0.2, longest: float = 0
) -> Expected:
    return Expected(tests, work, start, collect, longest)


def test_what_stays_together_is_divided_longest_first() -> None:
    files = Expected(12, 3.6, 0.1, 0.0, groups=(1.2, 1.2, 1.2))
    assert files.on_workers(2) == pytest.approx(2.5, abs=0.01)
    assert files.on_workers(3) == files.on_workers(4) == pytest.approx(1.3, abs=0.01)
    assert choose("auto", cores=8, expected=files).workers == 3


def test_zero_workers_are_in_process() -> None:
    assert choose(0, cores=4) == Decision(0, "0 workers asked for")
    assert choose(0, cores=4, spec_workers=3).workers == 0


def test_what_cannot_be_done_on_workers_is_in_process_and_says_why() -> None:
    assert choose(4, cores=4, in_process_because="--pdb") == Decision(0, "--pdb")
    assert choose("auto", cores=4, spec_workers=2, in_process_because="--pdb").workers == 0


def test_an_explicit_number_is_taken() -> None:
    assert choose(7, cores=2).workers == 7
    assert choose(1, cores=8, small=True, expected=expected(work=0.001)).workers == 1


def test_where_every_worker_runs_every_test_auto_is_the_number_of_cores() -> None:
    assert choose("auto", cores=3, each=True, small=True) == Decision(3, "every test on each")
    assert choose("auto", cores=3, each=True, most=2).workers == 2
    assert choose(1, cores=3, each=True).workers == 1


def test_specifications_say_how_many() -> None:
    assert choose("auto", cores=2, spec_workers=5, small=True) == Decision(5, "as specified")


def test_an_explicit_number_is_an_upper_bound_of_the_specifications() -> None:
    assert choose(2, cores=8, spec_workers=5).workers == 2
    assert choose(9, cores=8, spec_workers=5).workers == 5


def test_a_limit_holds_for_a_number_and_for_auto() -> None:
    assert choose(7, cores=2, most=3) == Decision(3, "7 asked for, 3 at most")
    assert choose(2, cores=2, most=3).workers == 2
    assert choose("auto", cores=8, most=3).reason == "8 usable cores, 3 at most, durations unknown"
    assert choose("auto", cores=8, most=3, expected=expected(work=100)).workers == 3
    assert choose("auto", cores=8, most=1).workers == 0


def test_a_run_inside_a_test_is_in_process_unless_told_otherwise() -> None:
    assert choose("auto", cores=8, nested=True) == Decision(0, "started by a test")
    assert choose(2, cores=8, nested=True).workers == 2
    assert choose("auto", cores=8, nested=True, spec_workers=2).workers == 2


def test_one_usable_core_is_in_process() -> None:
    assert choose("auto", cores=1, expected=expected(work=100)) == Decision(0, "one usable core")


def test_without_history_a_small_selection_is_in_process() -> None:
    assert choose("auto", cores=4, small=True).workers == 0
    assert choose("auto", cores=4, small=False).workers == 4
    assert choose("auto", cores=4, small=None).workers == 4


def test_with_history_the_quick_walk_does_not_count() -> None:
    assert choose("auto", cores=4, small=True, expected=expected(work=60)).workers == 4


def test_long_work_uses_the_cores() -> None:
    decision = choose("auto", cores=2, expected=expected(work=10))
    assert decision == Decision(2, "5.7 s expected, 10.2 s in-process")


def test_short_work_is_in_process() -> None:
    decision = choose("auto", cores=2, expected=expected(work=0.8))
    assert decision == Decision(0, "1.0 s expected, 1.1 s on workers")


@pytest.mark.parametrize(
    ("work", "start", "collect", "workers"),
    [
        (1.6, 0.6, 0.2, 2),  # saves 0.2 s of 1.8 s
        (1.4, 0.6, 0.2, 0),  # saves 0.1 s of 1.6 s
        (0.30, 0.0, 0.0, 2),  # saves 0.15 s
        (0.12, 0.0, 0.0, 0),  # saves 0.06 s
    ],
)
def test_workers_must_save_a_tenth_of_the_time_and_a_tenth_of_a_second(
    work: float, start: float, collect: float, workers: int
) -> None:
    history = expected(tests=10, work=work, start=start, collect=collect)
    assert choose("auto", cores=2, expected=history).workers == workers


def test_a_share_of_the_collection_is_saved_too() -> None:
    history = Expected(tests=10, work=0.5, start=0.2, collect=1.0)
    assert choose("auto", cores=2, expected=history).workers == 0
    shared = Expected(tests=10, work=0.5, start=0.2, collect=1.0, sharded=True)
    assert choose("auto", cores=2, expected=shared).workers == 2


def test_very_many_very_short_tests_are_not_worth_telling_of() -> None:
    history = Expected(tests=100_000, work=4.0, start=0.2, collect=0.0)
    assert choose("auto", cores=2, expected=history).workers == 0


def test_no_more_workers_than_tests() -> None:
    assert choose("auto", cores=16, expected=expected(tests=3, work=60)).workers == 3
    assert choose("auto", cores=16, expected=expected(tests=1, work=60)).workers == 0


def test_no_more_workers_than_the_longest_test_leaves_work_for() -> None:
    assert choose("auto", cores=16, expected=expected(work=60, longest=20)).workers == 3


def test_a_worker_that_brings_next_to_nothing_is_not_started() -> None:
    assert choose("auto", cores=64, expected=expected(work=60, collect=20)).workers < 64


@given(HISTORIES, st.integers(1, 64))
def test_auto_never_starts_workers_that_history_says_do_not_pay(
    history: Expected, cores: int
) -> None:
    workers = choose("auto", cores=cores, expected=history).workers
    assert workers == 0 or 2 <= workers <= min(cores, history.tests)
    if workers:
        alone, together = history.in_process(), history.on_workers(workers)
        assert alone - together >= 0.1
        assert together <= 0.9 * alone + 1e-9


def fill(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("raise SystemExit('imported')\n", encoding="utf-8")


def walk(folder: Path, *arguments: str, pyargs: bool = False) -> bool:
    return quick_walk(arguments, PATTERNS, NOT_ENTERED, folder, pyargs=pyargs)


def test_a_named_test_is_small(tmp_path: Path) -> None:
    fill(tmp_path, "test_a.py", "test_b.py")
    assert walk(tmp_path, ".", "test_a.py::test_one")


def test_one_file_is_small_and_two_are_not(tmp_path: Path) -> None:
    fill(tmp_path, "test_a.py", "helper.py", "tests/conftest.py")
    assert walk(tmp_path)
    fill(tmp_path, "tests/deep/b_test.py")
    assert not walk(tmp_path)


def test_an_empty_folder_is_small(tmp_path: Path) -> None:
    assert walk(tmp_path)


def test_arguments_limit_the_walk(tmp_path: Path) -> None:
    fill(tmp_path, "one/test_a.py", "two/test_b.py", "two/test_c.py")
    assert walk(tmp_path, "one")
    assert not walk(tmp_path, "two")
    assert not walk(tmp_path, "one", "two/test_b.py")


def test_a_file_named_twice_is_one_file(tmp_path: Path) -> None:
    fill(tmp_path, "one/test_a.py")
    assert walk(tmp_path, "one", "one/test_a.py", str(tmp_path / "one/test_a.py"))


def test_a_named_file_counts_whatever_its_name(tmp_path: Path) -> None:
    fill(tmp_path, "test_a.py", "README.rst", "checks.py")
    assert walk(tmp_path, "README.rst")
    assert not walk(tmp_path, "README.rst", "test_a.py")
    assert not walk(tmp_path, "README.rst", "checks.py")


@pytest.mark.parametrize("name", ["build", ".cache", "__pycache__", "pkg/build"])
def test_folders_that_pytest_does_not_enter_are_not_entered(tmp_path: Path, name: str) -> None:
    fill(tmp_path, "test_a.py", f"{name}/test_b.py")
    assert walk(tmp_path)


@pytest.mark.parametrize("sign", ["pyvenv.cfg", "conda-meta/history"])
def test_virtual_environments_are_not_entered(tmp_path: Path, sign: str) -> None:
    fill(tmp_path, "test_a.py", "env/test_b.py", f"env/{sign}")
    assert walk(tmp_path)


def test_a_pattern_with_a_slash_is_matched_with_the_whole_path(tmp_path: Path) -> None:
    fill(tmp_path, "unit/a.py", "b.py", "unit/c.py")
    assert quick_walk((), ("b.py",), (), tmp_path)
    assert not quick_walk((), ("unit/*.py",), (), tmp_path)
    assert quick_walk((), ("*.py",), ("*/unit",), tmp_path)


def test_a_path_that_does_not_exist_is_small(tmp_path: Path) -> None:
    fill(tmp_path, "test_a.py", "test_b.py")
    assert walk(tmp_path, "missing")


def test_a_package_name_may_be_anything(tmp_path: Path) -> None:
    assert not walk(tmp_path, "some.package", pyargs=True)


def test_the_walk_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fleet_size, "WALK_LIMIT", 10)
    fill(tmp_path, *(f"data/{number}.txt" for number in range(20)), "test_a.py")
    assert not walk(tmp_path)
