from __future__ import annotations

from pathlib import Path

import pytest

from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.options.destinations import (
    Destination,
    parse_destinations,
    parse_variables,
)
from pytest_orchestrate.options.table import REPORT_FORMATS
from pytest_orchestrate.options.values import Place
from pytest_orchestrate.report.formats import RENDERERS

HERE = Place("--orchestrate-report", "FORMAT:PATH")


def test_a_report_goes_to_what_stands_behind_the_first_colon() -> None:
    assert parse_destinations(HERE, ["json:a:b.json", " events: c d.jsonl ", ""]) == (
        Destination("json", Path("a:b.json")),
        Destination("events", Path("c d.jsonl")),
    )


def test_a_relative_path_is_below_the_root_and_an_absolute_one_stays(tmp_path: Path) -> None:
    there = tmp_path / "b.json"
    found = parse_destinations(HERE, ["json:a.json", f"json:{there}"], Path("/root"))
    assert [each.path for each in found] == [Path("/root/a.json"), there]


def test_variables_in_a_path_are_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OUT", "/out")
    assert parse_destinations(HERE, ["json:$OUT/a"]) == (Destination("json", Path("/out/a")),)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("report.json", "there is no FORMAT: before the path"),
        ("json", "there is no path after the format"),
        ("json:", "there is no path after the format"),
        ("json: ", "there is no path after the format"),
        (":a", "there is no format ''"),
        ("jsn:a", "there is no format 'jsn'. Accepted: FORMAT:PATH. Did you mean 'json'?"),
    ],
)
def test_what_is_no_report_is_refused_with_the_reason(text: str, why: str) -> None:
    with pytest.raises(SettingError, match=r"--orchestrate-report: '.*' is not accepted") as caught:
        parse_destinations(HERE, [text])
    assert why in str(caught.value)


@pytest.mark.parametrize("other", ["a", "./a", "b/../a", "link", "$HERE/a"])
@pytest.mark.parametrize("name", ["json", "events"])
def test_two_reports_do_not_go_to_one_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, other: str
) -> None:
    monkeypatch.setenv("HERE", str(tmp_path))
    (tmp_path / "b").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "a")
    with pytest.raises(SettingError) as caught:
        parse_destinations(HERE, ["json:a", "html:c", f"{name}:{other}"], tmp_path)
    first, file = tmp_path / "a", Path(tmp_path / "a").resolve()
    told = f"'{name}:{other}' is not accepted: 'json:{first}' is a report to the same file, {file}"
    assert told in str(caught.value)


def test_a_report_of_a_run_does_not_go_to_standard_output(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="pytest-orchestrate report convert json:-"):
        parse_destinations(HERE, ["json:-"], tmp_path)
    assert parse_destinations(HERE, ["json:-"])[0].is_standard_output


def test_every_format_of_the_setting_has_what_writes_it() -> None:
    assert {*RENDERERS, "events"} == set(REPORT_FORMATS)


def test_variables_are_names_each_once() -> None:
    assert parse_variables(HERE, ["TZ", " CI ", "", "TZ"]) == ("TZ", "CI")


@pytest.mark.parametrize("text", ["A=1", "A B"])
def test_what_is_no_name_of_a_variable_is_refused(text: str) -> None:
    with pytest.raises(SettingError, match="a line is the name of one variable"):
        parse_variables(HERE, [text])
