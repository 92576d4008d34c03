"""Flags that conftests will add: known before pytest loads them.

What this plugin decides it decides before that, and a conftest's flag is the conftest's.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

import pytest


def flags_of_conftests(
    config: pytest.Config, arguments: Sequence[str], flags: Collection[str]
) -> set[str]:
    """Return those of ``flags`` that a conftest adds by its name, where one will be loaded.

    :param arguments: Those of the run, or what of them may be paths.
    """
    found: set[str] = set()
    if config.known_args_namespace.noconftest:
        return found
    for path in _first_conftests(config, arguments):
        with suppress(OSError, SyntaxError, ValueError):  # pytest says it when it loads the file
            source = path.read_bytes()
            if any(flag.encode() in source for flag in flags):
                found.update(_added(ast.parse(source)))
    return found.intersection(flags)


def _added(tree: ast.AST) -> Iterator[str]:
    """The texts that are given to ``addoption`` and the like; ``getoption`` adds nothing."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if "add" in name:
                for argument in node.args:
                    if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                        yield argument.value


def _first_conftests(config: pytest.Config, arguments: Sequence[str]) -> list[Path]:
    """Where pytest looks for conftests that may add options, before it collects."""
    folder = config.invocation_params.dir
    named = [word.partition("::")[0] for word in arguments if not word.startswith("-")]
    places = [folder / name for name in named if (folder / name).exists()]
    if not places:
        places = [folder]
        for pattern in config.getini("testpaths"):
            places += sorted(config.rootpath.glob(str(pattern)))
    found: dict[Path, None] = {}
    for place in places:
        start = place if place.is_dir() else place.parent
        for parent in (start, *start.parents):
            found[parent / "conftest.py"] = None
            if parent == config.rootpath:
                break
        found.update(dict.fromkeys(sorted(start.glob("test*/conftest.py"))))
    return list(found)
