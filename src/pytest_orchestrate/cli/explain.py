"""``pytest-orchestrate explain``: why a test ran where and when it did, or did not run."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from pytest_orchestrate.cli.place import add_directory, directory_of
from pytest_orchestrate.cli.saying import failed, number_of
from pytest_orchestrate.model.escaping import visible

if TYPE_CHECKING:
    from pytest_orchestrate.cli import Commands
    from pytest_orchestrate.report.story import Story

#: Tests that a message names.
NAMED = 5


def add_to(commands: Commands) -> None:
    """Add ``explain`` to the command."""
    explain = commands.add_parser(
        "explain",
        help="why a test ran where and when it did",
        description="Tells from the log of a run what a test waited for, where it ran and why"
        " there, how it ended, and what ran before and after it; or why it did not run.",
    )
    explain.add_argument(
        "nodeid", metavar="NODEID", help="the test; a part of its node id is enough if only it has"
    )
    explain.add_argument(
        "--run",
        default="last",
        metavar="ID",
        help="the run, or how its id begins (default: the last one)",
    )
    add_directory(explain)
    explain.set_defaults(action=_explain)


def _explain(chosen: argparse.Namespace) -> int:
    from pytest_orchestrate.history import log
    from pytest_orchestrate.history.course import find_log
    from pytest_orchestrate.report.explanation import explained
    from pytest_orchestrate.report.meant import meant

    path = find_log(directory_of(chosen), chosen.run)
    story = log.story(path)
    nodeids = [each.test.nodeid for each in story.tests]
    tests = meant(nodeids, chosen.nodeid)
    if not tests or len({nodeids[test] for test in tests}) > 1:
        return failed(
            _which_test(chosen.nodeid, [nodeids[test] for test in tests], story, path.stem)
        )
    print(f"In the run {path.stem}, {_kind(story)}:")
    for test in tests:
        print()
        for line in explained(story, test):
            print(visible(line))
    return 0


def _kind(story: Story) -> str:
    if story.run.get("mode") == "in-process":
        return "in-process"
    count = story.began.workers if story.began is not None else 0
    return number_of(count, "worker")


def _which_test(asked: str, tests: list[str], story: Story, run: str) -> str:
    from pytest_orchestrate.history.retelling import before_tests
    from pytest_orchestrate.report.meant import close

    if tests:
        names = list(dict.fromkeys(tests))
        more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return (
            f"{asked!r} means {number_of(len(names), 'test')} of the run {run}:"
            f" {', '.join(names[:NAMED])}{more}; give more of the node id"
        )
    if not story.tests:
        reason = story.stop.reason if story.stop is not None else None
        because = f" ({reason})" if reason else ""
        if story.end is None:
            return before_tests(run, goes_on=story.goes_on)
        return f"the run {run} ended before any test was known{because}"
    near = close([each.test.nodeid for each in story.tests], asked)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    arguments = " ".join(story.run.get("args", ()))
    return (
        f"{asked!r} was not among the {number_of(len(story.tests), 'test')} of the run {run}"
        f" (pytest {arguments}){hint} (--run ID names another run)"
    )
