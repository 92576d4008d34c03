"""From records to a report."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree as ET

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.assembly import CUT_OFF, GOES_ON, Assembly
from pytest_orchestrate.report.attempts import Artifact, Failure, Place
from pytest_orchestrate.report.document import VERSION, Commands, Report
from pytest_orchestrate.report.failures import telling_line, without_class
from pytest_orchestrate.report.formats import junit, markdown, text
from pytest_orchestrate.report.next_commands import Start, kept, replay_command
from pytest_orchestrate.report.timeline import Span
from pytest_orchestrate.report.verdict import pass_rate, sentence, verdict
from tests.support import logs
from tests.support.logs import attempt, collected, command, end, event, finished, run

Json = dict[str, Any]


def assembled(told: list[Json], *, is_live: bool = False) -> Report:
    assembly = Assembly(is_live=is_live)
    for record in told:
        assembly.add(record)
    return assembly.report()


@pytest.fixture
def sound() -> Report:
    return assembled(logs.sound_run())


def short_run(
    *told: Json,
    mode: str = "workers",
    workers: int = 1,
    is_live: bool = False,
    **facts: Any,
) -> Report:
    """One worker that collected two tests and was sent both."""
    return assembled(
        [
            run(mode, workers, facts=facts),
            event("RunBegan", 0.0, workers=workers),
            event("WorkerJoined", 0.0, worker=0),
            collected(0.5, "a.py::t0", "a.py::t1"),
            event("WorkerCollected", 0.5, worker=0),
            command("Assign", worker=0, tests=[0, 1]),
            *told,
        ],
        is_live=is_live,
    )


def test_every_test_is_there_in_the_order_of_collection_with_its_outcome(sound: Report) -> None:
    assert sound.version == VERSION
    assert [(test.nodeid, test.file, test.outcome) for test in sound.tests] == [
        ("a.py::t0", "a.py", "passed"),
        ("a.py::t1", "a.py", "failed"),
        ("b.py::t2", "b.py", "error"),
        ("b.py::t3", "b.py", "crashed"),
    ]
    assert sound.summary.outcomes == {"passed": 1, "failed": 1, "error": 1, "crashed": 1}


def test_an_attempt_says_where_when_and_how_long_it_ran() -> None:
    record = attempt(0, "a.py::t0", "gw0", 0, 0.25)
    report = short_run({**record, "setup": 0.5, "started": 1.9e9 + 2.0, "line": 7})
    (ran,) = report.tests[0].attempts
    assert (ran.worker, ran.order, ran.at, ran.setup, ran.call) == ("gw0", 0, 2.0, 0.5, 0.25)
    assert ran.seconds == 0.75
    assert report.tests[0].line == 7


def test_what_a_late_tear_down_found_is_part_of_the_failure(sound: Report) -> None:
    (ran,) = sound.tests[2].attempts
    assert ran.outcome == "error"
    assert ran.failure == Failure("", "late", None, "late")


def test_a_failure_has_exception_message_place_and_text() -> None:
    record = attempt(0, "a.py::t0", "gw0", 0, outcome="failed")
    crash = {"path": "src/a.py", "line": 3, "message": "json.decoder.JSONDecodeError: no value"}
    text = ">   load()\nE   json.decoder.JSONDecodeError: no value"
    told = {"crash": crash, "exception": "JSONDecodeError", "longrepr": text}
    report = short_run({**record, **told})
    failure = report.tests[0].attempts[0].failure
    assert failure == Failure("JSONDecodeError", "no value", Place("src/a.py", 3), text)


@pytest.mark.parametrize(
    ("message", "exception", "rest"),
    [
        ("KeyError: 'k'", "KeyError", "'k'"),
        ("requests.Timeout: a: b", "Timeout", "a: b"),
        ("KeyError", "KeyError", ""),
        ("assert 1 == 2", "AssertionError", "assert 1 == 2"),
        ("Failed: no", "", "Failed: no"),
        ("", "", ""),
    ],
)
def test_a_message_stands_without_the_class_of_the_exception(
    message: str, exception: str, rest: str
) -> None:
    assert without_class(message, exception) == rest


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            "file a.py, line 3\n  def test(x)\nE       fixture 'x' not found",
            "fixture 'x' not found",
        ),
        (
            'E     File "/root/a.py", line 1\nE       def test(:\nE   SyntaxError: invalid syntax',
            "SyntaxError: invalid syntax",
        ),
        ("\n  gw0 crashed\nmore", "gw0 crashed"),
        ("", ""),
    ],
)
def test_of_a_text_alone_the_line_that_pytest_marks_tells_most(text: str, line: str) -> None:
    assert telling_line(text) == line


def test_reasons_properties_markers_and_output_are_taken_over() -> None:
    record = attempt(0, "a.py::t0", "gw0", 0, outcome="skipped")
    more = {"reason": "not now", "properties": [["a", "1"]], "markers": ["slow"]}
    test = short_run({**record, **more, "sections": [["Captured stdout call", "x"]]}).tests[0]
    assert test.attempts[0].reason == "not now"
    assert test.attempts[0].failure is None
    assert test.attempts[0].sections == (("Captured stdout call", "x"),)
    assert (test.properties, test.markers) == ((("a", "1"),), ("slow",))


def test_what_a_test_has_left_belongs_to_the_attempt_that_follows() -> None:
    left = {"record": "artifact", "test": 0, "worker": "gw0", "name": "a.png"}
    left |= {"path": "artifacts/r/a.png", "bytes": 3, "media_type": "image/png"}
    assembly = Assembly("/home/.pytest_orchestrate")
    tests = collected(0.5, "a.py::t0")
    first = attempt(0, "a.py::t0", "gw0", 0, outcome="failed")
    for record in (run(), tests, first, left, attempt(0, "a.py::t0", "gw0", 1)):
        assembly.add(record)
    without, having = assembly.report().tests[0].attempts
    path = "/home/.pytest_orchestrate/artifacts/r/a.png"
    assert (without.artifacts, having.artifacts) == (
        (),
        (Artifact("a.png", path, 3, "image/png"),),
    )


def test_a_test_that_failed_and_then_passed_is_flaky() -> None:
    first = attempt(0, "a.py::t0", "gw0", 0, outcome="failed")
    test = short_run(first, attempt(0, "a.py::t0", "gw0", 1)).tests[0]
    assert (test.outcome, [each.outcome for each in test.attempts]) == (
        "flaky",
        ["failed", "passed"],
    )


def test_tests_that_a_stop_cut_off_or_kept_from_running_say_so() -> None:
    report = assembled(logs.stopped_run())
    cut_off, *others = report.tests
    assert (cut_off.outcome, cut_off.reason) == ("interrupted", "")
    (ran,) = cut_off.attempts
    assert (ran.worker, ran.outcome, ran.at) == ("main", "interrupted", 0.2)
    assert ran.call == pytest.approx(0.3)
    assert [(test.outcome, test.reason, test.attempts) for test in others] == [
        ("not run", "interrupted", ()),
        ("not run", "interrupted", ()),
    ]


def test_a_log_that_ends_early_is_told_as_far_as_it_goes() -> None:
    report = short_run(event("TestStarted", 0.75, worker=0, test=0), event("TimePassed", 1.0))
    began, never = report.tests
    assert (began.outcome, began.attempts[0].call) == ("interrupted", 0.25)
    assert (never.outcome, never.reason) == ("not run", CUT_OFF)
    assert report.summary.exitstatus is None


def test_a_run_that_goes_on_has_tests_that_run_and_tests_to_come() -> None:
    began = event("TestStarted", 0.75, worker=0, test=0)
    report = short_run(began, event("TimePassed", 1.0), is_live=True)
    runs, later = report.tests
    assert (runs.outcome, runs.attempts[0].outcome, runs.attempts[0].call) == (
        "running",
        "running",
        0.25,
    )
    assert (later.outcome, later.reason) == ("not run", GOES_ON)
    summary = report.summary
    assert (summary.goes_on, summary.running, summary.interrupted) == (True, ("a.py::t0",), ())
    assert [(each.count, each.reason) for each in summary.not_run] == [(1, GOES_ON)]
    told = "The run goes on: so far 0 of 2 tests passed, 1 running, 1 not run yet"
    assert sentence(summary) == told
    shown = text.render(report, width=100)
    assert f"{told}\n" in shown
    assert "\n  running: a.py::t0\n  not run: 1 test: the run goes on\n" in shown
    assert "early" not in shown
    page = markdown.render(report)
    assert (
        "### Still to come\n\n- running: `a.py::t0`\n- not run: 1 test: the run goes on\n" in page
    )


def test_a_run_that_has_just_ended_does_not_go_on() -> None:
    report = short_run(finished(1.0, 0, 0, 0.5), end(exitstatus=2, not_run=1), is_live=True)
    assert not report.summary.goes_on
    assert "running" not in report.summary.outcomes


def test_a_log_without_any_test_has_a_report() -> None:
    report = assembled([run(), end(exitstatus=5)])
    assert (report.tests, report.summary.exitstatus) == ((), 5)


def test_a_blocked_test_names_what_began_it() -> None:
    ended = command("EndTest", test=1, outcome="blocked", reason="requires a.py::t0", cause=0)
    test = short_run(attempt(0, "a.py::t0", "gw0", 0, outcome="failed"), ended).tests[1]
    assert (test.outcome, test.reason, test.cause) == ("blocked", "requires a.py::t0", 0)


def test_requirements_resources_priorities_and_groups_are_taken_over() -> None:
    tests = [{"nodeid": "a.py::t0", "group": "g"}, {"nodeid": "a.py::t1"}]
    constraint = {
        "test": 1,
        "needs": [{"targets": [0]}, {"targets": [0], "when": "ran"}],
        "demands": [{"name": "db", "amount": 1, "shared": False}],
        "priority": 10,
    }
    report = assembled(
        [
            run(),
            event(
                "TestsCollected",
                0.5,
                tests=tests,
                estimates=[0.25, None],
                setup_costs={},
                constraints=[constraint],
                resources={"db": 1},
            ),
        ]
    )
    first, second = report.tests
    assert (first.group, first.estimate) == ("g", 0.25)
    assert (second.requires, second.resources, second.priority) == ((0,), ("db",), 10)


def test_waits_that_were_noticed_are_told_with_what_was_waited_for() -> None:
    report = short_run(
        event("TestStarted", 0.5, worker=0, test=0),
        finished(1.5, 0, 0, 1.0),
        attempt(0, "a.py::t0", "gw0", 0, 1.0),
        event("TestStarted", 1.5, worker=0, test=1),
    )
    assert report.tests[0].waited == ()
    (wait,) = report.tests[1].waited
    assert (wait.kind, wait.at, wait.seconds, wait.tests) == ("queue", 0.5, 1.0, (0,))


def test_a_lane_shows_start_collection_fixtures_and_idle_times() -> None:
    worker = {"record": "worker", "worker": "gw0", "start": 0.25, "collect": 0.125, "at": 0.5}
    fixture = {"record": "fixture", "worker": "gw0", "file": "a.py", "name": "db", "setup": 0.5}
    report = short_run(
        worker,
        command("Hold", worker=0, reason="db is taken"),
        event("TestStarted", 1.0, worker=0, test=0),
        fixture,
        {**attempt(0, "a.py::t0", "gw0", 0, 1.0), "setup": 0.5, "started": 1.9e9 + 1.0},
        event("WorkerLeft", 4.0, worker=0, reason="closed"),
        workers=2,
    )
    (lane,) = report.timeline.lanes
    assert lane.worker == "gw0"
    assert lane.spans == (
        Span("start", 0.125, 0.25),
        Span("collect", 0.375, 0.125),
        Span("idle", 0.5, 0.5, "db is taken"),
        Span("fixture", 1.0, 0.5, "db"),
        Span("idle", 2.5, 1.5),
    )


def test_a_resource_has_a_lane_of_who_held_it_and_who_was_waited_for() -> None:
    demand = {"name": "db", "amount": 1, "shared": False}
    constraints = [{"test": test, "demands": [demand]} for test in (0, 1)]
    tests = [{"nodeid": "a.py::t0"}, {"nodeid": "a.py::t1"}]
    report = assembled(
        [
            run(),
            event("RunBegan", 0.0, workers=2),
            event(
                "TestsCollected",
                0.0,
                tests=tests,
                estimates=[None, None],
                setup_costs={},
                constraints=constraints,
                resources={"db": 1},
            ),
            event("WorkerCollected", 0.0, worker=0),
            command("Assign", worker=0, tests=[0]),
            event("WorkerCollected", 0.0, worker=1),
            event("TestStarted", 0.0, worker=0, test=0),
            finished(2.0, 0, 0, 2.0),
            command("Assign", worker=1, tests=[1]),
            event("TestStarted", 2.0, worker=1, test=1),
            finished(3.0, 1, 1, 1.0),
        ]
    )
    (lane,) = report.timeline.resources
    assert (lane.name, lane.capacity, lane.waited, lane.waited_by_holder) == (
        "db",
        1,
        2.0,
        ((0, 2.0),),
    )
    held = [(each.worker, each.at, each.seconds, each.tests) for each in lane.held]
    assert held == [("gw0", 0.0, 2.0, (0,)), ("gw1", 2.0, 1.0, (1,))]


def test_next_commands_run_failures_again_replay_their_workers_and_explain() -> None:
    failed = [attempt(0, "a.py::t0", "gw0", 0, outcome="failed")]
    told = short_run(*failed).commands
    assert told.rerun_failed == "pytest -p orchestrate a.py::t0"
    assert told.explain == "pytest-orchestrate explain --run 20300101-000000-abcdef01 a.py::t0"
    replay = "pytest --orchestrate-replay 20300101-000000-abcdef01:gw0"
    assert told.replay == {"gw0": replay}
    assert short_run(attempt(0, "a.py::t0", "gw0", 0)).commands.rerun_failed == ""


def test_next_commands_are_those_of_where_and_how_pytest_was_started() -> None:
    first = run(args=["-c", "a.ini", "shop"], program=["python", "-m", "pytest"])
    first |= {"folder": "..", "root": "shop", "base": "shop"}
    told = [first, event("RunBegan", 0.0, workers=1)]
    told += [collected(0.0, "a.py::t0"), attempt(0, "a.py::t0", "gw0", 0, outcome="failed")]
    found = assembled(told).commands
    run_id = "20300101-000000-abcdef01"
    assert found.rerun_failed == "python -m pytest -p orchestrate -c a.ini shop/a.py::t0"
    assert found.explain == (
        f"python -m pytest_orchestrate.cli explain --dir shop --run {run_id} a.py::t0"
    )
    replay = f"python -m pytest -c a.ini shop --orchestrate-replay {run_id}:gw0"
    assert found.replay == {"gw0": replay}


@pytest.mark.parametrize(
    ("folder", "root", "nodeid", "argument"),
    [
        (".", ".", "tests/a.py::t[x::y]", "tests/a.py::t[x::y]"),
        ("tests", "..", "tests/a.py::t[x::y]", "a.py::t[x::y]"),
        ("tests/unit", "../..", "tests/a.py::t", "../a.py::t"),
        ("src", "..", "tests/a.py", "../tests/a.py"),
        ("src", None, "tests/a.py", "../tests/a.py"),
        ("..", "shop", "tests/a.py::t[../x]", "shop/tests/a.py::t[../x]"),
        ("../elsewhere", "../shop", "tests/a.py::t", "../shop/tests/a.py::t"),
        ("../elsewhere", None, "tests/a.py::t", "tests/a.py::t"),
        ("D:/elsewhere", "C:/shop", "tests/a.py::t", "C:/shop/tests/a.py::t"),
    ],
)
def test_a_test_is_named_as_it_is_seen_from_where_pytest_was_started(
    folder: str, root: str | None, nodeid: str, argument: str
) -> None:
    assert Start(folder, root, root).argument(nodeid) == argument


@pytest.mark.parametrize(
    ("base", "nodeid", "argument"),
    [
        ("tests", "unit/a.py::t", "tests/unit/a.py::t"),
        ("tests/a.py", "::t", "tests/a.py::t"),
        (None, "a.py::t", None),
    ],
)
def test_outside_of_the_root_directory_tests_are_named_below_the_path_that_was_given(
    base: str | None, nodeid: str, argument: str | None
) -> None:
    assert Start("..", "conf", base).argument(nodeid) == argument


@pytest.mark.parametrize(
    ("folder", "root", "file", "argument"),
    [
        ("..", "conf", "../one/a.py", "one/a.py::t"),
        (".", ".", "../one/a.py", "../one/a.py::t"),
        ("sub", "..", "tests/a.py", "../tests/a.py::t"),
        ("C:/shop", "C:/shop", "D:/one/a.py", "D:/one/a.py::t"),
    ],
)
def test_where_several_paths_outside_were_given_the_recorded_file_tells_where_a_test_is(
    folder: str, root: str, file: str, argument: str
) -> None:
    assert Start(folder, root, None).argument("a.py::t", file) == argument


def test_where_it_cannot_be_told_which_tests_failed_there_is_no_command_but_the_reason() -> None:
    first = run() | {"folder": "..", "root": "conf", "base": None}
    told = {"record": "uncollected", "nodeid": "a.py", "longrepr": "E   ImportError: no shop"}
    found = assembled([first, told, end(exitstatus=2)])
    assert found.commands.rerun_failed == ""
    assert found.remarks[0].startswith("no command runs what failed again: several paths outside")


def test_what_other_runs_need_to_find_the_same_tests_is_kept() -> None:
    given = ["-p", "orchestrate", "-x", "-c", "conf/p.ini", "--rootdir=.", "tests", "-k", "a"]
    assert kept(given) == ["-c", "conf/p.ini", "--rootdir=."]
    given = ["-porchestrate", "-pmine", "-o", "key=***", "--override-ini", "a=b", "--", "-cx"]
    assert kept(given) == ["-pmine", "--override-ini", "a=b"]


def test_the_command_to_replay_stands_before_what_is_a_path_whatever_it_looks_like() -> None:
    given = ["-q", "--orchestrate-replay", "last", "--orchestrate-replay=x", "--", "a b"]
    assert replay_command(given, "r", "gw1") == ("pytest -q --orchestrate-replay r:gw1 -- 'a b'")


def test_a_replay_writes_over_no_report() -> None:
    given = ["--orchestrate-report", "html:a.html", "-x", "--orchestrate-report=json:a.json"]
    assert replay_command(given, "r", "gw1") == "pytest -x --orchestrate-replay r:gw1"


def many_failures(count: int, ci: str = "", **settings: str) -> Commands:
    tests = [f"tests/a.py::t[{number} b]" for number in range(count)]
    facts: Json = {"settings": {f"orchestrate_{name}": it for name, it in settings.items()}}
    if ci:
        facts["ci"] = {"name": ci}
    told = [run(facts=facts, folder="tests"), event("RunBegan", 0.0, workers=1)]
    told.append(collected(0.0, *tests))
    told += [attempt(n, test, "gw0", n, outcome="failed") for n, test in enumerate(tests)]
    return assembled(told).commands


def test_many_failures_are_run_again_by_way_of_a_file() -> None:
    run_id = "20300101-000000-abcdef01"
    assert many_failures(6).rerun_failed == (
        f"pytest-orchestrate report failed {run_id} --output failed-tests.txt"
        " && pytest -p orchestrate @failed-tests.txt"
    )
    found = many_failures(6, dir=".cache/orchestrate")
    assert f"report failed --dir ../.cache/orchestrate {run_id}" in found.rerun_failed
    assert f"explain --dir ../.cache/orchestrate --run {run_id}" in found.explain


def test_what_failed_in_a_job_is_named_for_those_who_have_not_its_record() -> None:
    named = many_failures(50, ci="GitHub Actions").rerun_failed
    assert named.startswith("pytest -p orchestrate 'a.py::t[0 b]' 'a.py::t[1 b]' ")
    assert "failed-tests.txt" in many_failures(51, ci="GitHub Actions").rerun_failed


def test_nothing_is_proposed_that_needs_a_record_there_is_not() -> None:
    found = many_failures(6, record="off")
    assert found.rerun_failed.startswith("pytest -p orchestrate 'a.py::t[0 b]' 'a.py::t[1 b]' ")
    assert (found.replay, found.explain) == ({}, "")
    assert many_failures(51, record="off") == Commands()


def test_the_circumstances_of_a_run_are_taken_over_without_secrets() -> None:
    facts = {"python": "3.11.7", "cpus": 2, "plugins": {"pytest-cov": "7.0"}, "hostname": "here"}
    facts |= {"revision": "abc", "dirty": True, "ci": {"name": "GitHub Actions", "url": "u"}}
    facts |= {"settings": {"orchestrate_workers": "2"}, "seeds": {"pytest-randomly": "7"}}
    first = run(facts=facts, args=["--password=hunter2", "-q"])
    told = assembled([first]).run
    assert told.args == ("--password=***", "-q")
    assert (told.python, told.cpus, told.plugins) == ("3.11.7", 2, {"pytest-cov": "7.0"})
    assert (told.revision, told.dirty, told.hostname) == ("abc", True, "here")
    assert told.ci is not None
    assert (told.ci.name, told.ci.url) == ("GitHub Actions", "u")
    assert (told.settings, told.seeds) == ({"orchestrate_workers": "2"}, {"pytest-randomly": "7"})


def test_a_log_of_before_these_were_recorded_has_a_report() -> None:
    report = assembled(logs.sound_run())
    assert report.run.settings == {}
    assert [test.line for test in report.tests] == [None] * 4


def test_what_a_cut_off_run_left_open_counts() -> None:
    told = [event("TestStarted", 1.0, worker=0, test=0), finished(1.5, 0, 0, 0.5)]
    told += [attempt(0, "a.py::t0", "gw0", 0, 0.5), event("TestStarted", 1.5, worker=0, test=1)]
    summary = short_run(*told).summary
    assert summary.outcomes == {"passed": 1, "interrupted": 1}
    assert summary.interrupted == ("a.py::t1",)
    assert (summary.collected, summary.reason) == (2, CUT_OFF)
    summary = short_run(*told[:3]).summary
    assert summary.outcomes == {"passed": 1, "not run": 1}
    assert [(each.count, each.reason) for each in summary.not_run] == [(1, CUT_OFF)]
    assert sentence(summary) == "1 of 2 tests passed, 1 not run"


def in_tests(report: Report) -> float:
    return sum(each.seconds for test in report.tests for each in test.attempts)


def interrupted(test: int, now: float, began: float) -> list[Json]:
    """Its worker was stopped, and had said when it had begun with it."""
    return [
        event("WorkerLeft", now, worker=0, reason="stopped"),
        command("EndTest", test=test, outcome="interrupted", reason="stopped", worker=0),
        {"record": "interrupted", "test": test, "worker": "gw0", "started": 1.9e9 + began},
    ]


def test_what_was_cut_off_counts_alike_in_all_figures() -> None:
    first = [
        event("TestStarted", 0.6, worker=0, test=0),
        attempt(0, "a.py::t0", "gw0", 0, 0.5, at=0.55),
        finished(1.1, 0, 0, 0.5),
        event("TestStarted", 1.15, worker=0, test=1),
    ]
    report = short_run(*first, *interrupted(1, 2.05, 1.05), end(exitstatus=2))
    (ran,) = report.tests[1].attempts
    assert (ran.outcome, ran.order) == ("interrupted", 1)
    assert (ran.at, ran.seconds) == pytest.approx((1.05, 1.0))
    summary = report.summary
    assert summary.serial == pytest.approx(in_tests(report)) == pytest.approx(1.5)
    assert summary.busy_share == pytest.approx(1.0)
    assert summary.limits is not None
    assert summary.limits.testing == pytest.approx(1.5)
    (worker,) = summary.per_worker
    assert (worker.tests, worker.busy) == pytest.approx((2, 1.5))
    assert summary.workers == 1
    assert [test.nodeid for test in summary.slowest] == ["a.py::t1", "a.py::t0"]
    cut_short = short_run(*first)  # nothing was heard after that
    assert cut_short.summary.serial == pytest.approx(in_tests(cut_short))


def repeated(*outcomes: str) -> list[Json]:
    """Attempts of the first test, a second each with as much between them."""
    return [
        event("TestStarted", 0.6, worker=0, test=0),
        *(
            attempt(0, "a.py::t0", "gw0", order, 1.0, outcome=outcome, at=0.55 + 2 * order)
            for order, outcome in enumerate(outcomes)
        ),
    ]


def test_attempts_of_one_test_follow_on_each_other_and_make_it_flaky() -> None:
    ended = {**finished(5.6, 0, 0, 0.0)["event"], "call": 3.0}
    told = repeated("failed", "error", "passed")
    report = short_run(*told, {"record": "event", "event": ended})
    test = report.tests[0]
    assert test.outcome == "flaky"
    assert [(each.outcome, each.order, round(each.at, 6)) for each in test.attempts] == [
        ("failed", 0, 0.55),
        ("error", 1, 2.55),
        ("passed", 2, 4.55),
    ]
    assert report.summary.outcomes == {"flaky": 1, "not run": 1}
    assert report.summary.serial == in_tests(report) == 3.0


def test_a_test_that_was_cut_off_when_it_was_run_again_is_not_flaky() -> None:
    report = short_run(*repeated("failed"), *interrupted(0, 3.5, 3.0), end(exitstatus=2))
    test = report.tests[0]
    assert [each.outcome for each in test.attempts] == ["failed", "interrupted"]
    assert (test.outcome, report.summary.outcomes) == ("interrupted", {"interrupted": 1})
    assert test.attempts[1].at == pytest.approx(3.0)
    assert report.summary.serial == pytest.approx(in_tests(report)) == pytest.approx(1.5)


def test_what_could_not_be_collected_stands_beside_the_tests() -> None:
    told = {"record": "uncollected", "nodeid": "b.py", "longrepr": "E   ImportError: no shop"}
    ran = [attempt(0, "a.py::t0", "gw0", 0), attempt(1, "a.py::t1", "gw0", 1)]
    report = short_run(*ran, told, end(exitstatus=1))
    assert [(test.nodeid, test.outcome, test.is_collection) for test in report.tests] == [
        ("a.py::t0", "passed", False),
        ("a.py::t1", "passed", False),
        ("b.py", "error", True),
    ]
    (attempted,) = report.tests[2].attempts
    assert attempted.failure is not None
    assert attempted.failure.message == "ImportError: no shop"
    summary = report.summary
    assert sentence(summary) == "1 file could not be collected; all 2 tests passed"
    assert (summary.collected, summary.uncollected, summary.outcomes) == (2, 1, {"passed": 2})
    assert (verdict(summary), pass_rate(summary)) == ("failed", 1.0)
    assert "| tests | passed |\n| --: | --: |\n| 2 | 2 |" in markdown.render(report)
    assert "\n  1 file: ImportError: no shop" in text.render(report, width=100)
    assert sentence(short_run(*ran, told).summary).startswith("1 file could not be collected; ")


def test_a_run_that_skipped_all_its_tests_has_tested_nothing() -> None:
    both = [attempt(n, f"a.py::t{n}", "gw0", n, outcome="skipped") for n in (0, 1)]
    summary = short_run(*both, end(exitstatus=0)).summary
    assert (verdict(summary), sentence(summary)) == ("empty", "All 2 tests were skipped")


def test_what_skips_itself_stands_beside_the_tests() -> None:
    told = {"record": "skipped", "nodeid": "b.py", "reason": "no shop", "path": "b.py", "line": 2}
    ran = [attempt(0, "a.py::t0", "gw0", 0), attempt(1, "a.py::t1", "gw0", 1)]
    report = short_run(*ran, told, end(exitstatus=0))
    skipped = report.tests[2]
    assert (skipped.nodeid, skipped.outcome, skipped.line) == ("b.py", "skipped", 2)
    assert skipped.is_collection
    assert skipped.attempts[0].reason == "no shop"
    assert report.summary.outcomes == {"passed": 2}
    assert (report.summary.collected, report.summary.ran) == (2, 2)
    assert sentence(report.summary) == "All 2 tests passed, 1 file skipped itself"
    assert verdict(report.summary) == "passed"
    case = ET.fromstring(junit.render(report)).findall("testsuite/testcase")[2]
    assert case.attrib.items() >= {"classname": "", "name": "b", "line": "2"}.items()
    (element,) = case.findall("skipped")
    assert element.attrib == {"type": "pytest.skip", "message": "collection skipped"}
    assert element.text == "no shop"


def test_what_a_test_took_is_told_without_fixtures_that_others_use_too() -> None:
    fixture = {"record": "fixture", "worker": "gw0", "file": "a.py", "name": "db"}
    first = {**attempt(0, "a.py::t0", "gw0", 0, 0.25), "setup": 2.0}
    second = {**attempt(1, "a.py::t1", "gw0", 1, 0.25), "setup": 0.5}
    report = short_run(
        {**fixture, "scope": "module", "setup": 1.75}, first, second, end(exitstatus=0)
    )
    assert [(test.shared, test.own) for test in report.tests] == [(1.75, 0.5), (0.0, 0.75)]
    estimated = replace(report, tests=tuple(replace(t, estimate=0.5) for t in report.tests))
    told = markdown.render(estimated)
    assert "| test | took | without shared fixtures | expected | worker |" in told
    assert "| `a.py::t0` | 2.2 s | 0.50 s | 0.50 s | gw0 |" in told


def test_workers_that_got_no_test_are_told() -> None:
    ran = [attempt(0, "a.py::t0", "gw0", 0, 0.5), attempt(1, "a.py::t1", "gw0", 1, 0.5)]
    report = short_run(event("WorkerJoined", 0.0, worker=1), *ran, end(), workers=2)
    assert (report.summary.workers, report.summary.started) == (1, 2)
    assert "on 1 of 2 workers" in markdown.render(report)
    assert "2 tests on 1 of 2 workers in" in text.render(report, width=100)
