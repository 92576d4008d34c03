"""What a report promises of a change is what the change brings."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from pytest_orchestrate.controller.gains import what_if
from pytest_orchestrate.history.log import read
from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.report.past import Past
from tests.acceptance.support import run_orchestrated, write_files
from tests.support.reports import attempt_of, report_of, reported

#: How far the seconds that a change brings may be from those that were promised, as a share.
NEAR = 0.25


def told(log: Path) -> Report:
    """The report of a run in which each test had one attempt, on a machine with two cores."""
    builder = SummaryBuilder()
    tests = {}
    constraints = {}
    for record in read(log):
        builder.add(record)
        event = record.get("event", {})
        if event.get("event") == "TestsCollected":
            constraints.update({each["test"]: each for each in event.get("constraints", ())})
        if record["record"] == "attempt":
            tests[record["test"]] = reported(
                record["nodeid"], attempts=[attempt_of(call=record["call"])]
            )
    ordered = [tests[number] for number in sorted(tests)]
    facts = RunFacts(run=log.stem, started=0.0, mode="workers", cpus=2)
    return replace(report_of(*ordered, run=facts), summary=builder.summary())


def ran(pytester: pytest.Pytester, source: str, *args: str) -> Report:
    """Run a file and tell what can be concluded from the run alone."""
    write_files(pytester, {"test_a.py": f"import pytest, time\n{source}"})
    run_orchestrated(pytester, *args)
    log = max(pytester.path.glob(".pytest_orchestrate/runs/*.jsonl"))
    return analysed(told(log), Past(), what_if=what_if(log))


def is_kept(promise: Recommendation, before: Report, after: Report) -> bool:
    """Whether the tests ended as much earlier as was promised."""
    was, now = before.summary.limits, after.summary.limits
    assert was is not None
    assert now is not None
    assert promise.gain is not None
    return was.testing - now.testing == pytest.approx(promise.gain, rel=NEAR)


def test_a_second_slot_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    source = """
@pytest.mark.resource("db")
@pytest.mark.parametrize("number", range(6))
def test_query(number): time.sleep(0.3)
"""
    before = ran(pytester, source)
    (promise,) = before.recommendations
    assert promise.kind == "resource"
    assert promise.setting == "orchestrate_resources =\n    db = 2"
    assert promise.text.startswith("db has 1 slot: held for 1.")
    after = ran(pytester, source, "-o", promise.setting.replace(" =\n", "=", 1))
    assert is_kept(promise, before, after)
    assert after.recommendations == ()


def test_to_split_the_longest_test_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    short = "def test_short(): time.sleep(0.2)\n"
    before = ran(pytester, f"{short}def test_long(): time.sleep(1.6)\n")
    (promise,) = before.recommendations
    assert promise.kind == "split"
    assert promise.text.startswith("split test_a.py::test_long: it alone takes 1.6 s of 1.")
    halves = "@pytest.mark.parametrize('half', '12')\ndef test_long(half): time.sleep(0.8)\n"
    after = ran(pytester, f"{short}{halves}")
    assert is_kept(promise, before, after)
    assert after.recommendations == ()


def test_to_break_a_chain_brings_what_is_promised(pytester: pytest.Pytester) -> None:
    chain = """
def test_a(): time.sleep(0.4)

@pytest.mark.requires("test_a")
def test_b(): time.sleep(0.4)

{mark}def test_c(): time.sleep(0.4)

@pytest.mark.requires("test_c")
def test_d(): time.sleep(0.4)
"""
    before = ran(pytester, chain.format(mark="@pytest.mark.requires('test_b')\n"))
    (promise,) = before.recommendations
    assert promise.kind == "chain"
    assert "if test_a.py::test_c did not require test_a.py::test_b, " in promise.text
    after = ran(pytester, chain.format(mark=""))
    assert is_kept(promise, before, after)
    assert after.recommendations == ()
