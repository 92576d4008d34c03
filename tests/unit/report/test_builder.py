"""From records to figures."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from pytest_orchestrate.model.commands import AnyCommand
from pytest_orchestrate.model.events import AnyEvent
from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.summary import (
    SLOWEST,
    Crash,
    HeavyImport,
    NotRun,
    SlowTest,
    Summary,
    WorkerSummary,
)
from tests.support import logs

Json = dict[str, Any]


def summary_of(records: list[Json]) -> Summary:
    builder = SummaryBuilder()
    for record in records:
        builder.add(record)
    return builder.summary()


def structs(records: list[Json]) -> list[Json]:
    """The records as the controller has them, before they are written."""
    result = []
    kinds: dict[str, Any] = {"event": AnyEvent, "command": AnyCommand}
    for record in records:
        kind = record["record"]
        if kind in kinds:
            result.append({**record, kind: msgspec.convert(record[kind], kinds[kind])})
        else:
            result.append(record)
    return result


def test_a_run_becomes_figures() -> None:
    summary = summary_of(logs.sound_run())
    assert summary == Summary(
        run="20300101-000000-abcdef01",
        mode="workers",
        workers=2,
        sharded=False,
        collected=4,
        ran=4,
        outcomes={"crashed": 1, "error": 1, "failed": 1, "passed": 1},
        wall=9.0,
        serial=0.85,
        busy_share=0.85 / (2 * (2.1 - 1.1)),
        per_worker=(
            WorkerSummary("gw0", 3, 0.85, 2.3, 0.5, 0.5, 0, 0.85 / (2.1 - 1.1)),
            WorkerSummary("gw1", 1, 0.0, 1.5, None, None, 1, 0.0),
            WorkerSummary("gw2", 0, 0.0, 2.3 - 1.5, None, None, 0, 0.0),
        ),
        slowest=(
            SlowTest("a.py::t1", 0.5, "gw0"),
            SlowTest("a.py::t0", 0.25, "gw0"),
            SlowTest("b.py::t2", 0.1, "gw0"),
        ),
        heavy_imports=(),
        crashes=(Crash("b.py::t3", "gw1", "gw1 died"),),
        failed_on={"gw0": 2, "gw1": 1},
        interrupted=(),
        not_run=(),
        blocked=(),
        notes=("gw1 died",),
        reason=None,
        exitstatus=1,
        started=2,
        limits=Limits(
            workers=2,
            before=1.1,
            testing=2.1 - 1.1,
            after=9.0 - 2.1,
            repeated_setup=0,
            found=(
                Limit("test", 0.5, tests=("a.py::t1",)),
                Limit("work", 0.85 / 2),
            ),
        ),
    )


@pytest.mark.parametrize("make", [logs.sound_run, logs.stopped_run])
def test_structs_and_lines_of_a_log_give_the_same(make: Any) -> None:
    assert summary_of(structs(make())) == summary_of(make())


def test_a_stop_leaves_tests_not_run_with_its_reason() -> None:
    summary = summary_of(logs.stopped_run())
    assert summary.collected == 3
    assert summary.ran == 1
    assert summary.interrupted == ("a.py::t0",)
    assert summary.not_run == (NotRun(2, "interrupted"),)
    assert summary.reason == "interrupted"
    assert summary.mode == "in-process"
    assert summary.speedup is None
    assert [worker.name for worker in summary.per_worker] == ["main"]


def test_it_can_be_asked_before_the_end() -> None:
    records = logs.sound_run()
    builder = SummaryBuilder()
    assert builder.summary().collected == 0
    for record in records[:17]:
        builder.add(record)
    early = builder.summary()
    assert (early.collected, early.ran, early.wall) == (4, 1, 1.4)
    assert early.exitstatus is None
    for record in records[17:]:
        builder.add(record)
    assert builder.summary() == summary_of(records)


def test_a_worker_that_has_not_left_lives_until_now() -> None:
    summary = summary_of(logs.sound_run()[:17])
    assert [worker.alive for worker in summary.per_worker] == [1.4, 1.4]


def test_workers_side_by_side_are_those_that_ran_tests() -> None:
    records = [
        logs.run(workers=3),
        logs.event("RunBegan", 0.0, workers=3),
        *(logs.event("WorkerJoined", 0.0, worker=number) for number in range(3)),
        logs.collected(0.5, "a.py::t0", "a.py::t1"),
        logs.attempt(0, "a.py::t0", "gw0", 0, 1.0),
        logs.attempt(1, "a.py::t1", "gw1", 0, 1.0),
    ]
    assert summary_of(records).workers == 2


def test_speedup_is_serial_by_wall_time() -> None:
    records = [
        logs.run(),
        logs.event("RunBegan", 0.0, workers=2),
        logs.event("WorkerJoined", 0.0, worker=0),
        logs.event("WorkerJoined", 0.0, worker=1),
        logs.collected(0.5, "a.py::t0", "a.py::t1"),
        logs.attempt(0, "a.py::t0", "gw0", 0, 3.0),
        logs.attempt(1, "a.py::t1", "gw1", 0, 3.0),
        logs.event("WorkerLeft", 4.0, worker=0, reason="closed"),
    ]
    assert summary_of(records).speedup == 1.5


def test_the_slowest_are_kept_in_order_whatever_the_order_of_arrival() -> None:
    seconds = [3.0, 9.0, 1.0, 7.0, 5.0, 8.0, 2.0, 0.0, 8.0]
    names = [f"a.py::t{test}" for test in range(len(seconds))]
    records = [
        logs.collected(0.0, *names),
        *(logs.attempt(test, names[test], "gw0", test, call) for test, call in enumerate(seconds)),
    ]
    slowest = summary_of(records).slowest
    assert len(slowest) == SLOWEST
    assert [test.seconds for test in slowest] == [9.0, 8.0, 8.0, 7.0, 5.0]
    assert [test.nodeid for test in slowest[1:3]] == ["a.py::t5", "a.py::t8"]


def test_a_test_is_named_once_among_the_slowest_and_flaky_if_it_was_good_at_last() -> None:
    records = [
        logs.collected(0.0, "a.py::t0"),
        logs.attempt(0, "a.py::t0", "gw0", 0, 2.0, outcome="failed"),
        logs.attempt(0, "a.py::t0", "gw0", 1, 3.0, outcome="failed"),
        logs.attempt(0, "a.py::t0", "gw0", 2, 1.0),
    ]
    summary = summary_of(records)
    assert summary.slowest == (SlowTest("a.py::t0", 6.0, "gw0"),)
    assert summary.outcomes == {"flaky": 1}
    assert (summary.serial, summary.failed_on) == (6.0, {})


@pytest.mark.parametrize(("outcome", "told"), [("passed", "error"), ("failed", "failed")])
def test_a_late_tear_down_that_fails_ends_what_was_good(outcome: str, told: str) -> None:
    attempt = {**logs.attempt(0, "test_a.py::x", "gw0", 0, 1.0), "outcome": outcome}
    amended = {"record": "amend", "test": 0, "worker": "gw0", "outcome": "error"}
    collected = logs.collected(0.1, "test_a.py::x")
    assert summary_of([logs.run(), collected, attempt, amended]).outcomes == {told: 1}


def test_how_busy_workers_were_is_one_figure() -> None:
    summary = summary_of(logs.sound_run())
    assert summary.limits is not None
    (work,) = [limit for limit in summary.limits.found if limit.kind == "work"]
    assert summary.busy_share == pytest.approx(summary.limits.share(work))
    of_each = [each.busy_share for each in summary.per_worker if each.busy_share is not None]
    assert summary.busy_share == pytest.approx(sum(of_each) / summary.limits.workers)
    assert summary_of(logs.sound_run()[:5]).busy_share is None


def test_times_are_those_of_workers_clocks_where_these_can_be_true() -> None:
    def limits_of(at: float) -> Limits:
        records = [
            logs.run(),
            logs.event("WorkerJoined", 0.0, worker=0),
            logs.collected(0.5, "a.py::t0"),
            logs.event("TestStarted", 1.1, worker=0, test=0),
            logs.attempt(0, "a.py::t0", "gw0", 0, 2.0, at=at),
            logs.finished(3.1, 0, 0, 2.0),
        ]
        found = summary_of(records).limits
        assert found is not None
        return found

    assert limits_of(1.0).before == pytest.approx(1.0)
    assert limits_of(1.0).testing == pytest.approx(2.0)
    for at in (-3600.0, 0.0, 3600.0):
        assert limits_of(at).before == 1.1


def crash_records() -> tuple[Json, Json, Json]:
    return (
        logs.event("WorkerLeft", 2.0, worker=0, reason="crashed"),
        logs.command("EndTest", test=0, outcome="crashed", reason="its worker died", worker=0),
        {
            **logs.attempt(0, "a.py::t0", "gw0", 0, outcome="crashed"),
            "longrepr": "\n  gw0 was ended by SIGSEGV\nFatal Python error ...",
        },
    )


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 0, 1)])
def test_a_crash_is_one_crash_told_by_who_saw_it(order: tuple[int, ...]) -> None:
    start = [
        logs.run(),
        logs.collected(0.1, "a.py::t0"),
        logs.event("WorkerCollected", 0.1, worker=0),
    ]
    summary = summary_of(start + [crash_records()[number] for number in order])
    assert summary.crashes == (Crash("a.py::t0", "gw0", "gw0 was ended by SIGSEGV"),)


def test_a_crash_in_no_test_says_when() -> None:
    left = logs.event("WorkerLeft", 2.0, worker=0, reason="crashed")
    early = summary_of([logs.run(), logs.event("WorkerJoined", 0.0, worker=0), left])
    assert early.crashes == (Crash(None, "gw0", "died before it had collected"),)
    late = summary_of([logs.run(), logs.event("WorkerCollected", 0.1, worker=0), left])
    assert late.crashes == (Crash(None, "gw0", "died between tests"),)


def test_a_note_on_the_worker_tells_more_of_a_crash_in_no_test() -> None:
    records = [
        logs.run(),
        logs.event("WorkerJoined", 0.0, worker=0),
        {"record": "note", "text": "gw0 crashed while it collected: SIGKILL\nmore"},
        logs.event("WorkerLeft", 2.0, worker=0, reason="crashed"),
    ]
    reason = "gw0 crashed while it collected: SIGKILL"
    assert summary_of(records).crashes == (Crash(None, "gw0", reason),)


def test_reasons_for_not_running_are_counted_apart() -> None:
    records = [
        logs.collected(0.1, "a.py::t0", "a.py::t1", "a.py::t2"),
        logs.command("EndTest", test=0, outcome="not run", reason="one"),
        logs.command("EndTest", test=1, outcome="not run", reason="two"),
        logs.command("EndTest", test=2, outcome="not run", reason="one"),
    ]
    assert summary_of(records).not_run == (NotRun(2, "one"), NotRun(1, "two"))


def test_unknown_kinds_are_passed_over() -> None:
    assert summary_of([{"record": "weather"}]) == summary_of([])
    assert summary_of([logs.event("TestStarted", 3.0, worker=0, test=0)]).wall == 3.0


def test_workers_stand_in_order_of_their_numbers() -> None:
    records = [
        {"record": "worker", "worker": f"gw{number}", "start": 0.1, "collect": 0.1, "collected": 0}
        for number in (10, 2, 0)
    ]
    assert [worker.name for worker in summary_of(records).per_worker] == ["gw0", "gw2", "gw10"]


def test_imports_are_named_that_every_worker_paid_for() -> None:
    paid = [
        {"numpy": 1.5, "pandas": 0.3, "yaml": 0.05, "own": 0.4},
        {"numpy": 1.2, "pandas": 0.4, "yaml": 0.05},
    ]
    records = [
        record
        for number, imports in enumerate(paid)
        for record in (
            logs.event("WorkerJoined", 0.0, worker=number),
            {"record": "worker", "worker": f"gw{number}", "imports": imports},
            logs.event("WorkerCollected", 1.0, worker=number),
        )
    ]
    # one that joined late and never collected has paid nothing
    late = [logs.event("WorkerJoined", 2.0, worker=2)]
    expected = (HeavyImport("numpy", 1.2), HeavyImport("pandas", 0.3))
    assert summary_of(records + late).heavy_imports == expected
    assert summary_of(records[:3]).heavy_imports == ()
