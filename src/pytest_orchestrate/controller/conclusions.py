"""A report with all that can be concluded from it: what there is beside the run's own records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from msgspec.structs import replace

from pytest_orchestrate.controller.ancestry import forebears
from pytest_orchestrate.controller.coverage_data import by_file
from pytest_orchestrate.controller.gains import what_if
from pytest_orchestrate.history.past import past
from pytest_orchestrate.history.store import History
from pytest_orchestrate.model.outcome import BAD
from pytest_orchestrate.report.analysis import analysed
from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.past import Past

T = TypeVar("T")


def concluded(
    report: Report,
    *,
    log: Path | None,
    history: History | None,
    root: Path | None,
    until: float | None = None,
) -> Report:
    """The report with its findings. What could not be found out becomes a remark, never an error.

    :param log: Of the run; None: nothing is simulated.
    :param history: None: nothing is known of earlier runs.
    :param root: Where a coverage data file that was written since the run began may lie; None: that
        is not known.
    :param until: When the next run began, in seconds since the epoch; None: there is none.
    """
    remarks: list[str] = []

    def tried(what: str, find: Callable[[], T], otherwise: T) -> T:
        try:
            return find()
        except Exception as error:  # noqa: BLE001 - whatever is wrong with it, the report is shown
            reason = " ".join(str(error).split()) or type(error).__name__
            remarks.append(f"{what} could not be found out: {reason}")
            return otherwise

    known = Past()
    if history is not None:
        where = history.directory if root is None else root
        known = tried(
            "what happened in earlier runs",
            lambda: past(
                history,
                report.run,
                bad=[
                    (test.nodeid, test.occurrence) for test in report.tests if test.outcome in BAD
                ],
                forebears=lambda: forebears(where, report.run.revision),
            ),
            known,
        )
    coverage: dict[str, tuple[int, int]] = {}
    if root is not None:
        began = report.run.started
        coverage = tried("coverage", lambda: by_file(root, began=began, until=until), coverage)
    simulated = None
    if log is not None:
        simulated = tried("what would make the run shorter", lambda: what_if(log), None)
    found = tried(
        "what would make the run shorter",
        lambda: analysed(report, known, coverage=coverage, what_if=simulated),
        None,
    )
    if found is None:
        found = analysed(report, known, coverage=coverage)
    return replace(found, remarks=(*found.remarks, *remarks))
