"""Under which name pytest imports a test file, and what it does to ``sys.path`` for that."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from _pytest.pathlib import resolve_pkg_root_and_module_name

#: There is no package; or what it is in was imported to find it, and failed: pytest will say so.
_FAULTS = (Exception, pytest.skip.Exception, pytest.fail.Exception)


class TestFileImports:
    """The import mode of a run, applied to files that are not imported here.

    Follows ``_pytest.pathlib.import_path``.
    """

    __test__ = False

    def __init__(self, config: pytest.Config) -> None:
        self._mode: str = config.getoption("importmode")
        self._namespaces: bool = config.getini("consider_namespace_packages")
        #: Folder to the root of the packages it belongs to, and its own dotted name in them.
        self._folders: dict[Path, tuple[Path, str]] = {}

    def module_name(self, path: Path) -> str:
        """Return the name in ``sys.modules``; files of one name cannot be imported both.

        With ``--import-mode=importlib`` a file outside of packages has a name of its own, for
        which its path stands here.
        """
        name = self._resolve(path)[1]
        if self._mode == "importlib" and "." not in name:
            return str(path)
        return name

    def package(self, path: Path) -> tuple[str, Path] | None:
        """Return the name and the root of the outermost package that a file is in."""
        root, name = self._resolve(path)
        outermost, dot, _ = name.partition(".")
        return (outermost, root) if dot else None

    def put_on_path(self, path: Path) -> None:
        """Change ``sys.path`` as importing this file would: others may rely on it."""
        if self._mode == "importlib":
            return
        root = str(self._resolve(path)[0])
        if self._mode == "append":
            if root not in sys.path:
                sys.path.append(root)
        elif sys.path[0] != root:
            sys.path.insert(0, root)

    def _resolve(self, path: Path) -> tuple[Path, str]:
        if self._namespaces or path.name == "__init__.py":
            return self._ask(path)
        folder = self._folders.get(path.parent)
        if folder is None:
            root, name = self._ask(path)
            folder = self._folders[path.parent] = root, name[: len(name) - len(path.stem)]
        return folder[0], folder[1] + path.stem

    def _ask(self, path: Path) -> tuple[Path, str]:
        try:
            return resolve_pkg_root_and_module_name(
                path, consider_namespace_packages=self._namespaces
            )
        except _FAULTS:
            return path.parent, path.stem
