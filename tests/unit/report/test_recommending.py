"""What is recommended, and what is not worth a word."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.attempts import Failure, Waited
from pytest_orchestrate.report.document import Report, RunFacts
from pytest_orchestrate.report.findings import Recommendation
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.recommending import recommendations
from pytest_orchestrate.report.summary import HeavyImport
from pytest_orchestrate.report.what_if import Change, RepeatedSetup, WhatIf
from tests.support.reports import RUN, STARTED, attempt_of, report_of, reported, summary_of


def report(*limits: Limit, cpus: int | None = 2, workers: int = 2, testing: float = 40.0) -> Report:
    """A run of three tests, of 38, 30 and 1 s, that was bounded so."""
    tests = [
        reported("a", attempts=[attempt_of(call=38.0)]),
        reported("b", attempts=[attempt_of(call=30.0)]),
        reported(
            "c",
            attempts=[attempt_of(call=1.0)],
            waited=[Waited("resource", 0.0, 61.0, (0,), "db"), Waited("queue", 0.0, 5.0, (0,))],
        ),
    ]
    found = Limits(workers, 0.5, testing, 0.1, 0.0, tuple(limits))
    summary = summary_of(tests, limits=found, workers=workers, wall=testing + 1)
    facts = RunFacts(RUN, STARTED, "workers", cpus=cpus)
    return report_of(*tests, run=facts, summary=summary)


class Told:
    """A simulator that is told what to say, and keeps what it was asked."""

    def __init__(self, as_it_was: float, *answers: float | None) -> None:
        self.answers = [as_it_was, *answers]
        self.asked: list[Change] = []

    def __call__(self, change: Change) -> float | None:
        self.asked.append(change)
        return self.answers[len(self.asked) - 1] if len(self.asked) <= len(self.answers) else None


def one(run: Report, told: Told, **known: object) -> Recommendation:
    (found,) = recommendations(run, WhatIf(told, **known))  # type: ignore[arg-type]
    return found


def test_the_test_that_bounds_the_run_is_to_be_split() -> None:
    told = Told(40.0, 15.5)
    found = one(report(Limit("test", 38.0, tests=("a",)), workers=8), told)
    assert told.asked[1] == Change(split=(0, 1), parts=4)
    assert found.gain == 24.5
    assert found.text == (
        "split a and b: the longest of them takes 38.0 s of 40.0 s; in 4 parts each that saves "
        "24.5 s"
    )


@pytest.mark.parametrize(
    ("outcome", "message"),
    [
        ("crashed", "gw0 died"),
        ("interrupted", ""),
        ("failed", "Timeout (>30.0s) from pytest-timeout."),
        ("failed", "Failed: Timeout >30.0s"),
    ],
)
def test_how_long_a_test_takes_that_was_cut_off_is_not_known(outcome: str, message: str) -> None:
    run = report(Limit("test", 38.0, tests=("a",)), workers=8)
    longest, second, third = run.tests
    failure = Failure("", message, None, "")
    cut_off = replace(
        longest, outcome=outcome, attempts=[attempt_of(outcome, call=38.0, failure=failure)]
    )
    told = Told(40.0, 15.5)
    assert recommendations(replace(run, tests=(cut_off, second, third)), WhatIf(told)) == []
    cut_off = replace(cut_off, attempts=[attempt_of(outcome, call=30.0, failure=failure)])
    one(replace(run, tests=(longest, cut_off, third)), told := Told(40.0, 15.5))
    assert told.asked[1] == Change(split=(0,), parts=4)


def test_a_scarce_resource_is_to_have_another_slot() -> None:
    told = Told(40.0, 16.0)
    found = one(
        report(Limit("resource", 40.0, name="db", capacity=1)),
        told,
        capacities={"db": 1, "port": 8},
        hosted=("port",),
    )
    assert told.asked[1] == Change(slots={"db": 1})
    assert found.text == "db has 1 slot: 1 min 01 s waited, a second slot saves 24.0 s"
    assert found.setting == "orchestrate_resources =\n    db = 2\n    port = 8 host"


def test_what_the_machine_has_cannot_be_had_more_of() -> None:
    told = Told(40.0, 16.0)
    run = report(Limit("resource", 40.0, name="memory", capacity=1))
    assert recommendations(run, WhatIf(told)) == []


def test_a_chain_is_to_be_broken_where_both_rests_are_short() -> None:
    told = Told(69.0, 39.0)
    found = one(report(Limit("chain", 69.0, tests=("c", "b", "a")), testing=69.0), told)
    assert told.asked[1] == Change(released=(0, 1))
    assert found.text == (
        "a chain of 3 tests takes 1 min 09 s (c -> b -> a): if a did not require b, that would "
        "save 30.0 s"
    )


def test_exclusive_tests_and_groups_are_told() -> None:
    told = Told(40.0, 20.0, 25.0)
    run = report(Limit("exclusive", 30.0), Limit("group", 20.0, name="g"))
    exclusive, group = recommendations(run, WhatIf(told))
    assert told.asked[1:] == [Change(beside=True), Change(ungrouped="g")]
    assert exclusive.text.startswith("exclusive tests take 30.0 s of 40.0 s, in which nothing else")
    assert group.text == (
        "group g stays on one worker for 20.0 s of 40.0 s: if its tests could run anywhere, that "
        "would save 15.0 s"
    )


def test_a_dear_fixture_is_to_be_set_up_once() -> None:
    told = Told(40.0, 35.0)
    setups = (RepeatedSetup("a.py", "server", 4, 20.0), RepeatedSetup("b.py", "db", 2, 1.0))
    found = one(report(), told, setups=setups)
    assert told.asked[1] == Change(set_up_once=("a.py", "server"))
    assert found.text == (
        "fixture server of a.py was set up on 4 workers, for 20.0 s in all: set up once for all of "
        "them, it saves 5.0 s"
    )


def test_idle_cores_are_to_have_workers_but_no_more_than_it_takes() -> None:
    told = Told(40.0, 20.0, 30.0, 23.0)
    found = one(report(cpus=8), told)
    assert [change.workers for change in told.asked] == [0, 6, 1, 2]
    assert found.gain == 17.0
    assert found.setting == "orchestrate_workers = 4"
    assert found.text == "4 workers instead of 2, as there are 8 cores: that saves 17.0 s"


@pytest.mark.parametrize("cpus", [None, 1, 2])
def test_without_idle_cores_there_are_workers_enough(cpus: int | None) -> None:
    assert recommendations(report(cpus=cpus), WhatIf(Told(40.0, 1.0))) == []


@pytest.mark.parametrize("gain", [1.9, 0.0, -3.0])
def test_a_small_share_of_the_run_is_not_worth_a_word(gain: float) -> None:
    told = Told(40.0, 40.0 - gain)
    assert recommendations(report(Limit("exclusive", 9.0)), WhatIf(told)) == []


def test_less_than_half_a_second_is_not_worth_a_word() -> None:
    told = Told(2.0, 1.6)
    assert recommendations(report(Limit("exclusive", 1.0), testing=2.0), WhatIf(told)) == []


def test_when_nothing_more_is_simulated_nothing_more_is_told() -> None:
    told = Told(40.0, 30.0, None)
    run = report(Limit("exclusive", 30.0), Limit("group", 20.0, name="g"), cpus=8)
    assert [each.kind for each in recommendations(run, WhatIf(told))] == ["exclusive"]
    assert recommendations(run, WhatIf(Told(40.0))) == []


def test_without_a_simulator_nothing_is_simulated() -> None:
    assert recommendations(report(Limit("exclusive", 30.0))) == []


def imports(workers: int, *heavy: HeavyImport) -> list[Recommendation]:
    tests = [reported("a", attempts=[attempt_of(call=5.0)])]
    summary = summary_of(tests, workers=workers, heavy_imports=heavy, wall=10.0)
    return recommendations(
        report_of(*tests, run=RunFacts(RUN, STARTED, "workers", cpus=2), summary=summary)
    )


def test_what_workers_import_on_shared_cores_is_to_be_imported_once() -> None:
    (found,) = imports(8, HeavyImport("numpy", 1.2), HeavyImport("pandas", 0.8))
    assert found.gain == 1.5
    assert found.setting == "orchestrate_preload = numpy pandas"
    assert found.text == (
        "the import of numpy, pandas is paid by each of 8 workers on 2 cores: "
        "orchestrate_preload = numpy pandas saves 1.5 s"
    )


def test_where_each_worker_has_a_core_imports_delay_nobody() -> None:
    assert imports(2, HeavyImport("numpy", 1.2)) == []
    assert imports(8) == []
