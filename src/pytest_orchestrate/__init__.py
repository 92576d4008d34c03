"""Public names of pytest-orchestrate.

PYTEST_DONT_REWRITE: there are no asserts here for anybody to read.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import TYPE_CHECKING

_OURS = f"{__name__}."


class _PlainImports:
    """Finds our modules for Python, before pytest's hook that rewrites assertions is asked.

    Pytest marks every module of a distribution with plugins to be rewritten. For dozens of modules
    that takes longer than to import them; and where no byte code is written, as in many container
    images, each process rewrites them all again, while those that an installer has compiled lie
    unused. A hook that only looks whether to rewrite a module takes half as long as its import.
    """

    @staticmethod
    def find_spec(
        name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find one of our modules in the ordinary way; others are for others to find."""
        if not name.startswith(_OURS):
            return None
        return PathFinder.find_spec(name, path, target)


sys.meta_path.insert(0, _PlainImports)

#: What ``xdist`` offers to conftests, for those that are not to import it any more.
__all__ = ["get_xdist_worker_id", "is_xdist_controller", "is_xdist_worker"]

if TYPE_CHECKING:
    from pytest_orchestrate.xdist_contract import (
        get_xdist_worker_id,
        is_xdist_controller,
        is_xdist_worker,
    )


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pytest_orchestrate import xdist_contract

    return getattr(xdist_contract, name)
