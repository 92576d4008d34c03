"""A log read as a report, or passed on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.log import RunLog, story
from pytest_orchestrate.history.retelling import log_to_pass_on, report_of
from pytest_orchestrate.report.assembly import Assembly
from tests.support import logs


def test_a_log_makes_the_report_that_its_records_make(tmp_path: Path) -> None:
    told = logs.sound_run()
    assembly = Assembly()
    for record in told:
        assembly.add(record)
    log = logs.write(tmp_path / "r.jsonl", told)
    assert report_of(log, tmp_path) == assembly.report()


def test_a_last_line_that_was_cut_off_is_passed_over(tmp_path: Path) -> None:
    log = logs.write(tmp_path / "r.jsonl", logs.sound_run())
    with log.open("a") as file:
        file.write('{"record":"event","event":{"ev')
    assert len(report_of(log, tmp_path).tests) == 4


@pytest.mark.parametrize(
    "line",
    [
        '{"record":"event","event":{"event":"TestStarted"}}',
        '{"record":"command","command":{"command":"Unheard"}}',
        '{"record":"attempt"}',
        "[]",
        "no JSON",
        '{"record":"event","event":',
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str) -> None:
    log = logs.write(tmp_path / "r.jsonl", logs.sound_run()[:3])
    with log.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(HistoryError, match=r"r\.jsonl, line 4: not a record of a run"):
        report_of(log, tmp_path)


def test_a_log_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    log = logs.write(tmp_path / "r.jsonl", [logs.run(version=99)])
    with pytest.raises(HistoryError, match="format version 99"):
        report_of(log, tmp_path)


@pytest.mark.parametrize("lines", [0, 1])
def test_a_log_that_ends_before_any_test_says_so(tmp_path: Path, lines: int) -> None:
    log = logs.write(tmp_path / "r.jsonl", [logs.run()][:lines])
    with pytest.raises(HistoryError, match="the run r was cut off before any test was known"):
        report_of(log, tmp_path)


def test_a_run_that_goes_on_is_told_by_the_lock_of_its_log(tmp_path: Path) -> None:
    log = RunLog.create(tmp_path, "r", keep_output=True)
    with pytest.raises(HistoryError, match="the run r goes on, and no test is known yet"):
        report_of(log.path, tmp_path)
    records = [each for each in logs.sound_run() if each["record"] != "end"]
    for record in records:
        log.write(record)
    log.flush()
    assert report_of(log.path, tmp_path).summary.goes_on
    assert story(log.path).goes_on
    log.close()
    assert not report_of(log.path, tmp_path).summary.goes_on
    assert not story(log.path).goes_on


def test_kinds_and_keys_that_are_not_known_are_passed_over(tmp_path: Path) -> None:
    told = [{**record, "later": 1} for record in logs.sound_run()]
    log = logs.write(tmp_path / "r.jsonl", [*told, {"record": "unheard", "of": []}])
    assert len(report_of(log, tmp_path).tests) == 4


def test_a_log_is_passed_on_as_it_is_but_for_secrets(tmp_path: Path) -> None:
    told = logs.sound_run()
    told[0]["args"] = ["--token", "hunter2", "-q"]
    log = logs.write(tmp_path / "r.jsonl", told)
    passed_on = [json.loads(line) for line in log_to_pass_on(log)]
    assert passed_on[0] == {**told[0], "args": ["--token", "***", "-q"]}
    assert passed_on[1:] == told[1:]
