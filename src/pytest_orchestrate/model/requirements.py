"""Which tests a test requires; what was not found; requirements that form a cycle."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from pytest_orchestrate.model.annotations import Annotations, Requirement
from pytest_orchestrate.model.graph import Graph, has_any
from pytest_orchestrate.model.need import Need
from pytest_orchestrate.model.targets import Targets

#: Close matches are sought for so many unknown targets at a time; it takes a while.
_SUGGESTED = 20
#: A message shows so many steps of a cycle at either end.
_SHOWN = 8


class Unknown(msgspec.Struct, frozen=True, omit_defaults=True):
    """A target that means no test."""

    test: int
    nodeid: str
    #: As written.
    target: str
    #: Where the marker is: ``tests/test_a.py:12``.
    where: str = ""
    #: What may have been meant, the likest first; at most three.
    close: tuple[str, ...] = ()
    #: There are such tests, but ``same_params`` leaves none of them.
    other_params: bool = False


class Deselected(msgspec.Struct, frozen=True, omit_defaults=True):
    """Targets of one marker that exist, but were deselected.

    If one of several targets is enough: only if all of them were.
    """

    test: int
    nodeid: str
    targets: tuple[int, ...]
    where: str = ""


class Step(msgspec.Struct, frozen=True, omit_defaults=True):
    """One requirement in a cycle."""

    test: int
    nodeid: str
    target: int
    target_nodeid: str
    #: Where the marker is.
    where: str = ""


class Resolution(msgspec.Struct, frozen=True, omit_defaults=True):
    """What the requirements of some tests mean."""

    #: By test; of those that have any. Empty if there is a cycle.
    needs: dict[int, tuple[Need, ...]] = {}
    unknown: tuple[Unknown, ...] = ()
    deselected: tuple[Deselected, ...] = ()
    #: Each step's target is the next one's test, the last one's target the first one's test.
    cycle: tuple[Step, ...] = ()


class _Edge(NamedTuple):
    """A requirement and all that it means, the test itself included."""

    requirement: Requirement
    targets: tuple[int, ...]


class _Search(NamedTuple):
    """What the targets of one requirement mean."""

    targets: tuple[int, ...]
    #: Those that mean nothing, and whether only for their parameters.
    unknown: Sequence[tuple[str, bool]]


class Catalogue:
    """All tests of a session, as far as they are known, and what they require of each other.

    A test that nobody annotates costs one append, and nothing is indexed before a requirement
    has to be resolved. Tests that require the same tests share one tuple, and one
    :class:`Need` if they require them alike: a large container that is required by many costs
    memory once. (Where needs are serialised it is written out each time.)
    """

    def __init__(self) -> None:
        self._nodeids: list[str] = []
        self._annotations: dict[int, Annotations] = {}
        self._deselected: set[int] = set()
        self._targets = Targets(self._nodeids, self._annotations)
        #: What ``resolve`` found last, so that cycles are sought in what its callers know.
        self._edges: dict[int, list[_Edge]] = {}
        #: Marker -> the tests that have it.
        self._carriers: dict[Requirement, list[int]] = {}
        #: What :meth:`_unmarked` has found, with the targets, so that their identity holds.
        self._without_marked: dict[
            tuple[int, Requirement], tuple[tuple[int, ...], tuple[int, ...]]
        ] = {}

    def __len__(self) -> int:
        """How many tests there are."""
        return len(self._nodeids)

    def add(
        self, nodeid: str, annotations: Annotations | None = None, *, selected: bool = True
    ) -> int:
        """Take in the next test; returns its index. Node ids need not be unique."""
        index = len(self._nodeids)
        self._nodeids.append(nodeid)
        if annotations is not None:
            self._annotations[index] = annotations
            for requirement in annotations.requires:
                self._carriers.setdefault(requirement, []).append(index)
        if not selected:
            self._deselected.add(index)
        return index

    def inherit(self, bases: Mapping[str, Sequence[str]]) -> None:
        """Take note of what classes inherit from: node id -> the targets that mean their bases."""
        self._targets.inherit(bases)

    def select(self, tests: Iterable[int]) -> None:
        """Have tests run that were deselected."""
        self._deselected.difference_update(tests)

    def is_selected(self, test: int) -> bool:
        """Whether it is to run."""
        return test not in self._deselected

    def nodeid(self, test: int) -> str:
        """The test's node id."""
        return self._nodeids[test]

    # --- resolving ---------------------------------------------------------------------------

    def resolve(self, tests: Iterable[int]) -> Resolution:
        """What these tests require, as far as they are selected, of all tests known by now.

        A cycle is found if one of these tests leads into it; all tests in it are selected.
        Alternatives (``any``) count: whether they can be done without shows too late.
        """
        asked = [test for test in tests if self._requires(test) and test not in self._deselected]
        if not asked:
            return Resolution()
        unknown: list[Unknown] = []
        for test in asked:
            self._edges[test] = list(self._resolved(test, unknown))
        cycle = self._cycle(asked)
        if cycle:
            return Resolution(unknown=tuple(unknown), cycle=cycle)
        needs: dict[int, tuple[Need, ...]] = {}
        shared: dict[tuple[int, str, bool, bool], Need] = {}
        for test in asked:
            found = tuple(self._needs(test, shared))
            if found:
                needs[test] = found
        return Resolution(needs, tuple(unknown), tuple(self._left_out(asked)))

    def closure(self, tests: Iterable[int], barred: Iterable[int] = ()) -> tuple[int, ...]:
        """The deselected tests that these require, directly or through others; ascending.

        Where one of several targets is enough, and one is selected, the others are not
        required; if none is, all of them are, for which of them will pass is not known.

        :param barred: Tests that must not run, nor what only they require.
        """
        queue = deque(test for test in tests if self._requires(test))
        barred = frozenset(barred)
        seen = {*queue, *barred}
        required: set[int] = set()
        spent: dict[int, tuple[int, ...]] = {}
        while queue:
            test = queue.popleft()
            for edge in self._edges_of(test):
                if id(edge.targets) in spent or self._has_alternative(test, edge):
                    continue
                spent[id(edge.targets)] = edge.targets
                required.update(edge.targets)
                fresh = [each for each in edge.targets if each not in seen]
                seen.update(fresh)
                queue.extend(filter(self._requires, fresh))
        return tuple(sorted((required & self._deselected) - barred))

    def unsettled(self, tests: Iterable[int]) -> Iterator[tuple[int, Requirement]]:
        """Requirements of these tests, but for those of which a selected alternative is enough."""
        self._targets.refresh()
        for test in filter(self._requires, tests):
            for requirement in self._annotations[test].requires:
                edge = _Edge(requirement, self._search(test, requirement).targets)
                if not self._has_alternative(test, edge):
                    yield test, requirement

    def meaning(self, test: int, target: str) -> tuple[int, ...]:
        """The tests that a target means where this test requires it."""
        self._targets.refresh()
        return self._targets.find(target, test)

    def close(self, test: int, target: str) -> tuple[str, ...]:
        """What may have been meant by a target that means no test, the likest first."""
        return self._targets.close(target, test)

    def unknown(self, tests: Iterable[int]) -> Iterator[tuple[int, str]]:
        """Targets of these tests that mean no test; whatever its parameters are."""
        self._targets.refresh()
        for test in filter(self._requires, tests):
            for requirement in self._annotations[test].requires:
                for text, other_params in self._search(test, requirement).unknown:
                    if not other_params:
                        yield test, text

    def _requires(self, test: int) -> bool:
        annotations = self._annotations.get(test)
        return annotations is not None and bool(annotations.requires)

    def _has_alternative(self, test: int, edge: _Edge) -> bool:
        """Whether one target is enough, and one runs that is not the test itself."""
        if not edge.requirement.any:
            return False
        own = self._targets.occurrences(test)
        return any(each not in self._deselected and each not in own for each in edge.targets)

    def _resolved(self, test: int, unknown: list[Unknown] | None = None) -> Iterator[_Edge]:
        """The requirements of a test that mean anything; the others are added to ``unknown``."""
        self._targets.refresh()
        for requirement in self._annotations[test].requires:
            found = self._search(test, requirement)
            targets = found.targets
            if len(targets) > 1 and has_any(targets, (test,)):
                targets = self._unmarked(targets, requirement)
            if targets:
                yield _Edge(requirement, targets)
            if unknown is not None:
                for text, other_params in found.unknown:
                    finding = Unknown(
                        test, self._nodeids[test], text, requirement.where, (), other_params
                    )
                    if not other_params and len(unknown) < _SUGGESTED:
                        close = self._targets.close(text, test)
                        finding = msgspec.structs.replace(finding, close=close)
                    unknown.append(finding)

    def _unmarked(self, targets: tuple[int, ...], requirement: Requirement) -> tuple[int, ...]:
        """Targets that have not this very marker themselves, for one of them that has it.

        A class or file that is marked to require what it contains is no circle.
        """
        marked = self._carriers[requirement]
        if len(marked) == 1:
            return targets
        key = (id(targets), requirement)
        known = self._without_marked.get(key)
        if known is None:
            others = frozenset(marked)
            rest = tuple(target for target in targets if target not in others)
            known = self._without_marked[key] = (targets, rest)
        return known[1]

    def _search(self, test: int, requirement: Requirement) -> _Search:
        parts: list[tuple[int, ...]] = []
        unknown: list[tuple[str, bool]] = []
        for text in requirement.targets:
            found = self._targets.find(text, test)
            fitting = found
            if requirement.same_params:
                fitting = self._targets.agreeing(found, test)
            if fitting:
                parts.append(fitting)
            else:
                unknown.append((text, bool(found)))
        if not parts:
            return _Search((), unknown)
        return _Search(self._targets.union(parts), () if requirement.any else unknown)

    def _edges_of(self, test: int) -> Iterable[_Edge]:
        """As resolved last; else as it would be now."""
        edges = self._edges.get(test)
        return self._resolved(test) if edges is None else edges

    def _needs(self, test: int, shared: dict[tuple[int, str, bool, bool], Need]) -> Iterator[Need]:
        own = self._targets.occurrences(test)
        for requirement, targets in self._edges[test]:
            key = (id(targets), requirement.when, requirement.any, requirement.colocate)
            if has_any(targets, own):
                others = tuple(target for target in targets if target not in own)
                if others:
                    yield Need(others, *key[1:])
                continue
            need = shared.get(key)
            if need is None:
                need = shared[key] = Need(targets, *key[1:])
            yield need

    def _left_out(self, tests: Iterable[int]) -> Iterator[Deselected]:
        if not self._deselected:
            return
        known: dict[int, tuple[int, ...]] = {}
        for test in tests:
            for edge in self._edges[test]:
                out = known.get(id(edge.targets))
                if out is None:
                    out = tuple(each for each in edge.targets if each in self._deselected)
                    known[id(edge.targets)] = out
                if out and not self._has_alternative(test, edge):
                    yield Deselected(test, self._nodeids[test], out, edge.requirement.where)

    # --- cycles ------------------------------------------------------------------------------

    def _waits_for(self, test: int) -> Iterator[tuple[int, ...]]:
        if self._requires(test) and test not in self._deselected:
            for edge in self._edges_of(test):
                yield edge.targets

    def _cycle(self, starts: Iterable[int]) -> tuple[Step, ...]:
        """The shortest of the cycles through the first test that is found to be in one.

        It begins with its lowest index. Time grows with the requirements and with the sizes of
        different containers, not with their product.
        """
        graph = Graph(self._waits_for, self._targets.occurrences)
        entrance = graph.entrance(starts)
        if entrance is None:
            return ()
        cycle = graph.shortest(entrance)
        first = cycle.index(min(cycle))
        cycle = cycle[first:] + cycle[:first]
        ends = cycle[1:] + cycle[:1]
        return tuple(self._step(test, target) for test, target in zip(cycle, ends, strict=True))

    def _step(self, test: int, target: int) -> Step:
        edges = self._edges_of(test)
        where = next(e.requirement.where for e in edges if has_any(e.targets, (target,)))
        return Step(test, self._nodeids[test], target, self._nodeids[target], where)


def cycle_message(cycle: Sequence[Step]) -> str:
    """The cycle in words, a line for each step; the middle of a long one is left out."""
    lines = []
    for step in cycle:
        where = f" ({step.where})" if step.where else ""
        lines.append(f"  {step.nodeid} requires {step.target_nodeid}{where}")
    if len(lines) > 2 * _SHOWN:
        left_out = f"  ... {len(lines) - 2 * _SHOWN} more ..."
        lines = [*lines[:_SHOWN], left_out, *lines[-_SHOWN:]]
    return "\n".join(["requirements form a cycle:", *lines])


def unknown_message(unknown: Unknown) -> str:
    """What was not found, in words."""
    where = f" ({unknown.where})" if unknown.where else ""
    text = f"{unknown.nodeid} requires {unknown.target!r}{where}: "
    if unknown.other_params:
        return text + "none of its instances has the same parameters"
    if not unknown.close:
        return text + "there is no such test, provided name, class, file or folder"
    return f"{text}there is no such test; did you mean {' or '.join(map(repr, unknown.close))}?"
