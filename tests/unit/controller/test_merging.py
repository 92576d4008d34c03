"""What the shares of all workers amount to."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_orchestrate import wire
from pytest_orchestrate.controller.merging import merge, merged_warnings, own_nodeids
from pytest_orchestrate.model.annotations import Annotations, Requirable


def part(
    key: str,
    *names: str,
    deferred: bool = False,
    copy: bool = False,
    problems: tuple[tuple[bytes, int], ...] = (),
    file: bool = True,
    requirable: Requirable | None = None,
) -> wire.Part:
    """A part of the tree with these tests."""
    return wire.Part(
        key,
        is_file=file,
        is_copy=copy,
        nodeids=None if deferred else [f"{key}::{name}" for name in names],
        groups={},
        affinities=dict.fromkeys(range(len(names)), key) if names else {},
        annotations={1: Annotations(exclusive=True)} if len(names) > 1 else {},
        found=len(names),
        requirable=requirable or Requirable(),
        problems=[wire.CollectProblem(report, False, found) for report, found in problems],
        cost=0.5,
    )


def share(*parts: wire.Part, modules: tuple[str, ...] = ()) -> wire.Share:
    return wire.Share(list(parts), [], list(modules))


def warning(text: str, line: int = 1) -> wire.WarningRecord:
    return wire.WarningRecord(text, ("m", "W"), "file.py", line, None, "collect", "", None)


def test_the_order_is_that_of_the_tree() -> None:
    merged = merge(
        {
            0: share(part("a", "1"), part("b", deferred=True), part("c", "3", "4")),
            1: share(part("a", deferred=True), part("b", "2"), part("c", deferred=True)),
        }
    )
    assert merged.collection.nodeids == ["a::1", "b::2", "c::3", "c::4"]
    assert merged.collection.affinities == {0: "a", 1: "b", 2: "c", 3: "c"}
    assert merged.part_of == ["a", "b", "c", "c"]
    assert merged.owners == {"a": 0, "b": 1, "c": 0}
    assert merged.collection.found == 4


def test_what_may_be_required_of_all_parts() -> None:
    merged = merge(
        {
            0: share(
                part("a", requirable=Requirable(["a::1", "a::2"], {1: ["schema"]}, {"a": ["b"]}))
            ),
            1: share(part("b", requirable=Requirable(["b::1"], {0: ["login"]}, {"c": ["d", "e"]}))),
        }
    )
    assert merged.collection.requirable == Requirable(
        ["a::1", "a::2", "b::1"],
        {1: ["schema"], 2: ["login"]},
        {"a": ["b"], "c": ["d", "e"]},
    )


def test_problems_count_what_was_found_before_them() -> None:
    merged = merge(
        {
            0: share(part("a", "1"), part("b", deferred=True), part("c", problems=((b"c", 0),))),
            1: share(part("a", deferred=True), part("b", "2", problems=((b"b", 1),))),
        }
    )
    told = [(each.report, each.found, each.more) for each in merged.collection.problems]
    assert told == [(b"b", 2, True), (b"c", 2, False)]


def test_a_copy_counts_only_for_want_of_the_original() -> None:
    copied = part("a", "1", "2", copy=True)
    failed = part("a", problems=((b"failed", 0),))
    assert merge({0: share(copied), 1: share(failed)}).owners == {"a": 1}
    assert merge({0: share(copied)}).owners == {"a": 0}


def test_what_belongs_to_no_file_has_no_owner() -> None:
    merged = merge({0: share(part("odd", "1", file=False)), 1: share(part("odd", "1", file=False))})
    assert merged.collection.nodeids == ["odd::1"]
    assert merged.owners == {}


def test_a_file_that_everybody_left_to_others_is_an_orphan() -> None:
    merged = merge({0: share(part("a", deferred=True)), 1: share(part("a", deferred=True))})
    assert merged.orphans == ["a"]


def test_each_module_is_named_once() -> None:
    merged = merge({0: share(modules=("x", "x.y")), 1: share(modules=("z", "x"))})
    assert merged.modules == ["x", "x.y", "z"]


def test_a_warning_comes_as_often_as_with_who_has_it_most_often() -> None:
    both = merged_warnings([[warning("old")], [warning("old"), warning("old"), warning("new")]])
    assert [each.text for each in both] == ["old", "old", "new"]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=20))
def test_every_test_is_there_once_whoever_collected_it(files: list[tuple[int, int]]) -> None:
    shares = {
        worker: share(
            *(
                part(f"f{number}", *map(str, range(count)), deferred=owner != worker)
                for number, (owner, count) in enumerate(files)
            )
        )
        for worker in range(4)
    }
    merged = merge(shares)
    assert merged.collection.nodeids == [
        f"f{number}::{test}" for number, (_, count) in enumerate(files) for test in range(count)
    ]
    collected = [nodeid for worker in range(4) for nodeid in own_nodeids(shares[worker])]
    assert sorted(collected) == sorted(merged.collection.nodeids)
    assert not merged.orphans
