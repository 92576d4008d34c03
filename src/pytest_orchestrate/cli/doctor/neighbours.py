"""Other plugins that were tried beside this one, on Linux with Python 3.11.

The table in ``docs/reference/compatibility.md`` is printed from here, by
``docs/generate_neighbours.py``; ``tests/downstream`` has the trials.
"""

from __future__ import annotations

import re
from typing import Literal, NamedTuple

#: The newest pytest that they were tried with.
PYTEST = "9.2"

Verdict = Literal["works", "works with a note", "conflicts"]


class Neighbour(NamedTuple):
    """A plugin, in the version that was tried."""

    name: str
    version: str
    verdict: Verdict
    #: In Markdown, seen from the page of the table.
    note: str = ""


NEIGHBOURS = (
    Neighbour("allure-pytest", "2.16.2", "works", "each worker writes its own result files"),
    Neighbour("anyio", "4.16.0", "works", "with asyncio and trio 0.35"),
    Neighbour("flaky", "3.8.1", "works", "its report has what every worker tried"),
    Neighbour("hypothesis", "6.170.15", "works", "with statistics and seed"),
    Neighbour(
        "pytest-asyncio",
        "1.5.0",
        "works",
    ),
    Neighbour(
        "pytest-bdd",
        "9.0.1",
        "works with a note",
        "`--cucumberjson` and `--gherkin-terminal-reporter` [need one "
        "process](#options-that-need-one-process); under pytest-xdist the first stays empty",
    ),
    Neighbour(
        "pytest-benchmark",
        "5.3.1",
        "works with a note",
        "on workers a benchmark runs once and is not measured, and the plugin says so; to "
        "measure, `--benchmark-only`, which [needs one "
        "process](#options-that-need-one-process)",
    ),
    Neighbour(
        "pytest-cov",
        "7.1.0",
        "works",
        "lines, branches, contexts, `--cov-append`, `--cov-fail-under`, children (`patch = "
        "subprocess`)",
    ),
    Neighbour(
        "pytest-dependency",
        "0.6.1",
        "works with a note",
        "[tests that may depend on each other](#pytest-dependency-and-pytest-order) run on "
        "one worker",
    ),
    Neighbour("pytest-django", "4.14.0", "works", "a database for each worker"),
    Neighbour("pytest-github-actions-annotate-failures", "0.4.2", "works", "each annotation once"),
    Neighbour(
        "pytest-html",
        "4.2.0",
        "works",
    ),
    Neighbour(
        "pytest-httpx",
        "0.36.2",
        "works",
    ),
    Neighbour("pytest-json-ctrf", "0.6.1", "works", "`extra` names the worker of each test"),
    Neighbour(
        "pytest-json-report",
        "1.5.0",
        "works with a note",
        "`collectors` has only those that failed, as beside pytest-xdist",
    ),
    Neighbour("pytest-metadata", "3.1.1", "works", "what workers add comes back"),
    Neighbour(
        "pytest-mock",
        "3.17.0",
        "works",
    ),
    Neighbour(
        "pytest-order",
        "1.5.0",
        "works with a note",
        "[tests with its mark](#pytest-dependency-and-pytest-order) run on one worker, in "
        "its order; not in order with those that have no mark",
    ),
    Neighbour("pytest-postgresql", "10.0.0", "works", "a server for each worker that asks for one"),
    Neighbour(
        "pytest-pretty",
        "1.3.0",
        "works",
    ),
    Neighbour("pytest-randomly", "5.1.0", "works", "the same seed in every worker"),
    Neighbour(
        "pytest-reportlog",
        "1.0.0",
        "works with a note",
        "no lines for collectors that passed, as beside pytest-xdist",
    ),
    Neighbour(
        "pytest-rerunfailures",
        "16.7",
        "works",
    ),
    Neighbour("pytest-retry", "1.7.0", "works", "its report has what every worker tried"),
    Neighbour(
        "pytest-split", "0.11.0", "works with a note", "its lines are printed by each worker, too"
    ),
    Neighbour(
        "pytest-sugar",
        "1.1.1",
        "works",
    ),
    Neighbour(
        "pytest-testmon",
        "2.2.0",
        "works with a note",
        "it learns in workers, too; the last line does not count the tests that it leaves out. "
        "Fixtures of classes and modules are torn down whenever a worker does not know its next "
        "test yet, so that their lines count",
    ),
    Neighbour(
        "pytest-timeout",
        "2.4.0",
        "works with a note",
        "its thread method ends the worker: that test has crashed, and the others run on "
        "another worker",
    ),
    Neighbour(
        "pytest-xdist", "3.8.0", "works with a note", "only one of the two can distribute a run"
    ),
    Neighbour(
        "pytest-xprocess",
        "1.0.2",
        "works with a note",
        "a service that is named after `worker_id` was tried, one for each worker",
    ),
    Neighbour(
        "syrupy", "7.0.2", "works", "failed, new and unused snapshots of all workers together"
    ),
    Neighbour(
        "teamcity-messages",
        "1.33",
        "works with a note",
        "PyCharm and TeamCity are told of each test once; not how many there are, nor the values "
        "of a comparison that failed, which are not in reports",
    ),
)

#: A mark -> plugins that each read it in a way of their own.
SHARED_MARKS = {"flaky": ("pytest-retry", "pytest-rerunfailures", "flaky")}

_BY_NAME = {neighbour.name: neighbour for neighbour in NEIGHBOURS}
_LINK = re.compile(r"\[([^]]+)\]\([^)]*\)")


def find(name: str) -> Neighbour | None:
    """Return what was found of a distribution, however its name is written."""
    return _BY_NAME.get(canonical(name))


def canonical(name: str) -> str:
    """A distribution's name as package indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def plain(markdown: str) -> str:
    """A note without what Markdown needs."""
    return _LINK.sub(r"\1", markdown).replace("`", "")


def table() -> str:
    """The table of the page, in Markdown."""
    lines = ["| plugin | version | | note |", "|---|---|---|---|"]
    for each in NEIGHBOURS:
        note = f" {each.note}" if each.note else ""
        lines.append(f"| {each.name} | {each.version} | {each.verdict} |{note} |")
    return "\n".join(lines) + "\n"
