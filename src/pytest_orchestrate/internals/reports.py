"""Reports, their node ids, and what an item tells beyond its public face."""

from __future__ import annotations

from typing import Any

import pytest

from pytest_orchestrate.internals.session import start_new_line


def report_id(nodeid: str) -> Any:
    """Return what ``TestReport`` takes as node id, parsed once.

    pytest 9.2 keeps structured ids (``_pytest.nodeid.NodeId``) and parses strings for each
    report; before that ids are strings.
    """
    try:
        from _pytest.nodeid import NodeId
    except ImportError:
        return nodeid
    return NodeId.parse(nodeid)


def plain_report_fields(report: pytest.TestReport) -> bool:
    """Whether a report has no attribute beyond those that pytest itself gives it."""
    return report.__dict__.keys() <= _REPORT_FIELDS


_REPORT_FIELDS = frozenset(
    {
        "_id",  # 9.2
        "nodeid",  # 8.4
        "location",
        "keywords",
        "outcome",
        "longrepr",
        "when",
        "user_properties",
        "sections",
        "duration",
        "start",
        "stop",
    }
)


def restore_subtest(report: Any, data: dict[str, Any]) -> None:
    """Give a subtest's report the parameters as its worker wrote them.

    ``SubtestContext`` keeps the repr of each value, and takes the repr of that once more when
    it is read back: ``i=1`` would be shown as ``i='1'``.
    """
    context = data.get("_subtest.context")
    if context is not None and hasattr(report, "context"):
        object.__setattr__(report.context, "kwargs", dict(context["kwargs"]))


def only_own_serializers(config: pytest.Config) -> bool:
    """Whether no plugin but pytest's own takes part in serialising reports."""
    hook = config.hook.pytest_report_to_serializable
    return all(
        implementation.plugin_name.startswith(("_pytest.", "reports", "subtests"))
        for implementation in hook.get_hookimpls()
    )


def affinity_of(item: pytest.Item) -> str | None:
    """Return a key of the item's parameters for fixtures of session or package scope.

    Relies on ``item.callspec._arg2scope`` (argument -> Scope) and ``.indices``.
    """
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return None
    scopes = getattr(callspec, "_arg2scope", {})
    parts = [
        f"{name}={callspec.indices.get(name, 0)}"
        for name, scope in scopes.items()
        if scope.value in ("session", "package")
    ]
    return ",".join(sorted(parts)) or None


def show_failure(reporter: Any, report: pytest.TestReport) -> None:
    """Show a failure as pytest does in its sections at the end, from which it is left out then.

    Relies on ``TerminalReporter.summary_failures`` and ``.summary_errors``, and on the mark by
    which pytest itself leaves out what ``--pdb`` has shown.
    """
    style = reporter.config.option.tbstyle
    if style == "no" or hasattr(report, "_pdbshown"):
        return
    start_new_line(reporter)
    headline = reporter._getfailureheadline(report)
    if style == "line" and report.when == "call":
        reporter.write_line(reporter._getcrashline(report))
    else:
        if report.when != "call":
            headline = f"ERROR at {report.when} of {headline}"
        reporter.write_sep("_", headline, red=True, bold=True)
        reporter._outrep_summary(report)
        if report.when == "call":
            reporter._handle_teardown_sections(getattr(report, "id", report.nodeid))
    vars(report)["_pdbshown"] = True
