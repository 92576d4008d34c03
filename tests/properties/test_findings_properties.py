"""What a report concludes, whatever has happened."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.attempts import Failure, FinalOutcome, Place, TestReport
from pytest_orchestrate.report.findings import FailureGroup
from pytest_orchestrate.report.grouping import groups
from pytest_orchestrate.report.past import Past
from pytest_orchestrate.report.regressions import FALSE_DISCOVERIES, regressions
from tests.support.pasts import past_of
from tests.support.reports import attempt_of, reported
from tests.unit.report.test_changes import on_main

MESSAGES = ["port 1 is in use", "port 2 is in use", "assert 1 == 2", "'a' is gone", "'b'", ""]
OUTCOMES: list[FinalOutcome] = [
    "passed",
    "failed",
    "error",
    "crashed",
    "skipped",
    "interrupted",
    "blocked",
    "not run",
]
PLACES = [None, Place("a.py", 1), Place("a.py", 2), Place("b.py")]


@st.composite
def some_tests(draw: st.DrawFn) -> list[TestReport]:
    made = []
    for number in range(draw(st.integers(0, 12))):
        outcome = draw(st.sampled_from(OUTCOMES))
        if outcome in BAD:
            failure = Failure(
                draw(st.sampled_from(["", "OSError", "AssertionError"])),
                draw(st.sampled_from(MESSAGES)),
                draw(st.sampled_from(PLACES)),
                "",
            )
            attempts = [attempt_of(outcome, failure=failure)]
            made.append(reported(f"test_{number}", outcome, attempts))
        elif outcome == "blocked":
            cause = draw(st.none() | st.integers(0, max(0, number - 1)))
            made.append(reported(f"test_{number}", outcome, cause=cause if number else None))
        else:
            made.append(reported(f"test_{number}", outcome))
    return made


def by_name(
    found: list[FailureGroup], made: list[TestReport]
) -> list[tuple[str, list[str], list[str]]]:
    """The groups, by node ids."""
    return sorted(
        (
            group.kind,
            sorted(made[test].nodeid for test in group.tests),
            sorted(made[test].nodeid for test in group.blocked),
        )
        for group in found
    )


@given(some_tests())
def test_each_bad_or_blocked_test_is_in_exactly_one_group(made: list[TestReport]) -> None:
    found = groups(made)
    members = sorted(test for group in found for test in (*group.tests, *group.blocked))
    assert members == [
        position
        for position, test in enumerate(made)
        if test.outcome in BAD or test.outcome == "blocked"
    ]
    sizes = [len(group.tests) + len(group.blocked) for group in found]
    assert sizes == sorted(sizes, reverse=True)
    for group in found:
        assert list(group.tests) == sorted(group.tests)
        assert group.title
        assert (group.kind == "blocked") == (group.failure is None)
        if group.kind == "place":
            failures = {made[test].attempts[-1].failure for test in group.tests}
            assert len({(each.exception, each.place) for each in failures if each}) == 1


@given(some_tests(), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_of_tests(
    made: list[TestReport], order: random.Random
) -> None:
    shuffled = list(range(len(made)))
    order.shuffle(shuffled)
    place: dict[int | None, int | None] = {old: new for new, old in enumerate(shuffled)}
    place[None] = None
    other = [replace(made[old], cause=place[made[old].cause]) for old in shuffled]
    assert by_name(groups(other), other) == by_name(groups(made), made)


told = st.sampled_from(["passed", "failed", "passed failed", "failed passed", "skipped", "error"])
runs = st.lists(st.dictionaries(st.sampled_from("abcdef"), told), max_size=6)


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    made = draw(runs)
    return past_of(
        *made,
        branches=[draw(st.sampled_from(["main", "other", None])) for _ in made],
        is_complete=[draw(st.booleans()) for _ in made],
        revision=[draw(st.sampled_from(["x", "y", None])) for _ in made],
        dirty=[draw(st.sampled_from([True, False, None])) for _ in made],
    )


now = st.dictionaries(st.sampled_from("abcdefgh"), st.sampled_from(OUTCOMES[:-2]))


@given(pasts(), now)
def test_conclusions_do_not_contradict_each_other(
    past: Past, outcomes: dict[str, FinalOutcome]
) -> None:
    made = [reported(name, outcome) for name, outcome in outcomes.items()]
    report = analysed(on_main(*made, revision="x"), past)
    bad = [position for position, test in enumerate(made) if test.outcome in BAD]
    changes = report.changes
    assert (changes is None) == (past.compared is None)
    if changes is not None:
        assert sorted([*changes.newly_failing, *changes.still_failing]) == bad
        assert not set(changes.added) & {*changes.still_failing, *changes.fixed}
        assert not set(changes.removed) & set(outcomes)
    trend = report.trend
    on_branch = [run.run for run in past.runs if run.branch == "main"]
    assert [point.run for point in trend] == [*on_branch, report.run.run]
    assert trend[-1].failed == len(bad)
    if on_branch or not past.runs:
        assert trend[0].added == trend[0].removed == 0
    assert sum(point.added for point in trend[1:]) <= len({*"abcdefgh"})
    for group in report.groups:
        assert (group.since is not None) == (group.status == "still")
        assert group.since is None or group.since in {run.run for run in past.on_line().runs}
    for flaky in report.flaky:
        assert 0 < flaky.bad < flaky.attempts
        assert 0 <= flaky.rate_low <= flaky.rate <= flaky.rate_high <= 1
        assert 0 < flaky.flips < flaky.attempts
    if made and "interrupted" not in outcomes.values():
        assert report.score is not None
        assert 0 <= report.score.points <= 100
        assert all(0 <= part.points <= part.of for part in report.score.parts)
    else:
        assert report.score is None


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["gw0", "gw1", "gw2"]),
            st.floats(0, 3, allow_nan=False),
            st.floats(0, 1, allow_nan=False),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_the_critical_path_goes_forward_to_the_end(
    steps: list[tuple[str, float, float]],
) -> None:
    clock = {"gw0": 0.5, "gw1": 0.5, "gw2": 0.5}
    made = []
    for order, (worker, seconds, gap) in enumerate(steps):
        at = clock[worker] + gap
        clock[worker] = at + seconds
        attempt = attempt_of(at=at, call=seconds, worker=worker, order=order)
        made.append(reported(f"test_{order}", attempts=[attempt]))
    path = analysed(on_main(*made), Past()).timeline.critical_path
    assert path[0].because == "start"
    assert path[-1].at + path[-1].seconds == pytest.approx(max(clock.values()))
    for one, other in pairwise(path):
        assert one.at + one.seconds <= other.at + 0.05


def lognormal(noise: random.Random, sigma: float) -> float:
    return noise.lognormvariate(-1.0, sigma)


def bimodal(noise: random.Random, often: float) -> float:
    usual = 0.9 if noise.random() < often else 0.3
    return usual * noise.lognormvariate(0.0, 0.05)


NOISES: dict[str, Callable[[random.Random], float]] = {
    "little": lambda noise: lognormal(noise, 0.1),
    "much": lambda noise: lognormal(noise, 0.5),
    "wild": lambda noise: lognormal(noise, 1.2),
    "now and then": lambda noise: bimodal(noise, 0.1),
    "as often as not": lambda noise: bimodal(noise, 0.5),
    "heavy tails": lambda noise: 0.1 * noise.paretovariate(1.2),
    "steps": lambda noise: noise.choice([0.1, 0.1, 0.2, 0.4]),
}


def alarms(noise: random.Random, kind: str, tests: int, runs: int, slower: int = 0) -> list[int]:
    """Those that are told to be slower, where the first was twice as slow in the last runs."""
    draw = NOISES[kind]
    calls = [[draw(noise) for _ in range(runs)] for _ in range(tests)]
    if slower:
        calls[0][-slower:] = [2 * seconds for seconds in calls[0][-slower:]]
    names = [f"test_{number}" for number in range(tests)]
    before = zip(*(each[:-1] for each in calls), strict=True)
    past = past_of(
        *({name: [call] for name, call in zip(names, run, strict=True)} for run in before)
    )
    made = [
        reported(name, attempts=[attempt_of(call=each[-1])])
        for name, each in zip(names, calls, strict=True)
    ]
    return [each.test for each in regressions(on_main(*made), past)]


@pytest.mark.parametrize("tests", [1, 25])
@pytest.mark.parametrize("kind", NOISES)
def test_noise_alone_is_told_to_be_slower_as_seldom_as_is_stated(kind: str, tests: int) -> None:
    noise = random.Random(f"{kind} {tests}")
    reports = 150
    false = sum(bool(alarms(noise, kind, tests, noise.randrange(8, 21))) for _ in range(reports))
    # three standard deviations of what luck adds to the stated rate
    spread = (FALSE_DISCOVERIES * (1 - FALSE_DISCOVERIES) / reports) ** 0.5
    assert false / reports <= FALSE_DISCOVERIES + 3 * spread


@pytest.mark.parametrize("tests", [1, 25, 300])
def test_twice_as_slow_is_found_after_three_runs(tests: int) -> None:
    noise = random.Random(tests)
    found = [alarms(noise, "little", tests, 20, slower=3) for _ in range(30)]
    assert sum(0 in each for each in found) >= 28
