"""The tests of a run where every worker runs all that it has collected."""

from __future__ import annotations

from pytest_orchestrate import wire
from pytest_orchestrate.controller.collecting_each import number_tests, united
from pytest_orchestrate.model.annotations import Annotations, Requirable
from pytest_orchestrate.model.collected import CollectedTest


def collection(
    *nodeids: str,
    problems: tuple[bytes, ...] = (),
    deselected: tuple[str, ...] = (),
    remarks: tuple[str, ...] = (),
) -> wire.Collection:
    """What a worker has collected: these tests, the first of which is exclusive."""
    return wire.Collection(
        nodeids=list(nodeids),
        groups={0: "theirs"},
        affinities={0: "fixture"},
        annotations={0: Annotations(exclusive=True)},
        found=len(nodeids) + len(deselected),
        requirable=Requirable(list(deselected), {}, {}),
        remarks=list(remarks),
        problems=[wire.CollectProblem(report, False, 1) for report in problems],
        warnings=[],
        costs={"f": 0.5},
        last_failed_status=None,
        passed_over_files=0,
    )


def test_the_tests_of_one_worker_come_after_those_of_another() -> None:
    both = united([collection("f::a", "f::b", deselected=("f::c",)), collection("f::b")])
    assert both.nodeids == ["f::a", "f::b", "f::b"]
    assert both.annotations == {0: Annotations(exclusive=True), 2: Annotations(exclusive=True)}
    assert both.requirable.deselected == ["f::c"]
    assert both.found == 4


def test_what_several_workers_ran_into_alike_is_told_once() -> None:
    first = collection("f::a", problems=(b"bad",), remarks=("added",))
    second = collection("f::a", problems=(b"bad", b"worse"), remarks=("added", "more"))
    both = united([first, second])
    assert [(each.report, each.found) for each in both.problems] == [(b"bad", 1), (b"worse", 2)]
    assert both.remarks == ["added", "more"]


def test_a_further_test_of_a_name_is_a_further_occurrence() -> None:
    tests: list[CollectedTest] = []
    seen: dict[str, int] = {}
    first = number_tests(collection("f::a", "f::a"), "tests of gw0", tests, seen)
    second = number_tests(collection("f::b", "f::a"), "tests of gw1", tests, seen)
    assert tests == [
        CollectedTest("f::a", 0, "tests of gw0", "fixture"),
        CollectedTest("f::a", 1, "tests of gw0", None),
        CollectedTest("f::b", 0, "tests of gw1", "fixture"),
        CollectedTest("f::a", 2, "tests of gw1", None),
    ]
    # a worker knows its tests by what they are among its own
    assert first == {("f::a", 0): 0, ("f::a", 1): 1}
    assert second == {("f::b", 0): 2, ("f::a", 0): 3}
