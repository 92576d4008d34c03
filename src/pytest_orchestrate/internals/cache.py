"""The cache plugins (``--lf``, ``--ff``, ``--nf``) of a process that does not collect."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator

import pytest

from pytest_orchestrate.internals.reports import report_id


def last_failed_status(config: pytest.Config) -> tuple[str | None, int]:
    """Return what ``--lf``/``--ff`` say of their choice, and how many files they passed over."""
    plugin = config.pluginmanager.getplugin("lfplugin")
    if plugin is None or not plugin.active:
        return None, 0
    return plugin._report_status, plugin._skipped_files


def set_last_failed_status(config: pytest.Config, status: str | None) -> None:
    """Let the controller's ``--lf`` banner say what a worker's would."""
    plugin = config.pluginmanager.getplugin("lfplugin")
    if plugin is not None and status is not None:
        plugin._report_status = status


@contextlib.contextmanager
def still_last_failed(config: pytest.Config, nodeid: str) -> Iterator[None]:
    """Within it, the report of a test that has not run does not take it off the last failures.

    ``LFPlugin.lastfailed`` drops what is skipped.
    """
    last_failed = config.pluginmanager.getplugin("lfplugin")
    had = last_failed is not None and report_id(nodeid) in last_failed.lastfailed
    yield
    if had:
        last_failed.lastfailed[report_id(nodeid)] = True


def keep_last_failed(config: pytest.Config, nodeids: Iterable[str]) -> None:
    """Count these tests among the last failures, though reports that came later took them off."""
    plugin = config.pluginmanager.getplugin("lfplugin")
    if plugin is not None:
        plugin.lastfailed.update((report_id(nodeid), True) for nodeid in nodeids)


def note_collected(
    config: pytest.Config, nodeids: Iterable[str], collected_files: Iterable[str]
) -> None:
    """Let the cache plugins know of tests that the controller has not collected itself.

    ``cache/nodeids`` is written from ``NFPlugin.cached_nodeids``; a file whose collection
    failed before and works now leaves ``LFPlugin.lastfailed`` for its tests.
    """
    new_first = config.pluginmanager.getplugin("nfplugin")
    if new_first is not None:
        new_first.cached_nodeids.update(report_id(nodeid) for nodeid in nodeids)
    last_failed = config.pluginmanager.getplugin("lfplugin")
    if last_failed is None or not last_failed.lastfailed:
        return
    for file in collected_files:
        key = report_id(file)
        if key in last_failed.lastfailed:
            last_failed.lastfailed.pop(key)
            inside = file + "::"
            last_failed.lastfailed.update(
                (report_id(nodeid), True) for nodeid in nodeids if nodeid.startswith(inside)
            )
