"""What a recorded run started, where and in which order: enough to do the same again."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import directory as directories
from pytest_orchestrate.history.log import read, replay_events
from pytest_orchestrate.model.commands import StartWorker
from pytest_orchestrate.model.events import Constraint, TestsCollected, TestStarted

#: What may be said instead of the id of a run.
LAST = "last"


class Step(NamedTuple):
    """One test that was started; ``worker`` is the one of the start of the run that did so.

    A worker that took the place of a crashed one counts as the one that it replaced.
    """

    worker: int
    nodeid: str
    occurrence: int


class RecordedCourse(NamedTuple):
    """What another run did."""

    run: str
    #: So many were started; 0 is in-process.
    workers: int
    #: In the order in which they were started.
    steps: list[Step]
    #: File -> the worker that had collected it, where each had collected a share.
    owners: dict[str, int]
    #: The worker whose steps these are, such as ``gw1``; None: all of the run's.
    only: str | None = None
    #: Of the steps, those of other workers, which are required by them.
    required: int = 0

    def own_files(self, worker: int) -> list[str]:
        """Return the files that a worker of the start had collected."""
        return [file for file, owner in self.owners.items() if owner == worker]


def find_log(directory: Path, run: str) -> Path:
    """Return the log of a run: its id, the beginning of one that fits no other, or ``last``.

    :raises HistoryError: there is no such run, or more than one.
    """
    logs = {path.stem: path for path in directories.logs(directory)}
    if not logs:
        raise HistoryError(
            f"no run is recorded in {directory}: run pytest with -p orchestrate there first"
        )
    if run == LAST:
        return logs[max(logs)]
    found = [name for name in logs if name == run] or [n for n in logs if n.startswith(run)]
    if len(found) == 1 and run:
        return logs[found[0]]
    if found and run:
        raise HistoryError(f"{len(found)} recorded runs begin with {run!r}: {_some(found)}")
    raise HistoryError(f"no run {run!r} is recorded in {directory}; there are {_some(logs)}")


def began_next(directory: Path, log: Path) -> float | None:
    """Return when the run after that of a log began, in seconds since the epoch.

    None where there is none, or none of which that can be read.
    """
    later = sorted(path for path in directories.logs(directory) if path.stem > log.stem)
    for path in later:
        with suppress(OSError, HistoryError, LookupError):  # another run's log is no matter
            for first in read(path):
                return float(first["started"])
    return None


def _some(names: Iterable[str]) -> str:
    """The latest of these runs, in words."""
    ordered = sorted(names, reverse=True)
    more = f" and {len(ordered) - 5} more" if len(ordered) > 5 else ""
    return ", ".join(ordered[:5]) + more


def read_course(directory: Path, wanted: str) -> RecordedCourse:
    """Read what a run did; ``wanted`` is ``RUN`` or ``RUN:gwN``.

    With a worker it is what that worker ran, and what other workers ran that this requires.

    :raises HistoryError: there is no such run or worker, or its log cannot be read.
    """
    run, colon, only = wanted.partition(":")
    path = find_log(directory, run)
    try:
        course, tests, places = _read(path)
    except OSError as error:
        raise HistoryError(f"{path} cannot be read: {error.strerror}") from error
    if not colon:
        return course
    if only not in places:
        names = ", ".join(sorted(places)) or "none"
        raise HistoryError(f"no worker {only!r} of run {course.run} ran tests; those are {names}")
    kept = _with_what_they_require(places[only], tests)
    pairs = zip(tests.started, course.steps, strict=True)
    steps = [step for number, step in pairs if number in kept]
    required = sum(test not in places[only] for test in tests.started if test in kept)
    return course._replace(steps=steps, only=only, required=required)


class _Recorded:
    """The tests of a log, by index."""

    def __init__(self) -> None:
        self.names: list[tuple[str, int]] = []
        self.constraints: dict[int, Constraint] = {}
        #: In order.
        self.started: list[int] = []


def _read(path: Path) -> tuple[RecordedCourse, _Recorded, dict[str, set[int]]]:
    """The course of a log, its tests, and what each worker started."""
    first: dict[str, Any] = next(iter(read(path)), {})
    tests = _Recorded()
    in_process = first.get("mode") == "in-process"
    steps: list[Step] = []
    owners: dict[str, int] = {}
    places: dict[str, set[int]] = {}
    #: Worker -> the one of the start whose place it has taken.
    stands_for: dict[int, int] = {}
    for event, commands in replay_events(path):
        if isinstance(event, TestsCollected):
            tests.names += [(test.nodeid, test.occurrence) for test in event.tests]
            tests.constraints.update((each.test, each) for each in event.constraints)
            owners.update(event.owners)
        elif isinstance(event, TestStarted):
            worker, test = event.worker, event.test
            steps.append(Step(stands_for.get(worker, worker), *tests.names[test]))
            tests.started.append(test)
            places.setdefault("main" if in_process else f"gw{worker}", set()).add(test)
        for command in commands:
            if isinstance(command, StartWorker):
                replaced = command.replaces
                stands_for[command.worker] = stands_for.get(replaced, replaced)
    course = RecordedCourse(
        run=str(first.get("run", path.stem)),
        workers=0 if in_process else int(first.get("workers", 1)),
        steps=steps,
        owners={file: stands_for.get(owner, owner) for file, owner in owners.items()},
    )
    return course, tests, places


def _with_what_they_require(chosen: Iterable[int], tests: _Recorded) -> set[int]:
    found = set(chosen)
    waiting = list(found)
    while waiting:
        constraint = tests.constraints.get(waiting.pop())
        for need in constraint.needs if constraint is not None else ():
            new = [target for target in need.targets if target not in found]
            found.update(new)
            waiting += new
    return found
