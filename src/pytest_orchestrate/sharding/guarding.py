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
        tree = ast.parse(source)
        function = definition(tree.body, code.co_name, code.co_firstlineno)
        if function is None or any(isinstance(node, _FAR_REACHING) for node in ast.walk(function)):
            return None
        if _compiled(tree, code) != code:
            return None
        bindings: dict[str, list[ast.expr | None]] = {}
        for node in within_function(function):
            for name, value in bound(node):
                bindings.setdefault(name, []).append(value)
        cuts = _cut_until_proved(tree, function)
        for cut in cuts:
            cut.mend()
        version = _compiled(tree, code)
    except (Refused, SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    if version is None or version.co_freevars != code.co_freevars:
        return None
    return Guarded(version, [cut.conditions for cut in cuts], bindings)


def within_function(function: ast.FunctionDef) -> Iterator[ast.AST]:
    """Give all that is in a function, but for the insides of other functions."""
    for statement in function.body:
        yield from within(statement)


class _Cut:
    """A branch without what is in it."""

    def __init__(self, statement: ast.If, branch: str, conditions: list[Condition]) -> None:
        self.conditions = conditions
        self._branch: list[ast.stmt] = getattr(statement, branch)
        self._statements = list(self._branch)
        first = self._statements[0]
        raising = ast.Raise(exc=ast.Constant(f"{_MARK}{first.lineno}"), cause=None)
        self._branch[:] = [ast.fix_missing_locations(ast.copy_location(raising, first))]

    def mend(self) -> None:
        """Put behind it what was in it: never reached, it still tells which names are local."""
        self._branch += self._statements


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
            cuts.append(cut)
        else:
            return cuts


def _innermost(function: ast.FunctionDef, node: ast.AST) -> _Cut | None:
    """Cut the innermost branch that a node is in, if nothing but branches is around it.

    In a loop it would be too late for the turns before, and a ``try`` might hold up what is
    raised.
    """
    statements, conditions = function.body, list[Condition]()
    found: tuple[ast.If, str, list[Condition]] | None = None
    while True:
        around = next((each for each in statements if _holds(each, node)), None)
        if not isinstance(around, ast.If) or _holds(around.test, node):
            break
        in_body = any(_holds(each, node) for each in around.body)
        conditions = [*conditions, (around.test, in_body)]
        found = (around, "body" if in_body else "orelse", conditions)
        statements = around.body if in_body else around.orelse
    return None if found is None else _Cut(*found)


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
