"""What the lines at the head and the end of a run claim, and what they leave out."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_orchestrate.report.builder import SummaryBuilder
from pytest_orchestrate.report.limits import Limit, Limits
from pytest_orchestrate.report.summary import Crash, HeavyImport, NotRun, SlowTest, Summary
from pytest_orchestrate.report.terminal import LISTED, header, lines
from pytest_orchestrate.report.words import seconds

RUN = replace(
    SummaryBuilder().summary(),
    workers=2,
    collected=182,
    ran=182,
    outcomes={"passed": 182},
    wall=4.1,
    serial=7.6,
    busy_share=0.93,
)


def text(summary: Summary, verbosity: int = 0) -> list[str]:
    return [line.text for line in lines(summary, verbosity=verbosity)]


def test_a_run_on_workers_says_what_it_gained() -> None:
    assert text(RUN) == [
        (
            "orchestrate: 182 tests on 2 workers in 4.1 s (7.6 s one after another, 1.9x);"
            " workers 93 % busy"
        )
    ]


@pytest.mark.parametrize(
    "summary",
    [
        replace(RUN, workers=1),
        replace(RUN, mode="in-process", workers=1),
        replace(RUN, serial=4.1),
        replace(RUN, serial=4.4),
        replace(RUN, wall=0.1, serial=0.19),
        replace(RUN, wall=0.0, serial=0.0),
    ],
    ids=["one worker", "in-process", "no gain", "within noise", "too short", "no time at all"],
)
def test_no_speed_up_is_claimed_where_there_is_none_to_speak_of(summary: Summary) -> None:
    (line,) = text(summary)
    assert "x)" not in line
    assert "one after another" not in line
    assert f"in tests: {seconds(summary.serial)}" in line


def test_what_bounded_a_run_is_told_where_it_is_worth_a_line() -> None:
    limits = Limits(2, 0.5, 3.0, 0.6, 0.0, (Limit("work", 2.9),))
    told = "  bounded by: work: 2 workers busy 97 % of 3.0 s"
    assert text(replace(RUN, limits=limits))[1:] == [told]
    short = replace(limits, testing=0.9, found=(Limit("work", 0.8),))
    for quiet in (
        replace(RUN, limits=short),
        replace(RUN, limits=replace(limits, workers=1)),
        replace(RUN, limits=limits, ran=100, reason="stopping after 1 failures"),
    ):
        assert not [line for line in text(quiet) if "bounded by" in line]
    assert "bounded by" in text(replace(RUN, limits=short), verbosity=1)[1]
    slow = replace(short, before=7.0)
    assert text(replace(RUN, wall=8.5, limits=slow))[1:] == [
        "  bounded by: start and collection: 7.0 s of 8.5 s until the first test began"
    ]
    assert len(text(replace(RUN, limits=limits), verbosity=-1)) == 1


def test_in_process_is_called_so() -> None:
    (line,) = text(replace(RUN, mode="in-process", workers=1, wall=8.0))
    assert line == "orchestrate: 182 tests in-process in 8.0 s (in tests: 7.6 s)"


def test_no_tests_are_no_tests() -> None:
    assert text(replace(RUN, collected=0, ran=0, workers=0, serial=0.0)) == [
        "orchestrate: no tests, 4.1 s"
    ]


def test_a_run_in_which_nothing_ran_claims_no_workers() -> None:
    summary = replace(RUN, ran=0, workers=0, serial=0.0, not_run=(NotRun(182, "no worker left"),))
    assert text(summary) == [
        "orchestrate: 0 of 182 tests, 4.1 s",
        "  not run: 182 tests: no worker left",
    ]


@pytest.mark.parametrize(
    ("share", "told"), [(0.998, "99 % busy"), (1.0, "100 % busy"), (0.004, "1 % busy")]
)
def test_full_use_is_said_only_of_full_use(share: float, told: str) -> None:
    assert text(replace(RUN, busy_share=share))[0].endswith(told)


def test_one_is_written_in_the_singular() -> None:
    (line,) = text(replace(RUN, workers=1, collected=1, ran=1))
    assert line.startswith("orchestrate: 1 test on 1 worker in 4.1 s")
    assert line.endswith("; worker 93 % busy")


def test_only_tests_that_matter_are_named_as_slow() -> None:
    slowest = tuple(
        SlowTest(f"a.py::t{n}", s, "gw0") for n, s in enumerate([2.0, 1.5, 1.0, 0.3, 0.1])
    )
    summary = replace(RUN, slowest=slowest)
    assert text(summary)[1:] == [
        "  slowest: 2.00 s a.py::t0",
        "           1.50 s a.py::t1",
        "           1.00 s a.py::t2",
    ]
    assert len(text(replace(summary, wall=25.0))) == 3  # 5 % are 1.25 s
    assert len(text(replace(summary, wall=41.0))) == 1
    assert len(text(summary, verbosity=1)) == 1 + 5


@pytest.mark.parametrize(
    ("longest", "column"),
    [
        (9.0, ["9.00 s", "0.50 s"]),
        (9.996, ["10.0 s", " 0.5 s"]),
        (70.0, ["1 min 10 s", "    0.50 s"]),
    ],
)
def test_times_stand_one_below_the_other(longest: float, column: list[str]) -> None:
    slowest = (SlowTest("a.py::t0", longest, "gw0"), SlowTest("a.py::t1", 0.5, "gw0"))
    shown = text(replace(RUN, slowest=slowest))[1:]
    assert [line[11 : 11 + len(column[0])] for line in shown] == column


def test_the_only_test_of_a_run_is_not_its_slowest() -> None:
    summary = replace(RUN, collected=1, ran=1, slowest=(SlowTest("a.py::t", 4.0, "gw0"),))
    assert len(text(summary)) == 1


def test_each_q_takes_away() -> None:
    summary = replace(
        RUN,
        ran=150,
        slowest=(SlowTest("a.py::t", 4.0, "gw0"),),
        crashes=(Crash("a.py::t", "gw0", "signal 9"),),
        not_run=(NotRun(30, "too many crashes"), NotRun(2, "no worker has it")),
        reason="too many crashes",
    )
    assert text(summary, verbosity=-1) == [
        (
            "orchestrate: 150 of 182 tests on 2 workers in 4.1 s (7.6 s one after another, 1.9x);"
            " workers 93 % busy; 1 crash; 32 not run (too many crashes and 1 more)"
        )
    ]
    assert text(summary, verbosity=-2) == []
    assert text(summary, verbosity=-3) == []


def test_a_reason_is_told_once() -> None:
    stopped = replace(RUN, ran=100, not_run=(NotRun(82, "stopped"),), reason="stopped")
    assert text(stopped)[1:] == ["  not run: 82 tests: stopped"]
    ended = replace(RUN, ran=181, reason="stopped")
    assert text(ended)[1:] == ["  ended early: stopped"]
    assert text(ended, verbosity=-1)[0].endswith("; ended early: stopped")


def test_a_stop_that_took_nothing_away_did_not_end_the_run_early() -> None:
    assert len(text(replace(RUN, reason="stopping after 1 failures"))) == 1
    cut_off = replace(RUN, reason="Ctrl-C", interrupted=("a.py::t",))
    assert text(cut_off)[1:] == ["  interrupted: a.py::t", "  ended early: Ctrl-C"]
    nothing = replace(RUN, collected=0, ran=0, workers=0, reason="usage error")
    assert text(nothing)[1:] == ["  ended early: usage error"]


@pytest.mark.parametrize(
    ("crash", "told"),
    [
        (Crash("a.py::t", "gw1", "signal 9"), "a.py::t on gw1: signal 9"),
        (Crash("a.py::t", "gw1", "gw1 died in a.py::t"), "gw1 died in a.py::t"),
        (Crash("a.py::t", "gw1", "gw1 crashed: signal 9"), "a.py::t: gw1 crashed: signal 9"),
        (Crash(None, "gw1", "died between tests"), "gw1: died between tests"),
        (Crash(None, "gw1", "gw1 died"), "gw1 died"),
    ],
)
def test_a_crash_names_test_worker_and_reason_once(crash: Crash, told: str) -> None:
    assert text(replace(RUN, crashes=(crash,)))[1:] == [f"  crashed: {told}"]


def test_many_crashes_and_reasons_are_shortened_but_counted() -> None:
    crashes = tuple(Crash(f"a.py::t{n}", f"gw{n}", "signal 9") for n in range(LISTED + 3))
    reasons = tuple(NotRun(2, f"reason {n}") for n in range(LISTED + 2))
    summary = replace(RUN, crashes=crashes, not_run=reasons)
    short = text(summary)
    assert len(short) == 1 + 2 * (LISTED + 1)
    assert "  crashed: 3 more (-v lists them)" in short
    assert short[-1] == "  not run: 4 tests for other reasons (-v lists them)"
    assert len(text(summary, verbosity=1)) == 1 + len(crashes) + len(reasons)


def test_bad_news_is_coloured() -> None:
    assert lines(RUN)[0].markup == ()
    first, crash = lines(replace(RUN, crashes=(Crash("a.py::t", "gw0", "signal 9"),)))
    assert first.markup == ("yellow",)
    assert crash.markup == ("red",)


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (0.0, "0.00 s"),
        (0.424, "0.42 s"),
        (0.994, "0.99 s"),
        (0.996, "1.0 s"),
        (9.96, "10.0 s"),
        (59.94, "59.9 s"),
        (59.96, "1 min 00 s"),
        (125.2, "2 min 05 s"),
        (3599.6, "1 h 00 min"),
        (3720.0, "1 h 02 min"),
    ],
)
def test_durations_read_well_at_every_size(value: float, told: str) -> None:
    assert seconds(value) == told


def test_the_header_says_what_is_about_to_be_done() -> None:
    assert (
        header(
            workers=2,
            chosen="auto: 2 usable cores",
            started="popen",
            collection="full",
            history=182,
        )
        == "orchestrate: 2 workers (auto: 2 usable cores), popen, full collection,"
        " history of 182 tests"
    )


def test_the_header_of_an_in_process_run_names_no_way_of_starting() -> None:
    assert (
        header(workers=0, chosen="--pdb", started="popen", history=0)
        == "orchestrate: in-process (--pdb), no history yet"
    )


def test_the_header_gives_reasons_and_remarks() -> None:
    assert (
        header(
            workers=1,
            collection="full",
            collection_reason="orchestrate_collect = full",
            remarks=["markers of the project kept: requires"],
        )
        == "orchestrate: 1 worker, full collection (orchestrate_collect = full),"
        " markers of the project kept: requires"
    )


def test_heavy_imports_are_named_with_the_setting_that_helps() -> None:
    heavy = (HeavyImport("numpy", 1.2), HeavyImport("pandas", 0.3))
    assert text(replace(RUN, heavy_imports=heavy))[-1] == (
        "  every worker imports numpy (1.2 s), pandas (0.30 s): orchestrate_preload = numpy pandas"
        " imports them once, before workers are forked"
    )


@pytest.mark.parametrize("verbosity", [-1, 0, 1])
def test_no_name_of_a_test_moves_the_cursor_or_turns_the_line(verbosity: int) -> None:
    name = "a.py::t[\x1b[2J\x07\r\u202e\u2066]"
    summary = replace(
        RUN,
        slowest=(SlowTest(name, 3.0, "gw0"),),
        crashes=(Crash(name, "gw0", name),),
        interrupted=(name,),
        not_run=(NotRun(1, name),),
        notes=(name,),
    )
    told = "\n".join(text(summary, verbosity))
    assert all(each.isprintable() for each in told.replace("\n", ""))
    assert "a.py::t[\\x07\\r\\u202e\\u2066]" in told
