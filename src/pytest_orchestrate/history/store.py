"""The history: what earlier runs teach about tests, files, fixtures and workers."""

# ruff: noqa: S608 - only question marks and names of our own are put into SQL
from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

import msgspec

from pytest_orchestrate.errors import HistoryError
from pytest_orchestrate.history import directory as directories
from pytest_orchestrate.history import fold, rows
from pytest_orchestrate.history.database import Database
from pytest_orchestrate.history.estimate import median
from pytest_orchestrate.history.gathered import Story, read_story
from pytest_orchestrate.history.known_work import KnownWork, groups_of_run, known_work
from pytest_orchestrate.history.log import is_live


class RunFacts(msgspec.Struct, frozen=True):
    """What is known of one finished run. All times in seconds."""

    run: str
    #: Seconds since the epoch.
    started: float
    #: ``workers`` or ``in-process``.
    mode: str
    workers: int
    #: Sum of set-up, call and tear-down of all attempts: what it takes one after another.
    work: float
    #: Median over the workers, from spawn to ready to collect; None without workers.
    start: float | None
    #: Median over the workers; where each collected a share, the sum over them.
    collect: float | None
    duration: float | None
    #: Tests with at least one attempt.
    tests: int
    #: Tests that were selected and did not run, or not to their end.
    not_run: int
    exitstatus: int | None
    revision: str | None
    #: Whether workers collected a share each: of this run or, if it had none, of the last run
    #: of the selection that had workers. None: there was no such run.
    shared: bool | None = None


#: What :class:`RunFacts` has of the table of runs.
RUN_COLUMNS = ", ".join(name for name in RunFacts.__struct_fields__ if name != "shared")


class History:
    """The store of one directory, shared with other processes.

    Nothing here raises because of the state of the disk: faults are texts in
    :attr:`warnings`, for the user, and the answer is then that nothing is known.
    """

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._database = Database(directory)
        #: What was last read of tests, for when their run is added, and the state that is of.
        self._sketches: tuple[_State | None, dict[str, rows.Sketch]] = (None, {})

    @classmethod
    def open(cls, directory: Path) -> History:
        """The history in this directory; nothing is created before there is a run to add."""
        history = cls(directory)
        history._database.read(lambda _: None, None)
        return history

    @property
    def usable(self) -> bool:
        """False where the store must be left alone, as that of a newer version."""
        return self._database.usable

    @property
    def warnings(self) -> list[str]:
        """What the user should know, each text once."""
        return self._database.warnings

    @property
    def database(self) -> Database:
        """The file itself, for other queries."""
        return self._database

    def close(self) -> None:
        """Let go of the file, for instance before processes are forked."""
        self._database.close()

    def begin_with(self, durations: Path) -> None:
        """Take pytest-split's file as first estimates, if it is there and no test is known yet."""
        if not durations.is_file() or self.known_tests():
            return
        from pytest_orchestrate.errors import HistoryError
        from pytest_orchestrate.history.transfer import import_from

        try:
            import_from(self, durations)
        except (OSError, HistoryError) as error:
            self.warnings.append(f"there are no estimates to begin with: {error}")

    def estimates(self, nodeids: Sequence[str]) -> list[float | None]:
        """Expected seconds of each test, without what it shares with others.

        ½ · median of the last five calls + ½ · the last call + the medians of the last five
        set-ups and tear-downs (:func:`~.estimate.expected_seconds`), as of the last run in which
        that came to something else (:func:`~.estimate.is_as_expected`). Fixtures of module scope
        are not in it, they are part of :meth:`setup_costs`; nor are those of wider scopes, which
        a worker sets up once. Attempts that were skipped or cut short do not count, unless the
        test has no others: then it is what the last skip took. Tests that were never measured
        have the estimate that was imported for them. A test that is not known at all, for
        instance because it was renamed, gets the median estimate of the tests of its file; None
        when its file is unknown, too.
        """
        if not nodeids:
            return []
        names = [rows.storable(nodeid) for nodeid in nodeids]

        def query(connection: sqlite3.Connection) -> list[float | None]:
            state = _State.of(connection)  # first: who writes meanwhile makes this one too old
            known = rows.sketches(connection, names)
            if self._sketches[0] == state:
                known = self._sketches[1] | known
            rows.add_sketches(connection, known, names)
            self._sketches = state, known
            return _estimates(connection, names, known)

        return self._database.read(query, [None] * len(names))

    def setup_costs(self, files: Iterable[str]) -> dict[str, float]:
        """Seconds to enter each known file on a worker that was not there.

        median₅(collection) + median₅(sum of the fixtures of module scope); within a run, the
        median over workers and set-ups.
        """
        names = {rows.storable(file): file for file in files}

        def query(connection: sqlite3.Connection) -> dict[str, float]:
            found: dict[str, float] = {}
            for chunk in rows.chunks(list(names)):
                for file, setup in connection.execute(
                    f"SELECT file, setup FROM file WHERE file IN ({rows.marks(chunk)})", chunk
                ):
                    found[names[file]] = setup
            return found

        return self._database.read(query, {})

    def collect_costs(self) -> dict[str, float]:
        """Seconds to collect (import) each known file: the median of the last five runs."""
        return self._database.read(
            lambda connection: dict(
                connection.execute("SELECT file, collect FROM file WHERE collect IS NOT NULL")
            ),
            {},
        )

    def known_tests(self) -> int:
        """How many tests have an estimate."""

        def query(connection: sqlite3.Connection) -> int:
            (count,) = connection.execute("SELECT COUNT(*) FROM test").fetchone()
            return int(count)

        return self._database.read(query, 0)

    def last_run(self, selection: str) -> RunFacts | None:
        """The last finished run of this selection; if there is one, the last that ran all of it.

        A run that ran nothing, for instance because a file could not be collected, says least.
        """

        def query(connection: sqlite3.Connection) -> RunFacts | None:
            row = connection.execute(
                f"SELECT {RUN_COLUMNS} FROM run WHERE selection = ? AND finished"
                " ORDER BY tests > 0 DESC, not_run = 0 DESC, started DESC LIMIT 1",
                (rows.storable(selection),),
            ).fetchone()
            if row is None:
                return None
            facts = RunFacts(*row)
            shared, collect = _collected_in_shares(connection, selection), facts.collect
            if facts.mode == "workers" and shared:
                (collect,) = connection.execute(
                    "SELECT SUM(worker.collect) FROM worker JOIN run ON run.id = worker.run"
                    " WHERE run.run = ?",
                    (facts.run,),
                ).fetchone()
            return msgspec.structs.replace(facts, shared=shared, collect=collect)

        return self._database.read(query, None)

    def groups_of_run(self, run: str, keep_together: str) -> tuple[float, ...]:
        """Seconds of the groups of tests of a run that ``orchestrate_keep_together`` makes."""
        return self._database.read(
            lambda connection: groups_of_run(connection, run, keep_together), ()
        )

    def known_work(self, places: Sequence[str], keep_together: str = "off") -> KnownWork:
        """What is known of the tests in these places, whichever runs they were in.

        :param places: Node ids, files and folders, relative to the root directory; "." is all.
        :param keep_together: The setting: what stays on one worker.
        """
        wanted = [rows.storable(place) for place in places]
        return self._database.read(
            lambda connection: known_work(connection, wanted, keep_together), KnownWork()
        )

    def start_cost(self) -> float | None:
        """Seconds from spawn to ready of one worker: the median of the last five runs with any."""

        def query(connection: sqlite3.Connection) -> float | None:
            starts = [
                start
                for (start,) in connection.execute(
                    "SELECT start FROM run WHERE mode = 'workers' AND start IS NOT NULL"
                    " ORDER BY started DESC LIMIT 5"
                )
            ]
            return median(starts) if starts else None

        return self._database.read(query, None)

    def fold(self, log_path: Path) -> bool:
        """Add the run of this log; True if something was added, False if all was there.

        A log that was cut off is added as far as it goes, and completed should it have grown
        by the next time.
        """
        if not self.usable:
            return False
        try:
            story = read_story(log_path)
        except (OSError, HistoryError) as error:
            self._database.warn(f"the history leaves out a run: {error}")
            return False
        return story is not None and self.add(story)

    def add(self, story: Story) -> bool:
        """Add a run of which the story is known; otherwise as :meth:`fold`."""
        if not self.usable:
            return False

        def change(connection: sqlite3.Connection) -> bool:
            state, sketches = self._sketches
            is_current = state is not None and state == _State.of(connection)
            return fold.store(connection, story, sketches if is_current else None)

        added = self._database.write(change, False)
        if added and story.damage is not None:
            self._database.warn(f"the history has only a part of a run: {story.damage}")
        return added

    def fold_unfinished(self, directory: Path | None = None) -> int:
        """Add every run whose log is not live and not yet added; returns how many."""
        try:
            logs = directories.logs(self.directory if directory is None else directory)
        except OSError as error:
            self._database.warn(f"the logs of earlier runs cannot be read: {error}")
            return 0
        nothing: dict[str, tuple[int, int]] = {}
        known = self._database.read(
            lambda connection: {
                run: (finished, size)
                for run, finished, size in connection.execute(
                    "SELECT run, finished, bytes FROM run"
                )
            },
            nothing,
        )
        added = 0
        for path in logs:
            finished, size = known.get(path.stem, (0, 0))
            try:
                if finished or path.stat().st_size <= size or is_live(path):
                    continue
            except OSError:  # pruned by another process
                continue
            added += self.fold(path)
        return added


def _collected_in_shares(connection: sqlite3.Connection, selection: str) -> bool | None:
    """Whether workers collected a share each when there were any the last time."""
    row = connection.execute(
        "SELECT run.tests, COUNT(*), SUM(worker.collected) FROM run"
        " JOIN worker ON worker.run = run.id AND worker.collected IS NOT NULL"
        " WHERE selection = ? AND mode = 'workers' AND finished AND not_run = 0"
        " AND tests > 0 GROUP BY run.id ORDER BY run.started DESC LIMIT 1",
        (rows.storable(selection),),
    ).fetchone()
    if row is None:
        return None
    tests, workers, collected = row
    # one that has nothing left to collect may have made a copy of a file
    return bool(workers > 1 and collected < 1.5 * tests)


class _State(msgspec.Struct):
    """Equal as long as nobody has written to the file."""

    connection: sqlite3.Connection
    #: Changes by others and by ourselves.
    others: int
    own: int

    @classmethod
    def of(cls, connection: sqlite3.Connection) -> _State:
        (others,) = connection.execute("PRAGMA data_version").fetchone()
        return cls(connection, others, connection.total_changes)


def _estimates(
    connection: sqlite3.Connection, nodeids: list[str], known: dict[str, rows.Sketch]
) -> list[float | None]:
    estimates = [known[nodeid][-1] for nodeid in nodeids]
    if None in estimates:
        unseen = {rows.file_of(n) for n, e in zip(nodeids, estimates, strict=True) if e is None}
        usual = _file_medians(connection, sorted(unseen))
        estimates = [
            usual.get(rows.file_of(nodeid)) if estimate is None else estimate
            for nodeid, estimate in zip(nodeids, estimates, strict=True)
        ]
    return estimates


def _file_medians(connection: sqlite3.Connection, files: Sequence[str]) -> dict[str, float]:
    by_file: dict[str, list[float]] = {}
    for chunk in rows.chunks(files):
        for file, estimate in connection.execute(
            "SELECT file, estimate FROM test"
            f" WHERE file IN ({rows.marks(chunk)}) AND estimate IS NOT NULL",
            chunk,
        ):
            by_file.setdefault(file, []).append(estimate)
    return {file: median(estimates) for file, estimates in by_file.items()}
