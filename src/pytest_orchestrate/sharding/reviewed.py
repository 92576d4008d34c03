"""Plugins whose sources were read, and treat every test by itself.

Not here, because they need to see all tests: pytest-django and pytest-order (sort), pytest-randomly
(shuffles), pytest-split (shares out by durations), syrupy (reports snapshots that no test uses).
pytest-asyncio, pytest-bdd, pytest-cov, pytest-httpx, pytest-metadata, pytest-mock, pytest-subtests,
pytest-timeout, pytest-xdist (where it runs no workers), typeguard and jaxtyping implement none of
the hooks in question; pytest-freezer and time-machine are recognised by their sources.
"""

from __future__ import annotations

import msgspec


class Review(msgspec.Struct, frozen=True):
    """What was found by reading one implementation."""

    #: The module of the implementation.
    module: str
    #: The hook, or ``session.items`` for reading that list elsewhere.
    hook: str
    #: The versions that were read.
    versions: str
    #: Why nothing is missed when it sees only some of the tests.
    reason: str


REVIEWED = (
    Review(
        "_hypothesis_pytestplugin",
        "pytest_collection_modifyitems",
        "hypothesis 6.170.15",
        "marks items one by one; if one is its own, constants of loaded modules are gathered early",
    ),
    Review(
        "anyio.pytest_plugin",
        "pytest_collection_finish",
        "anyio 4.16.0",
        "puts an item for each backend in the place of one; those items it leaves alone",
    ),
    Review(
        "anyio.pytest_plugin",
        "session.items",
        "anyio 4.16.0",
        "only in its pytest_collection_finish",
    ),
    Review(
        "pytest_benchmark.plugin",
        "pytest_collection_modifyitems",
        "pytest-benchmark 5.3.1",
        "marks items one by one; notes that there is a benchmark, for a warning",
    ),
    Review(
        "pytest_codspeed.plugin",
        "pytest_collection_modifyitems",
        "pytest-codspeed 5.0.4",
        "where benchmarks are measured, deselects what is none, item by item",
    ),
    Review(
        "pytest_django.plugin",
        "pytest_itemcollected",
        "pytest-django 4.14.0",
        "turns Django's tags of one test into markers (its sorting is another hook)",
    ),
    Review(
        "pytest_html.basereport",
        "pytest_collection_finish",
        "pytest-html 4.2.0",
        "counts, for the progress that its page shows; not registered in workers",
    ),
    Review(
        "pytest_html.basereport",
        "session.items",
        "pytest-html 4.2.0",
        "only in its pytest_collection_finish",
    ),
    Review(
        "pytest_html.report",
        "session.items",
        "pytest-html 4.2.0",
        "does not; its base does",
    ),
    Review(
        "pytest_rerunfailures",
        "session.items",
        "pytest-rerunfailures 16.7",
        "asks at the end whether any of the tests that ran here was flaky",
    ),
    Review(
        "pytest_sugar",
        "pytest_collection_finish",
        "pytest-sugar 1.1.1",
        "counts, for the progress bar that a worker does not show",
    ),
    Review(
        "pytest_sugar",
        "pytest_deselected",
        "pytest-sugar 1.1.1",
        "counts, for the progress bar that a worker does not show",
    ),
    Review(
        "pytest_sugar",
        "session.items",
        "pytest-sugar 1.1.1",
        "only in its pytest_collection_finish",
    ),
    Review(
        "pytest_trio.plugin",
        "pytest_collection_modifyitems",
        "pytest-trio 0.8.0",
        "marks coroutines one by one",
    ),
    Review(
        "pytest_trio.enable_trio_mode",
        "pytest_collection_modifyitems",
        "pytest-trio 0.8.0",
        "marks coroutines one by one",
    ),
)

_KNOWN = frozenset((review.module, review.hook) for review in REVIEWED)


def is_reviewed(module: str, hook: str) -> bool:
    """Whether a module's implementation of a hook was read and found to be item by item."""
    return (module, hook) in _KNOWN
