"""What the names in a module stand for, as far as its source tells."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from pytest_orchestrate.sharding.purity import CHANGING, STATEFUL

#: Values that a function makes itself, so that nobody else sees them change.
_MADE_HERE = (ast.List, ast.Dict, ast.Set, ast.ListComp, ast.DictComp, ast.SetComp, ast.Constant)

Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


class Names:
    """The names that a module, or the outer part of a function, binds."""

    def __init__(self, statements: list[ast.stmt]) -> None:
        #: Name to the values that it is bound to; None where that is not an expression.
        self.bindings: dict[str, list[ast.expr | None]] = {}
        #: Imported name to its full name.
        self.imports: dict[str, str] = {}
        self._functions: dict[str, list[ast.FunctionDef | ast.AsyncFunctionDef]] = {}
        self.has_star_import = False
        for statement in statements:
            self._take(statement)

    def _take(self, statement: ast.stmt) -> None:
        for node in within(statement):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self.take_import(node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._bind(node.name, None)
                self._functions.setdefault(node.name, []).append(node)
            elif isinstance(node, (ast.ClassDef, ast.ExceptHandler)) and node.name:
                self._bind(node.name, None)
            for name, value in bound(node):
                self._bind(name, value)

    def take_import(self, node: ast.Import | ast.ImportFrom) -> None:
        """Bind what an import statement binds."""
        for alias in node.names:
            if alias.name == "*":
                self.has_star_import = True
                continue
            name = alias.asname or alias.name.partition(".")[0]
            if isinstance(node, ast.Import):
                full = alias.name if alias.asname else name
            else:
                full = f"{'.' * node.level}{node.module or ''}.{alias.name}"
            self._bind(name, None)
            self.imports[name] = full

    def _bind(self, name: str, value: ast.expr | None) -> None:
        self.bindings.setdefault(name, []).append(value)

    def is_generator(self, name: str) -> bool:
        """Whether a name stands for a function that yields."""
        return any(
            isinstance(part, (ast.Yield, ast.YieldFrom))
            for function in self._functions.get(name, ())
            for part in ast.walk(function)
        )

    def is_remembering(self, name: str) -> bool:
        """Whether a name stands for a function that changes what outlives its call."""
        return any(any(changed_names(function)) for function in self._functions.get(name, ()))

    def full_name(self, name: str) -> str | None:
        """Return the full name of what was imported under a name, and nothing else was."""
        if len(self.bindings.get(name, ())) != 1:
            return None
        return self.imports.get(name)


def within(statement: ast.AST) -> Iterator[ast.AST]:
    """Give a statement and what is in it, but for the insides of functions and classes."""
    yield statement
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Lambda)):
        return
    for child in ast.iter_child_nodes(statement):
        yield from within(child)


def bound(node: ast.AST) -> Iterator[tuple[str, ast.expr | None]]:
    """Give the names that a node itself binds, each with its value if that is an expression."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            yield from _targets(target, node.value)
    elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)):
        yield from _targets(node.target, node.value)
    elif isinstance(node, (ast.AugAssign, ast.For, ast.AsyncFor)):
        yield from _targets(node.target, None)
    elif isinstance(node, ast.withitem) and node.optional_vars is not None:
        yield from _targets(node.optional_vars, None)


def _targets(target: ast.expr, value: ast.expr | None) -> Iterator[tuple[str, ast.expr | None]]:
    if isinstance(target, ast.Name):
        yield target.id, value
    elif isinstance(target, (ast.Tuple, ast.List)):
        values: list[ast.expr | None] = [None] * len(target.elts)
        if isinstance(value, (ast.Tuple, ast.List)) and _match_singly(target, value):
            values = [*value.elts]
        for element, each in zip(target.elts, values, strict=True):
            yield from _targets(element, each)
    elif isinstance(target, ast.Starred):
        yield from _targets(target.value, None)


def _match_singly(target: ast.Tuple | ast.List, value: ast.Tuple | ast.List) -> bool:
    starred = any(isinstance(each, ast.Starred) for each in (*target.elts, *value.elts))
    return len(target.elts) == len(value.elts) and not starred


def root(node: ast.expr) -> str | None:
    """Return the name that a chain of attributes, subscripts and calls begins with."""
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def changed_names(function: Function) -> Iterator[str]:
    """Give the names through which a function changes what may outlive its call."""
    values: dict[str, list[ast.expr | None]] = {}
    declared: set[str] = set()
    changed: set[str] = set()
    for node in ast.walk(function):
        for name, value in bound(node):
            values.setdefault(name, []).append(value)
        if isinstance(node, (ast.Global, ast.Nonlocal)):
            declared.update(node.names)
        changed.update(_changed(node))
    yield from declared
    for name in changed - declared:
        if not all(isinstance(value, _MADE_HERE) for value in values.get(name, [None])):
            yield name


def _changed(node: ast.AST) -> Iterator[str]:
    """Give the name through which a node itself changes a value."""
    name: str | None = None
    if isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(node.ctx, ast.Load):
        name = root(node.value)
    elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        name = root(node.func.value) if node.func.attr in CHANGING else None
    if name is not None:
        yield name


def names_changed_in(tree: ast.Module) -> set[str]:
    """Return the names through which functions of a module change something."""
    return {
        name
        for node in ast.walk(tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda))
        for name in changed_names(node)
    }


def is_stateful(value: ast.expr | None, names: Names) -> bool:
    """Whether a value is known to change when it is read, such as an iterator."""
    if isinstance(value, ast.GeneratorExp):
        return True
    if isinstance(value, ast.IfExp):
        return is_stateful(value.body, names) or is_stateful(value.orelse, names)
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    if isinstance(called, ast.Attribute):
        return called.attr in STATEFUL
    if not isinstance(called, ast.Name):
        return True
    full = names.imports.get(called.id, called.id)
    return names.is_generator(called.id) or full.rpartition(".")[2] in STATEFUL
