"""What is told of one attempt beside its times."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from pytest_orchestrate.controller.evidence import Evidence, cut_off, markers_of
from pytest_orchestrate.internals.failures import failure_text

OUT = "Captured stdout call"


def phase(
    when: Literal["setup", "call", "teardown"],
    outcome: str,
    longrepr: str | None = None,
    sections: list[tuple[str, str]] | None = None,
) -> pytest.TestReport:
    outcome_of_pytest: Any = outcome
    return pytest.TestReport(
        "a.py::t", ("a.py", 3, "t"), {}, outcome_of_pytest, longrepr, when, sections or ()
    )


def test_what_an_earlier_attempt_has_printed_is_not_told_of_the_next() -> None:
    first = Evidence(3, ["slow"])
    first.add(phase("call", "rerun", "first", sections=[(OUT, "one")]), "/root")
    second = first.again()
    second.add(phase("call", "passed", sections=[(OUT, "one"), (OUT, "two")]), "/root")
    third = second.again()
    third.add(phase("call", "passed", sections=[(OUT, "alone")]), "/root")
    assert [first.sections, second.sections, third.sections] == [
        [(OUT, "one")],
        [(OUT, "two")],
        [(OUT, "alone")],  # whoever runs it again may have forgotten the rest
    ]
    assert (first.longrepr, second.longrepr) == ("first", None)
    assert (third.line, third.markers) == (3, ["slow"])


def test_the_first_line_of_a_traceback_keeps_its_indentation() -> None:
    shown = "\n    def test():\n>       assert 0\n\n"
    assert failure_text(phase("call", "failed", shown)) == "    def test():\n>       assert 0"


def test_of_an_attempt_that_was_cut_off_is_told_when_it_began() -> None:
    known = {"record": "interrupted", "test": 4, "worker": "gw1", "started": 17.0}
    assert cut_off(4, "gw1", 17.0) == known
    assert cut_off(4, "gw1", 17.0, 3.0) == {**known, "clock": 3.0}


@pytest.mark.usefixtures("tmp_path_factory")
class TestMarked:
    @pytest.mark.parametrize("number", [1])
    def test_markers_are_those_that_pytest_finds(
        self, number: int, request: pytest.FixtureRequest
    ) -> None:
        item = request.node
        known = frozenset({"parametrize", "usefixtures", "slow"})
        found = {mark.name for mark in item.iter_markers()}
        assert set(markers_of(item, known)) == found == {"parametrize", "usefixtures"}
        assert not markers_of(item, frozenset({"slow"}))
        assert not markers_of(item, frozenset())
