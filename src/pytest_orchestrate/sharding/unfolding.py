"""A hook's list comprehensions over the items, written as loops."""

from __future__ import annotations

import ast


def unfold(function: ast.FunctionDef) -> None:
    """Make a loop of each ``name = [item for item in items if ...]`` and ``items[:] = [...]``.

    For proofs only: ``item`` was not a name of the function before.
    """
    unfolding = _Unfolding()
    function.body = [
        part
        for statement in function.body
        for part in _listed(unfolding.visit(statement))
        if isinstance(part, ast.stmt)
    ]


def _listed(made: ast.AST | list[ast.AST]) -> list[ast.AST]:
    return made if isinstance(made, list) else [made]


class _Unfolding(ast.NodeTransformer):
    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:  # its name for ast
        return node

    def visit_Assign(self, node: ast.Assign) -> ast.AST | list[ast.AST]:
        return _unfolded(node, node.targets[0]) if len(node.targets) == 1 else node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AST | list[ast.AST]:
        return _unfolded(node, node.target)


def _unfolded(node: ast.Assign | ast.AnnAssign, target: ast.expr) -> ast.AST | list[ast.AST]:
    match node.value:
        case ast.ListComp(
            elt=ast.Name(id=given),
            generators=[
                ast.comprehension(
                    target=ast.Name(id=item), iter=ast.Name(id="items"), ifs=tests, is_async=0
                )
            ],
        ) if given == item:
            pass
        case _:
            return node
    is_name = isinstance(target, ast.Name)
    name = target.id if isinstance(target, ast.Name) else f"what line {node.lineno} keeps"
    append = ast.Attribute(_read(name), "append", ast.Load())
    body: list[ast.stmt] = [ast.Expr(ast.Call(append, [_read(item)], []))]
    for test in reversed(tests):
        body = [ast.If(test, body, [])]
    parts: list[ast.AST] = [
        ast.Assign([_written(name)], ast.List([], ast.Load())),
        ast.For(_written(item), _read("items"), body, []),
    ]
    if not is_name:
        parts.append(ast.Assign([target], _read(name)))
    return [ast.fix_missing_locations(ast.copy_location(part, node)) for part in parts]


def _read(name: str) -> ast.Name:
    return ast.Name(name, ast.Load())


def _written(name: str) -> ast.Name:
    return ast.Name(name, ast.Store())
