"""Runs that do again what a recorded run did: ``--orchestrate-replay RUN[:gwN]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import pytest

from pytest_orchestrate.controller.fleet_size import Decision
from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history.course import RecordedCourse, read_course
from pytest_orchestrate.model.counting import count_of
from pytest_orchestrate.report.next_commands import REPLAY, replay_command
from pytest_orchestrate.report.redaction import redacted_arguments
from pytest_orchestrate.transport.own_program import started_as

if TYPE_CHECKING:
    from pytest_orchestrate.model.collected import CollectedTest
    from pytest_orchestrate.options import Options

FLAG = REPLAY


class Replay:
    """A recorded run, to be done again.

    :param here_because: It is done in this process, whatever there was; None if it is not.
    """

    def __init__(self, course: RecordedCourse, *, here_because: str | None) -> None:
        self.course = course
        self.is_here = here_because is not None
        self._here_because = here_because
        #: Steps whose tests are not there any more.
        self.gone = 0

    @property
    def decision(self) -> Decision:
        """As many workers as there were."""
        course = self.course
        told = f"as in run {course.run}"
        if course.only is not None:
            told += f", tests of {course.only}"
        if course.required:
            told += f" and {course.required} that they require"
        if self.is_here and course.workers:
            told += f", but not on {count_of(course.workers, 'worker')}: {self._here_because}"
        return Decision(0 if self.is_here else course.workers, told)

    def steps(self, tests: Sequence[CollectedTest]) -> list[tuple[int, int]]:
        """Return worker and index of the test for each step, as far as these tests have it."""
        index = {(test.nodeid, test.occurrence): at for at, test in enumerate(tests)}
        found = [
            (0 if self.is_here else step.worker, index[step.nodeid, step.occurrence])
            for step in self.course.steps
            if (step.nodeid, step.occurrence) in index
        ]
        self.gone = len(self.course.steps) - len(found)
        return found

    def for_worker(self, stands_for: int) -> dict[str, Any]:
        """Return what a worker has to know, of plain built-in types.

        :param stands_for: Its number, or that of the worker of the start whose place it takes.
        """
        return {
            "tests": [step.nodeid for step in self.course.steps],
            "files": list(self.course.owners),
            "own": self.course.own_files(stands_for),
        }


def replay_of(config: pytest.Config, settings: Options, *, forced: str | None) -> Replay | None:
    """Return the run that is to be done again; None if none is.

    :param forced: Why the tests have to run in this process, if they have to.
    :raises pytest.UsageError: it cannot be found or read.
    """
    wanted = getattr(config.known_args_namespace, "orchestrate_replay", None)
    if wanted is None:
        return None
    try:
        course = read_course(settings.dir, wanted)
    except HistoryError as error:
        raise pytest.UsageError(f"{FLAG} {wanted}: {error}") from None
    here_because = forced
    if settings.workers == 0 or course.workers == 0:
        here_because = forced or "0 workers asked for"
    if not course.steps:
        raise pytest.UsageError(f"{FLAG} {wanted}: run {course.run} started no test")
    return Replay(course, here_because=here_because)


def command(config: pytest.Config, run: str, worker: str) -> str:
    """Return the command that does again what a worker of a run did."""
    words = redacted_arguments(map(str, config.invocation_params.args))
    return replay_command(words, run, worker, program=started_as())
