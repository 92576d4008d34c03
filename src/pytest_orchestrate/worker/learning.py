"""What pytest-testmon learns in a worker: which lines of which files a test has run.

It gives that out in the tear-down report of a test that is followed by no other, and before that
each 250 tests. Which test is the last of a worker, nobody knows when it runs; and fixtures of a
module may be torn down after that report, when it shows which test is next. Source: pytest-testmon
2.2 ``testmon_core.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

#: Test -> file -> numbers of lines.
Lines = dict[str, dict[str, set[int]]]


def learns(config: pytest.Config) -> bool:
    """Whether pytest-testmon learns in this run; known when plugins are configured."""
    return config.pluginmanager.hasplugin("TestmonCollect")


def tell_what_is_learnt() -> None:
    """Let each test's report have what was learnt of it, from now on."""
    module: Any = sys.modules.get("testmon.testmon_core")
    collector: Any = getattr(module, "TestmonCollector", None)
    if hasattr(module, "TEST_BATCH_SIZE") and hasattr(collector, "get_nodes_files_lines"):
        module.TEST_BATCH_SIZE = 1
        collector.get_nodes_files_lines = adding_up(collector.get_nodes_files_lines)


def adding_up(
    measured: Callable[[Any, Any], tuple[Lines, Any]],
) -> Callable[[Any, Any], tuple[Lines, Any]]:
    """What was measured, with what the same test had the last time: the new replaces the old."""
    last: Lines = {}

    def get_nodes_files_lines(collector: Any, dont_include: Any) -> tuple[Lines, Any]:
        lines_of, rest = measured(collector, dont_include)
        for test, files in lines_of.items():
            for file, lines in last.get(test, {}).items():
                files[file] = files.get(file, set()) | lines
        last.clear()
        last.update(lines_of)
        return lines_of, rest

    return get_nodes_files_lines
