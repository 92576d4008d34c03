"""The ``pytest-orchestrate`` command as a user runs it: in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from pytest_orchestrate import cli
from tests.unit.history import recorded
from tests.unit.history.recorded import Attempt, record_run

CART, MAIL = "tests/test_cart.py::test_total[two items]", "tests/test_mail.py::test_send"

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def command(tmp_path: Path) -> Command:
    """Runs the command with these arguments, in the project's folder unless another is given."""
    (tmp_path / "project").mkdir()

    def run(
        *arguments: object, folder: Path | None = None, **environment: str
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "pytest_orchestrate.cli", *map(str, arguments)],
            cwd=folder or tmp_path / "project",
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def kept(tmp_path: Path, command: Command) -> Path:
    """The directory of a project with three recorded runs."""
    directory = tmp_path / "project" / ".pytest_orchestrate"
    for number in range(1, 4):
        attempts = [Attempt(CART, number / 4), Attempt(MAIL, 2.0, 0.25, 0.125, "failed")]
        record_run(directory, number, attempts, revision=f"{number}" * 40)
    return directory


def done(result: subprocess.CompletedProcess[str]) -> str:
    assert (result.returncode, result.stderr) == (0, "")
    return result.stdout


def refused(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode == 1
    assert result.stdout == ""
    assert result.stderr.startswith("pytest-orchestrate: error: ")
    return result.stderr


class TestCommand:
    def test_the_installed_command_is_this_one(self) -> None:
        (point,) = entry_points(group="console_scripts", name="pytest-orchestrate")
        assert point.load() is cli.main

    def test_version(self, command: Command) -> None:
        assert done(command("--version")) == f"pytest-orchestrate {version('pytest-orchestrate')}\n"

    @pytest.mark.parametrize("arguments", [["--help"], ["history", "--help"], ["simulate", "-h"]])
    def test_help(self, command: Command, arguments: list[str]) -> None:
        assert done(command(*arguments)).startswith("usage: pytest-orchestrate")

    @pytest.mark.parametrize(
        "arguments",
        [
            [],
            ["histroy"],
            ["history"],
            ["history", "export"],
            ["history", "show", "--slowest", "-1"],
            ["history", "prune", "--older-than", "0"],
            ["history", "prune", "--size", "much"],
        ],
    )
    def test_arguments_that_make_no_sense_are_refused_with_status_2(
        self, command: Command, arguments: list[str]
    ) -> None:
        result = command(*arguments)
        assert result.returncode == 2
        assert "usage:" in result.stderr

    def test_help_and_version_import_nothing_heavy(self) -> None:
        code = (
            "import sys, pytest_orchestrate.cli as cli\n"
            "cli._parser()\n"
            "print(sorted({'sqlite3', 'msgspec', 'pytest', 'execnet'} & sys.modules.keys()))"
        )
        result = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
        )
        assert result.stdout == "[]\n"

    def test_a_file_to_simulate_that_does_not_exist_is_named(self, command: Command) -> None:
        result = command("simulate", "nowhere.json")
        assert result.returncode in (1, 2)
        assert "nowhere.json" in result.stderr


class TestShow:
    def test_the_slowest_tests_come_first(self, command: Command, kept: Path) -> None:
        lines = done(command("history", "show")).splitlines()
        assert lines[0] == f"History in {kept}: 3 runs, 2 tests in 2 files"
        assert lines[1].startswith("Last run: 20")
        assert lines[1].endswith(
            ", 2 workers, 2 tests, 3.1 s of work, 10.0 s, exit 0, revision 333333333333"
        )
        assert [line.split(maxsplit=4) for line in lines[-2:]] == [
            ["2.375", "s", "3", "failed", MAIL],
            ["0.625", "s", "3", "passed", CART],
        ]

    def test_so_many_as_asked_and_how_many_more_there_are(
        self, command: Command, kept: Path
    ) -> None:
        text = done(command("history", "show", "--slowest", "1"))
        assert MAIL in text
        assert CART not in text
        assert "... and 1 more" in text

    def test_a_single_test_is_shown_with_its_attempts(self, command: Command, kept: Path) -> None:
        text = done(command("history", "show", CART))
        assert MAIL not in text
        attempts = [line for line in text.splitlines() if "on gw0" in line]
        assert [line.split()[-5] for line in attempts] == ["run-0003", "run-0002", "run-0001"]
        assert "0.750 s" in attempts[0]

    def test_a_pattern_selects_tests(self, command: Command, kept: Path) -> None:
        text = done(command("history", "show", "tests/test_mail.py::*"))
        assert MAIL in text
        assert CART not in text

    def test_a_pattern_that_matches_nothing_is_named(self, command: Command, kept: Path) -> None:
        result = command("history", "show", "tests/test_cat.py")
        assert result.returncode == 1
        assert "no test in" in result.stderr
        assert "'tests/test_cat.py'" in result.stderr

    def test_the_history_is_found_from_a_folder_below(self, command: Command, kept: Path) -> None:
        below = kept.parent / "tests" / "unit"
        below.mkdir(parents=True)
        assert "2 tests" in done(command("history", "show", folder=below))

    def test_the_directory_can_be_given_as_such_or_by_the_project(
        self, command: Command, kept: Path, tmp_path: Path
    ) -> None:
        for directory in (kept, kept.parent):
            result = command("history", "show", "--dir", directory, folder=tmp_path)
            assert "2 tests" in done(result)

    @pytest.mark.parametrize("place", [0, 1, 2])
    def test_the_directory_can_be_given_before_and_after_the_command(
        self, command: Command, kept: Path, tmp_path: Path, place: int
    ) -> None:
        words: list[object] = ["history", "show"]
        words[place:place] = ["--dir", kept]
        assert "2 tests" in done(command(*words, folder=tmp_path))

    def test_without_history_the_next_step_is_said_and_nothing_made(
        self, command: Command, tmp_path: Path
    ) -> None:
        text = refused(command("history", "show"))
        assert str(tmp_path / "project" / ".pytest_orchestrate") in text
        assert "-p orchestrate" in text
        assert list((tmp_path / "project").iterdir()) == []

    def test_a_run_that_was_cut_off_is_shown_as_such(self, command: Command, kept: Path) -> None:
        log = recorded.begin(kept, 9)
        recorded.add_attempts(log, 9, [Attempt(CART)])
        log.close()
        assert "cut off" in done(command("history", "show")).splitlines()[1]

    def test_odd_names_are_printed_whatever_the_encoding(
        self, command: Command, kept: Path
    ) -> None:
        record_run(kept, 5, [Attempt("tests/test_ä.py::test_\udc80", 99.0)])
        text = done(command("history", "show", PYTHONIOENCODING="ascii"))
        assert r"tests/test_\xe4.py::test_\udc80" in text

    def test_a_reader_that_has_seen_enough_causes_no_traceback(
        self, command: Command, kept: Path
    ) -> None:
        record_run(kept, 5, [Attempt(f"tests/test_many.py::t[{i}]") for i in range(5000)])
        with subprocess.Popen(
            [
                *(sys.executable, "-m", "pytest_orchestrate.cli"),
                *("history", "show", "--slowest", "5000", "--dir", str(kept)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            process.stdout.readline()
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(60) == 1

    def test_a_damaged_history_is_warned_of(self, command: Command, kept: Path) -> None:
        (kept / "history.sqlite3").write_bytes(b"nonsense" * 1000)
        result = command("history", "show")
        assert result.returncode == 0
        assert "3 runs, 2 tests" in result.stdout
        assert "damaged-1" in result.stderr


class TestTransfer:
    def test_history_moves_to_another_machine(
        self, command: Command, kept: Path, tmp_path: Path
    ) -> None:
        target, elsewhere = tmp_path / "history.json", tmp_path / "elsewhere"
        text = done(command("history", "export", target))
        assert text == f"2 tests written to {target}\n"
        text = done(command("history", "import", target, "--dir", elsewhere))
        assert text == f"3 runs and 6 attempts added from {target}\n"
        text = done(command("history", "import", target, "--dir", elsewhere))
        assert text == f"0 runs and 0 attempts added from {target}\n"
        here, there = (
            done(command("history", "show", "--dir", directory)).splitlines()[1:]
            for directory in (kept, elsewhere)
        )
        assert here == there

    def test_a_dash_is_standard_output(self, command: Command, kept: Path) -> None:
        assert json.loads(done(command("history", "export", "-")))
        assert not (kept.parent / "-").exists()

    def test_durations_of_pytest_split_are_imported(self, command: Command, tmp_path: Path) -> None:
        source = tmp_path / "project" / ".test_durations"
        source.write_text(json.dumps({CART: 7.5}))
        text = done(command("history", "import", ".test_durations"))
        assert text == "first estimates of 1 test taken from .test_durations\n"
        assert "7.500 s         0  -            " + CART in done(command("history", "show"))

    def test_files_that_cannot_be_used_are_named(
        self, command: Command, kept: Path, tmp_path: Path
    ) -> None:
        (tmp_path / "project" / "list.json").write_text("[1]")
        assert "list.json" in refused(command("history", "import", "list.json"))
        assert "gone.json" in refused(command("history", "import", "gone.json"))
        assert "nowhere" in refused(command("history", "export", "nowhere/file.json"))

    def test_without_history_there_is_nothing_to_export(
        self, command: Command, tmp_path: Path
    ) -> None:
        assert "no history" in refused(command("history", "export", tmp_path / "file.json"))
        assert not (tmp_path / "file.json").exists()


class TestPrune:
    def logs(self, kept: Path) -> list[str]:
        return sorted(path.name for path in (kept / "runs").iterdir())

    def test_the_oldest_logs_go_and_what_they_taught_stays(
        self, command: Command, kept: Path
    ) -> None:
        for age, name in enumerate(self.logs(kept)):
            os.utime(kept / "runs" / name, (age, age))
        text = done(command("history", "prune", "--runs", "1"))
        assert text == f"2 logs deleted in {kept}\n"
        assert self.logs(kept) == ["run-0003.jsonl"]
        assert "3 runs, 2 tests" in done(command("history", "show"))

    def test_logs_go_until_the_rest_is_small_enough(self, command: Command, kept: Path) -> None:
        assert done(command("history", "prune")) == f"0 logs deleted in {kept}\n"
        assert done(command("history", "prune", "--size", "0")) == f"3 logs deleted in {kept}\n"

    def test_what_is_too_old_is_forgotten(self, command: Command, kept: Path) -> None:
        history = done(command("history", "show"))
        assert "2 tests" in history
        os.utime(kept / "runs" / "run-0001.jsonl", (0, 0))
        text = done(command("history", "prune", "--older-than", "1"))
        assert text.splitlines() == [
            f"1 log deleted in {kept}",
            "0 attempts and 0 tests forgotten",
        ]

    @pytest.mark.parametrize("action", ["show", "prune"])
    def test_a_history_of_a_newer_version_is_left_alone(
        self, command: Command, kept: Path, action: str
    ) -> None:
        with contextlib.closing(sqlite3.connect(kept / "history.sqlite3")) as connection:
            connection.execute("PRAGMA user_version = 99")
        flags = ["--runs", "0"] if action == "prune" else []
        text = refused(command("history", action, *flags))
        assert "newer pytest-orchestrate (schema 99" in text
        assert "upgrade" in text
        assert "going on" not in text
        assert len(self.logs(kept)) == 3

    def test_a_run_that_goes_on_keeps_its_log(self, command: Command, kept: Path) -> None:
        log = recorded.begin(kept, 9)
        log.flush()
        done(command("history", "prune", "--runs", "0"))
        assert self.logs(kept) == ["run-0009.jsonl"]
        log.close()
