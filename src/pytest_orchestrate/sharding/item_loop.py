"""Whether the body of ``for item in items:`` carries nothing from one item to the next."""

from __future__ import annotations

import ast

from pytest_orchestrate.sharding.names import root
from pytest_orchestrate.sharding.purity import (
    CHANGING,
    ERRORS,
    FUNCTION_PREFIXES,
    FUNCTIONS,
    OWN_ATTRIBUTES,
    READING,
    REVEALING,
)
from pytest_orchestrate.sharding.scope import Scope, refuse, refuse_detours
from pytest_orchestrate.sharding.sifting import Sifting

_Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
#: Expressions that are harmless if what they are made of is.
_TRANSPARENT = (
    ast.BinOp,
    ast.Constant,
    ast.Dict,
    ast.FormattedValue,
    ast.JoinedStr,
    ast.List,
    ast.Set,
    ast.Slice,
    ast.Starred,
    ast.Subscript,
    ast.Tuple,
    ast.UnaryOp,
)


class ItemLoop:
    """One ``for item in items:``."""

    def __init__(self, scope: Scope, loop: ast.For, sifting: Sifting) -> None:
        self.scope = scope
        self.loop = loop
        self.sifting = sifting

    def check(self) -> None:
        """Raise unless each turn of the loop stands for itself."""
        if not isinstance(self.loop.target, ast.Name) or self.loop.orelse:
            refuse(self.loop, "the loop is unusual")
        refuse_detours(self.loop)
        self._block(self.loop.body, {self.loop.target.id}, inner=False)

    def _block(self, statements: list[ast.stmt], assigned: set[str], *, inner: bool) -> bool:
        """Check statements, add what they bind for certain; return whether the end is reached."""
        return all(self._statement(statement, assigned, inner) for statement in statements)

    def _statement(self, node: ast.stmt, assigned: set[str], inner: bool) -> bool:
        if node in self.sifting:
            condition = self.sifting.condition(node)
            if condition is not None:
                self._expression(condition, assigned)
        elif isinstance(node, ast.Expr):
            self._expression(node.value, assigned)
        elif isinstance(node, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
            self._assignment(node, assigned)
        elif isinstance(node, ast.If):
            return self._branches(node, assigned, inner)
        elif isinstance(node, ast.For):
            self._inner_loop(node, assigned, inner)
        elif isinstance(node, ast.Assert):
            self._expression(node.test, assigned)
            if node.msg is not None:
                self._expression(node.msg, set(assigned))
        elif not isinstance(node, ast.Pass):
            self._ending(node, assigned, inner)
            return False
        return True

    def _ending(self, node: ast.stmt, assigned: set[str], inner: bool) -> None:
        if isinstance(node, ast.Raise):
            self._raising(node, assigned)
        elif not isinstance(node, ast.Continue) and not (inner and isinstance(node, ast.Break)):
            refuse(node, "this statement may carry something from item to item")

    def _assignment(
        self, node: ast.Assign | ast.AnnAssign | ast.AugAssign, assigned: set[str]
    ) -> None:
        if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
            refuse(node, "it adds up")
        if node.value is not None:
            self._expression(node.value, assigned)
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                self._store(target, assigned, node.value)

    def _raising(self, node: ast.Raise, assigned: set[str]) -> None:
        """Check an error that one item is enough for, and that ends the run."""
        error = node.exc
        if node.cause is not None or not isinstance(error, ast.Call) or error.keywords:
            refuse(node, "what it raises is not understood")
        if not self._is_error(error.func):
            refuse(node, f"`{ast.unparse(error.func)}` may do anything")
        for argument in error.args:
            self._expression(argument, assigned)

    def _is_error(self, called: ast.expr) -> bool:
        if isinstance(called, ast.Name) and self.scope.is_unbound(called.id):
            return called.id in ERRORS
        return self.scope.full_name(called) == "pytest.UsageError"

    def _inner_loop(self, node: ast.For, assigned: set[str], inner: bool) -> None:
        self._expression(node.iter, assigned)
        turn = set(assigned)
        self._store(node.target, turn)
        self._block(node.body, turn, inner=True)
        self._block(node.orelse, set(assigned), inner=inner)

    def _branches(self, node: ast.If, assigned: set[str], inner: bool) -> bool:
        self._expression(node.test, assigned)
        ends = []
        for branch in (node.body, node.orelse):
            names = set(assigned)
            if self._block(branch, names, inner=inner):
                ends.append(names)
        if ends:
            assigned |= set.intersection(*ends)
        return bool(ends)

    def _store(self, target: ast.expr, assigned: set[str], value: ast.expr | None = None) -> None:
        if isinstance(target, ast.Name):
            assigned.add(target.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            for element in target.elts:
                self._store(element, assigned)
        elif isinstance(target, (ast.Attribute, ast.Subscript)):
            if not self.scope.is_own(target.value):
                refuse(target, "it changes something that is not the item's alone")
            if (
                isinstance(target, ast.Attribute)
                and target.attr in OWN_ATTRIBUTES
                and (value is None or not self.scope.is_own(value))
            ):
                # what is stored there is taken for the item's own from now on
                refuse(target, f"`{target.attr}` may become what items share")
            self._expression(target.value, assigned)
            if isinstance(target, ast.Subscript):
                self._expression(target.slice, assigned)
        else:
            refuse(target, "this target is not understood")

    def _expression(self, node: ast.AST, assigned: set[str]) -> None:
        if isinstance(node, ast.Name):
            self.scope.check_inside(node, assigned)
        elif isinstance(node, ast.Attribute):
            if node.attr in REVEALING:
                refuse(node, f"`{node.attr}` leads to all tests")
            self._expression(node.value, assigned)
        elif isinstance(node, ast.NamedExpr):
            self._expression(node.value, assigned)
            assigned.add(node.target.id)
        elif isinstance(node, ast.Call):
            self._call(node, assigned)
        else:
            self._compound(node, assigned)

    def _compound(self, node: ast.AST, assigned: set[str]) -> None:
        if isinstance(node, (ast.BoolOp, ast.Compare, ast.IfExp)):
            # what comes first is evaluated for certain, the rest may be skipped
            first, *rest = _in_order(node)
            self._expression(first, assigned)
            for part in rest:
                self._expression(part, set(assigned))
        elif isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp)):
            self._comprehension(node, set(assigned))
        elif isinstance(node, _TRANSPARENT):
            for child in ast.iter_child_nodes(node):
                if isinstance(child, ast.expr):
                    self._expression(child, assigned)
        else:
            refuse(node, "this expression is not understood")

    def _comprehension(self, node: _Comprehension, assigned: set[str]) -> None:
        for part in node.generators:
            self._expression(part.iter, assigned)
            self._store(part.target, assigned)
            for condition in part.ifs:
                self._expression(condition, assigned)
        if isinstance(node, ast.DictComp):
            self._expression(node.key, assigned)
            self._expression(node.value, assigned)
        else:
            self._expression(node.elt, assigned)

    def _call(self, node: ast.Call, assigned: set[str]) -> None:
        called = node.func
        at_once = (isinstance(called, ast.Name) and self.scope.is_builtin(called.id)) or (
            isinstance(called, ast.Attribute) and called.attr in READING
        )
        if isinstance(called, ast.Attribute):
            self._expression(called.value, assigned)
        for argument in (*node.args, *(keyword.value for keyword in node.keywords)):
            if at_once and isinstance(argument, ast.GeneratorExp):
                self._comprehension(argument, set(assigned))
            else:
                self._expression(argument, assigned)
        if isinstance(called, ast.Name) and at_once:
            if any(keyword.arg in {"key", None} for keyword in node.keywords):
                refuse(node, "it calls a function that may do anything")
        elif isinstance(called, ast.Call):
            if not self._gives_mark(called):
                refuse(node, "it calls what a call has given")
            self._mark_is_plain(node)
        elif not self._is_known_function(node) and not self._is_harmless_method(called):
            refuse(node, f"`{ast.unparse(called)}` may do anything")

    def _is_known_function(self, node: ast.Call) -> bool:
        full = self.scope.full_name(node.func)
        if full is None:
            return False
        if full.startswith("pytest.mark."):
            self._mark_is_plain(node)
        return full in FUNCTIONS or full.startswith(FUNCTION_PREFIXES)

    def _is_harmless_method(self, called: ast.expr) -> bool:
        if not isinstance(called, ast.Attribute):
            return False
        if called.attr in CHANGING:
            return self.scope.is_own(called.value)
        first = root(called.value)
        if self.scope.full_name(called) is not None or self._is_imported(called.value):
            return False
        if called.attr == "get":
            # of a dict; a queue's would take something out
            return first in self.scope.inside or self.scope.is_dict(called.value)
        return called.attr in READING

    def _is_imported(self, node: ast.expr) -> bool:
        while isinstance(node, (ast.Attribute, ast.Subscript)):
            node = node.value
        return isinstance(node, ast.Name) and self.scope.is_imported(node.id)

    def _gives_mark(self, node: ast.Call) -> bool:
        return (
            isinstance(node.func, ast.Name)
            and node.func.id == "getattr"
            and self.scope.is_builtin("getattr")
            and len(node.args) == 2
            and self.scope.full_name(node.args[0]) == "pytest.mark"
        )

    def _mark_is_plain(self, node: ast.Call) -> None:
        """Refuse a mark that is called with one thing of the item: it may decorate a function."""
        if len(node.args) != 1 or node.keywords:
            return
        if root(node.args[0]) in self.scope.inside:
            refuse(node, "the mark may be put on a function that tests share")


def _in_order(node: ast.BoolOp | ast.Compare | ast.IfExp) -> list[ast.expr]:
    """Return the parts of an expression, first the one that is always evaluated."""
    if isinstance(node, ast.BoolOp):
        return node.values
    if isinstance(node, ast.Compare):
        return [node.left, *node.comparators]
    return [node.test, node.body, node.orelse]
