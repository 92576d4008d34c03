"""What the target of a ``requires`` marker means: a text, seen from a test, names tests.

The first of these that names any test counts:

1. a node id; without the brackets of a parametrised test, all its instances;
2. a name that ``provides`` markers give: the providers of the nearest class, else of the file,
   else of the nearest folder (with all below it), else of the session;
3. a path that makes a node id from the test's class (then the classes around it), its file, or
   its folder;
4. a class, a file or a folder, by a path as in 3 or from the root directory: all tests in it;
5. a class without tests of its own, or something in it, by a path as in 4: in place of that class
   the one around the test that inherits from it, else all that do;
6. a pattern in which ``*`` stands for any characters and ``?`` for one, by a path as in 4. It has
   to match a node id or one of the things that contain the test. Brackets are no wildcards:
   they are part of node ids.

In the file part of a target backslashes may stand for slashes, ``./`` and ``../`` are
understood, and a slash may end it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import islice

from pytest_orchestrate.model.annotations import Annotations
from pytest_orchestrate.model.target_paths import (
    Place,
    descend,
    has_wildcard,
    place_of,
    split_nodeid,
    split_target,
    wildcards,
)

#: How many names a mistyped one is compared with: some ten milliseconds.
_COMPARED = 1000
#: How a test's id in brackets is called among its parameters; no argument has such a name.
_ID = "[]"


def _below(container: str, name: str) -> str | None:
    """``name`` seen from ``container``; None if it is not in there."""
    if not container:
        return name
    if not name.startswith(container):
        return None
    for separator in ("::", "/"):
        if name.startswith(separator, len(container)):
            return name[len(container) + len(separator) :]
    return None


class Targets:
    """Finds the tests that a target means. Tests are indices into ``nodeids``.

    Both arguments may grow; ``refresh`` takes notice. What is found is ascending, and one tuple
    object is shared by all who ask for the same tests: with many tests that each require a large
    container, memory grows with the containers, not with the product.
    """

    def __init__(self, nodeids: Sequence[str], annotations: Mapping[int, Annotations]) -> None:
        self._nodeids = nodeids
        self._annotations = annotations
        self._known = 0
        self._by_id: dict[str, list[int]] = {}
        #: Parametrised tests by their node id without brackets.
        self._by_base: dict[str, list[int]] = {}
        #: By the class or file in which they are.
        self._by_parent: dict[str, list[int]] = {}
        #: Of each folder, file and class: the files and classes in it that have tests.
        self._parents: dict[str, list[str]] = {}
        #: A class that others inherit from -> those of them that have tests.
        self._heirs: dict[str, list[str]] = {}
        #: By name, then by each class, file and folder around the provider.
        self._providers: dict[str, dict[str, list[int]]] = {}
        self._places: dict[str, Place] = {}
        self._forget()

    def _forget(self) -> None:
        """Drop what more tests make untrue."""
        self._found: dict[tuple[str, str], tuple[int, ...]] = {}
        self._tuples: dict[int, tuple[int, ...]] = {}
        self._inside: dict[str, tuple[int, ...]] = {}
        self._globbed: dict[tuple[str, str], tuple[int, ...]] = {}
        #: By the identities of the tuples, which are kept so that these stay unique.
        self._unions: dict[tuple[int, ...], tuple[list[tuple[int, ...]], tuple[int, ...]]] = {}
        self._instances: dict[
            tuple[int, tuple[str, ...]],
            dict[tuple[str, ...], dict[tuple[str, ...], list[int]]],
        ] = {}
        self._namesakes: dict[str, dict[str, None]] = {}
        self._close: dict[tuple[str, str], tuple[str, ...]] = {}

    # --- the index ---------------------------------------------------------------------------

    def refresh(self) -> None:
        """Take notice of tests that were added since."""
        nodeids = self._nodeids
        if self._known == len(nodeids):
            return
        self._forget()
        for test in range(self._known, len(nodeids)):
            nodeid = nodeids[test]
            parent, base = split_nodeid(nodeid)
            self._by_id.setdefault(nodeid, []).append(test)
            if base != nodeid:
                self._by_base.setdefault(base, []).append(test)
            siblings = self._by_parent.get(parent)
            if siblings is None:
                self._by_parent[parent] = [test]
                self._enter(parent)
            else:
                siblings.append(test)
            annotations = self._annotations.get(test)
            if annotations is not None and annotations.provides:
                self._provide(test, parent, annotations)
        self._known = len(nodeids)

    def _enter(self, parent: str) -> None:
        place = self._places[parent] = place_of(parent)
        for container in place.around:
            self._parents.setdefault(container, []).append(parent)

    def _provide(self, test: int, parent: str, annotations: Annotations) -> None:
        place = self._places[parent]
        for name in dict.fromkeys(provided.name for provided in annotations.provides):
            by_container = self._providers.setdefault(name, {})
            for container in place.around:
                by_container.setdefault(container, []).append(test)

    def inherit(self, bases: Mapping[str, Sequence[str]]) -> None:
        """Take notice of what classes inherit from: node id -> the paths of their bases."""
        for heir, those in bases.items():
            for base in those:
                self._heirs.setdefault(base, []).append(heir)
        self._forget()

    # --- finding -----------------------------------------------------------------------------

    def occurrences(self, test: int) -> tuple[int, ...]:
        """All tests with the node id of this one; most often it alone."""
        return self._shared(self._by_id[self._nodeids[test]])

    def find(self, text: str, test: int) -> tuple[int, ...]:
        """The tests that ``text`` means where ``test`` requires it, itself among them."""
        parent, _ = split_nodeid(self._nodeids[test])
        found = self._found.get((text, parent))
        if found is None:
            found = self._found[text, parent] = self._search(text, self._places[parent])
        return found

    def union(self, parts: list[tuple[int, ...]]) -> tuple[int, ...]:
        """All tests of several tuples."""
        if len(parts) == 1:
            return parts[0]
        key = tuple(map(id, parts))
        if key not in self._unions:
            self._unions[key] = (parts, tuple(sorted({test for part in parts for test in part})))
        return self._unions[key][1]

    def _search(self, text: str, place: Place) -> tuple[int, ...]:
        if not text:
            return ()
        path, rest = split_target(text)
        absolute = descend("", path) + rest
        within = [f"{container}::{text}" for container in place.names]
        within.append(descend(place.folders[0], path) + rest)
        return (
            self._first(self._named, (text, absolute))
            or self._provided(text, place)
            or self._first(self._named, within)
            or self._first(self.inside, (*within, absolute))
            or (self._inherited((*within, absolute), place) if self._heirs else ())
            or (self._first(self._glob, (*within, absolute)) if has_wildcard(text) else ())
        )

    @staticmethod
    def _first(find: Callable[[str], tuple[int, ...]], names: Iterable[str]) -> tuple[int, ...]:
        return next(filter(None, map(find, names)), ())

    def _shared(self, tests: list[int]) -> tuple[int, ...]:
        """A list of the index as the one tuple of its tests."""
        found = self._tuples.get(id(tests))
        if found is None:
            found = self._tuples[id(tests)] = tuple(tests)
        return found

    def _named(self, nodeid: str) -> tuple[int, ...]:
        tests = self._by_id.get(nodeid) or self._by_base.get(nodeid)
        return self._shared(tests) if tests else ()

    def _provided(self, name: str, place: Place) -> tuple[int, ...]:
        by_container = self._providers.get(name, {})
        for container in place.around:
            if container in by_container:
                return self._shared(by_container[container])
        return ()

    def inside(self, container: str) -> tuple[int, ...]:
        """All tests in a folder, file or class."""
        found = self._inside.get(container)
        if found is None:
            parents = self._parents.get(container, ())
            tests = sorted(test for parent in parents for test in self._by_parent[parent])
            found = self._inside[container] = tuple(tests)
        return found

    def _inherited(self, paths: Iterable[str], place: Place) -> tuple[int, ...]:
        """What classes have inherited, where the one that is named has no tests of its own."""
        for path in paths:
            for base in place_of(path).names:
                heirs = self._heirs.get(base, [])
                for those in ([name for name in place.names if name in heirs][:1], heirs):
                    names = [heir + path[len(base) :] for heir in those]
                    parts = [self._named(name) or self.inside(name) for name in names]
                    if any(parts):
                        return self.union(list(filter(None, parts)))
        return ()

    def _glob(self, pattern: str) -> tuple[int, ...]:
        """Tests that match; only the container before the first wildcard is looked through."""
        literal = re.split(r"[*?\[]", pattern, maxsplit=1)[0]
        container, separator, _ = literal.rpartition("::" if "::" in literal else "/")
        prefix = container + separator
        key = (prefix, pattern[len(prefix) :])
        if key not in self._globbed:
            matches = wildcards(key[1]).fullmatch
            nodeids, start = self._nodeids, len(prefix)
            self._globbed[key] = tuple(
                test
                for test in self.inside(container)
                if nodeids[test].startswith(prefix) and matches(nodeids[test], start)
            )
        return self._globbed[key]

    # --- parameters --------------------------------------------------------------------------

    def agreeing(self, targets: tuple[int, ...], test: int) -> tuple[int, ...]:
        """Those whose parameters equal the test's in every argument name that both have.

        A target whose parameters are not known has to have the same id in brackets; one
        without parameters agrees. ``targets`` is a tuple that ``find`` returned.
        """
        brackets = self._brackets(test)
        mine = {_ID: brackets} if brackets else {}
        annotations = self._annotations.get(test)
        if annotations is not None:
            mine.update(annotations.params)
        if not mine:
            return targets
        agreeing: list[int] = []
        for names, instances in self._by_values(targets, tuple(sorted(mine))).items():
            agreeing += instances.get(tuple(mine[name] for name in names), ())
        return targets if len(agreeing) == len(targets) else tuple(sorted(agreeing))

    def _by_values(
        self, targets: tuple[int, ...], names: tuple[str, ...]
    ) -> dict[tuple[str, ...], dict[tuple[str, ...], list[int]]]:
        """The targets by those of the argument names that they have, then by the values."""
        table = self._instances.get((id(targets), names))
        if table is None:
            table = self._instances[id(targets), names] = {}
            for target in targets:
                annotations = self._annotations.get(target)
                theirs = annotations.params if annotations is not None else {}
                if not theirs and (brackets := self._brackets(target)):
                    theirs = {_ID: brackets}
                shared = tuple(name for name in names if name in theirs)
                values = tuple(theirs[name] for name in shared)
                table.setdefault(shared, {}).setdefault(values, []).append(target)
        return table

    def _brackets(self, test: int) -> str:
        nodeid = self._nodeids[test]
        return nodeid[len(split_nodeid(nodeid)[1]) :]

    # --- mistyped ----------------------------------------------------------------------------

    def close(self, text: str, test: int, limit: int = 3) -> tuple[str, ...]:
        """Up to so many targets that mean something here and look like ``text``.

        It costs some ten milliseconds: it is for messages.
        """
        parent, _ = split_nodeid(self._nodeids[test])
        key = (text, parent)
        if key not in self._close:
            candidates: dict[str, None] = {}
            for name in self._plausible(text, self._places[parent]):
                candidates[name] = None
                if len(candidates) == _COMPARED:
                    break
            # One more than wanted: the test itself may be among them.
            likely = get_close_matches(text, candidates, limit + 1)
            names = dict.fromkeys(self._elsewhere(text, limit + 1) + likely)
            self._close[key] = tuple(names)
        itself = set(self.occurrences(test))
        useful = (name for name in self._close[key] if not itself.issuperset(self.find(name, test)))
        return tuple(islice(useful, limit))

    def _elsewhere(self, text: str, limit: int) -> list[str]:
        """Node ids that end in the same name, the likest first."""
        if not self._namesakes:
            for nodeid in self._nodeids:
                _, base = split_nodeid(nodeid)
                self._namesakes.setdefault(base.rpartition("::")[2], {})[base] = None
        path, rest = split_target(text)
        name = (path + rest).rpartition("::")[2].partition("[")[0]
        namesakes = islice(self._namesakes.get(name, ()), _COMPARED)
        return get_close_matches(text, list(namesakes), limit, cutoff=0.0)

    def _plausible(self, text: str, place: Place) -> Iterator[str]:
        """What could have been meant, the nearest first."""
        for container in place.names:
            yield from self._names_in(container)
        yield from self._providers
        path, rest = split_target(text)
        for folder in (place.folders[0], ""):
            if rest:
                prefix = path + "::"
                names = self._names_in(descend(folder, path))
                yield from (prefix + name for name in names)
            yield from self._containers_in(folder)

    def _names_in(self, container: str) -> Iterator[str]:
        yield from self._containers_in(container)
        for test in self.inside(container):
            name = _below(container, split_nodeid(self._nodeids[test])[1])
            if name is not None:
                yield name

    def _containers_in(self, container: str) -> Iterator[str]:
        for parent in self._parents.get(container, ()):
            place = self._places[parent]
            for name in place.around:
                below = _below(container, name)
                if below:
                    yield below
