"""Whatever state the disk is in, a run goes on and the user is told once."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pytest_orchestrate.history import database, schema
from pytest_orchestrate.history.overview import overview
from pytest_orchestrate.history.store import History
from tests.unit.history import recorded
from tests.unit.history.recorded import Attempt, record_run

A, B = "tests/test_a.py::one", "tests/test_b.py::two"


def known(directory: Path, call: float = 2.0) -> Path:
    """A directory whose history knows one test; its run's log is gone."""
    history = History.open(directory)
    path = record_run(directory, 1, [Attempt(A, call)])
    assert history.fold(path)
    path.unlink()
    history.close()
    assert history.warnings == []
    return directory / "history.sqlite3"


def assert_answers_nothing(history: History) -> None:
    assert history.estimates([A, B]) == [None, None]
    assert history.setup_costs(["tests/test_a.py"]) == {}
    assert history.collect_costs() == {}
    assert history.last_run(".") is None
    assert history.start_cost() is None


def damage_header(path: Path) -> None:
    path.write_bytes(b"This is no database at all. " * 100)


def damage_pages(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[100:] = b"\xa5" * (len(content) - 100)
    path.write_bytes(content)


def cut_off(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:5000])


def drop_table(path: Path) -> None:
    connection = sqlite3.connect(path)
    connection.execute("DROP TABLE test")
    connection.close()


def spoil_values(path: Path) -> None:
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE test SET recent = x'c1'")
    connection.close()


ways = pytest.mark.parametrize(
    "damage", [damage_header, damage_pages, cut_off, drop_table, spoil_values]
)


@ways
def test_a_damaged_file_is_moved_aside_and_a_new_history_begun(tmp_path: Path, damage: Any) -> None:
    path = known(tmp_path)
    damage(path)
    damaged = path.read_bytes()
    history = History.open(tmp_path)
    assert history.fold(record_run(tmp_path, 2, [Attempt(A, 4.0)]))
    assert history.estimates([A]) == [4.0]
    assert history.usable
    history.close()
    (warning,) = history.warnings
    assert str(path) in warning
    assert "history.sqlite3.damaged-1" in warning
    assert (tmp_path / "history.sqlite3.damaged-1").read_bytes() == damaged


def test_no_damaged_file_overwrites_another(tmp_path: Path) -> None:
    for number in (1, 2, 3):
        path = known(tmp_path)
        damage_header(path)
        history = History.open(tmp_path)
        history.close()
        assert (tmp_path / f"history.sqlite3.damaged-{number}").exists()


def test_runs_whose_logs_are_still_there_come_back_after_damage(tmp_path: Path) -> None:
    history = History.open(tmp_path)
    history.fold(record_run(tmp_path, 1, [Attempt(A, 2.0)]))
    history.close()
    damage_header(tmp_path / "history.sqlite3")
    history = History.open(tmp_path)
    assert history.fold_unfinished() == 1
    assert history.estimates([A]) == [2.0]
    history.close()


def test_a_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = known(tmp_path)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {schema.SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    history = History.open(tmp_path)
    assert not history.usable
    assert_answers_nothing(history)
    assert not history.fold(record_run(tmp_path, 2, [Attempt(A)]))
    assert history.fold_unfinished() == 0
    history.close()
    (warning,) = history.warnings
    assert "newer" in warning
    assert "upgrade" in warning
    assert path.read_bytes() == before


def test_an_older_file_is_converted_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(tmp_path)
    step = ("ALTER TABLE test ADD COLUMN colour TEXT", "UPDATE test SET colour = 'red'")
    monkeypatch.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
    monkeypatch.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
    history = History.open(tmp_path)
    assert history.estimates([A]) == [2.0]
    history.close()
    connection = sqlite3.connect(tmp_path / "history.sqlite3")
    assert connection.execute("SELECT colour FROM test").fetchall() == [("red",)]
    assert schema.version_of(connection) == schema.SCHEMA_VERSION
    connection.close()


def test_a_conversion_that_fails_leaves_the_file_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known(tmp_path)
    step = ("ALTER TABLE test ADD COLUMN colour TEXT", "UPDATE nothing SET colour = 'red'")
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", (*schema.MIGRATIONS, step))
        patched.setattr(schema, "SCHEMA_VERSION", schema.SCHEMA_VERSION + 1)
        history = History.open(tmp_path)
        assert not history.usable
        assert len(history.warnings) == 1
        history.close()
    history = History.open(tmp_path)
    assert history.estimates([A]) == [2.0]
    history.close()


IN_A_READ_ONLY_PLACE = """
import os, pathlib, sys
directory = pathlib.Path(sys.argv[1])
from pytest_orchestrate.history.store import History
if os.geteuid() == 0:  # who may write everywhere
    directory.as_uri()  # imports what may lie where the other user cannot go
    os.setgroups([]); os.setgid(65534); os.setuid(65534)
history = History.open(directory)
print(history.estimates(["tests/test_a.py::one"]), history.fold_unfinished(directory))
print(*history.warnings, sep="\\n")
"""


@pytest.fixture
def shared_place() -> Any:
    """A directory that every user of this machine can enter; pytest's own are private."""
    import tempfile

    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name) / "kept"
        for path in Path(name).rglob("*"):
            path.chmod(0o755)


def as_a_reader(directory: Path) -> list[str]:
    result = subprocess.run(
        [sys.executable, "-c", IN_A_READ_ONLY_PLACE, str(directory)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return result.stdout.splitlines()


def test_a_read_only_directory_is_read_and_the_user_told(shared_place: Path) -> None:
    known(shared_place)
    log = record_run(shared_place, 2, [Attempt(A)])
    log.chmod(0o444)
    (shared_place / "runs").chmod(0o555)
    (shared_place / "history.sqlite3").chmod(0o444)
    shared_place.chmod(0o555)
    answer, *warnings = as_a_reader(shared_place)
    assert answer == "[2.0] 0"
    (warning,) = warnings
    assert "cannot be written" in warning
    assert sorted(path.name for path in shared_place.iterdir()) == [
        ".gitignore",
        "history.sqlite3",
        "runs",
    ]


def test_a_directory_that_may_not_be_entered_is_done_without(shared_place: Path) -> None:
    known(shared_place)
    shared_place.chmod(0o000)
    answer, *warnings = as_a_reader(shared_place)
    assert answer == "[None] 0"
    assert len(warnings) in (1, 2)
    assert "history.sqlite3" in warnings[0]


def test_where_no_directory_can_be_made_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    log = record_run(tmp_path, 1, [Attempt(A)])
    history = History.open(tmp_path / "file" / "kept")
    assert not history.fold(log)
    assert_answers_nothing(history)
    assert len(history.warnings) == 1


def test_a_directory_in_place_of_the_file_is_done_without(tmp_path: Path) -> None:
    (tmp_path / "history.sqlite3").mkdir()
    history = History.open(tmp_path)
    assert not history.usable
    assert not history.fold(record_run(tmp_path, 1, [Attempt(A)]))
    assert len(history.warnings) == 1


def test_a_full_disk_leaves_the_history_whole(tmp_path: Path) -> None:
    known(tmp_path)
    record_run(tmp_path, 2, [Attempt(f"t.py::t[{number}]") for number in range(5000)])
    code = (
        "import pathlib, resource, sys\n"
        "from pytest_orchestrate.history.store import History\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, resource.RLIM_INFINITY))\n"
        "history = History.open(pathlib.Path(sys.argv[1]))\n"
        "print(history.fold_unfinished(), len(history.warnings), history.warnings)\n"
        "history.close()\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)],
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.stdout.startswith("0 1 "), result.stdout
    history = History.open(tmp_path)
    assert history.estimates([A]) == [2.0]
    assert history.fold_unfinished() == 1
    assert history.warnings == []
    history.close()


def test_a_store_that_stays_locked_is_done_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = known(tmp_path)
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(database, "PATIENCE", 0.05)
    history = History.open(tmp_path)
    log = record_run(tmp_path, 2, [Attempt(A, 4.0)])
    assert not history.fold(log)
    (warning,) = history.warnings
    assert "in use by other processes" in warning
    assert history.estimates([A]) == [2.0]
    other.execute("ROLLBACK")
    other.close()
    assert history.fold(log)
    history.close()


def test_damage_in_a_log_is_reported_and_what_precedes_it_kept(tmp_path: Path) -> None:
    path = record_run(tmp_path, 1, [Attempt(A, 2.0), Attempt(B)])
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + lines[1] + b"\0" * 50 + b"\n" + lines[2])
    history = History.open(tmp_path)
    assert history.fold_unfinished() == 1
    assert history.estimates([A, B]) == [2.0, None]
    (warning,) = history.warnings
    assert f"{path}, line 3" in warning
    assert history.fold_unfinished() == 0
    assert len(history.warnings) == 1
    history.close()


def test_a_log_that_is_none_is_reported_and_left_out(tmp_path: Path) -> None:
    log = recorded.begin(tmp_path, 1)
    log.close()
    log.path.write_text("no log\n")
    history = History.open(tmp_path)
    assert not history.fold(log.path)
    assert not history.fold(tmp_path / "runs" / "gone.jsonl")
    assert len(history.warnings) == 2


FOLDING = """
import pathlib, sys
from pytest_orchestrate.history.store import History
sys.stdin.readline()
history = History.open(pathlib.Path(sys.argv[1]))
print(history.fold_unfinished(), history.warnings)
history.close()
"""


def fold_at_once(directory: Path, processes: int) -> list[str]:
    """What so many processes say that fold all logs of a directory at the same time."""
    running = [
        subprocess.Popen(
            [sys.executable, "-c", FOLDING, str(directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(processes)
    ]
    for process in running:
        assert process.stdin is not None
        process.stdin.write("go\n")
        process.stdin.flush()
    return [process.communicate(timeout=60)[0] for process in running]


def test_processes_that_fold_at_once_count_each_run_once(tmp_path: Path) -> None:
    for number in range(12):
        record_run(tmp_path, number, [Attempt(f"t.py::t[{i}]") for i in range(200)])
    answers = fold_at_once(tmp_path, 4)
    assert all(answer.endswith("[]\n") for answer in answers), answers
    assert sum(int(answer.split()[0]) for answer in answers) == 12
    history = History.open(tmp_path)
    facts = overview(history)
    assert facts is not None
    assert (facts.runs, facts.tests) == (12, 200)
    history.close()


def test_processes_that_find_damage_at_once_move_one_file_aside(tmp_path: Path) -> None:
    damage_header(known(tmp_path))
    for number in range(4):
        record_run(tmp_path, number, [Attempt(A)])
    answers = fold_at_once(tmp_path, 4)
    assert sum("damaged-1" in answer for answer in answers) == 1, answers
    assert not list(tmp_path.glob("*.damaged-2"))
    history = History.open(tmp_path)
    facts = overview(history)
    assert facts is not None
    assert facts.runs == 4
    assert history.warnings == []
    history.close()
