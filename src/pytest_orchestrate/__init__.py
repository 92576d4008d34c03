"""Public names of pytest-orchestrate.

PYTEST_DONT_REWRITE: there are no asserts here for anybody to read.
"""

from __future__ import annotations

import sys


def _import_plainly() -> None:
    """Let Python import our modules, and not the hook by which pytest rewrites assertions.

    Pytest marks every module of a distribution with plugins to be rewritten. For dozens of modules
    that takes longer than to import them; and where no byte code is written, as in many container
    images, each process rewrites them all again, while those that an installer has compiled lie
    unused. The set of marked names is not public; checked with pytest 8.4 to 9.2.
    """
    for finder in sys.meta_path:
        marked = getattr(finder, "_must_rewrite", None)
        if isinstance(marked, set):
            marked.discard(__name__)


_import_plainly()
