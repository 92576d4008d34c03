"""What markers say of tests, read where tests were collected."""

from __future__ import annotations

import contextlib
import inspect
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

import msgspec
import pytest

from pytest_orchestrate import options
from pytest_orchestrate.errors import SettingError
from pytest_orchestrate.foreign_marks import ACCEPTED, NotAccepted, provided_names, translate
from pytest_orchestrate.model.annotations import (
    Annotations,
    Demand,
    Order,
    Provided,
    Requirable,
    Requirement,
)
from pytest_orchestrate.options import FOREIGN_READ, FOREIGN_REQUIRES, PRIORITIES


def read_annotations(config: pytest.Config, items: Sequence[pytest.Item]) -> dict[int, Annotations]:
    """Return what markers say of those tests that have any of ours, by position.

    :raises pytest.UsageError: arguments of a marker are not accepted.
    """
    reader = _Reader(config, options.read(config).priorities)
    found = {}
    for position, item in enumerate(items):
        marks = reader.marks(item)
        if marks:
            found[position] = reader.read(item, marks)
    if any(one.same_params for each in found.values() for one in each.requires):
        for position, item in enumerate(items):
            params = params_of(item)
            if params:
                before = found.get(position, Annotations())
                found[position] = msgspec.structs.replace(before, params=params)
    return found


def read_leniently(config: pytest.Config, items: Sequence[pytest.Item]) -> dict[int, Annotations]:
    """Return what markers say of tests that need not run: nothing of those that are refused."""
    with contextlib.suppress(pytest.UsageError):
        return read_annotations(config, items)
    found: dict[int, Annotations] = {}
    for position, item in enumerate(items):
        with contextlib.suppress(pytest.UsageError):
            found.update((position, each) for each in read_annotations(config, [item]).values())
    return found


def some_require(config: pytest.Config, items: Iterable[pytest.Item]) -> bool:
    """Whether any of these tests requires another one; it takes next to no time."""
    wanted = _names_of(config, "requires")
    reader = _Reader(config, {}, wanted)
    if reader.has_hook:
        return any(map(reader.marks, items))
    last = None
    for item in items:
        if item.parent is not last:
            last = item.parent
            if reader.above(last):
                return True
        for mark in item.own_markers:  # any() takes three times as long
            if mark.name in wanted:
                return True
    return False


def read_requirable(
    config: pytest.Config,
    items: Sequence[pytest.Item],
    deselected: Sequence[pytest.Item],
    seen: Sequence[pytest.Item] = (),
) -> Requirable:
    """Return what tests may require beside those that are to run, which are ``items``.

    Of the others only the names are read that they provide, and nothing is refused.

    :param seen: Tests that were neither selected nor deselected, but come upon.
    """
    others = [*deselected, *seen]
    return Requirable(
        [item.nodeid for item in deselected],
        _provided(config, others) if others else {},
        read_bases([*items, *others] if others else items),
        [item.nodeid for item in seen],
    )


def _provided(config: pytest.Config, items: Sequence[pytest.Item]) -> dict[int, list[str]]:
    wanted = _names_of(config, "provides")
    reader = _Reader(config, {}, wanted)
    above: dict[int, list[str]] = {}
    found = {}
    for position, item in enumerate(items):  # there may be many, and few provide anything
        if reader.has_hook:
            provided = provided_names(wanted, [mark for mark, _ in reader.marks(item)])
        else:
            parent = item.parent
            known = above.get(id(parent))
            if known is None:
                marks = [mark for mark, _ in reader.above(parent)]
                known = above[id(parent)] = provided_names(wanted, marks)
            provided = known
            for mark in item.own_markers:
                if mark.name in wanted:
                    provided = provided_names(wanted, [mark]) + provided
        if provided:
            found[position] = provided
    return found


def _names_of(config: pytest.Config, kind: str) -> set[str]:
    """The markers that say what tests require, or what they provide."""
    kinds = (kind, *FOREIGN_REQUIRES)
    return {name for name, ours in options.marker_names(config).items() if ours in kinds}


def read_bases(items: Sequence[pytest.Item]) -> dict[str, list[str]]:
    """Return the classes of the project that those of these tests inherit from, by node id."""
    found: dict[str, list[str]] = {}
    seen: set[Any] = set()
    for item in items:
        node: Any = item.parent
        while node is not None and node not in seen:
            seen.add(node)
            if isinstance(node, pytest.Class):
                bases = list(_bases(node))
                if bases:
                    found[node.nodeid] = [_nodeid(item, base) for base in bases]
            node = node.parent
    return found


def _bases(node: pytest.Class) -> Iterator[type]:
    """The classes that a collected class inherits from, of files below the root directory."""
    root = f"{node.config.rootpath}{os.sep}"
    for base in getattr(node.obj, "__mro__", ())[1:-1]:
        module = sys.modules.get(base.__module__)
        file = None if module is None else vars(module).get("__file__")
        if isinstance(file, str) and file.startswith(root):
            yield base


#: A marker, and the node on which it stands.
_Placed = tuple[pytest.Mark, pytest.Item | pytest.Collector]


class _Reader:
    def __init__(
        self,
        config: pytest.Config,
        priorities: Mapping[str, int],
        only: Iterable[str] | None = None,
    ) -> None:
        self._names = options.marker_names(config)
        self._priorities = priorities
        self._wanted = {*self._names, *priorities} if only is None else {*only}
        self._of_node: dict[Any, tuple[_Placed, ...]] = {}
        self._where: dict[Any, str] = {}
        hook = config.hook.pytest_orchestrate_annotate_item
        self.has_hook = bool(hook.get_hookimpls())

    def marks(self, item: pytest.Item) -> tuple[_Placed, ...]:
        """Return our markers of a test, its own first."""
        above = self.above(item.parent)
        own = [(mark, item) for mark in item.own_markers if mark.name in self._wanted]
        if self.has_hook:
            for marks in item.ihook.pytest_orchestrate_annotate_item(item=item):
                own += [(_as_mark(mark, item), item) for mark in marks]
        return (*own, *above) if own else above

    def above(self, node: Any) -> tuple[_Placed, ...]:
        """Return our markers of a collector and those around it, the nearest first."""
        if node is None:
            return ()
        known = self._of_node.get(node)
        if known is None:
            own = tuple((mark, node) for mark in node.own_markers if mark.name in self._wanted)
            known = self._of_node[node] = own + self.above(node.parent)
        return known

    def read(self, item: pytest.Item, marks: tuple[_Placed, ...]) -> Annotations:
        requires: list[Requirement] = []
        provides: list[Provided] = []
        demands: list[Demand] = []
        exclusive = False
        priority: int | None = None
        order: Order | None = None
        for mark, node in marks:
            kind = self._names.get(mark.name)
            where = self._place(node)
            if kind == "requires":
                requires.append(_requirement(mark, item, where))
            elif kind in FOREIGN_READ:
                try:
                    order = translate(mark, item, where, requires, provides) or order
                except NotAccepted:
                    raise _refused(mark, item, ACCEPTED[kind]) from None
            elif kind == "provides":
                provides += [Provided(name, where) for name in _texts(mark, item)]
            elif kind == "resource":
                demands.append(_demand(mark, item, where))
            elif kind == "exclusive":
                _refuse_arguments(mark, item)
                exclusive = True
            elif priority is None:
                priority = self._priority(mark, item)
        return Annotations(
            requires=tuple(requires),
            provides=tuple(provides),
            demands=tuple(demands),
            exclusive=exclusive,
            priority=priority if priority is not None else order.priority if order else 0,
            order=order,
        )

    def _priority(self, mark: pytest.Mark, item: pytest.Item) -> int:
        if mark.name in self._priorities:
            return self._priorities[mark.name]
        kind = self._names[mark.name]
        if kind in PRIORITIES:
            _refuse_arguments(mark, item)
            return PRIORITIES[kind]
        value = mark.args[0] if len(mark.args) == 1 and not mark.kwargs else None
        if isinstance(value, str) and value in PRIORITIES:
            return PRIORITIES[value]
        if not isinstance(value, int) or isinstance(value, bool):
            levels = ", ".join(map(repr, PRIORITIES))
            raise _refused(mark, item, f"one whole number, or one of {levels}")
        return value

    def _place(self, node: Any) -> str:
        place = self._where.get(node)
        if place is None:
            place = self._where[node] = _where(node)
        return place


def _where(node: Any) -> str:
    """Return file and line of a test, class or module."""
    path, line = getattr(node, "path", None), None
    try:
        path, line, _ = node.reportinfo()
    except Exception:  # noqa: BLE001  # whatever a foreign collector may raise
        line = None
    with contextlib.suppress(TypeError, ValueError):
        path = node.config.rootpath.joinpath(path).relative_to(node.config.rootpath)
    return f"{path}:{line + 1}" if isinstance(line, int) else str(path)


def _requirement(mark: pytest.Mark, item: pytest.Item, where: str) -> Requirement:
    given = dict(mark.kwargs)
    when: Literal["passed", "ran"] = given.pop("when", "passed")
    switches = {name: given.pop(name, False) for name in ("any", "same_params", "colocate")}
    targets = [text for target in mark.args for text in _targets(mark, item, target)]
    if (
        given
        or not targets
        or when not in ("passed", "ran")
        or not all(isinstance(value, bool) for value in switches.values())
    ):
        raise _refused(
            mark,
            item,
            "targets (strings, functions or classes), when='passed' or 'ran', and the switches "
            "any, same_params and colocate",
        )
    return Requirement(tuple(targets), when=when, where=where, **switches)


def _targets(mark: pytest.Mark, item: pytest.Item, target: Any) -> Iterator[str]:
    if isinstance(target, str):
        if not target.strip():
            raise _refused(mark, item, "targets that are not empty")
        yield target
    elif isinstance(target, (list, tuple, set, frozenset)):
        texts = [text for each in target for text in _targets(mark, item, each)]
        yield from sorted(texts) if isinstance(target, (set, frozenset)) else texts
    elif inspect.isclass(target) or callable(target):
        try:
            yield _nodeid(item, inspect.unwrap(target))
        except (TypeError, AttributeError, ValueError):
            raise _refused(
                mark, item, f"functions and classes of test files, not {target!r}"
            ) from None
    else:
        raise _refused(mark, item, f"strings, functions or classes, not {target!r}")


def _nodeid(item: pytest.Item, target: Any) -> str:
    """Return the path of a function or class, relative to the root directory."""
    code = inspect.getsourcefile(target) or ""
    try:
        file = item.config.rootpath.joinpath(code).relative_to(item.config.rootpath).as_posix()
    except ValueError:
        file = code
    return "::".join([file, *target.__qualname__.split(".")])


def _texts(mark: pytest.Mark, item: pytest.Item) -> tuple[str, ...]:
    if mark.kwargs or not mark.args or not all(isinstance(name, str) for name in mark.args):
        raise _refused(mark, item, "names (strings)")
    return mark.args


def _demand(mark: pytest.Mark, item: pytest.Item, where: str) -> Demand:
    given = dict(mark.kwargs)
    names = list(mark.args)
    name = names.pop(0) if names else given.pop("name", None)
    amount = names.pop(0) if names else given.pop("amount", 1)
    shared = given.pop("shared", False)
    scope = given.pop("scope", "test")
    if isinstance(amount, str) and name == "memory":
        amount = _bytes(mark, item, amount)
    if (
        names
        or given
        or not isinstance(name, str)
        or not name.strip()
        or not isinstance(amount, int)
        or isinstance(amount, bool)
        or amount < 1
        or not isinstance(shared, bool)
        or scope not in ("test", "class", "module")
    ):
        raise _refused(
            mark,
            item,
            "a name that is not empty, an amount from 1 on, shared=True or False, and "
            "scope='test', 'class' or 'module'",
        )
    return Demand(name, amount, shared, where, _scope(item, scope))


def _scope(item: pytest.Item, scope: str) -> str:
    """Return the node id of what fixtures of this scope belong to; they may be the test's own."""
    if scope == "test":
        return ""
    kind: type[pytest.Collector] = pytest.Class if scope == "class" else pytest.File
    return next((node.nodeid for node in item.iter_parents() if isinstance(node, kind)), "")


def _bytes(mark: pytest.Mark, item: pytest.Item, amount: str) -> int:
    try:
        return options.parse_size(options.Place(mark.name, "a size such as 1GiB"), amount)
    except SettingError as error:
        raise _refused(mark, item, "a size such as '1GiB'") from error


def params_of(item: pytest.Item) -> dict[str, str]:
    """Return the parameters of a test as texts, by argument name."""
    callspec = getattr(item, "callspec", None)
    return {name: _text_of(value) for name, value in getattr(callspec, "params", {}).items()}


def _text_of(value: object) -> str:
    """Return a text that is equal for equal values, in every process."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001  # whatever a foreign class may raise
        text = ""
    # an address says nothing in another process
    return text if text and " at 0x" not in text else f"<{type(value).__qualname__}>"


def _as_mark(mark: Any, item: pytest.Item) -> pytest.Mark:
    found = getattr(mark, "mark", mark)
    if not isinstance(found, pytest.Mark):
        raise pytest.UsageError(
            f"{item.nodeid}: the hook pytest_orchestrate_annotate_item returned {mark!r}; "
            "it is to return marks, such as [pytest.mark.requires('test_login')]"
        )
    return found


def _refuse_arguments(mark: pytest.Mark, item: pytest.Item) -> None:
    if mark.args or mark.kwargs:
        raise _refused(mark, item, f"no arguments: write @pytest.mark.{mark.name}")


def _refused(mark: pytest.Mark, item: pytest.Item, accepted: str) -> pytest.UsageError:
    nodes = (node for node in item.iter_parents() if any(mark is own for own in node.own_markers))
    arguments = [*map(repr, mark.args), *(f"{key}={value!r}" for key, value in mark.kwargs.items())]
    return pytest.UsageError(
        f"{item.nodeid}: @pytest.mark.{mark.name}({', '.join(arguments)}) at "
        f"{_where(next(nodes, item))} is not accepted. "
        f"Accepted: {accepted}. If this marker is not meant for pytest-orchestrate, declare it "
        f"in the project's 'markers', or say '{mark.name} = off' in orchestrate_markers."
    )
