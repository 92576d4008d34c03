"""The table of projects says what their runs said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.downstream.matrix import collection_of, head_of, ways
from tests.downstream.projects import PROJECTS
from tests.downstream.suite import SuiteRun

HEAD = "platform linux\norchestrate: 2 workers (asked for), forked, {}, no history yet\nroot: /\n"
WHY = "pytest_collection_modifyitems in tests/conftest.py:12 may depend on seeing all tests"
FULL = f"full collection ({WHY}; orchestrate_collect = sharded overrides)"


@pytest.mark.parametrize(
    ("said", "collection"),
    [
        (HEAD.format("sharded collection"), "sharded"),
        (HEAD.format(FULL), f"full: {WHY}"),
        (HEAD.format("full collection (asked for)"), "full: asked for"),
        (
            HEAD.format("sharded collection")
            + "orchestrate: every worker has collected everything: a/conftest.py:3 reads"
            " session.items; orchestrate_collect = sharded overrides\n",
            "full: a/conftest.py:3 reads session.items",
        ),
        ("orchestrate: in-process (--pdb)\n", "in-process (--pdb)"),
        ("12 passed in 0.01s\n", "not said"),
    ],
)
def test_how_files_were_collected_is_what_the_run_said(said: str, collection: str) -> None:
    assert collection_of(said) == collection


def test_the_head_says_how_many_workers_there_were() -> None:
    assert head_of(HEAD.format("sharded collection")) == "2 workers (asked for)"


def test_where_everything_is_collected_anyway_it_is_not_asked_for() -> None:
    assert [way.name for way in ways(2, is_sharded=False)] == [
        "full-fork",
        "full-spawn",
        "auto",
    ]
    assert [way.name for way in ways(2, is_sharded=True)] == [
        "sharded-fork",
        "sharded-spawn",
        "full-fork",
        "full-spawn",
        "auto",
    ]


def run_with(*outcomes: str) -> SuiteRun:
    """Return a run of tests that ended so."""
    tests = {f"test_{n}": [{"outcome": outcome}] for n, outcome in enumerate(outcomes)}
    return SuiteRun({"tests": tests}, Path(), 1, 1.0, 0)


def test_that_a_suite_fails_everywhere_in_every_way_proves_nothing() -> None:
    assert run_with("error", "error", "passed").says_nothing == "2 of 3 failed"
    assert run_with().says_nothing == "none ran"
    assert SuiteRun(None, Path(), 3, 1.0, 0).says_nothing == "none ran"
    assert run_with("failed", "passed", "skipped").says_nothing == ""


def test_no_project_is_there_twice() -> None:
    names = [project.name for project in PROJECTS]
    assert len(names) == len(set(names))
