"""Which failures are told as one."""

from __future__ import annotations

import pytest

from pytest_orchestrate.report.attempts import Failure, Place, TestReport
from pytest_orchestrate.report.grouping import groups
from pytest_orchestrate.report.shape import says_something, shape
from tests.support.reports import attempt_of, failure_of, reported


def failed(
    name: str, message: str, place: str | None = "src/a.py:1", exception: str = "ValueError"
) -> TestReport:
    where = None
    if place is not None:
        path, _, line = place.partition(":")
        where = Place(path, int(line))
    failure = Failure(exception, message, where, "")
    return reported(f"tests/test_a.py::{name}", "failed", [attempt_of("failed", failure=failure)])


def told(*tests: TestReport) -> list[tuple[str, str, tuple[int, ...]]]:
    return [(group.kind, group.title, group.tests) for group in groups(tests)]


def test_three_failures_with_one_cause_are_one_group() -> None:
    tests = [failed(name, f"no order {number}") for number, name in enumerate("abc")]
    assert told(*tests) == [("place", "ValueError: no order <number> in src/a.py:1", (0, 1, 2))]


def test_one_place_with_several_messages_is_one_group() -> None:
    tests = [failed("a", "no such key"), failed("b", "other words")]
    assert told(*tests) == [("place", "ValueError in src/a.py:1", (0, 1))]


def test_another_exception_at_the_same_place_is_another_group() -> None:
    tests = [failed("a", "gone"), failed("b", "gone", exception="KeyError")]
    assert [group.tests for group in groups(tests)] == [(0,), (1,)]


def test_one_shape_of_message_across_places_is_one_group() -> None:
    tests = [
        failed("a", "port 8080 is in use", "src/a.py:1"),
        failed("b", "port 8081 is in use", "src/b.py:2"),
        failed("c", "port 9 is in use", None),
    ]
    assert told(*tests) == [("message", "ValueError: port <number> is in use", (0, 1, 2))]


def test_messages_that_say_nothing_do_not_join_places() -> None:
    tests = [
        failed("a", "assert 1 == 2", "src/a.py:1", "AssertionError"),
        failed("b", "assert 1 == 2", "src/b.py:2", "AssertionError"),
    ]
    assert len(groups(tests)) == 2


def test_what_is_quoted_joins_places_only_if_it_is_the_same() -> None:
    tests = [
        failed("a", "'token'", "src/a.py:1", "KeyError"),
        failed("b", "'token'", "src/b.py:2", "KeyError"),
        failed("c", "'user'", "src/c.py:3", "KeyError"),
    ]
    assert told(*tests) == [
        ("message", "KeyError: 'token'", (0, 1)),
        ("place", "KeyError: 'user' in src/c.py:3", (2,)),
    ]


def test_a_place_with_several_messages_is_not_joined_with_others() -> None:
    tests = [
        failed("a", "port 1 is in use", "src/a.py:1"),
        failed("b", "no such host", "src/a.py:1"),
        failed("c", "port 2 is in use", "src/b.py:2"),
    ]
    assert [group.tests for group in groups(tests)] == [(0, 1), (2,)]


def test_deaths_of_workers_that_are_told_alike_are_one_group() -> None:
    ends = ["exited with code 3", "killed by signal SIGSEGV (11)", "exited with code 1"] * 2
    tests = []
    for number, end in enumerate(ends):
        failure = failure_of("", f"gw{number} crashed while it ran this test: {end}")
        crashed = attempt_of("crashed", failure=failure)
        tests.append(reported(f"test_a.py::{number}", "crashed", [crashed]))
    assert told(*tests) == [
        ("crash", "crashed while it ran this test: exited with code 3", (0, 3)),
        ("crash", "crashed while it ran this test: killed by signal SIGSEGV (11)", (1, 4)),
        ("crash", "crashed while it ran this test: exited with code 1", (2, 5)),
    ]


def test_a_title_keeps_what_is_the_same_in_all_messages() -> None:
    tests = [failed(name, f"no db:5432 for order {number}") for number, name in enumerate("abc")]
    assert told(*tests) == [
        ("place", "ValueError: no db:5432 for order <number> in src/a.py:1", (0, 1, 2))
    ]


def test_of_groups_that_keep_as_many_tests_from_passing_that_with_more_failures_is_first() -> None:
    tests = [
        failed("a", "base", "src/a.py:1"),
        reported("tests/test_a.py::b", "blocked", cause=0),
        *(failed(name, "other", "src/b.py:1") for name in "cd"),
    ]
    assert [group.tests for group in groups(tests)] == [(2, 3), (0,)]


def test_blocked_tests_are_told_with_the_failure_that_blocked_them() -> None:
    tests = [
        reported("test_a.py::other", "failed", [attempt_of("failed", failure=failure_of())]),
        failed("login", "no database"),
        reported("test_a.py::cart", "blocked", cause=1),
        reported("test_a.py::pay", "blocked", cause=2),
    ]
    first, _ = groups(tests)
    assert (first.tests, first.blocked) == ((1,), (2, 3))


def test_what_a_skipped_test_blocks_is_a_group_of_its_own() -> None:
    tests = [
        reported("test_a.py::login", "skipped"),
        reported("test_a.py::cart", "blocked", cause=0),
        reported("test_a.py::pay", "blocked", cause=1),
        reported("test_a.py::ship", "blocked", reason="no such test"),
        reported("test_a.py::bill", "blocked", cause=3, reason="ship is blocked"),
    ]
    assert told(*tests) == [
        ("blocked", "blocked by test_a.py::login, which ended skipped", (1, 2)),
        ("blocked", "blocked: no such test", (3, 4)),
    ]
    assert all(group.failure is None for group in groups(tests))


def test_flaky_and_interrupted_tests_are_in_no_group() -> None:
    assert groups([reported("a", "flaky"), reported("b", "interrupted"), reported("c")]) == []


def test_a_bad_test_without_a_recorded_failure_is_in_a_group() -> None:
    tests = [reported("a", "error", [attempt_of("error", failure=None)], reason="no worker")]
    assert told(*tests) == [("message", "no worker", (0,))]


def test_titles_are_cut_and_places_are_not() -> None:
    (group,) = groups([failed("a", "long " * 100)])
    assert len(group.title) == 160
    assert group.title.endswith("... in src/a.py:1")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("expected 3 items", "expected -14 items"),
        ("took 3.25 s", "took 1e-5 s"),
        ("<Order object at 0x7f00de>", "<Order object at 0x1>"),
        ("no user 'ann'", 'no user "bob"'),
        ("cannot open /tmp/a/b.txt: gone", "cannot open C:\\x\\y.txt: gone"),
        (
            "job 123e4567-e89b-12d3-a456-426614174000 is lost",
            "job 00000000-0000-0000-0000-000000000000 is lost",
        ),
        ("since 2026-01-02T03:04:05.678Z", "since 2025-12-31 23:59:59"),
        ("at 10:00:01", "at 23:59:59,999"),
        ("commit 4be21cfa9", "commit 00aa11bb22"),
        ("table test_gw1 is locked", "table test_gw12 is locked"),
        ("it's  gone", "it's gone"),
    ],
)
def test_what_changes_by_chance_is_left_out_of_the_shape(one: str, other: str) -> None:
    assert shape(one) == shape(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [("no user", "no order"), ("it can't be, don't", "it mustn't be, won't"), ("cafe", "decade")],
)
def test_words_stay_in_the_shape(one: str, other: str) -> None:
    assert shape(one) != shape(other)


@pytest.mark.parametrize("text", ["assert <number> == <number>", "", "assert None is not True"])
def test_some_messages_name_no_cause(text: str) -> None:
    assert not says_something(text)


def test_the_name_of_the_exception_is_no_message() -> None:
    assert not says_something("KeyError: <quoted>", "KeyError")
    assert says_something("connection refused", "OSError")
