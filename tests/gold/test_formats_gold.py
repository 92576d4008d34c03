"""Reports as their readers have them, compared with files.

``UPDATE_GOLD=1 pytest tests/gold`` writes the files anew; read the difference before you keep it.
"""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats import ctrf, github, junit, markdown, text
from tests.support.gold import assert_matches_gold
from tests.support.reports import attempt_of, report_of, reported
from tests.support.told_run import story_of_a_run


def good_run() -> Report:
    """Three tests in-process, and all is well."""
    return report_of(
        reported("tests/test_cart.py::test_adds", attempts=[attempt_of(worker="main", call=0.3)]),
        reported("tests/test_cart.py::test_removes", attempts=[attempt_of(worker="main")]),
        reported(
            "tests/test_platform.py::test_registry",
            "skipped",
            [attempt_of("skipped", worker="main", call=0.0, reason="needs Windows")],
        ),
        mode="in-process",
        wall=0.6,
    )


def pretty(document: bytes) -> str:
    return json.dumps(json.loads(document), indent=1, ensure_ascii=False) + "\n"


RUNS: dict[str, Callable[[], Report]] = {"story": story_of_a_run, "good": good_run}
#: Name of the file after that of the run -> what writes it.
FORMATS: dict[str, Callable[[Report], str]] = {
    "junit.xml": lambda report: junit.render(report).decode(),
    "ctrf.json": lambda report: pretty(ctrf.render(report)),
    "md": markdown.render,
    "short.md": lambda report: markdown.render(report, 4_000),
    "annotations.txt": github.annotations,
    "txt": lambda report: text.render(report, width=100),
}


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("run", RUNS)
def test_a_report_reads_as_in_the_file(run: str, name: str) -> None:
    assert_matches_gold(f"formats/{run}.{name}", FORMATS[name](RUNS[run]()))
