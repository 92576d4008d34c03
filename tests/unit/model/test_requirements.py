from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate.model.annotations import Annotations, Provided, Requirement
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.requirements import (
    Catalogue,
    Deselected,
    Resolution,
    Unknown,
    cycle_message,
    unknown_message,
)


def requires(*targets: str, where: str = "", **how: Any) -> Annotations:
    return Annotations(requires=(Requirement(targets, where=where, **how),))


def provides(*names: str) -> Annotations:
    return Annotations(provides=tuple(map(Provided, names)))


def catalogue(
    tests: Iterable[str], marked: dict[str, Annotations], deselected: Iterable[str] = ()
) -> Catalogue:
    made = Catalogue()
    out = set(deselected)
    for nodeid in tests:
        made.add(nodeid, marked.get(nodeid), selected=nodeid not in out)
    return made


def resolved(made: Catalogue) -> Resolution:
    return made.resolve(range(len(made)))


def test_nothing_waits_for_itself_or_another_occurrence_of_itself() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::a"]
    whole = catalogue(tests, {"t.py::a": requires("t.py")})
    assert resolved(whole).needs == {0: (Need((1,)),), 2: (Need((1,)),)}
    only_itself = catalogue(tests, {"t.py::a": requires("a")})
    assert resolved(only_itself) == Resolution()


def test_an_unknown_target_has_close_matches() -> None:
    made = catalogue(["t.py::login", "t.py::b"], {"t.py::b": requires("logni")})
    assert [finding.close for finding in resolved(made).unknown] == [("login",)]


def test_same_params_leaves_the_instances_that_agree() -> None:
    made = Catalogue()
    for x, y in ("13", "14", "23"):
        made.add(f"t.py::a[{x}-{y}]", Annotations(params={"x": x, "y": y}))
    made.add("t.py::plain")
    made.add("t.py::unknown[1]")
    made.add("t.py::unknown[2]")
    asks = Requirement(("a", "plain", "unknown"), same_params=True)
    made.add("t.py::b[1]", Annotations(requires=(asks,), params={"x": "1", "z": "9"}))
    made.add("t.py::b[2]", Annotations(requires=(asks,), params={"x": "2", "z": "9"}))
    made.add("t.py::b", Annotations(requires=(asks,)))
    assert [need.targets for (need,) in resolved(made).needs.values()] == [
        (0, 1, 3, 4),
        (2, 3, 5),
        (0, 1, 2, 3, 4, 5),
    ]


def test_that_no_instance_has_the_same_parameters_is_a_finding() -> None:
    made = Catalogue()
    made.add("t.py::a[1]", Annotations(params={"x": "1"}))
    asks = Requirement(("a",), same_params=True, where="t.py:7")
    made.add("t.py::b[2]", Annotations(requires=(asks,), params={"x": "2"}))
    (finding,) = resolved(made).unknown
    assert finding == Unknown(1, "t.py::b[2]", "a", "t.py:7", (), other_params=True)
    assert unknown_message(finding) == (
        "t.py::b[2] requires 'a' (t.py:7): none of its instances has the same parameters"
    )


def test_targets_of_one_marker_are_one_need_and_what_is_unknown_is_told() -> None:
    marked = {"t.py::c": requires("b", "a", "zzz", when="ran", colocate=True, where="t.py:3")}
    resolution = resolved(catalogue(["t.py::a", "t.py::b", "t.py::c"], marked))
    assert resolution.needs == {2: (Need((0, 1), "ran", any=False, colocate=True),)}
    assert resolution.unknown == (Unknown(2, "t.py::c", "zzz", "t.py:3"),)


def test_of_alternatives_one_has_to_exist() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::c"]
    marked = {"t.py::b": requires("a", "zzz", any=True), "t.py::c": requires("x", "y", any=True)}
    resolution = resolved(catalogue(tests, marked))
    assert resolution.needs == {1: (Need((0,), any=True),)}
    assert [finding.target for finding in resolution.unknown] == ["x", "y"]


def test_a_message_names_the_test_the_target_the_place_and_what_is_close() -> None:
    assert unknown_message(Unknown(0, "t.py::a", "bb", "t.py:3", ("b", "bbb"))) == (
        "t.py::a requires 'bb' (t.py:3): there is no such test; did you mean 'b' or 'bbb'?"
    )
    assert unknown_message(Unknown(0, "t.py::a", "bb")) == (
        "t.py::a requires 'bb': there is no such test, provided name, class, file or folder"
    )


def test_deselected_targets_are_told_apart_and_pulled_in_with_what_they_require() -> None:
    tests = [f"t.py::{name}" for name in "abcdef"]
    marked = {
        "t.py::b": requires("a"),
        "t.py::c": requires("b", "d", where="t.py:9"),
        "t.py::e": requires("d", "f", any=True),
        "t.py::f": requires("missing"),
    }
    made = catalogue(tests, marked, ["t.py::a", "t.py::b", "t.py::f"])
    resolution = resolved(made)
    assert resolution.needs == {2: (Need((1, 3)),), 4: (Need((3, 5), any=True),)}
    assert resolution.deselected == (Deselected(2, "t.py::c", (1,), "t.py:9"),)
    assert not resolution.unknown
    pulled_in = made.closure(resolution.needs)
    assert pulled_in == (0, 1)
    made.select(pulled_in)
    assert made.is_selected(1)
    assert not made.is_selected(5)
    assert made.resolve(pulled_in) == Resolution({1: (Need((0,)),)})


def test_alternatives_that_are_all_deselected_are_all_pulled_in() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::c"]
    made = catalogue(tests, {tests[2]: requires("a", "b", any=True)}, tests[:2])
    assert resolved(made).deselected == (Deselected(2, "t.py::c", (0, 1)),)
    assert made.closure([2]) == (0, 1)


def test_a_test_is_no_alternative_to_what_it_requires() -> None:
    made = catalogue(["t.py::a", "t.py::b"], {"t.py::b": requires("t.py", any=True)}, ["t.py::a"])
    assert resolved(made).deselected == (Deselected(1, "t.py::b", (0,)),)
    assert made.closure([1]) == (0,)


def test_tests_may_be_added_and_resolved_bit_by_bit() -> None:
    made = Catalogue()
    made.add("t.py::a", requires("b", "u*"))
    assert [finding.target for finding in made.resolve([0]).unknown] == ["b", "u*"]
    made.add("u.py::b", provides("b"))
    assert made.resolve([0]) == Resolution({0: (Need((1,)),)})
    made.add("t.py::x", requires("a"))
    assert made.resolve([2]) == Resolution({2: (Need((0,)),)})
    assert [made.nodeid(test) for test in range(len(made))] == ["t.py::a", "u.py::b", "t.py::x"]


def test_a_cycle_is_told_with_the_markers() -> None:
    marked = {
        "tests/test_a.py::a": requires("test_b.py::b", where="tests/test_a.py:12"),
        "tests/test_b.py::b": requires("tests/test_a.py::c", where="tests/test_b.py:3"),
        "tests/test_a.py::c": requires("a"),
    }
    resolution = resolved(catalogue(reversed(marked), marked))
    assert not resolution.needs
    assert cycle_message(resolution.cycle) == (
        "requirements form a cycle:\n"
        "  tests/test_a.py::c requires tests/test_a.py::a\n"
        "  tests/test_a.py::a requires tests/test_b.py::b (tests/test_a.py:12)\n"
        "  tests/test_b.py::b requires tests/test_a.py::c (tests/test_b.py:3)"
    )


def test_two_tests_of_a_container_that_both_require_it_are_a_cycle() -> None:
    tests = [f"t.py::{number}" for number in range(5000)]
    marked = {test: requires("t.py", where=f"t.py:{line}") for line, test in enumerate(tests)}
    resolution = resolved(catalogue(tests, marked))
    assert [step.nodeid for step in resolution.cycle] == ["t.py::0", "t.py::1"]


def test_a_container_that_is_marked_to_require_itself_is_no_cycle() -> None:
    tests = ["t.py::A::0", "t.py::A::1", "t.py::2", "u.py::3"]
    resolution = resolved(catalogue(tests, dict.fromkeys(tests[:3], requires("A", where="t.py:1"))))
    assert not resolution.cycle
    assert {test: [need.targets for need in needs] for test, needs in resolution.needs.items()} == {
        2: [(0, 1)]
    }


def test_a_cycle_through_a_container_that_was_gone_through_from_within_is_found() -> None:
    tests = ["t.py::a", "t.py::x", "u.py::b"]
    marked = {tests[0]: requires("t.py", "u.py::b"), tests[2]: requires("t.py")}
    made = catalogue(tests, marked)
    assert [step.test for step in resolved(made).cycle] == [0, 2]


def test_a_cycle_through_tests_that_do_not_run_is_none() -> None:
    tests = ["t.py::a", "t.py::b"]
    marked = {"t.py::a": requires("b"), "t.py::b": requires("a")}
    made = catalogue(tests, marked, ["t.py::b"])
    assert not resolved(made).cycle
    assert made.closure([0]) == (1,)
    made.select([1])
    assert [step.test for step in made.resolve([1]).cycle] == [0, 1]


@pytest.mark.parametrize("is_closed", [False, True])
def test_a_long_chain_is_followed_to_its_end(is_closed: bool) -> None:
    count = 50_000
    made = Catalogue()
    for number in range(count):
        following = (number + 1) % count
        last = not following and not is_closed
        made.add(f"t.py::{number}", None if last else requires(f"{following}"))
    resolution = resolved(made)
    assert len(resolution.cycle) == (count if is_closed else 0)
    assert len(resolution.needs) == (0 if is_closed else count - 1)
    assert cycle_message(resolution.cycle).count("\n") < 20


def test_tests_that_require_the_same_share_one_need() -> None:
    tests = [f"a/t{number % 3}.py::{number}" for number in range(30)]
    asking = [f"b/t{number % 3}.py::{number}" for number in range(30)]
    made = catalogue(tests + asking, dict.fromkeys(asking, requires("a/t1.py", "a/t2.py")))
    needs = [need for needs in resolved(made).needs.values() for need in needs]
    assert len(needs) == 30
    assert len(set(map(id, needs))) == 1


# --- properties ------------------------------------------------------------------------------

EDGES = st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=20)
OUT = st.sets(st.integers(0, 9))


def graph_of(edges: list[tuple[int, int]], out: Iterable[int] = ()) -> Catalogue:
    made = Catalogue()
    for test in range(10):
        targets = tuple(f"{target}" for source, target in edges if source == test)
        marked = requires(*targets, where=f"{test}") if targets else None
        made.add(f"t.py::{test}", marked, selected=test not in out)
    return made


def reached(edges: list[tuple[int, int]], starts: Iterable[int]) -> set[int]:
    """What can be reached by at least one edge."""
    found: set[int] = set()
    fresh = set(starts)
    while fresh:
        fresh = {target for source, target in edges if source in fresh and source != target} - found
        found |= fresh
    return found


@given(EDGES, OUT)
def test_a_cycle_is_told_if_and_only_if_there_is_one(
    edges: list[tuple[int, int]], out: set[int]
) -> None:
    resolution = resolved(graph_of(edges, out))
    running = [edge for edge in edges if not out.intersection(edge)]
    assert bool(resolution.cycle) == any(test in reached(running, [test]) for test in range(10))
    for step, following in zip(
        resolution.cycle, resolution.cycle[1:] + resolution.cycle[:1], strict=True
    ):
        assert (step.test, step.target) in running
        assert (step.target, step.target_nodeid) == (following.test, following.nodeid)
        assert step.where == str(step.test)
    assert msgspec.json.decode(msgspec.json.encode(resolution), type=Resolution) == resolution


@given(EDGES, OUT)
def test_the_closure_is_what_can_be_reached(edges: list[tuple[int, int]], out: set[int]) -> None:
    selected = set(range(10)) - out
    expected = tuple(sorted(reached(edges, selected) & out))
    assert graph_of(edges, out).closure(selected) == expected


@given(EDGES)
def test_needs_are_the_requirements_without_the_test_itself(edges: list[tuple[int, int]]) -> None:
    resolution = resolved(graph_of(edges))
    expected = {
        test: tuple(sorted({target for source, target in edges if source == test != target}))
        for test in range(10)
    }
    if not resolution.cycle:
        assert {test: needs[0].targets for test, needs in resolution.needs.items()} == {
            test: targets for test, targets in expected.items() if targets
        }


def test_what_is_barred_is_not_required_nor_what_only_it_requires() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::c", "t.py::d"]
    marked = {"t.py::a": requires("b", "d"), "t.py::b": requires("c")}
    made = catalogue(tests, marked, deselected=tests[1:])
    assert made.closure([0]) == (1, 2, 3)
    assert made.closure([0], barred=[1]) == (3,)


def test_targets_that_mean_nothing_unless_an_alternative_is_selected() -> None:
    tests = ["t.py::a", "t.py::b", "t.py::c"]
    marked = {
        "t.py::a": requires("x", "b", any=True),
        "t.py::b": requires("x", "y", any=True),
        "t.py::c": requires("a", "z"),
    }
    made = catalogue(tests, marked)
    assert [test for test, _ in made.unsettled(range(3))] == [1, 2]
    assert list(made.unknown(range(3))) == [(1, "x"), (1, "y"), (2, "z")]
