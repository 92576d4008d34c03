"""Run the test suite of a prepared project once, in a process group of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.downstream.checkout import Checkout, clean_environment
from tests.downstream.comparison import Fact, facts

SECONDS_TO_VANISH = 5.0
LAST_LINES = 8
PLUGIN = "downstream_recorder"
WITHOUT_US = ("-p", "no:orchestrate")


@dataclass(frozen=True)
class Way:
    """One way to run a suite, by what is added to its arguments."""

    name: str
    args: tuple[str, ...]
    #: Our history of the run before it is left to it; None: as the runner was told.
    keep_history: bool | None = None


@dataclass(frozen=True)
class SuiteRun:
    """What one run left behind: its record, its exit code (None: killed) and its seconds."""

    record: dict[str, Any] | None
    output: Path
    exit_code: int | None
    seconds: float
    processes_left: int
    #: Peak of all its processes together, in bytes; None where that was not measured.
    memory: int | None = None

    @property
    def tests(self) -> int:
        """How many tests ended with an outcome."""
        return sum(map(len, self.record["tests"].values())) if self.record else 0

    @property
    def failed(self) -> int:
        """How many tests failed, or had an error."""
        return sum(
            attempt["outcome"] in ("failed", "error", "crashed")
            for attempts in (self.record["tests"].values() if self.record else ())
            for attempt in attempts
        )

    @property
    def says_nothing(self) -> str:
        """Why it proves nothing that another run ends in the same way; empty if it does.

        A suite that breaks off everywhere breaks off everywhere on workers, too.
        """
        if not self.tests:
            return "none ran"
        return f"{self.failed} of {self.tests} failed" if 2 * self.failed > self.tests else ""

    @property
    def last_words(self) -> list[str]:
        """The end of what a run printed that wrote no record; empty for any other."""
        if self.record is not None:
            return []
        return self.text.splitlines()[-LAST_LINES:]

    @property
    def text(self) -> str:
        """All that the run printed."""
        return self.output.read_text(encoding="utf-8", errors="replace")

    def facts(self) -> dict[Fact, str]:
        """Return everything that has to be equal in every run."""
        return facts(self.record, self.exit_code, self.processes_left)


class SuiteRunner:
    """Runs suites one after the other, and keeps their outputs and records in ``folder``."""

    def __init__(
        self, folder: Path, limit: float, keep_history: bool, measure_memory: bool = False
    ) -> None:
        self.folder = folder
        self.measure_memory = measure_memory
        self.limit = limit
        self.keep_history = keep_history
        self.count = 0
        self.plugins = folder / "plugins"
        self.plugins.mkdir(parents=True, exist_ok=True)
        recorder = Path(__file__).with_name("recorder.py").read_text(encoding="utf-8")
        (self.plugins / f"{PLUGIN}.py").write_text(recorder, encoding="utf-8")

    def run(
        self,
        checkout: Checkout,
        how: str,
        args: tuple[str, ...],
        *,
        keep_history: bool | None = None,
    ) -> SuiteRun:
        """Run the suite with ``args`` added; ``how`` becomes a part of the file names.

        :param keep_history: Not as said when the runner was made.
        """
        self.count += 1
        stem = self.folder / f"{checkout.project.name}-{self.count:02}-{how}"
        target = stem.with_name(f"{stem.name}.json")
        target.unlink(missing_ok=True)
        checkout.clean(self.keep_history if keep_history is None else keep_history)
        environment = {
            **clean_environment(),
            "PYTHONPATH": str(self.plugins),
            "PYTHONHASHSEED": "0",
            "DOWNSTREAM_RECORD": str(target),
        }
        command = [checkout.program("pytest"), "-p", PLUGIN, *args, *checkout.project.args]
        printed = stem.with_name(f"{stem.name}.txt")
        with printed.open("wb") as output:
            started = time.perf_counter()
            process = subprocess.Popen(
                command,
                cwd=checkout.source,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            # wait(timeout) would look only every 50 ms, and small suites are measured, too
            limit = threading.Timer(self.limit, process.kill)
            limit.start()
            peak = Peak(process.pid) if self.measure_memory else None
            try:
                exit_code: int | None = process.wait()
            finally:
                seconds = time.perf_counter() - started
                limit.cancel()
                left = end_session(process.pid)
            if seconds >= self.limit:
                exit_code = None
        record = json.loads(target.read_text(encoding="utf-8")) if target.is_file() else None
        memory = None if peak is None else peak.end()
        return SuiteRun(record, printed, exit_code, seconds, left, memory)


class Peak:
    """Looks every now and then at the memory of a process and its descendants, in a thread.

    Counted is the proportional set size: a page that is shared counts once in all.
    """

    def __init__(self, process: int) -> None:
        self._process = process
        self._peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def end(self) -> int:
        """Return the most that was seen, in bytes."""
        self._over.set()
        self._thread.join()
        return self._peak

    def _look(self) -> None:
        while not self._over.wait(0.2):
            together = sum(map(shared_out_size, descendants_of(self._process)))
            self._peak = max(self._peak, together)


def shared_out_size(pid: int) -> int:
    """Return the proportional set size of a process in bytes; 0 when it is gone."""
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    return 0


def end_session(session: int) -> int:
    """Kill what is still running in the session that a run opened; return how many there were.

    Processes get a little time to vanish by themselves. Counted on Linux only.
    """
    deadline = time.monotonic() + SECONDS_TO_VANISH
    while (left := processes_of(session)) and time.monotonic() < deadline:
        time.sleep(0.05)
    for pid in left:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return len(left)


def processes_of(session: int) -> list[int]:
    """Return the ids of the processes of a session, without those that have ended already."""
    return [pid for pid, (_, its_session) in living().items() if its_session == session]


def descendants_of(ancestor: int) -> list[int]:
    """Return the ids of a process and of all that it and its children have started."""
    parents = {pid: parent for pid, (parent, _) in living().items()}
    found = [ancestor]
    for pid in found:  # grows meanwhile
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def living() -> dict[int, tuple[int, int]]:
    """Return parent and session of every process that has not ended; empty but on Linux."""
    if sys.platform != "linux":
        return {}
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except (OSError, UnicodeDecodeError):
            continue
        if fields[0] not in "ZX":
            found[int(stat.parent.name)] = int(fields[1]), int(fields[3])
    return found
