"""What ``doctor`` makes of facts."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from pytest_orchestrate.cli.doctor.diagnosing import diagnose, of_environment
from pytest_orchestrate.cli.doctor.diagnosis import Change
from pytest_orchestrate.cli.doctor.facts import (
    CollectedFile,
    Examination,
    HeavyImport,
    HookUse,
    MarkUse,
    Misspelt,
    OldFlag,
    Plugin,
    Source,
)
from pytest_orchestrate.cli.doctor.telling import lines_of
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.sharding.safety import Obstacle
from tests.unit.cli.examined import FORECAST, PLAIN, TWO_FILES, diagnosed, levels, of


def test_where_all_is_well_nothing_is_to_be_done() -> None:
    found = diagnosed()
    assert set(levels(found.findings)) == {"fine"}
    assert not found.has_conflicts
    assert found.proposal is None


def test_what_is_not_switched_on_is_proposed() -> None:
    found = diagnosed(activated=None)
    assert found.proposal is not None
    assert found.proposal.text == "[pytest]\norchestrate = true\n"
    assert not found.has_conflicts


def test_what_is_switched_on_and_off_is_a_conflict() -> None:
    assert diagnosed(blocked="-p no:orchestrate in addopts in pytest.ini").has_conflicts
    off = diagnosed(activated=None, blocked="-p no:orchestrate in addopts in pytest.ini")
    assert not off.has_conflicts
    assert off.proposal is None


@pytest.mark.parametrize(
    ("version", "level"),
    [("8.3.5", "conflict"), ("8.4.0", "fine"), ("9.2.0", "fine"), ("10.0.0rc1", "note")],
)
def test_versions_of_pytest_are_supported_tried_or_neither(version: str, level: str) -> None:
    found = diagnosed(versions={**PLAIN.versions, "pytest": version})
    assert levels(each for each in found.findings if each.topic == "versions") == [level]


def test_flags_of_pytest_xdist_are_told_with_where_they_are_written() -> None:
    (finding,) = of(
        diagnosed(
            activated=None,
            has_xdist=True,
            old_flags=(OldFlag("-n", "4", "addopts in pytest.ini"),),
            old_flags_mean="orchestrate: -n 4 is --workers=4",
        ),
        "setting",
        "xdist",
    )
    assert "in addopts in pytest.ini are read as ours: -n 4 is --workers=4" in finding.text
    assert "pytest-xdist acts on them" in finding.text


def test_a_setting_that_is_not_there_is_a_conflict_with_the_one_that_is_meant() -> None:
    found = diagnosed(misspelt=(Misspelt("orchestrate_wokers", "orchestrate_workers", "3"),))
    (finding,) = of(found, "conflict", "settings")
    assert "orchestrate_wokers" in finding.text
    assert finding.changes == (Change("orchestrate_workers", "3"),)


def test_a_plugin_that_was_tried_is_told_with_its_note_alone() -> None:
    plugins = (
        Plugin("pytest-cov", "7.1.0"),
        Plugin("pytest_order", "1.5.0"),
        Plugin("pytest-xdist", "3.8.0"),
        Plugin("pytest-orchestrate", "0.1.0"),
    )
    found = diagnosed(replace(TWO_FILES, plugins=plugins))
    (note,) = of(found, "note", "plugins")
    assert note.text.startswith("pytest_order 1.5.0 works, with a note: tests with its mark")
    (fine,) = of(found, "fine", "plugins")
    assert fine.text == "nothing to know of pytest-cov 7.1.0, pytest-xdist 3.8.0"


def test_another_version_than_the_tried_one_is_told() -> None:
    found = diagnosed(replace(TWO_FILES, plugins=(Plugin("pytest-cov", "4.1.0"),)))
    (note,) = of(found, "note", "plugins")
    assert "another version works, 7.1.0" in note.text


@pytest.mark.parametrize(
    ("hooks", "level"),
    [
        ((), "fine"),
        (("pytest_collection_modifyitems",), "fine"),
        (("pytest_sessionfinish",), "note"),
        (("pytest_runtestloop", "pytest_sessionfinish"), "conflict"),
    ],
)
def test_of_an_untried_plugin_its_hooks_say_what_it_may_do(
    hooks: tuple[str, ...], level: str
) -> None:
    found = diagnosed(
        replace(TWO_FILES, plugins=(Plugin("pytest-unheard-of", "1.0", hooks=hooks),))
    )
    (finding,) = [each for each in found.findings if each.topic == "plugins"]
    assert finding.level == level
    assert "pytest-unheard-of 1.0" in finding.text


def test_plugins_that_read_one_mark_in_two_ways_conflict() -> None:
    plugins = (Plugin("flaky", "3.8.1"), Plugin("pytest-rerunfailures", "16.7"))
    (finding,) = of(diagnosed(replace(TWO_FILES, plugins=plugins)), "conflict", "plugins")
    assert "pytest-rerunfailures and flaky read the mark flaky" in finding.text


def test_hooks_that_nobody_calls_are_told() -> None:
    hooks = (
        HookUse("pytest_xdist_make_scheduler", "conftest.py:3"),
        HookUse("pytest_xdist_rsyncstart", "conftest.py:9"),
    )
    found = diagnosed(replace(TWO_FILES, hooks=hooks))
    (scheduler,) = of(found, "conflict", "hooks")
    assert "conftest.py:3" in scheduler.text
    assert "pytest_orchestrate_group_item" in scheduler.advice
    assert len(of(found, "note", "hooks")) == 1


def test_hooks_that_need_all_tests_are_named_with_what_they_cost_together() -> None:
    obstacles = (
        Obstacle("pytest_collection_modifyitems", "conftest", "conftest.py", 7),
        Obstacle("pytest_collection_modifyitems", "pytest_shuffle", "pytest_shuffle.py", 3),
    )
    plugins = (Plugin("pytest-shuffle", "1", registered="shuffle", package="pytest_shuffle"),)
    found = diagnosed(replace(TWO_FILES, obstacles=obstacles, plugins=plugins))
    (finding,) = of(found, "speed", "collection")
    assert "conftest.py:7" in finding.text
    assert "pytest_shuffle.py:3" in finding.text
    assert "orchestrate_item_local = True" in finding.advice
    assert "-p no:shuffle" in finding.advice
    assert finding.gain == 0.5  # two workers collect 1 s each, and half of it would do


def test_what_every_share_imports_is_not_saved_by_sharing() -> None:
    obstacle = Obstacle("pytest_collection_modifyitems", "conftest", "conftest.py", 7)
    imports = (HeavyImport("pandas", 0.9),)
    found = diagnosed(replace(TWO_FILES, obstacles=(obstacle,), imports=imports))
    assert not of(found, "speed", "collection")
    (finding,) = of(found, "fine", "collection")
    assert "conftest.py:7" in finding.text


def test_full_collection_that_nothing_needs_is_told() -> None:
    found = diagnosed(replace(TWO_FILES, full_because="asked for"))
    (finding,) = of(found, "speed", "collection")
    assert finding.changes == (Change("orchestrate_collect", "auto"),)


def test_a_file_that_dominates_collection_is_named() -> None:
    files = (CollectedFile("test_a.py", 1, 4.0), CollectedFile("test_b.py", 1, 0.5))
    (finding,) = of(diagnosed(replace(TWO_FILES, files=files)), "speed", "collection")
    assert finding.text.startswith("test_a.py takes 4.0 s of collection (89 %)")


def test_more_workers_than_cores_are_too_many() -> None:
    found = diagnosed(workers=(8, "asked for"))
    (finding,) = of(found, "speed", "workers")
    assert finding.text.startswith("8 workers (asked for) on 2 usable cores")
    assert finding.changes == (Change("orchestrate_workers", "auto"),)


@pytest.mark.parametrize(("workers", "is_gain"), [(2, False), (4, True)])
def test_an_import_that_workers_pay_for_is_worth_it_where_they_share_cores(
    workers: int, is_gain: bool
) -> None:
    imports = (HeavyImport("pandas", 1.0), HeavyImport("tiny", 0.02))
    found = diagnosed(replace(TWO_FILES, imports=imports), workers=(workers, "as specified"))
    (finding,) = of(found, "speed", "imports")
    assert finding.advice.startswith("orchestrate_preload = pandas imports")
    assert (finding.gain == 0.5) is is_gain
    assert bool(finding.changes) is is_gain


def test_what_is_preloaded_or_spawned_is_not_to_be_preloaded() -> None:
    imports = (HeavyImport("pandas", 1.0),)
    collected = replace(TWO_FILES, imports=imports)
    assert not of(
        diagnosed(collected, settings={"orchestrate_preload": "pandas"}), "speed", "imports"
    )
    assert not of(diagnosed(collected, start=("spawned", "asked for")), "speed", "imports")


def test_session_fixtures_that_take_long_are_told() -> None:
    found = diagnosed(fixtures={"database": 2.0, "quick": 0.1})
    (finding,) = of(found, "speed", "fixtures")
    assert "each of 2 workers" in finding.text
    assert "session fixture database, for 2.0 s" in finding.text


def test_what_is_never_recorded_cannot_be_asked_for_again() -> None:
    found = diagnosed(known_tests=0, settings={"orchestrate_record": "off"})
    (finding,) = of(found, "note", "durations")
    assert finding.advice == "orchestrate_record = off keeps it so"


@pytest.mark.parametrize(
    "written",
    [
        {"old_flags": (OldFlag("-n", "8", "addopts in pytest.ini"),)},
        {"sources": (Source("addopts in pytest.ini", ("--workers=8",)),)},
    ],
)
def test_what_a_flag_says_is_to_be_changed_where_the_flag_is(written: Any) -> None:
    found = diagnosed(workers=(8, "asked for"), **written)
    (finding,) = of(found, "speed", "workers")
    assert finding.changes == ()
    assert "8 in addopts in pytest.ini wins over that: change it there" in finding.advice
    assert found.proposal is None


def test_what_the_last_run_says_of_imports_is_not_said_twice() -> None:
    examined = Examination(PLAIN, replace(TWO_FILES, imports=(HeavyImport("pandas", 1.0),)))
    told = Recommendation("preload", "pandas", 0.5, "orchestrate_preload = pandas")
    found = diagnose(examined, None, recommended=[told])
    assert not of(found, "speed", "imports")
    assert found.proposal is not None
    assert "orchestrate_preload = pandas" in found.proposal.text


def test_what_keeps_tests_together_is_told_with_what_it_costs() -> None:
    tied = replace(
        FORECAST, bounded_by="group test_a.py, which stays on one worker", kind="group", share=0.9
    )
    collected = replace(TWO_FILES, forecast=tied, untied=replace(FORECAST, makespan=6.5))
    flag = OldFlag("--dist", "loadfile", "addopts in pytest.ini")
    found = diagnosed(collected, old_flags=(flag,), settings={"orchestrate_keep_together": "file"})
    (finding,) = of(found, "speed", "durations")
    assert finding.text.startswith("--dist=loadfile (addopts in pytest.ini) keeps tests on one")
    assert finding.gain == 3.5
    found = diagnosed(collected, settings={"orchestrate_keep_together": "file"})
    (finding,) = of(found, "speed", "durations")
    assert finding.changes == (Change("orchestrate_keep_together", "off"),)


def test_without_durations_the_largest_file_that_stays_whole_is_told() -> None:
    files = (CollectedFile("test_big.py", 80, 0.1), CollectedFile("test_b.py", 20, 0.1))
    collected = replace(TWO_FILES, tests=100, files=files)
    found = diagnosed(collected, settings={"orchestrate_keep_together": "file"})
    (finding,) = of(found, "speed", "durations")
    assert finding.text.startswith("orchestrate_keep_together = file keeps test_big.py on one")
    assert "80 of 100 tests" in finding.text
    assert not of(diagnosed(collected), "speed", "durations")


def test_what_bounds_a_run_is_told_unless_the_last_run_says_more() -> None:
    bounded = replace(FORECAST, bounded_by="the longest test: 6.0 s of 6.0 s: a", kind="test")
    examined = Examination(PLAIN, replace(TWO_FILES, forecast=bounded))
    assert of(diagnose(examined, None), "speed", "durations")
    told = Recommendation("split", "split a", 2.0, "")
    found = diagnose(examined, None, recommended=[told])
    assert not of(found, "speed", "durations")
    assert [each.text for each in of(found, "speed", "last run")] == ["in the last run: split a"]


def test_what_bounds_a_run_is_nothing_to_tell_where_there_is_nothing_to_gain() -> None:
    short = replace(
        FORECAST, makespan=0.1, lower_bound=0.1, work=0.1, bounded_by="a test", kind="test"
    )
    assert not of(diagnosed(replace(TWO_FILES, forecast=short)), "speed", "durations")
    even = replace(FORECAST, makespan=6.1, bounded_by="a test", kind="test")
    assert not of(diagnosed(replace(TWO_FILES, forecast=even)), "speed", "durations")


def test_the_greatest_gain_comes_first_among_its_like() -> None:
    told = [Recommendation("a", "less", 1.0), Recommendation("b", "more", 2.0)]
    found = diagnose(Examination(PLAIN, TWO_FILES), None, recommended=told)
    assert [each.gain for each in found.findings][:2] == [2.0, 1.0]


def test_marks_mean_what_they_meant_or_it_is_told() -> None:
    marks = (
        MarkUse("xdist_group", "xdist_group", 3, "test_a.py::t"),
        MarkUse("order", "order", 1, "test_a.py::u"),
        MarkUse("priority", "priority", 2, "test_a.py::v"),
        MarkUse("resource", "", 2, "test_a.py::w"),
    )
    collected = replace(TWO_FILES, marks=marks, yielded=("resource", "low"))
    found = diagnosed(collected, activated=None)
    notes = [each.text for each in of(found, "note", "markers")]
    assert [text.partition(" (")[0] for text in notes] == [
        "3 tests marked xdist_group",
        "1 test marked order",
        "2 tests marked priority",
        "the mark resource is the project's own, as its markers declare it",
    ]
    switched_on = diagnosed(collected)
    assert of(switched_on, "fine", "markers")[0].text.endswith(": priority (2 tests)")


def test_a_mark_of_the_project_that_is_refused_is_to_be_left_to_it() -> None:
    marks = (MarkUse("resource", "resource", 3, "test_a.py::t"),)
    collected = replace(TWO_FILES, marks=marks, refused=("resource(1, 2): not accepted",))
    found = diagnosed(collected, activated=None)
    assert found.has_conflicts
    assert found.proposal is not None
    assert "orchestrate_markers =\n    resource = off\n" in found.proposal.text
    # who has switched it on may have made a mistake
    assert diagnosed(collected).proposal is None


def test_what_cannot_be_collected_is_told_in_the_words_of_pytest() -> None:
    errors = (("test_a.py", "test_a.py:1: in <module>\nE   NameError: name 'x'\n"),) * 5
    found = of(diagnosed(replace(TWO_FILES, errors=errors)), "conflict", "pytest")
    assert len(found) == 4
    assert found[0].text == "test_a.py cannot be collected:\nNameError: name 'x'"
    assert found[-1].text == "2 more errors in collection"


def test_another_environment_than_the_one_that_is_switched_on_is_told() -> None:
    assert not list(of_environment({}, "/usr"))
    assert not list(of_environment({"VIRTUAL_ENV": "/usr"}, "/usr"))
    (finding,) = of_environment({"VIRTUAL_ENV": "/project/.venv"}, "/usr")
    assert "/project/.venv" in finding.text


def test_text_is_wrapped_and_what_has_no_shape_is_written_out() -> None:
    errors = (("test_\x1b[31mred\udc80.py", "E   " + "word " * 30),)
    found = diagnosed(replace(TWO_FILES, errors=errors))
    lines = list(lines_of(found, width=60))
    assert "conflict  test_red\\udc80.py cannot be collected:" in lines
    assert all(len(line) <= 60 for line in lines if not line.startswith("            "))
    assert lines[-1] == "1 conflict, 0 notes, 0 hints for speed"
    assert "\x1b" not in "".join(lines)
