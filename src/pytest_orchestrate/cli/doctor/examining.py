"""The plugin of the pytest that ``doctor`` starts: it collects, runs nothing, and tells facts.

The facts go to a file whose name is in the environment, so that nothing that the project prints,
and no way in which it ends, disturbs them.
"""

from __future__ import annotations

import faulthandler
import os
import sys
import time
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
import pytest

from pytest_orchestrate.cli.doctor.facts import Collected, Configured, Examination
from pytest_orchestrate.measuring import FileCosts
from pytest_orchestrate.model.escaping import escaped

if TYPE_CHECKING:
    from pytest_orchestrate.worker.import_watch import ImportWatch

#: The environment variable of the file for the facts;
FILE = "PYTEST_ORCHESTRATE_DOCTOR"
#: that of the time, as the monotonic clock has it, at which stacks are written beside it;
LIMIT = "PYTEST_ORCHESTRATE_DOCTOR_LIMIT"
#: and the one that is set if pytest was to be started as the script ``pytest`` is.
AS_SCRIPT = "PYTEST_ORCHESTRATE_DOCTOR_SCRIPT"
#: The one that has the arguments that ``doctor`` was given, in JSON.
ARGUMENTS = "PYTEST_ORCHESTRATE_DOCTOR_ARGUMENTS"
#: What is added to the name of the file of facts.
STACKS = ".stacks"
#: Seconds.
_MOMENT = 0.1


class Examining:
    """Asks when pytest has come far enough to answer."""

    def __init__(self, file: Path, deadline: float, given: list[str]) -> None:
        self._file = file
        self._deadline = deadline
        self._given = given
        self._costs = FileCosts()
        self._watch: ImportWatch | None = None
        self._configured: Configured | None = None
        self._errors: list[tuple[str, str]] = []
        self._deselected: list[pytest.Item] = []

    @pytest.hookimpl(wrapper=True)
    def pytest_load_initial_conftests(
        self, early_config: pytest.Config
    ) -> Generator[None, None, None]:
        """Ask what is configured, where a run decides what it will be.

        That is after our plugin, which wants to be the first, and before pytest's capturing, which
        opens files: it was registered earlier.
        """
        from pytest_orchestrate.cli.doctor.configured import configured
        from pytest_orchestrate.worker.import_watch import ImportWatch

        self._configured = configured(early_config, self._given)
        self._write(Examination(self._configured))
        # not before: it has a thread and an open file, which speak against forking
        stacks = self._file.with_name(self._file.name + STACKS).open("w")
        # where it took all its time to come here, the conftests have a moment all the same
        left = max(_MOMENT, self._deadline - time.monotonic())
        faulthandler.dump_traceback_later(left, file=stacks)
        early_config.pluginmanager.register(self._costs, "orchestrate-file-costs")
        self._watch = ImportWatch()
        self._watch.begin()
        yield

    @pytest.hookimpl
    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Take note of what cannot be collected."""
        if report.failed:
            self._errors.append((report.nodeid, report.longreprtext))

    @pytest.hookimpl
    def pytest_deselected(self, items: Sequence[object]) -> None:
        """Take note of what others may require."""
        self._deselected += [item for item in items if isinstance(item, pytest.Item)]

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection(self, session: pytest.Session) -> Generator[None, object, object]:
        """Ask what was collected."""
        ended: str | None = None
        try:
            return (yield)
        except BaseException as error:
            ended = f"{type(error).__name__}: {error}"
            raise
        finally:
            imports = self._watch.end() if self._watch is not None else {}
            self._tell(session, imports, ended)

    def _tell(self, session: pytest.Session, imports: dict[str, float], ended: str | None) -> None:
        if self._configured is None:  # another plugin has replaced the hook
            return
        from pytest_orchestrate.cli.doctor.collected import collected

        found: Collected = collected(
            session,
            self._configured,
            seconds=self._costs.seconds,
            imports=imports,
            errors=self._errors,
            deselected=self._deselected,
            ended=ended,
        )
        self._write(Examination(self._configured, found))

    def _write(self, found: Examination) -> None:
        beside = self._file.with_name(self._file.name + ".new")
        beside.write_bytes(msgspec.json.encode(escaped(msgspec.to_builtins(found))))
        beside.replace(self._file)


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """Take part, if ``doctor`` has started this pytest."""
    name = os.environ.pop(FILE, None)
    limit = os.environ.pop(LIMIT, None)
    if name is None or limit is None:
        return
    given = msgspec.json.decode(os.environ.pop(ARGUMENTS, "[]"), type=list[str])
    _let_go_of_folder()
    pluginmanager.register(Examining(Path(name), float(limit), given), "orchestrate-doctor")


def _let_go_of_folder() -> None:
    """Take the current folder off the path: ``python -m pytest`` has put it there."""
    if os.environ.pop(AS_SCRIPT, None) and sys.path[:1] == [str(Path.cwd())]:
        del sys.path[0]
