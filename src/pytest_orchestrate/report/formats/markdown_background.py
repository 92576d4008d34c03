"""Trends, score and circumstances of a run, as Markdown; all of it is behind a click."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timezone

from pytest_orchestrate.report.document import Report
from pytest_orchestrate.report.formats.changes import short
from pytest_orchestrate.report.formats.fitting import Piece, Section
from pytest_orchestrate.report.formats.markup import code, details, prose, row, table_head
from pytest_orchestrate.report.formats.ranks import Rank
from pytest_orchestrate.report.words import seconds

#: The last runs that are shown.
RUNS = 10
#: Of what the run noted about itself.
NOTES = 20


def background(report: Report) -> Iterator[Section]:
    """What is of interest to somebody who looks once a month, or wants to run it again."""
    for what, content in (
        ("Trend", _trend(report)),
        (_score_title(report), _score(report)),
        ("Circumstances", _circumstances(report)),
    ):
        if content:
            text = details(what, content)
            yield Section("", (Piece(text, Rank.BACKGROUND, "table"),), "")


def _trend(report: Report) -> str:
    if len(report.trend) < 2:
        return ""
    titles = ("run", "began", "revision", "ran>", "+>", "->", "failed>", "flaky>")
    lines = [table_head(*titles, "wall>", "in tests>", "")]
    for point in report.trend[-RUNS:]:
        began = datetime.fromtimestamp(point.started, timezone.utc)
        cells = [
            code(point.run),
            f"{began:%Y-%m-%d %H:%M}",
            code(short(point.revision)) if point.revision else "",
            *(str(n) for n in (point.tests, point.added, point.removed, point.failed, point.flaky)),
            f"{seconds(point.wall)}{' *' if point.unlike else ''}",
            seconds(point.serial),
            prose(point.unlike),
        ]
        lines.append(row(cells))
    if any(point.unlike for point in report.trend[-RUNS:]):
        lines.append("\n\\* not comparable with the wall time of this run\n")
    return "".join(lines)


def _score_title(report: Report) -> str:
    return "" if report.score is None else f"Score of the suite: {report.score.points:.0f} of 100"


def _score(report: Report) -> str:
    if report.score is None:
        return ""
    lines = [table_head("", "points>", "of>", "why")]
    lines += [
        row((prose(part.name), f"{part.points:.1f}", f"{part.of:.0f}", prose(part.why)))
        for part in report.score.parts
    ]
    return "".join(lines)


def _circumstances(report: Report) -> str:
    run = report.run
    began = datetime.fromtimestamp(run.started, timezone.utc)
    facts: dict[str, str] = {"began": f"{began:%Y-%m-%d %H:%M:%S} UTC"}
    told = {
        "python": f"{run.implementation} {run.python}".strip(),
        "platform": run.platform,
        "machine": run.hostname or "",
        "processors": str(run.cpus or ""),
        "pytest": run.pytest,
        "arguments": " ".join(run.args),
        "selection": run.selection,
        "plugins": _listed(run.plugins, " "),
        "settings": _listed(run.settings, " = "),
        "seeds": _listed(run.seeds, " = "),
        "environment": _listed(run.environment, "="),
    }
    facts |= {name: code(value, 2_000) for name, value in told.items() if value}
    lines = [table_head("", ""), *(row(fact) for fact in facts.items())]
    told_besides = [*report.remarks, *report.summary.notes[:NOTES]]
    lines += [f"\n{prose(each)}\n" for each in told_besides]
    return "".join(lines)


def _listed(values: Mapping[str, str], between: str) -> str:
    return ", ".join(f"{name}{between}{value}" for name, value in values.items())
