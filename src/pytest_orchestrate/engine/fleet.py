"""The workers of a run: who is there, who is coming, what each one holds."""

from __future__ import annotations

from bisect import insort
from collections import deque
from collections.abc import Iterator, Sequence

from pytest_orchestrate.engine.lifecycle import WORKER_MOVES, Entry, remember, told
from pytest_orchestrate.engine.units import Unit
from pytest_orchestrate.errors import IllegalMove

NOBODY: frozenset[int] = frozenset()


class Worker:
    """One worker as the engine sees it."""

    __slots__ = (
        "collected",
        "costs",
        "entered",
        "hold",
        "is_idle",
        "lane",
        "last_file",
        "last_started",
        "left_files",
        "left_lanes",
        "missing",
        "number",
        "queue",
        "queued_cost",
        "recalls",
        "running",
        "running_cost",
        "running_enters",
        "running_first",
        "running_since",
        "state",
        "story",
        "unit",
    )

    def __init__(self, number: int) -> None:
        self.number = number
        self.state = "unknown"
        #: Files that it has collected, or will have when it has run what it was sent; None: all.
        self.collected: set[int] | None = None
        #: Tests that it cannot run.
        self.missing: frozenset[int] = NOBODY
        #: Sent and not started, in the order in which it will run them.
        self.queue: deque[int] = deque()
        #: Estimated seconds of each test of the queue, with the entry to its file if it enters one.
        self.costs: dict[int, float] = {}
        #: Estimated seconds of the queue, file entries included.
        self.queued_cost = 0.0
        self.running = -1
        self.running_since = 0.0
        self.running_cost = 0.0
        #: What it works through; its tests are sent a few at a time.
        self.unit: Unit | None = None
        #: File of the last test sent (or started, when the queue is empty); -1: none yet.
        self.last_file = -1
        #: File of the last test started, and that test; -1: none yet.
        self.entered = -1
        self.last_started = -1
        #: Affinity of the unit that it has or had last; -1: none.
        self.lane = -1
        #: Files of which it has run tests before it entered another one.
        self.left_files: set[int] = set()
        #: Affinities that it has been on and has left.
        self.left_lanes: set[int] = set()
        #: Recalls without an answer, oldest first: the tests, and the worker that wants them or -1.
        self.recalls: deque[tuple[list[int], int]] = deque()
        #: The recorded reason why it waits, or None while it has work.
        self.hold: str | None = None
        #: Ready, and nothing to run.
        self.is_idle = False
        #: Whether the running test enters its file, and whether it is the worker's first.
        self.running_enters = False
        self.running_first = False
        self.story: list[Entry] = []

    @property
    def is_empty(self) -> bool:
        """It has nothing to run."""
        return self.running < 0 and not self.queue

    def begin(self, test: int, file: int, now: float) -> None:
        """It begins a test of its queue, usually the first one, of this file."""
        if self.queue[0] == test:
            self.queue.popleft()
        else:
            self.queue.remove(test)
        seconds = self.costs.pop(test)
        self.queued_cost = self.queued_cost - seconds if self.queue else 0.0
        self.running = test
        self.running_since = now
        self.running_cost = seconds
        self.running_first = self.entered < 0
        self.running_enters = self.entered != file
        if self.running_enters:
            self.left_files.add(self.entered)
        self.entered = file
        self.last_started = test

    def lose(self, tests: Sequence[int]) -> None:
        """These of its queued tests are not its any more."""
        for test in tests:
            self.queued_cost -= self.costs.pop(test)
        lost = frozenset(tests)
        self.queue = deque(test for test in self.queue if test not in lost)
        if not self.queue:
            self.queued_cost = 0.0

    def running_rest(self, now: float) -> float:
        """Seconds that the running test will probably need still.

        A test that overruns its estimate is expected to go on for half of the overrun:
        the longer something has taken, the longer it will take.
        """
        if self.running < 0:
            return 0.0
        over = now - self.running_since - self.running_cost
        return -over if over <= 0.0 else over * 0.5

    def remember(self, now: float, what: str, about: int = -1) -> None:
        """Add to its story."""
        remember(self.story, (now, what, about))


class Fleet:
    """All workers that the run ever had, by number."""

    __slots__ = ("_workers", "coming", "crashes", "idle", "next_number", "ready", "unleft")

    def __init__(self) -> None:
        self._workers: dict[int, Worker] = {}
        #: Starting or joined: they will be able to run tests.
        self.coming = 0
        #: Workers that can be given tests, by ascending number.
        self.ready: list[Worker] = []
        #: Asked for or joined, and not left.
        self.unleft = 0
        #: Numbers of ready workers that have nothing to run, ascending.
        self.idle: list[int] = []
        self.crashes = 0
        self.next_number = 0

    def __iter__(self) -> Iterator[Worker]:
        """Workers in order of joining."""
        return iter(self._workers.values())

    def __contains__(self, number: int) -> bool:
        """Whether the run has, or had, a worker of this number."""
        return number in self._workers

    def __getitem__(self, number: int) -> Worker:
        worker = self._workers.get(number)
        if worker is None:
            raise IllegalMove(f"worker gw{number} is unknown: it never joined this run")
        return worker

    def ask(self, now: float) -> Worker:
        """A replacement that the controller is about to start."""
        worker = self._new(self.next_number)
        self.move(worker, "ask", now)
        return worker

    def join(self, number: int, now: float) -> Worker:
        """A worker is being started."""
        worker = self._workers.get(number) or self._new(number)
        self.move(worker, "join", now)
        return worker

    def move(self, worker: Worker, move: str, now: float) -> None:
        """Make one move of the worker's table; raises IllegalMove where there is none."""
        before = worker.state
        after = WORKER_MOVES[before].get(move)
        if after is None:
            raise IllegalMove(self.complaint(worker, move))
        worker.state = after
        worker.remember(now, move)
        self.coming += (after in ("starting", "joined")) - (before in ("starting", "joined"))
        if before == "unknown":
            self.unleft += 1
        if after == "left":
            self.unleft -= 1
        if after == "ready":
            insort(self.ready, worker, key=lambda each: each.number)
        elif before == "ready":
            self.ready.remove(worker)
            self.set_busy(worker)

    def expect_alive(self, number: int, doing: str) -> Worker:
        """The worker, which must be able to report on tests."""
        worker = self[number]
        if worker.state not in {"ready", "closing"}:
            raise IllegalMove(self.complaint(worker, doing))
        return worker

    def set_idle(self, worker: Worker) -> None:
        """It has nothing to run."""
        if not worker.is_idle:
            worker.is_idle = True
            insort(self.idle, worker.number)

    def set_busy(self, worker: Worker) -> None:
        """It has something to run, or is no longer ready."""
        if worker.is_idle:
            worker.is_idle = False
            worker.hold = None
            self.idle.remove(worker.number)

    def complaint(self, worker: Worker, move: str) -> str:
        """Why a move is illegal, with the worker's story."""
        story = "; ".join(told(worker.story)) or "nothing yet"
        return f"worker gw{worker.number} is {worker.state} and cannot {move}. Its story: {story}"

    def _new(self, number: int) -> Worker:
        worker = self._workers[number] = Worker(number)
        self.next_number = max(self.next_number, number + 1)
        return worker
