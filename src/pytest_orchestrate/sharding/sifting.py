"""Hooks that keep some items and leave the others out, each for what it is itself.

Recognised is a loop over the items that puts each of them into lists which were empty before it,
and what follows it: ``items[:] = kept``, ``config.hook.pytest_deselected(items=others)``, both
possibly under ``if others:``. A list comprehension over the items is such a loop, too.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeGuard

from pytest_orchestrate.sharding.names import bound, within


class Sifting:
    """What of a hook does nothing but sift; empty where any part of it is not understood."""

    def __init__(self, function: ast.FunctionDef) -> None:
        self._function = function
        #: Statements that need no further proof, but for what :meth:`condition` gives.
        self._statements: set[ast.stmt] = set()
        #: The names in them that stand for all items or for a list of them.
        self.names: set[ast.Name] = set()
        self._lists: set[str] = set()
        for block in _blocks(function.body):
            self._take(block)
        if not self._is_consistent():
            self._statements, self.names = set(), set()

    def __contains__(self, statement: ast.stmt) -> bool:
        return statement in self._statements

    def condition(self, statement: ast.stmt) -> ast.expr | None:
        """Return what decides into which list a statement of a loop puts the item, if it does."""
        match statement:
            case ast.Expr(value=ast.Call(func=ast.Attribute(value=ast.IfExp(test=test)))):
                return test
        return None

    def _take(self, block: list[ast.stmt]) -> None:
        """Take in the sifting in one block: empty lists, a loop that fills them, their use."""
        empty: set[str] = set()
        filled: dict[str, ast.For] = {}
        for statement in block:
            names = set(_empty_lists(statement))
            if names:
                empty |= names
            elif is_item_loop(statement):
                for name in self._take_loop(statement, empty):
                    filled[name] = statement
                    empty.discard(name)
            else:
                self._take_use(statement, filled)
        self._lists |= set(filled)

    def _take_loop(self, loop: ast.For, lists: set[str]) -> set[str]:
        filled: set[str] = set()
        for statement in _straight(loop.body):
            receivers = _receivers(statement, loop.target)
            if receivers and all(name.id in lists for name in receivers):
                self._statements.add(statement)
                self.names.update(receivers)
                filled.update(name.id for name in receivers)
        return filled

    def _take_use(self, statement: ast.stmt, filled: dict[str, ast.For]) -> None:
        if isinstance(statement, ast.If):
            others = statement.test
            if not isinstance(others, ast.Name) or others.id not in filled or statement.orelse:
                return
            used = [_used(each) for each in statement.body]
            for names in used:
                if names is None or names[-1].id not in filled:
                    return
                # without any of the others in its part a worker leaves its items as they are
                if len(names) == 2 and not (
                    self._replaces_once() and _is_partition(filled, others.id, names[-1].id)
                ):
                    return
            self.names.add(others)
            statements = [statement, *statement.body]
        else:
            used, statements = [_used(statement)], [statement]
        for names in used:
            if names is None or names[-1].id not in filled:
                return
            self.names.update(names)
        self._statements.update(statements)

    def _replaces_once(self) -> bool:
        """Whether one statement of the hook replaces the items."""
        named = [node for node in ast.walk(self._function) if isinstance(node, ast.Subscript)]
        stored = [node for node in named if isinstance(node.ctx, ast.Store)]
        return sum(isinstance(n.value, ast.Name) and n.value.id == "items" for n in stored) == 1

    def _is_consistent(self) -> bool:
        """Whether the lists have no other meaning anywhere in the hook."""
        bindings = [name for node in _everything(self._function) for name, _ in bound(node)]
        parameters = {argument.arg for argument in self._function.args.args}
        return all(
            bindings.count(name) == 1 and name not in parameters for name in self._lists
        ) and all(
            node in self.names
            for node in ast.walk(self._function)
            if isinstance(node, ast.Name)
            and node.id in self._lists
            and isinstance(node.ctx, ast.Load)
        )


def is_item_loop(node: ast.AST) -> TypeGuard[ast.For]:
    """Whether a node is ``for ... in items:``."""
    return isinstance(node, ast.For) and isinstance(node.iter, ast.Name) and node.iter.id == "items"


def _used(statement: ast.stmt) -> list[ast.Name] | None:
    """Return ``[items, kept]`` or ``[others]`` from the statements that use such lists."""
    match statement:
        case ast.Assign(
            targets=[
                ast.Subscript(
                    value=ast.Name(id="items") as items,
                    slice=ast.Slice(lower=None, upper=None, step=None),
                )
            ],
            value=ast.Name() as kept,
        ):
            return [items, kept]
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(
                    value=ast.Attribute(value=ast.Name(id="config"), attr="hook"),
                    attr="pytest_deselected",
                ),
                args=[],
                keywords=[ast.keyword(arg="items", value=ast.Name() as others)],
            )
        ):
            return [others]
    return None


def _receivers(statement: ast.stmt, target: ast.expr) -> list[ast.Name]:
    """Return the lists of ``kept.append(item)`` or ``(kept if ... else others).append(item)``."""
    match statement:
        case ast.Expr(
            value=ast.Call(
                func=ast.Attribute(value=receiver, attr="append"),
                args=[ast.Name(id=put)],
                keywords=[],
            )
        ) if isinstance(target, ast.Name) and put == target.id:
            match receiver:
                case ast.Name():
                    return [receiver]
                case ast.IfExp(body=ast.Name() as one, orelse=ast.Name() as other):
                    return [one, other]
    return []


def _is_partition(filled: dict[str, ast.For], others: str, kept: str) -> bool:
    """Whether one loop puts each item into exactly one of two lists, and once."""
    loop = filled[others]
    if filled[kept] is not loop or others == kept:
        return False
    falls, ends = _puts(loop, loop.body, {others, kept})
    return falls | ends == {1}


def _puts(loop: ast.For, block: list[ast.stmt], lists: set[str]) -> tuple[set[int], set[int]]:
    """Return how often the ways through a block put the item: those to its end, and others."""
    falls, ends = {0}, set[int]()
    for statement in block:
        if isinstance(statement, ast.Continue):
            return set(), ends | falls
        if isinstance(statement, ast.Raise):
            return set(), ends
        if isinstance(statement, ast.For) and statement.orelse:
            return {-1}, ends  # there may be a ``continue`` of our loop in it
        if isinstance(statement, ast.If):
            after: set[int] = set()
            for branch in (statement.body, statement.orelse):
                more, ending = _puts(loop, branch, lists)
                after |= {before + put for before in falls for put in more}
                ends |= {before + put for before in falls for put in ending}
            falls = after
        elif any(name.id in lists for name in _receivers(statement, loop.target)):
            names = {name.id for name in _receivers(statement, loop.target)}
            falls = {before + 1 for before in falls} | (set() if names <= lists else falls)
    return falls, ends


def _blocks(block: list[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """Give a block of a function and those in its branches, but for what is in loops."""
    yield block
    for statement in block:
        if isinstance(statement, ast.If):
            yield from _blocks(statement.body)
            yield from _blocks(statement.orelse)


def _straight(block: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Give the statements that a turn of a loop executes at most once."""
    for statement in block:
        yield statement
        if isinstance(statement, ast.If):
            yield from _straight(statement.body)
            yield from _straight(statement.orelse)


def _everything(function: ast.FunctionDef) -> Iterator[ast.AST]:
    for statement in function.body:
        yield from within(statement)


def _empty_lists(statement: ast.stmt) -> Iterator[str]:
    """Give the names to which a statement gives new empty lists, and nothing else."""
    if isinstance(statement, ast.AnnAssign) or (
        isinstance(statement, ast.Assign) and len(statement.targets) == 1
    ):
        pairs = list(bound(statement))
        if all(isinstance(value, ast.List) and not value.elts for _, value in pairs):
            yield from (name for name, _ in pairs)
