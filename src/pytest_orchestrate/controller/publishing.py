"""What becomes of the record of a run when it is over: the reports that were asked for."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_orchestrate.controller.report_files import ReportFiles
    from pytest_orchestrate.history.store import History
    from pytest_orchestrate.options import Options


class Publishing:
    """Writes the reports of one run; a fault in that is a warning, and changes no verdict."""

    def __init__(self, config: pytest.Config, options: Options) -> None:
        self.config = config
        self.options = options
        self.warnings: list[str] = []
        #: What was written where, for the user.
        self.written: list[str] = []
        #: Lines for standard output.
        self.annotations: list[str] = []
        self._folder: Path | None = None

    @property
    def is_wanted(self) -> bool:
        """Whether any report is asked for, or a CI service is to be told."""
        return bool(self.options.report) or self._tells_github

    @property
    def _tells_github(self) -> bool:
        return self.options.ci == "auto" and os.environ.get("GITHUB_ACTIONS") == "true"

    def folder(self) -> Path:
        """Return a private folder for the log of a run that is not to be recorded."""
        self._folder = Path(tempfile.mkdtemp(prefix="pytest-orchestrate-"))
        return self._folder

    def publish(self, log: Path, history: History | None) -> None:
        """Write all reports from a log that is closed; then delete it, if it is not to be kept."""
        try:
            if self.is_wanted:
                self._publish(log, history)
        finally:
            if self._folder is not None:
                shutil.rmtree(self._folder, ignore_errors=True)

    def _publish(self, log: Path, history: History | None) -> None:
        from pytest_orchestrate.controller.report_files import ReportFiles

        root = self.config.rootpath
        files = ReportFiles(log, self.options.dir, history=history, root=root)
        for each in self.options.report:
            if self._done(f"the report {each}", lambda: files.write(each)):  # noqa: B023 - called now
                shown = os.path.relpath(each.path, self.config.invocation_params.dir)
                self.written.append(f"{each.format} report: {shown}")
        if self._tells_github:
            self._tell_github(files)

    def _tell_github(self, files: ReportFiles) -> None:
        from pytest_orchestrate.controller import github

        path = os.environ.get("GITHUB_STEP_SUMMARY")
        if path:
            self._done(
                "the summary of the job", lambda: github.add_summary(files.report, Path(path))
            )
        if not github.has_annotations(self.config):
            workspace = os.environ.get("GITHUB_WORKSPACE", "")
            self._done(
                "the annotations",
                lambda: self.annotations.extend(
                    github.annotation_lines(files.report, self.config.rootpath, workspace)
                ),
            )

    def _done(self, what: str, write: Callable[[], None]) -> bool:
        try:
            write()
        except OSError as error:
            self.warnings.append(f"{what} could not be written: {error.strerror or error}")
        except Exception as error:  # noqa: BLE001 - a fault of a renderer is no fault of the run
            kind = type(error).__name__
            self.warnings.append(f"{what} could not be written: {kind}: {error}")
        else:
            return True
        return False
