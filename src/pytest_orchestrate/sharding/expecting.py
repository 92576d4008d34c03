"""What the conditions of a hook probably come to, without running any of the project's code.

A wrong answer costs time, not correctness: a guarded hook notices for itself when it comes to a
branch that was not expected to be reached.
"""

from __future__ import annotations

import ast
import operator
import os
import sys
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from pytest_orchestrate.sharding.guarding import Guarded

#: Kinds of values that can be compared and asked whether they are true without consequences.
_PLAIN = (type(None), bool, int, float, str, bytes, tuple, list, dict, set, frozenset)
_COMPARISONS: dict[type[ast.cmpop], Callable[[Any, Any], object]] = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Is: operator.is_,
    ast.IsNot: operator.is_not,
    ast.In: lambda one, many: one in many,
    ast.NotIn: lambda one, many: one not in many,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}
_OF_STRINGS = frozenset(("endswith", "lower", "startswith", "strip", "upper"))
#: Names that lead to names that lead to ...: enough of them.
_DEPTH = 20


class _Unknown(Exception):
    """Nothing can be said."""


def is_expected_to_hold(
    guarded: Guarded, config: pytest.Config, namespace: Mapping[str, Any]
) -> bool:
    """Whether every branch that the hook is guarded against has a condition that is not met.

    :param namespace: The names of the hook's module.
    """
    source = _Source(config, namespace, guarded.bindings)
    return all(
        any(source.comes_to(test, not wanted) for test, wanted in conditions)
        for conditions in guarded.branches
    )


class _Source:
    """Where the values come from."""

    def __init__(
        self,
        config: pytest.Config,
        namespace: Mapping[str, Any],
        bindings: Mapping[str, list[ast.expr | None]],
    ) -> None:
        self._config = config
        self._namespace = namespace
        self._bindings = bindings
        self._depth = 0

    def comes_to(self, test: ast.expr, wanted: bool) -> bool:
        """Whether a test is known to come out as true, or as false."""
        try:
            return bool(self._plain(test)) is wanted
        except (_Unknown, TypeError, ValueError):
            return False

    def _plain(self, node: ast.expr) -> Any:
        value = self._value(node)
        if type(value) not in _PLAIN:
            raise _Unknown
        return value

    def _value(self, node: ast.expr) -> Any:
        self._depth += 1
        try:
            if self._depth > _DEPTH:
                raise _Unknown
            return self._known(node)
        finally:
            self._depth -= 1

    def _known(self, node: ast.expr) -> Any:
        match node:
            case ast.Constant():
                return node.value
            case ast.Name():
                return self._named(node.id)
            case ast.UnaryOp(op=ast.Not()):
                return not self._plain(node.operand)
            case ast.BoolOp():
                return self._combined(node)
            case ast.Compare():
                return self._compared(node)
            case ast.Tuple() | ast.List() | ast.Set():
                return [self._plain(each) for each in node.elts]
            case ast.Attribute():
                return self._attribute(node)
            case ast.Call():
                return self._called(node)
        raise _Unknown

    def _named(self, name: str) -> Any:
        values = self._bindings.get(name)
        if values is not None:
            if len(values) != 1 or values[0] is None:
                raise _Unknown
            return self._value(values[0])
        if name == "config":
            return self._config
        value = self._namespace.get(name, _Unknown)
        if value is os or value is sys or type(value) in _PLAIN:
            return value
        raise _Unknown

    def _combined(self, node: ast.BoolOp) -> Any:
        decisive = isinstance(node.op, ast.Or)
        if any(self.comes_to(each, decisive) for each in node.values):
            return decisive
        if all(self.comes_to(each, not decisive) for each in node.values):
            return not decisive
        raise _Unknown

    def _compared(self, node: ast.Compare) -> bool:
        left = self._plain(node.left)
        for sign, right_node in zip(node.ops, node.comparators, strict=True):
            right = self._environ_or_plain(right_node)
            if not _COMPARISONS[type(sign)](left, right):
                return False
            left = right
        return True

    def _environ_or_plain(self, node: ast.expr) -> Any:
        value = self._value(node)
        if value is not os.environ and type(value) not in _PLAIN:
            raise _Unknown
        return value

    def _attribute(self, node: ast.Attribute) -> Any:
        owner = self._value(node.value)
        if owner is self._config or owner is self._config.option:
            value = vars(owner).get(node.attr, _Unknown)
        elif (owner is os and node.attr == "environ") or (owner is sys and node.attr == "platform"):
            value = getattr(owner, node.attr)
        else:
            raise _Unknown
        if value is _Unknown:
            raise _Unknown
        return value

    def _called(self, node: ast.Call) -> Any:
        if node.keywords or not isinstance(node.func, ast.Attribute):
            return self._called_by_keyword(node)
        arguments = [self._plain(each) for each in node.args]
        name = node.func.attr
        owner = self._value(node.func.value)
        if owner is self._config and name in {"getoption", "getvalue"} and len(arguments) < 3:
            return owner.getoption(*arguments)
        if (owner is os.environ and name == "get") or (owner is os and name == "getenv"):
            return os.environ.get(*arguments)
        if type(owner) is str and name in _OF_STRINGS:
            return getattr(owner, name)(*arguments)
        raise _Unknown

    def _called_by_keyword(self, node: ast.Call) -> Any:
        """``config.getoption("name", default=...)``, and ``bool(...)``."""
        match node:
            case ast.Call(func=ast.Name(id="bool"), args=[argument], keywords=[]):
                return bool(self._plain(argument))
            case ast.Call(
                func=ast.Attribute(value=owner, attr="getoption"),
                args=[name],
                keywords=[ast.keyword(arg="default", value=default)],
            ) if self._value(owner) is self._config:
                return self._config.getoption(self._plain(name), self._plain(default))
        raise _Unknown
