from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.areas import areas
from pytest_orchestrate.report.findings import Area, Changes, FailureGroup, Score
from pytest_orchestrate.report.formats import markdown
from pytest_orchestrate.report.formats.changes import standing_of
from pytest_orchestrate.report.formats.html_static import static
from pytest_orchestrate.report.formats.text import render
from pytest_orchestrate.report.past import Basis
from pytest_orchestrate.report.summary import Cause
from tests.support.reports import big_report, failure_of, report_of, reported
from tests.support.told_run import LOGIN, story_of_a_run


@pytest.mark.parametrize("width", [40, 60, 80, 132])
def test_only_what_cannot_be_broken_is_wider_than_the_terminal(width: int) -> None:
    story = story_of_a_run()
    whole = [test.nodeid for test in story.tests] + [area.path for area in story.areas]
    whole += [story.commands.explain, *story.commands.replay.values()]
    for line in render(story, width=width).splitlines():
        longest = max(line.split(), key=len, default="")
        wide = len(line) > width
        assert not wide or len(longest) > width - 20 or any(text in line for text in whole), line


def test_it_has_what_failed_why_and_what_to_do_next() -> None:
    lines = render(story_of_a_run(), width=132).splitlines()
    assert any("3 tests, failing since" in line and "gateway.py:87" in line for line in lines)
    assert f"    2 blocked by {LOGIN}" in lines
    assert "  pytest --lf -n2 tests" in lines
    assert "    orchestrate_resources =" in lines


@pytest.mark.parametrize("width", [40, 47, 53, 61, 66, 72])
def test_a_number_and_its_unit_are_on_one_line(width: int) -> None:
    lines = render(story_of_a_run(), width=width).splitlines()
    assert not [line for line in lines if line.strip().startswith(("%", "s ", "min "))]


def test_it_does_not_grow_with_the_run() -> None:
    assert len(render(big_report(4_000, 2_000), width=80).splitlines()) < 150


def test_a_run_in_which_all_is_well_is_told_in_a_few_lines() -> None:
    text = render(report_of(reported("a.py::b")), width=80)
    assert text.splitlines()[1] == "The only test passed (pass rate 100 %)"
    scored = render(report_of(reported("a.py::b"), score=Score(87.4, ())), width=80)
    assert "(pass rate 100 %, quality score 87 of 100)" in scored
    assert len(text.splitlines()) <= 4


def test_folders_of_code_are_told_with_what_was_run_of_them() -> None:
    test = reported("tests/test_a.py::one")
    coverage = {"src/shop/a.py": (3, 4), "src/shop/b/c.py": (1, 4), "tool.py": (1, 1)}
    found = areas([test], coverage)
    lines = render(report_of(test, areas=tuple(found)), width=100).splitlines()
    listed = lines[lines.index("folders:") + 1 :][:4]
    assert [line.split()[0] for line in listed] == [
        "src/shop/",
        "src/shop/b/",
        "tests/test_a.py",
        "tool.py",
    ]
    assert listed[0].endswith("0 tests, 50 % covered")


def test_of_a_folder_with_one_file_only_the_file_is_told() -> None:
    told = (
        Area("tests", False, 2, {"passed": 2}, 2.0, 1.0),
        Area("tests/a", False, 1, {"passed": 1}, 1.0, 0.5),
        Area("tests/a/test_a.py", True, 1, {"passed": 1}, 1.0, 0.5),
        Area("tests/b.py", True, 1, {"passed": 1}, 1.0, 0.5),
    )
    tests = (reported("tests/a/test_a.py::b"), reported("tests/b.py::c"))
    lines = render(report_of(*tests, areas=told), width=80).splitlines()
    listed = lines[lines.index("folders:") + 1 :]
    assert [line.split()[0] for line in listed] == ["tests/", "tests/a/test_a.py", "tests/b.py"]


def test_of_one_message_raised_in_several_places_the_place_is_said_to_be_the_first() -> None:
    tests = (reported("a.py::b", "failed"), reported("c.py::d", "failed"))
    group = FailureGroup("message", "ValueError: no such shop", failure_of(line=7), (0, 1))
    report = report_of(*tests, groups=(group,))
    assert "ValueError: no such shop first in tests/test_a.py:7\n" in render(report, width=132)
    assert "first in `tests/test_a.py:7`" in markdown.render(report)
    assert "first in <code>tests/test_a.py:7</code>" in static(report)
    alone = report_of(tests[0], groups=(replace(group, tests=(0,)),))
    assert "ValueError: no such shop in tests/test_a.py:7\n" in render(alone, width=132)


def test_causes_beyond_those_told_count_files_as_files() -> None:
    tests = [reported(f"a.py::b[{number}]", "failed") for number in range(11)]
    tests += [reported(f"c{number}.py", "error", is_collection=True) for number in range(2)]
    text = render(report_of(*tests), width=80)
    assert "  3 more causes of 1 test and 2 files\n" in text


def test_what_failed_is_told_once() -> None:
    tests = [reported(f"a.py::t{number}", "failed") for number in range(2)]
    report = report_of(*tests)
    causes = (Cause(2, "AssertionError: assert 1 == 2"),)
    told = render(replace(report, summary=replace(report.summary, causes=causes)), width=80)
    assert "of one cause" not in told
    assert "what failed:" in told


def test_only_what_is_in_a_work_tree_can_be_on_no_branch() -> None:
    changes = Changes("r", "0a1b2c3d4e", None, "branch", None)
    assert standing_of(changes) == "the last complete one on no branch"


@pytest.mark.parametrize(
    ("basis", "branch", "told"),
    [
        ("branch", "main", "the last complete one on this branch"),
        ("branch", None, "the last complete one"),
        (
            "ancestor",
            "main",
            "on main, which this one is based on (its own branch has no complete run yet)",
        ),
        ("default", "main", "the last complete one on main (this branch has none yet)"),
    ],
)
def test_it_says_with_which_run_it_compares_and_why(
    basis: Basis, branch: str | None, told: str
) -> None:
    changes = Changes("r", None, branch, basis, None, "4 workers then", newly_failing=(0,))
    lines = render(report_of(reported("a", "failed"), changes=changes), width=200).splitlines()
    assert f"    since run r, {told}" in lines
    assert "  1 newly failing, times not comparable (4 workers then)" in lines
