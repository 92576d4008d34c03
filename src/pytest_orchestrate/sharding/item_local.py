"""Whether a ``pytest_collection_modifyitems`` provably treats every item by itself.

Then it does the same to an item whether it is given all items or only some of them. The proof
is from the source, and conservative: what is not understood is not believed.
"""

from __future__ import annotations

import ast

from pytest_orchestrate.sharding.item_loop import ItemLoop
from pytest_orchestrate.sharding.names import Names, bound, within
from pytest_orchestrate.sharding.purity import (
    CHANGING,
    REVEALING,
    UNREPEATABLE,
    UNREPEATABLE_MODULES,
)
from pytest_orchestrate.sharding.scope import Refused, Scope, refuse, refuse_detours
from pytest_orchestrate.sharding.sifting import Sifting, is_item_loop
from pytest_orchestrate.sharding.unfolding import unfold

#: Statements that may stand outside of the loops over the items.
_PLAIN = (
    ast.AnnAssign,
    ast.Assert,
    ast.Assign,
    ast.Break,
    ast.Continue,
    ast.Expr,
    ast.For,
    ast.If,
    ast.Import,
    ast.ImportFrom,
    ast.Pass,
    ast.Raise,
    ast.Return,
    ast.Try,
    ast.With,
)
#: Expressions that may stand nowhere.
_STRANGE = (ast.Await, ast.Lambda, ast.Yield, ast.YieldFrom)


def changes_items_one_by_one(source: str | bytes, name: str, line: int) -> bool:
    """Whether the hook implementation ``name`` that starts at ``line`` is provably item by item.

    ``line`` is 1-based: that of the first decorator, or of the ``def``. ``source`` is that of
    the whole module. False means that it could not be proved, not that it is untrue.
    """
    return why_not(source, name, line) is None


def why_not(source: str | bytes, name: str, line: int) -> str | None:
    """Return the first reason that stands against the proof, or None where it succeeds."""
    try:
        tree = ast.parse(source)
        function = definition(tree.body, name, line)
        if function is None:
            return f"there is no function {name} at line {line}"
        check_hook(tree, function)
    except Refused as refused:
        return str(refused)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        return f"the source cannot be read: {error}"
    return None


def check_hook(tree: ast.Module, function: ast.FunctionDef) -> None:
    """Raise :class:`Refused` unless this function of the module treats each item by itself.

    The tree is of no other use afterwards: it may have been changed.
    """
    unfold(function)
    _Hook(tree, function).check()


def definition(statements: list[ast.stmt], name: str, line: int) -> ast.FunctionDef | None:
    """Find a function of the module or of one of its classes, not one inside a function."""
    for statement in statements:
        if isinstance(statement, ast.FunctionDef):
            first = min([statement.lineno, *(d.lineno for d in statement.decorator_list)])
            if statement.name == name and first <= line <= statement.lineno:
                return statement
        elif not isinstance(statement, ast.AsyncFunctionDef):
            inner = [node for node in ast.iter_child_nodes(statement) if isinstance(node, ast.stmt)]
            for handler in getattr(statement, "handlers", ()):
                inner += handler.body
            found = definition(inner, name, line)
            if found is not None:
                return found
    return None


class _Hook:
    """One implementation, and the loops over the items in it."""

    def __init__(self, tree: ast.Module, function: ast.FunctionDef) -> None:
        self.function = function
        self.sifting = Sifting(function)
        self._refuse_items_as_a_whole()
        module = Names(tree.body)
        if module.has_star_import:
            refuse(function, "a star import may have replaced any name")
        loops = [node for node in within_body(function) if is_item_loop(node)]
        inside = {id(node) for loop in loops for node in within(loop)}
        outside = Names([])
        for node in within_body(function):
            if id(node) not in inside:
                for name, value in bound(node):
                    outside.bindings.setdefault(name, []).append(value)
                if isinstance(node, (ast.Import, ast.ImportFrom)):
                    outside.take_import(node)
        self.scope = Scope(
            module=module,
            outside=outside,
            parameters={argument.arg for argument in function.args.args},
            tree=tree,
            loops=loops,
        )

    def check(self) -> None:
        """Raise unless every item is treated by itself."""
        arguments = self.function.args
        if (
            arguments.vararg
            or arguments.kwarg
            or arguments.kwonlyargs
            or arguments.posonlyargs
            or arguments.defaults
        ):
            refuse(self.function, "its parameters are unusual")
        for decorator in self.function.decorator_list:
            called = decorator.func if isinstance(decorator, ast.Call) else decorator
            last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if last not in {"hookimpl", "staticmethod", "classmethod"}:
                refuse(decorator, "a decorator may do anything")
        if self.scope.loops and "items" not in self.scope.parameters:
            refuse(self.function, "`items` is not the hook's argument")
        self.scope.check_names()
        self._block(self.function.body, nested=False)

    def _block(self, statements: list[ast.stmt], *, nested: bool) -> None:
        """Check statements outside of loops; ``nested`` where errors of a loop may be caught."""
        for statement in statements:
            if is_item_loop(statement):
                if nested:
                    refuse(statement, "what one item raises may end the loop quietly")
                ItemLoop(self.scope, statement, self.sifting).check()
            elif statement not in self.sifting:
                self._statement(statement, nested=nested)

    def _statement(self, statement: ast.stmt, *, nested: bool) -> None:
        if not isinstance(statement, _PLAIN):
            refuse(statement, "this statement is not known to be harmless")
        if isinstance(statement, ast.Return) and not _is_none(statement.value):
            refuse(statement, "it returns something")
        inner = nested or isinstance(statement, (ast.Try, ast.With))
        for child in ast.iter_child_nodes(statement):
            if isinstance(child, ast.ExceptHandler):
                if child.type is not None:
                    self._expressions(child.type)
                self._block(child.body, nested=inner)
            elif isinstance(child, ast.stmt):
                self._block([child], nested=inner)
            else:
                self._expressions(child)

    def _expressions(self, top: ast.AST) -> None:
        for node in ast.walk(top):
            if isinstance(node, _STRANGE):
                refuse(node, "this expression is not known to be harmless")
            elif isinstance(node, ast.Name):
                self.scope.check_outside(node)
            elif isinstance(node, (ast.Attribute, ast.Subscript)):
                if not isinstance(node.ctx, ast.Load):
                    refuse(node, "it changes something outside of the loop")
                if isinstance(node, ast.Attribute) and node.attr in REVEALING:
                    refuse(node, f"`{node.attr}` leads to all tests")
            elif isinstance(node, ast.Call):
                self._call(node)
        refuse_detours(top)

    def _call(self, node: ast.Call) -> None:
        called = node.func
        if isinstance(called, ast.Attribute) and called.attr in CHANGING:
            refuse(node, f"`{called.attr}` changes something outside of the loop")
        if isinstance(called, ast.Name) and (
            called.id in UNREPEATABLE or self.scope.module.is_remembering(called.id)
        ):
            refuse(node, f"`{called.id}` may do something else next time")
        full = self.scope.full_name(called)
        if full is not None and full.partition(".")[0] in UNREPEATABLE_MODULES:
            refuse(node, f"`{full}` may do something else next time")

    def _refuse_items_as_a_whole(self) -> None:
        """Refuse the most frequent obstacle before the module is looked at, which takes longer."""
        nodes = list(ast.walk(self.function))
        known = {node.iter for node in nodes if isinstance(node, ast.For)} | self.sifting.names
        for node in nodes:
            if isinstance(node, ast.Name) and node.id == "items" and node not in known:
                refuse(node, "`items` is used as a whole")


def within_body(function: ast.FunctionDef) -> list[ast.AST]:
    """Return all that is in a function, but for the insides of other functions."""
    return [node for statement in function.body for node in within(statement)]


def _is_none(value: ast.expr | None) -> bool:
    return value is None or (isinstance(value, ast.Constant) and value.value is None)
