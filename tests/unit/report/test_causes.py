"""What a run says of failures that have something in common."""

from __future__ import annotations

from typing import Any

from pytest_orchestrate.report.causes import Causes
from pytest_orchestrate.report.summary import Cause
from tests.support.logs import attempt


def failed(test: int, message: str, line: int = 7) -> dict[str, Any]:
    crash = {"path": "shop/card.py", "line": line, "message": f"ValueError: {message}"}
    record = attempt(test, f"test_a.py::test_{test}", "gw0", test, outcome="failed")
    return {**record, "crash": crash, "exception": "ValueError", "longrepr": "text"}


def causes(*records: dict[str, Any], **outcomes: str) -> tuple[Cause, ...]:
    told = Causes()
    for record in records:
        told.add(record)
    ends = {record["test"]: record["outcome"] for record in records}
    return told.shared(ends | {int(test[1:]): outcome for test, outcome in outcomes.items()})


def test_failures_at_one_place_have_one_cause() -> None:
    found = causes(failed(0, "card 1"), failed(1, "card 2"), failed(2, "other thing", line=9))
    assert found == (Cause(2, "ValueError: card <number> in shop/card.py:7"),)


def test_what_only_one_test_failed_of_is_no_common_cause() -> None:
    assert causes(failed(0, "one thing")) == ()
    assert causes(failed(0, "one thing"), failed(1, "another", line=8)) == ()


def test_who_was_good_at_last_does_not_count() -> None:
    records = failed(0, "card 1"), failed(1, "card 2")
    assert causes(*records, t1="passed") == ()
