"""Fresh processes for workers that have collected a share and turned out to need all tests."""

from __future__ import annotations

import shutil
import time
from typing import TYPE_CHECKING

from pytest_orchestrate import wire
from pytest_orchestrate.controller.collect_mode import CollectMode

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew
    from pytest_orchestrate.controller.worker_state import WorkerState


class Replacing:
    """Lets workers begin anew under their own numbers, with full collection.

    To the engine they are the same workers, who take longer to collect: no test has been known
    to them so far.
    """

    def __init__(self, crew: Crew) -> None:
        self.crew = crew

    def begin(self, worker: WorkerState, reason: str) -> None:
        """A guarded hook has come to where it may need all tests, and the worker is leaving.

        What the others have collected is of no use then, unless the tests of the run are known
        already, and it is the hook that has changed its mind in a worker that came later.
        """
        crew = self.crew
        now = time.monotonic()
        worker.outdated_since = now
        if crew.stopping.is_stopping:
            return
        crew.collect_mode = CollectMode("full", reason)
        leaving = [worker]
        if crew.collecting.forget():
            leaving = [each for each in crew.workers.values() if not each.has_left]
        for each in leaving:
            each.outdated_since = now
            each.link.send(wire.Finish())
        who = (
            f"{len(leaving)} workers begin anew and collect everything, as they do"
            if len(leaving) > 1
            else "1 worker begins anew and collects everything, as it does"
        )
        text = f"{reason}; {who} at once with orchestrate_collect = full"
        crew.voice.say(text, worry=False)
        crew.context.note(text)

    def replace(self, worker: WorkerState) -> None:
        """The process of an outdated worker has ended: start another one in its place."""
        crew, link = self.crew, worker.link
        if link.folder is not None:
            shutil.rmtree(link.folder, ignore_errors=True)
        crew.hiring.replace(worker.number, worker.number)
