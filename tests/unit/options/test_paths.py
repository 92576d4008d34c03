"""Paths in settings, and names of one file."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.paths import identity, parse_path
from pytest_orchestrate.options.values import Place

HERE = Place("--orchestrate-thing", "paths")


def test_home_and_environment_variables_in_a_path_are_expanded(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SOME_FOLDER", "runs")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert parse_path(HERE, " ~/$SOME_FOLDER ") == tmp_path / "runs"


@pytest.mark.parametrize("text", ["", "  ", "~nobody-of-that-name/runs"])
def test_a_path_that_names_nothing_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="--orchestrate-thing"):
        parse_path(HERE, text)


@pytest.mark.parametrize("text", ["$REPORT_FOLDR/a", "x/${REPORT_FOLDR}/a"])
def test_a_variable_that_is_not_set_is_named(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("REPORT_FOLDER", "runs")
    with pytest.raises(SettingError) as caught:
        parse_path(HERE, text)
    told = "there is no environment variable REPORT_FOLDR (but one REPORT_FOLDER)"
    assert told in str(caught.value)


def test_a_price_is_no_variable() -> None:
    assert parse_path(HERE, "100$/a$") == Path("100$/a$")


def test_links_are_names_of_the_file_that_they_lead_to(tmp_path: Path) -> None:
    there = tmp_path / "a"
    missing = identity(there)
    there.write_text("")
    (tmp_path / "hard").hardlink_to(there)
    (tmp_path / "soft").symlink_to(there)
    (tmp_path / "b").write_text("")
    named = {identity(tmp_path / name) for name in ("a", "hard", "soft")}
    assert len(named) == 1
    assert named.isdisjoint({missing, identity(tmp_path / "b")})
