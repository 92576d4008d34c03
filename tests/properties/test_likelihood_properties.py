"""What holds of the ranking by expected failures, whatever its weights are."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.engine.likelihood import (
    Changed,
    Signs,
    failure_rate,
    levels,
    log_odds,
    probability,
)
from pytest_orchestrate.engine.urgency import LEVELS

FILES = ["test_a.py", "shop/test_b.py", "shop/orders/test_c.py"]
OUTCOMES = st.lists(st.booleans(), max_size=14)
SIGNS = st.builds(
    Signs,
    file=st.sampled_from(FILES),
    seconds=st.floats(0, 1e5),
    failures=OUTCOMES,
    is_new=st.booleans(),
    is_changed=st.booleans(),
    nearness=st.sampled_from([0.0, 0.5, 1.0]),
)
ENTRY = st.dictionaries(st.sampled_from(FILES), st.floats(0, 1e3))


@given(OUTCOMES)
def test_a_rate_is_one(failures: list[bool]) -> None:
    assert 0.0 <= failure_rate(failures) <= 1.0


@given(SIGNS)
def test_a_probability_is_one(signs: Signs) -> None:
    assert 0.0 < probability(log_odds(signs)) < 1.0


@given(SIGNS, st.integers(0, 13), st.integers(1, 13))
def test_a_more_recent_failure_never_counts_for_less(
    signs: Signs, place: int, further_back: int
) -> None:
    size = place + further_back + 1
    others = [*signs.failures, *[False] * size][:size]
    others[place] = others[place + further_back] = False
    recent, earlier = list(others), list(others)
    recent[place] = earlier[place + further_back] = True
    assert log_odds(signs._replace(failures=recent)) >= log_odds(signs._replace(failures=earlier))


@given(SIGNS, st.data())
def test_a_failure_in_place_of_a_pass_never_counts_for_less(
    signs: Signs, data: st.DataObject
) -> None:
    if signs.failures:
        worse = list(signs.failures)
        worse[data.draw(st.integers(0, len(worse) - 1))] = True
        assert log_odds(signs._replace(failures=worse)) >= log_odds(signs)


@given(SIGNS)
def test_no_sign_counts_against_a_failure(signs: Signs) -> None:
    without: dict[str, Any]
    for without in ({"is_new": False}, {"is_changed": False}, {"nearness": 0.0}, {"failures": ()}):
        assert log_odds(signs) >= log_odds(signs._replace(**without))


@given(st.lists(SIGNS, max_size=12), ENTRY)
def test_levels_are_between_those_of_two_priorities(
    tests: list[Signs], entry: dict[str, float]
) -> None:
    found = levels(tests, entry)
    assert all(0 < level < LEVELS for level in found.values())
    assert all(0 <= position < len(tests) for position in found)


@given(SIGNS, st.integers(0, 5))
def test_what_holds_of_all_tests_moves_none(signs: Signs, count: int) -> None:
    assert levels([signs] * count, {}) == {}


@given(st.lists(SIGNS, min_size=1, max_size=12))
def test_of_tests_that_take_as_long_the_likelier_never_comes_later(tests: list[Signs]) -> None:
    alike = [test._replace(file=FILES[0], seconds=1.0) for test in tests]
    found = levels(alike, {})
    ranked = sorted(range(len(alike)), key=lambda position: log_odds(alike[position]))
    assert [found.get(position, 0) for position in ranked] == sorted(
        found.get(position, 0) for position in ranked
    )


@given(SIGNS, st.floats(0, 1e5))
def test_of_tests_as_likely_to_fail_the_shorter_never_comes_later(
    signs: Signs, seconds: float
) -> None:
    failing = signs._replace(failures=[True], is_new=False)
    fine = Signs(FILES[0], 1.0)
    shorter, longer = sorted([seconds, signs.seconds])
    found = levels([failing._replace(seconds=s) for s in (shorter, longer)] + [fine], {})
    assert found[0] >= found[1]


@given(st.lists(SIGNS, max_size=12), ENTRY)
def test_what_is_known_of_a_file_only_keeps_its_tests_together(
    tests: list[Signs], entry: dict[str, float]
) -> None:
    by_file = [test._replace(failures=(), is_new=False, is_changed=True) for test in tests]
    found = levels([*by_file, Signs("other.py", 1.0)], entry)
    places = {(test.file, test.nearness): found[p] for p, test in enumerate(by_file)}
    assert [places[test.file, test.nearness] for test in by_file] == [
        found[position] for position in range(len(by_file))
    ]


PATHS = st.lists(st.sampled_from(["shop", "orders", "tests", "..", "a"]), max_size=3).flatmap(
    lambda folders: st.sampled_from(
        ["orders.py", "test_a.py", "conftest.py", "__init__.py", "README.md", ".x", "data"]
    ).map(lambda name: "/".join([*folders, name]))
)


@given(st.lists(PATHS, max_size=6), PATHS)
def test_nearness_is_between_none_and_all(changed: list[str], file: str) -> None:
    assert Changed(changed).nearness(file) in (0.0, 0.5, 1.0)


@given(st.lists(PATHS, max_size=6), PATHS, PATHS)
def test_one_more_changed_file_takes_nothing_away(changed: list[str], more: str, file: str) -> None:
    assert Changed([*changed, more]).nearness(file) >= Changed(changed).nearness(file)
