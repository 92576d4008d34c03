"""What is told of a coverage data file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pytest_orchestrate.cli import main
from pytest_orchestrate.controller.coverage_data import by_file
from pytest_orchestrate.history.log import RunLog
from tests.support import logs

SOURCE = """\
def one():
    return 1


def other():
    return 2


one()
"""


def measure(root: Path, *args: str) -> None:
    """Run a file of the folder under coverage.py."""
    package = root / "src"
    package.mkdir()
    (package / "a.py").write_text(SOURCE)
    environ = {name: value for name, value in os.environ.items() if "COVER" not in name}
    command = [sys.executable, "-m", "coverage", "run", *args, "src/a.py"]
    subprocess.run(command, cwd=root, check=True, env=environ)


def recorded_run(directory: Path, run: str, started: float) -> str:
    """The log of a run of one test; returns its id."""
    log = RunLog.create(directory, run, keep_output=True)
    first = logs.run(run=run, started=started)
    for record in (first, logs.event("RunBegan", 0.0, workers=1), logs.end(exitstatus=5)):
        log.write(record)
    log.close()
    return run


@pytest.fixture(autouse=True)
def only_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COVERAGE_FILE", raising=False)


def test_lines_that_were_run_and_lines_that_could_be(tmp_path: Path) -> None:
    measure(tmp_path)
    assert by_file(tmp_path) == {"src/a.py": (4, 5)}


def test_without_a_data_file_nothing_is_known(tmp_path: Path) -> None:
    assert by_file(tmp_path) == {}
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.run]\nbranch = true\n")
    assert by_file(tmp_path) == {}


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".coveragerc", "[run]\ndata_file = here/data\nrelative_files = true\n"),
        ("setup.cfg", "[coverage:run]\ndata_file = here/data\n"),
        ("pyproject.toml", "[tool.coverage.run]\ndata_file = 'here/data'\nbranch = true\n"),
    ],
)
def test_the_data_file_is_where_the_settings_say(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    (tmp_path / "here").mkdir()
    measure(tmp_path)
    assert (tmp_path / "here" / "data").is_file()
    assert by_file(tmp_path) == {"src/a.py": (4, 5)}


def test_settings_that_are_not_those_of_coverage_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "tox.ini").write_text("[tox]\n")
    (tmp_path / "pyproject.toml").write_text("[tool.coverage.report]\nexclude_also = ['other']\n")
    measure(tmp_path)
    assert by_file(tmp_path) == {"src/a.py": (3, 3)}


def test_the_environment_may_name_the_data_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure(tmp_path, f"--data-file={tmp_path / 'elsewhere'}")
    monkeypatch.setenv("COVERAGE_FILE", str(tmp_path / "elsewhere"))
    assert by_file(tmp_path) == {"src/a.py": (4, 5)}


def test_files_that_are_gone_are_left_out(tmp_path: Path) -> None:
    measure(tmp_path)
    (tmp_path / "src" / "a.py").unlink()
    assert by_file(tmp_path) == {}


def test_what_was_written_before_the_run_tells_of_another_one(tmp_path: Path) -> None:
    measure(tmp_path)
    written = (tmp_path / ".coverage").stat().st_mtime
    assert by_file(tmp_path, began=written - 1.0) != {}
    assert by_file(tmp_path, began=written + 1.0) == {}
    assert by_file(tmp_path, began=written - 2.0, until=written + 1.0) != {}
    assert by_file(tmp_path, began=written - 2.0, until=written - 1.0) == {}


def test_what_was_written_when_a_run_had_ended_is_in_reports_that_are_made_later(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    directory = tmp_path / ".pytest_orchestrate"

    def covered(run: str) -> list[float | None]:
        assert main(["report", "show", run, "--format=json", "--dir", str(directory)]) == 0
        areas = json.loads(capsys.readouterr().out)["areas"]
        return [area["coverage"] for area in areas if area["path"] == "src/a.py"]

    first = recorded_run(directory, "1", time.time() - 10.0)
    measure(tmp_path)
    assert covered(first) == [0.8]
    recorded_run(directory, "2", time.time() + 10.0)
    assert covered(first) == [0.8]
    assert covered("2") == []


def test_without_coverage_nothing_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    measure(tmp_path)
    monkeypatch.setitem(sys.modules, "coverage", None)
    assert by_file(tmp_path) == {}
