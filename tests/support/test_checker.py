"""The checker accepts sound logs, and names what was done to a spoilt one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support import logs
from tests.support.checker import check

Json = dict[str, Any]
Spoil = Callable[[list[Json]], object]


def place(records: list[Json], kind: str, number: int = 0, /, **content: Any) -> int:
    """Index of the record of this kind (or event, or command) that has this content."""
    found = [
        index
        for index, record in enumerate(records)
        for body in [record.get(record["record"], record)]
        if kind in (body if isinstance(body, dict) else record).values()
        and content.items() <= (body if isinstance(body, dict) else record).items()
    ]
    return found[number]


def body(records: list[Json], kind: str, number: int = 0, /, **content: Any) -> Json:
    record = records[place(records, kind, number, **content)]
    inner = record.get(record["record"])
    return inner if isinstance(inner, dict) else record


def without(kind: str, number: int = 0, /, **content: Any) -> Spoil:
    return lambda records: records.pop(place(records, kind, number, **content))


def changed(kind: str, changes: Json, number: int = 0, /, **content: Any) -> Spoil:
    return lambda records: body(records, kind, number, **content).update(changes)


def followed_by(kind: str, extra: Json, number: int = 0, /, **content: Any) -> Spoil:
    return lambda records: records.insert(place(records, kind, number, **content) + 1, extra)


def twice(kind: str, number: int = 0, /, **content: Any) -> Spoil:
    def spoil(records: list[Json]) -> None:
        index = place(records, kind, number, **content)
        records.insert(index, records[index])

    return spoil


SPOILT_RUNS: dict[str, tuple[Spoil, str]] = {
    "no run record": (without("run"), "no run record of version 1"),
    "newer version": (changed("run", {"version": 2}), "no run record of version 1"),
    "run record without mode": (lambda records: records[0].pop("mode"), "no 'mode'"),
    "run record twice": (twice("run"), "a second run record"),
    "RunBegan twice": (twice("RunBegan"), "RunBegan out of place"),
    "RunBegan missing": (without("RunBegan"), "WorkerJoined out of place"),
    "no end record": (without("end"), "no end record"),
    "something after the end": (
        lambda records: records.append({"record": "note", "text": ""}),
        "no end record",
    ),
    "no EndRun": (without("EndRun"), "no EndRun"),
    "command after EndRun": (
        followed_by("EndRun", logs.command("Close", worker=0)),
        "after EndRun",
    ),
    "clock goes back": (changed("WorkerLeft", {"now": 0.5}, worker=0), "the clock went back"),
    "joined twice": (twice("WorkerJoined", worker=0), "joined twice"),
    "too many workers": (changed("RunBegan", {"workers": 1}), "2 workers at one time, 1 allowed"),
    "too many replacements": (changed("RunBegan", {"max_crashes": 0}), "1 workers replaced, 0"),
    "replacement unasked": (without("StartWorker"), "gw2 joined, which no StartWorker asked for"),
    "replacement of the living": (
        changed("StartWorker", {"replaces": 0}),
        "replaces gw0, which has not left",
    ),
    "number taken again": (changed("StartWorker", {"worker": 0}), "the number of gw0 again"),
    "collected twice": (
        lambda records: body(records, "TestsCollected")["tests"].append({"nodeid": "a.py::t0"}),
        "was collected twice",
    ),
    "test never ends": (without("TestFinished", test=0), "test 0 (a.py::t0) never ended"),
    "test ends twice": (twice("TestFinished", test=0), "ended passed after passed"),
    "ended by both": (
        followed_by(
            "TestFinished",
            logs.command("EndTest", test=0, outcome="not run", reason="why", worker=None),
            test=0,
        ),
        "ended not run after passed",
    ),
    "started twice": (twice("TestStarted", test=0), "started on gw0, after it had on gw0"),
    "started elsewhere": (
        changed("TestStarted", {"worker": 0}, test=3),
        "started on gw0, where it is not assigned",
    ),
    "started after its return": (
        followed_by("TestsReturned", logs.event("TestStarted", 1.3, worker=0, test=2)),
        "test 2 (b.py::t2) started on gw0, where it is not assigned",
    ),
    "two at a time": (
        followed_by("TestStarted", logs.event("TestStarted", 1.1, worker=0, test=1), test=0),
        "started test 1 (a.py::t1) inside test 0",
    ),
    "finished unstarted": (without("TestStarted", test=0), "gw0, which was not running it"),
    "assigned before collection": (
        followed_by("WorkerJoined", logs.command("Assign", worker=1, tests=[0]), worker=1),
        "Assign to gw1 before it has collected",
    ),
    "assigned after close": (
        followed_by("Close", logs.command("Assign", worker=0, tests=[]), worker=0),
        "Assign to gw0 after Close",
    ),
    "assigned to the dead": (
        followed_by("EndTest", logs.command("Assign", worker=1, tests=[2])),
        "Assign to gw1, which is not there",
    ),
    "assigned to two": (
        without("TestsReturned"),
        "to gw1 while it lies with gw0",
    ),
    "assigned when ended": (
        followed_by("StartWorker", logs.command("Assign", worker=0, tests=[0])),
        "after its start or end",
    ),
    "assigned where missing": (
        changed("WorkerCollected", {"missing": [3]}, worker=1),
        "Assign of test 3 (b.py::t3) to gw1, which does not have it",
    ),
    "assigned unknown": (
        changed("Assign", {"tests": [0, 1, 2, 9]}, worker=0),
        "test 9 (never collected) to gw0, which does not have it",
    ),
    "recall of another's": (
        changed("Recall", {"tests": [3]}),
        "Recall of test 3 (b.py::t3) from gw0, which has it not",
    ),
    "return of what runs": (
        changed("TestsReturned", {"tests": [0, 2]}),
        "gw0 returned test 0 (a.py::t0), which it has not waiting",
    ),
    "hold without a reason": (changed("Hold", {"reason": " "}), "Hold of gw2 without a reason"),
    "idle without hold": (without("Hold"), "gw2 idles without Hold, Close or work"),
    "idle at the end": (without("Close", worker=0), "gw0 idles without Hold, Close or work"),
    "closed twice": (twice("Close", worker=0), "Close of gw0 for the second time"),
    "closed unasked": (without("Close", worker=2), "gw2 left as closed, and was not"),
    "never left": (without("WorkerLeft", worker=2), "gw2 never left"),
    "word of the dead": (
        followed_by("note", logs.event("TestsReturned", 1.5, worker=1, tests=[])),
        "TestsReturned of gw1 after it had left",
    ),
    "word of a stranger": (changed("TestsReturned", {"worker": 7}), "gw7, which never joined"),
    "wrong one blamed": (
        changed("EndTest", {"test": 2}),
        "test 2 (b.py::t2) is said to have crashed, but no worker was running it",
    ),
    "wrong worker blamed": (changed("EndTest", {"worker": 0}), "EndTest names another"),
    "crash of the living": (
        changed("WorkerLeft", {"worker": 0}, worker=1),
        "is said to have crashed, but gw1 lives",
    ),
    "end without a reason": (changed("EndTest", {"reason": ""}), "without a reason"),
    "said not to have run": (
        changed("EndTest", {"outcome": "not run"}),
        "is said not to have run, but started on gw1",
    ),
    "EndRun miscounts": (changed("EndRun", {"not_run": 1}), "EndRun counts 1 tests not run, not 0"),
    "end miscounts": (changed("end", {"not_run": 1}), "the end counts 1 tests not run, not 0"),
    "attempt missing": (without("attempt", test=0), "test 0 ended passed without an attempt"),
    "crash without attempt": (without("attempt", test=3), "ended crashed without an attempt"),
    "attempt twice": (twice("attempt", test=0), "attempt of test 0: it has one already"),
    "attempt misnumbered": (changed("attempt", {"order": 4}, test=1), "its order is 4 where 1"),
    "attempt misplaced": (
        changed("attempt", {"worker": "gw1"}, test=2),
        "attempts on gw1 are of [3, 2], the ends of [3]",
    ),
    "attempt misnamed": (
        changed("attempt", {"nodeid": "x"}, test=2),
        "attempt of test 2: it names x #0",
    ),
    "attempt of a stranger": (changed("attempt", {"test": 9}, test=2), "it was never collected"),
    "attempt without an end": (
        without("TestFinished", test=2),
        "attempt of test 2: it never ended",
    ),
    "attempt misjudged": (changed("attempt", {"outcome": "passed"}, test=1), "it ended failed"),
    "attempt mistimed": (changed("attempt", {"call": 0.3}, test=0), "its call took 0.25 s"),
    "amendment unknown": (changed("TestAmended", {"test": 3}), "where it never ended"),
    "amendment unrecorded": (without("amend"), "amend records [] for TestAmended"),
}

SPOILT_STOPS: dict[str, tuple[Spoil, str]] = {
    "assigned after a stop": (
        followed_by("StopRequested", logs.command("Assign", worker=0, tests=[2])),
        "Assign to main after StopRequested",
    ),
    "unaccounted": (without("EndTest", test=2), "test 2 (a.py::t2) never ended"),
    "interruption of the unstarted": (
        changed("EndTest", {"outcome": "interrupted"}, test=2),
        "is said to have interrupted, but no worker was running it",
    ),
    "name of a worker that is none": (
        followed_by("EndTest", logs.attempt(0, "a.py::t0", "gw0", 0, outcome="interrupted"), 2),
        "attempts on gw0 are of [0], the ends of []",
    ),
}


@pytest.mark.parametrize("make", [logs.sound_run, logs.stopped_run])
def test_a_sound_log_has_no_violations(make: Callable[[], list[Json]], tmp_path: Path) -> None:
    assert check(logs.write(tmp_path / "run.jsonl", make())) == []


@pytest.mark.parametrize("what", SPOILT_RUNS)
def test_a_spoilt_run_is_told_by_its_fault(what: str, tmp_path: Path) -> None:
    spoil, told = SPOILT_RUNS[what]
    records = logs.sound_run()
    spoil(records)
    violations = check(logs.write(tmp_path / "run.jsonl", records))
    assert any(told in violation for violation in violations), violations


@pytest.mark.parametrize("what", SPOILT_STOPS)
def test_a_spoilt_stop_is_told_by_its_fault(what: str, tmp_path: Path) -> None:
    spoil, told = SPOILT_STOPS[what]
    records = logs.stopped_run()
    spoil(records)
    violations = check(logs.write(tmp_path / "run.jsonl", records))
    assert any(told in violation for violation in violations), violations


def test_no_event_or_command_can_be_left_out_unnoticed(tmp_path: Path) -> None:
    bearable = [
        # A worker may give tests back unasked.
        {"command": "Recall", "worker": 0, "tests": [2]},
        # Sent and lost again before it was started: it might as well have stayed.
        {"command": "Assign", "worker": 1, "tests": [2]},
        # It got no test: it might as well have been closed while it collected.
        {"event": "WorkerCollected", "now": 1.9, "worker": 2, "missing": []},
    ]
    for index in range(len(logs.sound_run())):
        records = logs.sound_run()
        record = records.pop(index)
        step = record.get("event") or record.get("command")
        if step and step not in bearable:
            assert check(logs.write(tmp_path / "run.jsonl", records)), step


def test_all_held_is_a_fault_only_while_something_could_run(tmp_path: Path) -> None:
    def records(missing: list[int]) -> list[Json]:
        return [
            logs.run(workers=1),
            logs.event("RunBegan", 0.0, workers=1),
            logs.event("WorkerJoined", 0.0, worker=0),
            logs.collected(0.1, "a.py::t0"),
            logs.event("WorkerCollected", 0.1, worker=0, missing=missing),
            logs.command("Hold", worker=0, reason="no hurry"),
        ]

    able = check(logs.write(tmp_path / "able.jsonl", records([])), finished=False)
    assert able == ["line 6: every worker is held while test 0 (a.py::t0) could run"]
    unable = check(logs.write(tmp_path / "unable.jsonl", records([0])), finished=False)
    assert unable == []


def test_tests_that_become_known_later_are_everyones(tmp_path: Path) -> None:
    records = [
        logs.run(workers=1),
        logs.event("RunBegan", 0.0, workers=1),
        logs.event("WorkerJoined", 0.0, worker=0),
        logs.collected(0.1, "a.py::t0"),
        logs.event("WorkerCollected", 0.1, worker=0, missing=[]),
        logs.command("Assign", worker=0, tests=[0]),
        logs.collected(0.2, "a.py::t1"),
        logs.command("Assign", worker=0, tests=[1]),
    ]
    assert check(logs.write(tmp_path / "run.jsonl", records), finished=False) == []


def test_a_log_that_was_cut_off_is_sound_as_far_as_it_goes(tmp_path: Path) -> None:
    log = logs.write(tmp_path / "run.jsonl", logs.sound_run()[:25])
    log.write_bytes(log.read_bytes() + b'{"record":"event","ev')
    assert check(log, finished=False) == []
    assert check(log) == ["the last record is no end record"]


def test_an_attempt_may_stand_before_or_after_its_end(tmp_path: Path) -> None:
    records = logs.sound_run()
    first = records.pop(place(records, "attempt", test=0))
    records.insert(place(records, "TestFinished", test=0), first)
    assert check(logs.write(tmp_path / "run.jsonl", records)) == []
    cut = records[: records.index(first) + 1]
    assert check(logs.write(tmp_path / "cut.jsonl", cut), finished=False) == []


def test_damage_in_the_middle_is_no_cut_off_line(tmp_path: Path) -> None:
    log = logs.write(tmp_path / "run.jsonl", logs.sound_run())
    log.write_bytes(log.read_bytes().replace(b'"note"', b'"note', 1))
    with pytest.raises(ValueError, match="line 24: no JSON object"):
        check(log)


def test_workers_that_joined_are_counted_without_replacements(tmp_path: Path) -> None:
    log = logs.write(tmp_path / "run.jsonl", logs.sound_run())
    assert check(log, workers=2) == []
    assert check(log, workers=3) == ["2 workers joined, replacements aside, not 3"]


def test_a_replacement_that_could_not_start_leaves_without_joining(tmp_path: Path) -> None:
    records = logs.sound_run()
    for kind in ("WorkerJoined", "WorkerCollected", "Hold", "Close"):
        records.pop(place(records, kind, worker=2))
    body(records, "WorkerLeft", worker=2)["reason"] = "stopped"
    assert check(logs.write(tmp_path / "run.jsonl", records)) == []


def test_time_may_pass_and_a_stop_may_come_too_late(tmp_path: Path) -> None:
    records = logs.sound_run()
    records.insert(-1, logs.event("TimePassed", 2.4))
    records.insert(-1, logs.event("StopRequested", 2.4, reason="too late"))
    assert check(logs.write(tmp_path / "run.jsonl", records)) == []


def test_unknown_records_and_keys_are_passed_over(tmp_path: Path) -> None:
    records = logs.sound_run()
    records.insert(5, {"record": "weather", "sky": "blue"})
    body(records, "TestStarted")["mood"] = "good"
    assert check(logs.write(tmp_path / "run.jsonl", records)) == []


def test_a_run_that_never_began_needs_no_commands(tmp_path: Path) -> None:
    assert check(logs.write(tmp_path / "run.jsonl", [logs.run(), logs.end(exitstatus=4)])) == []
