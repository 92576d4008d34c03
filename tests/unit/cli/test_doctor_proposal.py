"""What ``doctor`` proposes can be pasted as it is."""

from __future__ import annotations

import configparser
import sys
from typing import Any

import pytest

from pytest_orchestrate import cli
from pytest_orchestrate.cli.doctor import separated
from pytest_orchestrate.cli.doctor.diagnosis import Change, Finding
from pytest_orchestrate.cli.doctor.proposing import changes_of, proposal
from pytest_orchestrate.cli.place import place_of_command

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

CHANGES = (
    Change("orchestrate", "true"),
    Change("orchestrate_workers", "4"),
    Change("orchestrate_resources", ("db = 2 host", 'odd = "a b"')),
)
FOUND = [Finding("speed", "workers", "", changes=CHANGES)]


def proposed(file: str | None, *, is_native_toml: bool = False) -> str:
    found = proposal(FOUND, file=file, is_native_toml=is_native_toml)
    assert found is not None
    return found.text


@pytest.mark.parametrize(
    ("file", "section"),
    [
        (None, "pytest"),
        ("pytest.ini", "pytest"),
        ("sub/tox.ini", "pytest"),
        ("setup.cfg", "tool:pytest"),
    ],
)
def test_an_ini_file_takes_it(file: str | None, section: str) -> None:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(proposed(file))
    assert dict(parser[section]) == {
        "orchestrate": "true",
        "orchestrate_workers": "4",
        "orchestrate_resources": '\ndb = 2 host\nodd = "a b"',
    }


@pytest.mark.parametrize(
    ("file", "is_native", "path"),
    [
        ("pyproject.toml", False, ("tool", "pytest", "ini_options")),
        ("pyproject.toml", True, ("tool", "pytest")),
        ("pytest.toml", False, ("pytest",)),
    ],
)
def test_a_toml_file_takes_it(file: str, is_native: bool, path: tuple[str, ...]) -> None:
    table: Any = tomllib.loads(proposed(file, is_native_toml=is_native))
    for name in path:
        table = table[name]
    assert table == {
        "orchestrate": True,
        "orchestrate_workers": "4",
        "orchestrate_resources": ["db = 2 host", 'odd = "a b"'],
    }


def test_the_weightier_finding_counts_and_lists_are_joined() -> None:
    more = [
        Finding("speed", "workers", "", changes=(Change("orchestrate_workers", "auto"),)),
        Finding("note", "workers", "", changes=(Change("orchestrate_resources", ("gpu = 1",)),)),
    ]
    found = proposal([*FOUND, *more], file="pytest.ini", is_native_toml=False)
    assert found is not None
    assert "orchestrate_workers = 4\n" in found.text
    assert found.text.endswith("    gpu = 1\n")


def test_without_changes_there_is_no_proposal() -> None:
    assert proposal([Finding("fine", "workers", "")], file=None, is_native_toml=False) is None


def test_lines_for_pytest_ini_are_read_as_changes() -> None:
    assert changes_of("") == ()
    assert changes_of("orchestrate_workers = 4") == (Change("orchestrate_workers", "4"),)
    assert changes_of("orchestrate_resources =\n    db = 2\n    gpu = 1") == (
        Change("orchestrate_resources", ("db = 2", "gpu = 1")),
    )


@pytest.mark.parametrize("limit", ["soon", "0", "-1", "inf", "nan"])
def test_a_time_limit_is_a_number_of_seconds(
    limit: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main(["doctor", f"--time-limit={limit}"])
    assert f"'{limit}' is no number of seconds above 0" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ([], ["--"]),
        (["tests", "-m", "slow", "--json"], ["--json", "--", "tests", "-m", "slow"]),
        (["--time-limit", "5", "-p", "x"], ["--time-limit", "5", "--", "-p", "x"]),
        (["--time-limit=5", "--", "--json"], ["--time-limit=5", "--", "--json"]),
        (["--time-limit"], ["--time-limit", "--"]),
        (["tests", "--dir", "x", "-k", "a"], ["--dir", "x", "--", "tests", "-k", "a"]),
    ],
)
def test_what_is_not_ours_is_for_pytest(given: list[str], expected: list[str]) -> None:
    assert separated(given) == expected


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ([], 0),
        (["doctor", "--dir", "x"], 0),
        (["--dir", "doctor", "history"], 2),
        (["--dir=x", "doctor"], 1),
        (["--dir"], 2),
    ],
)
def test_the_name_of_the_command_may_follow_a_directory(given: list[str], place: int) -> None:
    assert place_of_command(given) == place
