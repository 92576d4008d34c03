"""The report as one JSON object, as ``docs/reference/report.schema.json`` describes it."""

from __future__ import annotations

import msgspec

from pytest_orchestrate.report.document import Report


def render(report: Report) -> bytes:
    """All that the report holds, in UTF-8, on one line."""
    return msgspec.json.encode(report) + b"\n"
