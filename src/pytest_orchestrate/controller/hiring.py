"""Starting workers: what plugins want each to be told, and its way into the crew."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import execnet
import pytest

from pytest_orchestrate import xdist_contract
from pytest_orchestrate.controller import leavings, starting
from pytest_orchestrate.controller.worker_state import WorkerState
from pytest_orchestrate.model.events import WorkerLeft
from pytest_orchestrate.transport.gateways import Link, is_local

if TYPE_CHECKING:
    from pytest_orchestrate.controller.crew import Crew


class Hiring:
    """Adds workers to a crew."""

    def __init__(self, crew: Crew, sys_path: list[str]) -> None:
        self.crew = crew
        self._sys_path = sys_path
        self._uid = xdist_contract.uid(crew.config, crew.context.run_id)
        self._manager = xdist_contract.NodeManager(crew.config, self._uid)
        given = crew.context.options.worker_spec
        #: Worker -> the one of the start whose place it has.
        self._stands_for: dict[int, int] = {}
        self._specs = [s.spec for s in given for _ in range(s.workers)] or ["popen"]

    def stands_for(self, number: int) -> int:
        """Return the number of the worker of the start whose place this one has."""
        return self._stands_for[number]

    def begin(self) -> None:
        """Tell plugins which workers are about to be started."""
        count = self.crew.decision.workers
        specs = [execnet.XSpec(self._specs[n % len(self._specs)]) for n in range(count)]
        for number, spec in enumerate(specs):
            spec.id = spec.id or f"gw{number}"
        xdist_contract.tell_specs(self._manager, specs)

    def replace(self, number: int, replaces: int) -> None:
        """Start a worker in the place of one that is gone; it may have that one's number.

        What a plugin raises is raised; the engine is told that there is nobody of that number.
        """
        crew = self.crew
        gone = crew.workers.get(number)
        try:
            self.start(number, replaces=replaces)
        except BaseException:
            if gone is None:
                crew.workers.pop(number, None)
            else:
                crew.workers[number] = gone
            now = crew.context.now()
            crew.context.tell(WorkerLeft(now=now, worker=number, reason="stopped"))
            raise

    def start(self, number: int, replaces: int | None = None) -> None:
        """Start a worker, as the settings say or in the place of another; returns at once.

        :raises pytest.UsageError: a plugin gave it something that cannot be sent.
        """
        crew, count = self.crew, self.crew.decision.workers
        replay = crew.context.replay
        if replaces is None:
            spec = self._specs[number % len(self._specs)]
        else:
            spec = crew.workers[replaces].link.spec
        stands_for = number if replaces is None else self._stands_for[replaces]
        self._stands_for[number] = stands_for
        local = is_local(spec)
        folder = output = None
        if local and crew.folder is not None:
            folder = starting.private_folder(crew.folder, number)
            if crew.pipes is not None:
                output = crew.pipes.add(number, folder)
        link = Link(number, spec, folder)
        argv = [str(word) for word in sys.argv]
        given = xdist_contract.workerinput(number, count, self._uid, argv)
        gateway = xdist_contract.GatewayView(f"gw{number}", execnet.XSpec(spec))
        node = xdist_contract.Node(self._manager, gateway, given)
        worker = WorkerState(link, node)
        crew.workers[number] = worker
        hook = crew.config.hook
        hook.pytest_configure_node(node=node)
        hook.pytest_orchestrate_configure_worker(worker=worker.facts, workerinput=given)
        for key, value in given.items():
            try:
                execnet.dumps(value)
            except execnet.DumpError as error:
                raise pytest.UsageError(
                    f"workerinput[{key!r}] cannot be sent to a worker: {error}; "
                    "use plain built-in types"
                ) from None
        setup = starting.worker_setup(
            crew.config,
            number=number,
            count=count,
            run_id=self._uid,
            spec=spec,
            folder=folder,
            output=output,
            workerinput=given,
            sys_path=self._sys_path,
            collect=crew.collect_mode.mode,
            claims=None if crew.claims is None else crew.claims.folder,
            replay=None if replay is None else replay.for_worker(stands_for),
            artifacts=leavings.place(crew.context),
        )
        crew.gateways.start(link, setup)
