"""What a job of GitHub Actions is told: a summary on its page, and annotations of the code.

Source: "Workflow commands for GitHub Actions".
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import pytest

from pytest_orchestrate.report.document import Report

#: Bytes of all summaries of a step together. One that is larger is not shown at all.
SUMMARY = 1 << 20
#: The plugin that makes annotations, too.
ANNOTATING = "pytest-github-actions-annotate-failures"


def has_annotations(config: pytest.Config) -> bool:
    """Whether another plugin makes the annotations."""
    loaded = config.pluginmanager.list_plugin_distinfo()
    names = {(dist.project_name or "").replace("_", "-").lower() for _, dist in loaded}
    return ANNOTATING in names


def add_summary(report: Report, path: Path) -> None:
    """Append a report to the summary of the step, as long as there is room for it.

    :raises OSError: it cannot be written.
    """
    from pytest_orchestrate.report.formats import markdown

    there = path.stat().st_size if path.exists() else 0
    text = markdown.render(report, limit=SUMMARY - there - 2) if there + 2 < SUMMARY else ""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"\n{text}\n" if there and text else text)


def annotation_lines(report: Report, root: Path, workspace: str = "") -> list[str]:
    """Return what is to be written to standard output, each at the beginning of a line.

    :param root: The root directory.
    :param workspace: Where the repository is; empty where that is not known.
    """
    from pytest_orchestrate.report.formats import github

    folder = "."
    if workspace:
        with suppress(ValueError):  # the tests are elsewhere
            folder = root.resolve().relative_to(Path(workspace).resolve()).as_posix()
    return github.annotations(report, folder).splitlines()
