"""What the names in a hook implementation stand for, and which of them it may use where."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import NoReturn

from pytest_orchestrate.sharding.names import Names, bound, is_stateful, names_changed_in, within
from pytest_orchestrate.sharding.purity import (
    BUILTINS,
    CONTAINERS,
    OWN_ATTRIBUTES,
    REVEALING,
)


class Refused(Exception):
    """The proof fails because of a node; the text says where and why."""

    def __init__(self, node: ast.AST, reason: str) -> None:
        super().__init__(f"line {getattr(node, 'lineno', '?')}: {reason}")
        self.node = node


def refuse(node: ast.AST, reason: str) -> NoReturn:
    """Give up the proof because of a node."""
    raise Refused(node, reason)


def refuse_detours(top: ast.AST) -> None:
    """Refuse what leads to all tests: an attribute ``items``, or a computed attribute."""
    methods = {id(node.func) for node in ast.walk(top) if isinstance(node, ast.Call)}
    for node in ast.walk(top):
        if isinstance(node, ast.Attribute) and node.attr == "items" and id(node) not in methods:
            refuse(node, "`items` may be all tests")
        if isinstance(node, ast.Name) and node.id == "getattr" and id(node) not in methods:
            refuse(node, "`getattr` is handed on")
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Name)
            and node.func.id == "getattr"
        ):
            name = node.args[1] if len(node.args) > 1 else None
            plain = isinstance(name, ast.Constant) and isinstance(name.value, str)
            marks = bool(node.args) and ast.unparse(node.args[0]) == "pytest.mark"
            if not marks and (not plain or getattr(name, "value", "") in REVEALING | {"items"}):
                refuse(node, "it reads an attribute that may be anything")


@dataclass
class Scope:
    """The names that a hook implementation sees."""

    module: Names
    #: Bound in the function, outside of the loops over items.
    outside: Names
    parameters: set[str]
    tree: ast.Module
    loops: list[ast.For]
    #: Bound inside the loops over items.
    inside: dict[str, list[ast.expr | None]] = field(init=False, default_factory=dict)
    #: Those that are an item, something of its own, or were made anew for it.
    own: set[str] = field(init=False, default_factory=set)
    _comprehended: set[str] = field(init=False, default_factory=set)

    def __post_init__(self) -> None:
        targets: dict[str, int] = {}
        for loop in self.loops:
            for node in within(loop):
                if isinstance(node, ast.comprehension):
                    names = (
                        part.id for part in ast.walk(node.target) if isinstance(part, ast.Name)
                    )
                    self._comprehended.update(names)
                for name, value in bound(node):
                    self.inside.setdefault(name, []).append(value)
            if isinstance(loop.target, ast.Name):
                targets[loop.target.id] = targets.get(loop.target.id, 0) + 1
        # the greatest set that agrees with itself; a loop's own target is bound to None once
        self.own = set(self.inside)
        while True:
            wrong = {name for name in self.own if not self._stays_own(name, targets.get(name, 0))}
            if not wrong:
                break
            self.own -= wrong

    def _stays_own(self, name: str, loops: int) -> bool:
        values = self.inside[name]
        others = [value for value in values if value is not None]
        return len(values) - len(others) == loops and all(self.is_own(v) for v in others)

    def check_names(self) -> None:
        """Refuse a name that is bound both in a loop over items and elsewhere."""
        elsewhere = self.parameters | set(self.outside.bindings)
        for name in self.inside:
            if name in elsewhere | self._comprehended:
                refuse(self.loops[0], f"`{name}` is bound in the loop and elsewhere")
        for name in self._comprehended & elsewhere:
            refuse(self.loops[0], f"`{name}` is bound in the loop and elsewhere")
        for name in self.parameters & set(self.outside.bindings):
            refuse(self.module_node(), f"the parameter `{name}` is bound again")

    def module_node(self) -> ast.AST:
        """Return a node to complain about where no other fits."""
        return self.loops[0] if self.loops else ast.Pass()

    def check_outside(self, node: ast.Name) -> None:
        """Check a name that is used outside of the loops over items."""
        if node.id in {"items", "session"} and node.id in self.parameters:
            refuse(node, f"`{node.id}` is used as a whole")
        if node.id in self.inside:
            refuse(node, f"`{node.id}` is used after the loop")
        self._check_module_name(node)

    def check_inside(self, node: ast.Name, assigned: set[str]) -> None:
        """Check a name that is read in a loop over items."""
        name = node.id
        if name in assigned:
            return
        if name in self.inside:
            refuse(node, f"`{name}` may be left from an earlier item")
        if name in {"items", "session"}:
            refuse(node, f"`{name}` is used as a whole")
        for value in self.outside.bindings.get(name, ()):
            if is_stateful(value, self.module):
                refuse(node, f"`{name}` may change when it is read")
        self._check_module_name(node)

    def _check_module_name(self, node: ast.Name) -> None:
        name = node.id
        if name in self.parameters or name in self.outside.bindings:
            return
        values = self.module.bindings.get(name, ())
        if values and name not in self.module.imports and name in self._changed:
            refuse(node, f"`{name}` is changed by functions of the module")
        if any(is_stateful(value, self.module) for value in values):
            refuse(node, f"`{name}` may change when it is read")

    @cached_property
    def _changed(self) -> set[str]:
        """The names through which functions of the module change something."""
        return names_changed_in(self.tree)

    def is_builtin(self, name: str) -> bool:
        """Whether a name stands for a harmless builtin here."""
        return name in BUILTINS and self.is_unbound(name)

    def is_unbound(self, name: str) -> bool:
        """Whether neither the hook nor its module binds a name."""
        return name not in self.parameters and not any(
            name in bindings
            for bindings in (self.outside.bindings, self.module.bindings, self.inside)
        )

    def is_imported(self, name: str) -> bool:
        """Whether a name stands for something of another module."""
        return name in self.module.imports or name in self.outside.imports

    def is_dict(self, node: ast.expr) -> bool:
        """Whether a value is a dict for certain."""
        if not isinstance(node, ast.Name) or node.id in self.parameters:
            return False
        names = self.outside if node.id in self.outside.bindings else self.module
        values = names.bindings.get(node.id, ())
        return bool(values) and all(isinstance(v, (ast.Dict, ast.DictComp)) for v in values)

    def full_name(self, node: ast.expr) -> str | None:
        """Return the full name of ``module.attribute``, if the module was imported."""
        parts: list[str] = []
        while isinstance(node, ast.Attribute):
            parts.append(node.attr)
            node = node.value
        if not isinstance(node, ast.Name) or node.id in self.parameters | set(self.inside):
            return None
        names = self.outside if node.id in self.outside.bindings else self.module
        full = names.full_name(node.id)
        return None if full is None else ".".join([full, *reversed(parts)])

    def is_own(self, node: ast.expr) -> bool:
        """Whether no other item, and nothing outside, sees it when this value is changed."""
        if isinstance(node, ast.Name):
            return node.id in self.own
        if isinstance(node, ast.Attribute):
            return node.attr in OWN_ATTRIBUTES and self.is_own(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            return node.func.id in CONTAINERS and self.is_builtin(node.func.id)
        return isinstance(
            node, (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.SetComp, ast.DictComp)
        )
