"""From the shares that workers have collected to the list that one worker would have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from pytest_orchestrate import wire
from pytest_orchestrate.model.annotations import Annotations, Requirable


class Merged(msgspec.Struct, frozen=True):
    """All shares together, in the order of the tree."""

    collection: wire.Collection
    #: Per test the key of its part.
    part_of: list[str]
    #: Key of a file -> number of the worker that has collected it.
    owners: dict[str, int]
    #: Files that every worker took for another one's.
    orphans: list[str]
    #: What any worker has imported beside test files, parents first.
    modules: list[str]


def merge(shares: Mapping[int, wire.Share]) -> Merged:
    """Put the shares of these workers together; there is at least one.

    Of a part that several workers have (because its tests were named one by one, or because it
    belongs to no file), the one with the fewest problems counts, then that of the lower number;
    a copy counts least of all.
    """
    numbers = sorted(shares)
    by_key: dict[str, list[tuple[int, wire.Part]]] = {}
    for number in numbers:
        for part in shares[number].parts:
            by_key.setdefault(part.key, []).append((number, part))
    nodeids: list[str] = []
    groups: dict[int, str] = {}
    affinities: dict[int, str] = {}
    annotations: dict[int, Annotations] = {}
    requirable = Requirable([], {}, {})
    problems: list[wire.CollectProblem] = []
    costs: dict[str, float] = {}
    part_of: list[str] = []
    owners: dict[str, int] = {}
    orphans: list[str] = []
    found = 0
    last = next(reversed(by_key), None)
    for key, candidates in by_key.items():
        held = [(number, part) for number, part in candidates if part.nodeids is not None]
        if not held:
            orphans.append(key)
            continue
        number, part = min(held, key=lambda one: (one[1].is_copy, len(one[1].problems)))
        assert part.nodeids is not None
        first = len(nodeids)
        nodeids += part.nodeids
        part_of += [key] * len(part.nodeids)
        groups.update((first + at, group) for at, group in part.groups.items())
        affinities.update((first + at, affinity) for at, affinity in part.affinities.items())
        annotations.update((first + at, each) for at, each in part.annotations.items())
        _add(requirable, part.requirable)
        problems += [
            wire.CollectProblem(problem.report, problem.more or key != last, found + problem.found)
            for problem in part.problems
        ]
        found += part.found
        if part.is_file:
            costs[key] = part.cost
            owners[key] = number
    collection = wire.Collection(
        nodeids=nodeids,
        groups=groups,
        affinities=affinities,
        annotations=annotations,
        found=found,
        requirable=requirable,
        remarks=[],
        problems=problems,
        warnings=merged_warnings(shares[number].warnings for number in numbers),
        costs=costs,
        last_failed_status=None,
        passed_over_files=0,
    )
    modules = dict.fromkeys(name for number in numbers for name in shares[number].modules)
    return Merged(collection, part_of, owners, orphans, list(modules))


def _add(requirable: Requirable, more: Requirable) -> None:
    first = len(requirable.deselected)
    requirable.provided.update((first + at, names) for at, names in more.provided.items())
    requirable.deselected.extend(more.deselected)
    requirable.bases.update(more.bases)


def merged_warnings(shares: Iterable[list[wire.WarningRecord]]) -> list[wire.WarningRecord]:
    """Put the warnings of several workers together.

    A module that several of them import warns in each; it would have done so once. So of each
    warning there are as many as the worker has that has the most of it.
    """
    merged: list[wire.WarningRecord] = []
    so_far: Counter[tuple[str, str, int]] = Counter()
    for warnings in shares:
        here: Counter[tuple[str, str, int]] = Counter()
        for record in warnings:
            key = (record.text, record.filename, record.lineno)
            here[key] += 1
            if here[key] > so_far[key]:
                so_far[key] += 1
                merged.append(record)
    return merged


def own_nodeids(share: wire.Share) -> list[str]:
    """Return the node ids of the tests that a worker has collected, by its own positions."""
    return [nodeid for part in share.parts for nodeid in part.nodeids or ()]
