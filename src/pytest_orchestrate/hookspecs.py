"""The hooks that conftests and other plugins may implement.

All of them are called in the controller, but for :func:`pytest_orchestrate_group_item` and
:func:`pytest_orchestrate_annotate_item`, which are called where a test was collected.
Arguments are frozen: a hook answers, or takes note; it does not reach into the run.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pytest_orchestrate.model.collected import CollectedTest
    from pytest_orchestrate.model.worker import WorkerFacts
    from pytest_orchestrate.report.summary import Summary


@pytest.hookspec(firstresult=True)
def pytest_orchestrate_auto_workers(config: pytest.Config) -> int | None:
    """Return how many workers ``auto`` may use at most; None leaves it to the plugin.

    Called once, before any worker is started. The first answer that is not None counts.
    """


@pytest.hookspec
def pytest_orchestrate_configure_worker(
    worker: WorkerFacts, workerinput: MutableMapping[str, Any]
) -> None:
    """Add to what a worker finds as ``config.workerinput``.

    Called for each worker before it is configured. Keys and values must be plain built-in
    types (str, int, float, bool, None, bytes, tuple, list, dict, set).
    """


@pytest.hookspec
def pytest_orchestrate_worker_ready(worker: WorkerFacts) -> None:
    """Take note: a worker has been configured and begins to collect."""


@pytest.hookspec
def pytest_orchestrate_worker_down(worker: WorkerFacts, reason: str | None) -> None:
    """Take note: a worker has left. ``reason`` is None if it left as asked.

    Before any test has run, another process may take its place: a worker of the same id is
    configured and gets ready then.
    """


@pytest.hookspec(firstresult=True)
def pytest_orchestrate_group_item(item: pytest.Item) -> str | None:
    """Return a name; tests of one name run on one worker, in collection order.

    Called in every worker, after ``pytest_collection_modifyitems``, for each item. None: the
    test goes where it suits best. The first answer that is not None counts.
    """


@pytest.hookspec
def pytest_orchestrate_annotate_item(item: pytest.Item) -> Iterable[pytest.MarkDecorator]:  # type: ignore[empty-body]  # a specification
    """Return marks that a test is to be treated as having, such as ``[pytest.mark.exclusive]``.

    Called in every worker, after ``pytest_collection_modifyitems``, for each item. The marks of
    all implementations count, beside those that the test has.
    """


@pytest.hookspec
def pytest_orchestrate_resources(config: pytest.Config) -> Mapping[str, int] | None:
    """Return how much there is of resources, by name.

    Called once, before anything runs. What is returned is added to the setting
    ``orchestrate_resources``, which goes before it where both name a resource.
    """


@pytest.hookspec(firstresult=True)
def pytest_orchestrate_estimate(test: CollectedTest) -> float | None:
    """Return how many seconds a test is expected to take; None leaves it to history.

    The first answer that is not None counts.
    """


@pytest.hookspec
def pytest_orchestrate_run_finished(summary: Summary) -> None:
    """Take note: the run is over and this is what happened in it."""
