"""Hooks that treat every item by itself as long as some of their branches are not reached.

Such a hook runs in a *guarded* version where test files are shared out: each of those branches
begins with raising. The proof of ``item_local`` is made of the hook as if there were nothing else
in these branches, so it holds for all that the guarded version can do. Where that raises, the
processes that have called it have to be given up, for the hook may have done something before:
fresh ones then collect everything and call the hook as it is.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from types import CodeType
from typing import NamedTuple

from pytest_orchestrate.sharding.item_local import check_hook, definition
from pytest_orchestrate.sharding.names import bound, within
from pytest_orchestrate.sharding.scope import Refused

#: Begins the text that stands in the code for what is raised; the number of a line ends it.
_MARK = "pytest-orchestrate needs all items at line "
#: What makes another function of one even where it is never reached.
_FAR_REACHING = (ast.Await, ast.Global, ast.Nonlocal, ast.Yield, ast.YieldFrom)


#: A test, and how it must come out for a branch to be reached.
Condition = tuple[ast.expr, bool]


class Guarded(NamedTuple):
    """What a hook is as long as none of some branches is reached: item by item."""

    #: Of the guarded version, in which texts stand for what is raised.
    code: CodeType
    #: Per branch all that must hold for it to be reached.
    branches: list[list[Condition]]
    #: Name to the values that the hook itself binds it to; None where that is no expression.
    bindings: dict[str, list[ast.expr | None]]

    def armed(self, alarm: Callable[[int], type[BaseException]]) -> CodeType:
        """Return code that raises what ``alarm`` gives for the line at which a branch begins."""
        constants = [
            alarm(int(value.removeprefix(_MARK)))
            if isinstance(value, str) and value.startswith(_MARK)
            else value
            for value in self.code.co_consts
        ]
        return self.code.replace(co_consts=tuple(constants))


def guarded(source: bytes, code: CodeType) -> Guarded | None:
    """Return the guarded version of a hook that ``item_local`` does not recognise, or None.

    :param source: Of the module that it is from.
    :param code: Of the hook. Where the source gives another one there is no guarded version.
    """
    try:
        tree, function = _parsed(source, code)
        if any(isinstance(node, _FAR_REACHING) for node in ast.walk(function)):
            return None
        bindings: dict[str, list[ast.expr | None]] = {}
        for statement in function.body:
            for node in within(statement):
                for name, value in bound(node):
                    bindings.setdefault(name, []).append(value)
        cuts = _cut_until_proved(tree, function)
        tree, function = _parsed(source, code)  # the proof has written it in its own way
        if _compiled(tree, code) != code:
            return None
        for cut in cuts:
            cut.put_alarm(function, alone=False)
        version = _compiled(tree, code)
    except (Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if version is None or version.co_freevars != code.co_freevars:
        return None
    return Guarded(version, [cut.conditions for cut in cuts], bindings)


def _parsed(source: bytes, code: CodeType) -> tuple[ast.Module, ast.FunctionDef]:
    tree = ast.parse(source)
    function = definition(tree.body, code.co_name, code.co_firstlineno)
    if function is None:
        raise Refused(tree, f"there is no function {code.co_name}")
    return tree, function


class _Cut(NamedTuple):
    """A branch that begins with raising."""

    #: Where its ``if`` or ``elif`` is: line and column.
    place: tuple[int, int]
    is_body: bool
    conditions: list[Condition]

    def is_within(self, other: _Cut) -> bool:
        """Whether it can be reached only by way of another branch."""
        return self.conditions[: len(other.conditions)] == other.conditions

    def put_alarm(self, function: ast.FunctionDef, *, alone: bool) -> None:
        """Let the branch begin with raising, with or without what was in it behind that.

        Never reached, it still tells which names are the function's own.
        """
        for node in ast.walk(function):
            if isinstance(node, ast.If) and (node.lineno, node.col_offset) == self.place:
                branch = node.body if self.is_body else node.orelse
                raising = ast.Raise(exc=ast.Constant(f"{_MARK}{branch[0].lineno}"), cause=None)
                ast.fix_missing_locations(ast.copy_location(raising, branch[0]))
                branch[:] = [raising] if alone else [raising, *branch]
                return


def _cut_until_proved(tree: ast.Module, function: ast.FunctionDef) -> list[_Cut]:
    """Cut off the branches that stand against the proof, the innermost first."""
    cuts: list[_Cut] = []
    while True:
        try:
            check_hook(tree, function)
        except Refused as refused:
            cut = _innermost(function, refused.node)
            if cut is None:
                raise
            cut.put_alarm(function, alone=True)
            cuts = [*(each for each in cuts if not each.is_within(cut)), cut]
        else:
            return cuts


def _innermost(function: ast.FunctionDef, node: ast.AST) -> _Cut | None:
    """Return the innermost branch that a node is in, if nothing but branches is around it.

    In a loop it would be too late for the turns before, and a ``try`` might hold up what is
    raised.
    """
    statements = function.body
    conditions: list[Condition] = []
    cut = None
    while True:
        around = next((each for each in statements if _holds(each, node)), None)
        if not isinstance(around, ast.If) or _holds(around.test, node):
            return cut
        is_body = any(_holds(each, node) for each in around.body)
        conditions = [*conditions, (around.test, is_body)]
        cut = _Cut((around.lineno, around.col_offset), is_body, conditions)
        statements = around.body if is_body else around.orelse


def _holds(top: ast.AST, node: ast.AST) -> bool:
    return any(each is node for each in ast.walk(top))


def _compiled(tree: ast.Module, like: CodeType) -> CodeType | None:
    """Compile a module as its import did; return the code in the place of the one given."""
    module = compile(tree, like.co_filename, "exec", dont_inherit=True)
    return next((code for code in _codes(module) if _is_in_place_of(code, like)), None)


def _is_in_place_of(code: CodeType, other: CodeType) -> bool:
    return code.co_name == other.co_name and code.co_firstlineno == other.co_firstlineno


def _codes(code: CodeType) -> Iterator[CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield constant
            yield from _codes(constant)
