"""The sources of plugins and conftests, each read once."""

from __future__ import annotations

import ast
import re
import sys
from functools import cache
from pathlib import Path
from types import ModuleType

#: What may be pytest's list of all tests. A call is not: sessions of web clients have ``items()``.
_READING = re.compile(rb"session\s*\.\s*items\b(?!\s*\()")


@cache
def source_of(path: str) -> bytes | None:
    """Return what is in a source file; None where there is none to read."""
    if not path.endswith(".py"):
        return None
    try:
        return Path(path).read_bytes()
    except OSError:
        return None


@cache
def line_reading_session_items(path: str) -> int | None:
    """Return the first line of a source file that reads ``session.items``; None if none does."""
    text = source_of(path)
    if text is None or not _READING.search(text):
        return None
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return None
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    lines = [
        node.lineno
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and node.attr == "items" and id(node) not in called
        if _last_name(node.value).endswith("session")
    ]
    return min(lines, default=None)


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def module_of(plugin: object) -> ModuleType | None:
    """Return the module that a plugin is, or that its class is from."""
    if isinstance(plugin, ModuleType):
        return plugin
    kind = plugin if isinstance(plugin, type) else type(plugin)
    return sys.modules.get(kind.__module__)


def shown(path: str, module: str, root: Path) -> str:
    """Return how to name a file: relative to the root if it is the project's, else by its module.

    ``conftest.py`` may be known by many module names, ``site-packages/p/plugin.py`` is
    ``p/plugin.py``.
    """
    file = Path(path)
    if "site-packages" not in file.parts and file.is_relative_to(root):
        return file.relative_to(root).as_posix()
    depth = module.count(".") + (2 if file.name == "__init__.py" else 1)
    return "/".join(file.parts[-depth:])
